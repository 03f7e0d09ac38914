/** What log lines of node and master say of the causes of a trouble. The likeliest cause quotes the line that names it. */
import type { AnomalyCode } from '../../model/anomalies.ts';
import { type CauseCode, isCause } from '../../model/causes.ts';
import type { MasterTracker, SlaveTracker } from '../../model/full-sync.ts';
import type { ToldByLog } from '../../model/full-sync-log.ts';
import type { Candidate, Weighed } from './cause-candidates.ts';
import { crashCause, crashCauses } from './log-attempts.ts';

/** null = nobody reads the log of this server. */
export interface LogsOfSync {
  readonly node: ToldByLog | null;
  readonly master: ToldByLog | null;
}

/** What the agents on the hosts of node and master tell of their logs. */
export const logsByAgents = (slave: SlaveTracker, master: MasterTracker): LogsOfSync => ({
  node: slave.sight?.server ?? null,
  master: master.sight?.server ?? null,
});

interface Lines {
  readonly node?: readonly string[];
  readonly master?: readonly string[];
  /** Those of them that name the cause, also where no attempt was judged by it. */
  readonly alone?: readonly string[];
  /** It ends an attempt, and says nothing of what kept the attempt from going on. */
  readonly ending?: true;
}

const refusals = ['auth_refused', 'id_refused', 'databases_differ'];

const linesOf: Partial<Record<CauseCode, Lines>> = {
  snapshot_superseded: { node: ['newer_dump', 'copy_deleted'] },
  hung_in_full_sync: { node: ['info_missing'] },
  dump_failed: { master: ['dump_failed', 'dump_file_gone'], alone: ['dump_failed'] },
  doing_bgsave: { node: ['list_refused'] },
  rsync_port_closed: { node: ['list_unanswered'] },
  copy_stalled: { node: ['file_unanswered'] },
  disk_full: { node: ['write_failed'] },
  write_failed: { node: ['write_failed'] },
  copy_on_another_mount: { node: ['other_mount'] },
  swap_failed: { node: ['swap_failed'] },
  master_refuses: { node: refusals, alone: refusals },
  already_listed: { node: ['still_listed'], alone: ['still_listed'] },
  session_lost: { node: ['session_lost', 'session_idle'], ending: true },
  detached: { node: ['detached'], ending: true },
  node_restarted: { node: ['started'], ending: true },
};

/** What a copy that came whole was not. */
const ofSpoiltCopies: readonly CauseCode[] = [
  'snapshot_superseded',
  'copy_incomplete',
  'copy_stalled',
  'copy_too_slow',
  'dump_failed',
  'rsync_port_closed',
  'disk_full',
  'requests_time_out',
];

/** Clocks of logs and service may differ by this much. */
export const clockSlackMs = 1000;

/** A node that is gone tells by its last line why. */
const ofGoneNodes: ReadonlySet<AnomalyCode> = new Set(['died_on_partial_database', 'node_unreachable']);

type Fact = ToldByLog['log'][number];
type Attempt = ToldByLog['attempts'][number];

/** Causes that the logs tell of since the node was attached, with the lines that speak for them. */
export function candidatesByLogs(
  { node, master }: LogsOfSync,
  attachedAt: number,
  symptom: AnomalyCode | null,
): readonly Candidate[] {
  const attempts = node?.attempts.filter(({ startedAt }) => startedAt >= attachedAt - clockSlackMs) ?? [];
  const judged = lastTrouble(attempts);
  const from = (judged?.startedAt ?? attachedAt) - clockSlackMs;
  const own = node?.log.filter(({ at }) => at >= from) ?? [];
  const ofMaster = master?.log.filter(({ at }) => at >= from).filter(lasts) ?? [];
  if (symptom !== null && ofGoneNodes.has(symptom)) return crashes(judged, own);
  if (symptom === 'reply_missed') return byLine('reply_missed', own, 'increments_run');
  const complete = attempts.length > 0 && judged?.verdict === 'complete';
  if (complete) return [...againstSpoiltCopies(judged), ...dumpDuringCopy(judged, own, ofMaster)];
  return [
    ...byTable(judged, own, ofMaster).map((candidate) => asSeen(candidate, symptom)),
    ...supersededByMaster(judged, own, ofMaster),
    ...crashes(judged, own),
    ...unanswered(own),
  ];
}

/** Requests without an answer stop a copy, or make it go on without an end: the bytes tell. */
const asSeen = (candidate: Candidate, symptom: AnomalyCode | null): Candidate =>
  candidate.code === 'copy_stalled' && symptom === 'copy_without_end'
    ? { ...candidate, code: 'requests_time_out' }
    : candidate;

/** A dump that failed is over when the next dump has begun. */
const lasts = (fact: Fact, index: number, all: readonly Fact[]): boolean =>
  fact.code !== 'dump_failed' ||
  !all.slice(index).some(({ code, values }) => code === 'dump_begun' && values.db === fact.values.db);

/** The latest full sync, of several databases the one in trouble; a refusal that another full sync followed is over. */
function lastTrouble(attempts: readonly Attempt[]): Attempt | null {
  const byDb = new Map<string | null, Attempt>();
  for (const attempt of attempts) {
    byDb.delete(null);
    byDb.set(attempt.db, attempt);
  }
  const latest = [...byDb.values()];
  return latest.findLast(({ verdict }) => verdict !== 'complete') ?? latest.at(-1) ?? null;
}

function byTable(
  judged: Attempt | null,
  own: readonly Fact[],
  ofMaster: readonly Fact[],
): readonly Candidate[] {
  const codes = new Set(Object.keys(linesOf) as CauseCode[]);
  if (judged?.cause != null && isCause(judged.cause) && !crashCauses.has(judged.cause))
    codes.add(judged.cause);
  return [...codes].flatMap((code) => {
    const { node = [], master = [], alone = [], ending } = linesOf[code] ?? {};
    const weight = (line: string): Weighed[0] => (ending ? 1 : alone.includes(line) ? 5 : 3);
    const lines = [...quoted('node', own, node, weight), ...quoted('master', ofMaster, master, weight)];
    const named = judged?.cause === code;
    if (!named && !lines.some(([each]) => each === 5)) return [];
    const sign = named ? [attemptSign(judged, ending ? 1 : 5)] : [];
    return [{ code, speaksFor: [...sign, ...lines], speaksAgainst: [] }];
  });
}

/** A dump that the master began after the node had its list of files. */
function supersededByMaster(
  judged: Attempt | null,
  own: readonly Fact[],
  ofMaster: readonly Fact[],
): readonly Candidate[] {
  const listedAt = judged && own.findLast(({ code }) => code === 'list_taken')?.at;
  if (listedAt == null || judged?.cause !== 'snapshot_superseded') return [];
  const later = ofMaster.filter(({ at }) => at > listedAt);
  return byLine('snapshot_superseded', later, 'dump_begun', 'master');
}

function dumpDuringCopy(
  judged: Attempt,
  own: readonly Fact[],
  ofMaster: readonly Fact[],
): readonly Candidate[] {
  const listedAt = own.findLast(({ code }) => code === 'list_taken')?.at ?? Number.POSITIVE_INFINITY;
  const copiedAt = own.findLast(({ code }) => code === 'copy_ended')?.at ?? judged.endedAt ?? listedAt;
  const meanwhile = ofMaster.filter(
    ({ at, values }) => at > listedAt && at < copiedAt && values.db === judged.db,
  );
  return byLine('dump_during_copy', meanwhile, 'dump_begun', 'master');
}

function againstSpoiltCopies(judged: Attempt): readonly Candidate[] {
  const { listed } = judged.files;
  const sign: Weighed = [3, 'log_complete', { files: listed }];
  return ofSpoiltCopies.map((code) => ({ code, speaksFor: [], speaksAgainst: [sign] }));
}

/** A process that could not open its database, and the folder of the database. */
function crashes(judged: Attempt | null, own: readonly Fact[]): readonly Candidate[] {
  const line = own.findLast(({ code }) => code === 'open_failed');
  const named = judged?.cause != null && crashCauses.has(judged.cause);
  if (line === undefined && !named) return [];
  const code = line === undefined ? (judged!.cause as CauseCode) : crashCause(line.values.error ?? '');
  const folder = folderOf(own);
  return [
    {
      code,
      ...(folder !== null && { facts: { folder } }),
      speaksFor: [
        ...(named ? [attemptSign(judged!, 5)] : []),
        ...(line ? quoted('node', own, ['open_failed'], () => 5) : []),
      ],
      speaksAgainst: [],
    },
  ];
}

/** The folder of the database that the node put its copy into. */
function folderOf(own: readonly Fact[]): string | null {
  const backup = own.findLast(({ code }) => code === 'swap_begun')?.values.path;
  const opened = own.findLast(({ code }) => code === 'open_failed')?.values.error ?? '';
  return backup?.replace(/_bak\/?$/, '') ?? /(\/\S*?\/db\d+)\//.exec(opened)?.[1] ?? null;
}

/** Nothing but questions: port + 2000 of the master does not answer. */
function unanswered(own: readonly Fact[]): readonly Candidate[] {
  const said = own.filter(({ code }) => !['started', 'detached', 'session_lost'].includes(code));
  const only = said.length >= 3 && said.every(({ code }) => code === 'meta_asked');
  return only ? byLine('replication_port_closed', said, 'meta_asked') : [];
}

const byLine = (
  code: CauseCode,
  facts: readonly Fact[],
  line: string,
  server: 'node' | 'master' = 'node',
): readonly Candidate[] => {
  const speaksFor = quoted(server, facts, [line], () => 3);
  return speaksFor.length === 0 ? [] : [{ code, speaksFor, speaksAgainst: [] }];
};

/** The last of such lines, and how many there are. */
function quoted(
  server: 'node' | 'master',
  facts: readonly Fact[],
  codes: readonly string[],
  weight: (line: string) => Weighed[0],
): readonly Weighed[] {
  return codes.flatMap((each): readonly Weighed[] => {
    const lines = facts.filter(({ code }) => code === each);
    const last = lines.at(-1);
    return last === undefined
      ? []
      : [[weight(each), 'log_line', { server, line: last.line, at: last.at, times: lines.length }]];
  });
}

const attemptSign = ({ files }: Attempt, weight: Weighed[0]): Weighed =>
  files.listed === null ? [weight, 'log_no_list'] : [weight, 'log_files', { ...files }];
