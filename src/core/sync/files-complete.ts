/**
 * The ninth rule of "verified": the agents on the hosts of node and master show that every file of the dump came. It can
 * only hold a node back. What is compared, and why: a copied table file keeps its name and content until a compaction
 * replaces it; CURRENT, MANIFEST and OPTIONS are written anew as the copy is opened (pika-facts 4.10). So the table files
 * that the node's MANIFEST names right after the swap are set beside the files of the dump. A table that a compaction has
 * replaced by then counts as its agent saw it come, also before it was hashed: the compaction has checked its blocks. A
 * table that nobody saw proves nothing. Another size, another hash, or the log of the node do.
 */
import {
  type FoundInRule,
  type Statement,
  type StatementFacts,
  statementText,
} from '../../model/evidence.ts';
import type { FilesSeen, FullSyncPass, SlaveTracker } from '../../model/full-sync.ts';
import type { AgentListings, AgentSight, FolderFile } from '../../model/views/agent.ts';
import { clocksApartMs } from './agent-sight.ts';
import { lastPass } from './tracker.ts';

/** What the agent on the host of a server tells. */
export interface AgentsWord {
  /** Absent = no agent speaks for this server. */
  readonly sight?: AgentSight | undefined;
  /** The folders with their files; absent = the agent has sent no lists. */
  readonly listings?: AgentListings | undefined;
}

type Code = Statement<'files_complete'>;
type Found = FoundInRule & { readonly statement: Code };

const found = <C extends Code>(
  holds: boolean | null,
  statement: C,
  facts: StatementFacts<'files_complete', C> & object,
): Found => ({
  holds,
  statement,
  text: statementText('files_complete', statement, facts),
  facts: { ...facts },
});

/** Takes in what the agents tell at this moment. What was once proven of a copy stays. */
export function takeFiles(
  slave: SlaveTracker,
  node: AgentsWord,
  master: AgentsWord,
  hashes: boolean,
): SlaveTracker {
  const pass = lastPass(slave);
  if (pass === null) return slave;
  const before = slave.files?.since === pass.startedAt ? slave.files : begun(pass);
  if (before.found !== null && before.found.holds !== null) return { ...slave, files: before };
  const seen = takeDumps(before, node.sight, master.sight, pass);
  if (pass.end !== 'swapped') return { ...slave, files: seen };
  const judged = judge({ slave, pass, seen, node, master, hashes });
  return { ...slave, files: { ...seen, found: judged, ...hashingOf(before, judged, slave.lastAnsweredAt) } };
}

/** How far the hashing is: who waits for it waits as long as it goes on. */
function hashingOf(
  { hashing }: FilesSeen,
  { statement, facts }: Found,
  at: number | null,
): Partial<FilesSeen> {
  if (statement !== 'not_hashed' || at === null) return {};
  const { hashed } = facts as StatementFacts<'files_complete', 'not_hashed'>;
  return { hashing: hashing !== undefined && hashed <= hashing.most ? hashing : { most: hashed, at } };
}

const begun = ({ startedAt }: FullSyncPass): FilesSeen => ({ since: startedAt, dumps: {}, found: null });

/** Which dump the node copies, by the list that its log names, and where it lies on the master. */
function takeDumps(
  seen: FilesSeen,
  node: AgentSight | undefined,
  master: AgentSight | undefined,
  pass: FullSyncPass,
): FilesSeen {
  const dumps = { ...seen.dumps };
  // Of the lists of several tries the last one names the dump of this copy.
  const lists = new Map<string, string>();
  for (const { code, at, values } of node?.server.log ?? []) {
    const { db, uuid } = values;
    if (code === 'list_taken' && at >= pass.startedAt - clocksApartMs && db && uuid) lists.set(db, uuid);
  }
  for (const [db, id] of lists) if (dumps[db]?.id !== id) dumps[db] = { id, place: null, moved: false };
  for (const { db, dumpId, path, inode } of master?.server.dumps ?? []) {
    const dump = dumps[db];
    if (dump === undefined) continue;
    const place = `${path} ${inode}`;
    if (dumpId === dump.id && dump.place === null) dumps[db] = { ...dump, place };
    else if (dump.place !== null && dump.place !== place) dumps[db] = { ...dump, moved: true };
  }
  for (const [db, dump] of Object.entries(dumps))
    if (
      node !== undefined &&
      dump.toldWholeAt === undefined &&
      endedAttempt(node, db, pass)?.verdict === 'complete'
    )
      dumps[db] = { ...dump, toldWholeAt: node.at };
  return { ...seen, dumps };
}

interface Scene {
  readonly slave: SlaveTracker;
  readonly pass: FullSyncPass;
  readonly seen: FilesSeen;
  readonly node: AgentsWord;
  readonly master: AgentsWord;
  readonly hashes: boolean;
}

/** Of all databases the worst: what is wrong before what nobody knows, and that before hashes that are on their way. */
function judge(scene: Scene): Found {
  const { slave, pass } = scene;
  const dbs = [...new Set([...Object.keys(slave.replication?.binlog ?? {}), ...pass.dbs])];
  const all = dbs.map((db) => judgeDatabase(scene, db));
  if (all.length === 0) return found(null, 'not_opened', {});
  const worst =
    all.find(({ holds }) => holds === false) ??
    all.find(({ holds, statement }) => holds === null && statement !== 'not_hashed');
  if (worst) return worst;
  const sum = (name: keyof Whole) => all.reduce((total, { facts }) => total + Number(facts[name]), 0);
  const [tables, hashed] = [sum('tables'), sum('hashed')];
  if (all.some(({ holds }) => holds === null)) return found(null, 'not_hashed', { hashed, tables });
  const unhashed = sum('unhashed');
  return whole({
    tables,
    bytes: sum('bytes'),
    files: sum('files'),
    hashed,
    replaced: sum('replaced'),
    unhashed,
  });
}

type Whole = StatementFacts<'files_complete', 'complete_then_compacted'>;

const whole = (facts: Whole): Found =>
  found(true, facts.replaced === 0 ? 'complete' : 'complete_then_compacted', facts);

function judgeDatabase(scene: Scene, db: string): Found {
  const { pass, seen, node, master } = scene;
  if (node.sight === undefined) return found(null, 'no_agent', { on: 'node' });
  const openedAt = pass.endedAt!;
  const attempt = endedAttempt(node.sight, db, pass);
  if (attempt?.verdict === 'incomplete') {
    const { cause, files } = attempt;
    return found(false, 'log_incomplete', { db, cause, copied: files.copied, listed: files.listed });
  }
  if (node.sight.at < openedAt) return found(null, 'silent_agent', { on: 'node' });
  if (attempt === undefined) return found(null, 'attempt_unseen', { db });
  if (attempt.verdict !== 'complete') return found(null, 'log_undecided', { db, cause: attempt.cause });
  if (master.sight === undefined) return found(null, 'no_agent', { on: 'master' });
  if (master.sight.at < openedAt) return found(null, 'silent_agent', { on: 'master' });
  const dump = seen.dumps[db];
  if (dump === undefined) return found(null, 'list_unseen', { db });
  if (dump.moved || anotherDumpBegan(master.sight, db, dump.id, attempt.startedAt, attempt.endedAt!))
    return found(null, 'dump_during_copy', { db });
  if (dump.place === null) return found(null, 'dump_gone', { db });
  const theirs = master.listings?.dumps.find(
    (folder) => folder.db === db && folder.dumpId === dump.id,
  )?.listing;
  if (!theirs) return found(null, 'not_listed', { on: 'master', db });
  // An agent reads the log before the folders: a list from before it told of the end can be of the old data.
  const opened = since(node.listings, Math.max(openedAt, dump.toldWholeAt ?? 0))?.opened.find(
    (folder) => folder.db === db,
  );
  const own = opened?.listing;
  if (!own) return found(null, 'not_listed', { on: 'node', db });
  if (opened.problem !== undefined) return found(null, 'not_whole', { db, problem: opened.problem });
  return compare({
    db,
    theirs,
    own,
    hashes: scene.hashes,
    files: attempt.files.copied,
    afterMs: Math.max(0, node.listings!.at - attempt.endedAt!),
  });
}

const endedAttempt = ({ server }: AgentSight, db: string, pass: FullSyncPass) =>
  server.attempts.findLast(
    (each) => each.db === db && each.endedAt !== null && each.endedAt >= pass.startedAt - clocksApartMs,
  );

const since = (listings: AgentListings | undefined, at: number): AgentListings | undefined =>
  listings !== undefined && listings.at >= at ? listings : undefined;

/**
 * Whether the master began another dump while the node copied this one. The log of the master tells by its own clock where
 * it served the list of this dump; without that line the node's own dump is the first since the node asked.
 */
function anotherDumpBegan({ server: { log } }: AgentSight, db: string, id: string, from: number, to: number) {
  const servedAt = log.findIndex(({ code, values }) => code === 'list_served' && values.uuid === id);
  const begun = log.filter(
    ({ code, at, values }, index) =>
      code === 'dump_begun' && values.db === db && at >= from - clocksApartMs && at <= to && index > servedAt,
  );
  return begun.length > (servedAt < 0 ? 1 : 0);
}

/** `strings/000012.sst`: its folder and its number, which RocksDB never gives twice. */
function tableOf({ name }: FolderFile): { readonly folder: string; readonly number: number } | null {
  const [, folder, digits] = /^(?:(.*)\/)?(\d+)\.sst$/.exec(name) ?? [];
  // 3.5.x makes dumps of streams and never sends them (pika-facts 4.10).
  return digits === undefined || folder === 'streams'
    ? null
    : { folder: folder ?? '', number: Number(digits) };
}

interface Lists {
  readonly db: string;
  readonly theirs: readonly FolderFile[];
  readonly own: readonly FolderFile[];
  readonly hashes: boolean;
  readonly files: number;
  readonly afterMs: number;
}

function compare({ db, theirs, own, hashes, files, afterMs }: Lists): Found {
  const tables = theirs.filter((file) => tableOf(file) !== null);
  const seen = new Map(own.map((file) => [file.name, file]));
  // Of a table that was seen last while it grew, nobody knows whether the rest came.
  const wasCut = (dump: FolderFile, node: FolderFile | undefined) => node?.gone && node.bytes !== dump.bytes;
  const pairs = tables.map((dump) => {
    const node = seen.get(dump.name);
    return { dump, node: wasCut(dump, node) ? undefined : node };
  });
  const resized = pairs.filter(({ dump, node }) => node !== undefined && node.bytes !== dump.bytes);
  if (resized[0])
    return found(false, 'sizes_differ', {
      db,
      files: resized.length,
      example: resized[0].dump.name,
      dumpBytes: resized[0].dump.bytes,
      nodeBytes: resized[0].node!.bytes,
    });
  const hashed = pairs.filter(({ dump, node }) => dump.sha256 !== null && node?.sha256 != null);
  const changed = hashed.filter(({ dump, node }) => dump.sha256 !== node!.sha256);
  if (changed[0])
    return found(false, 'hashes_differ', { db, files: changed.length, example: changed[0].dump.name });
  const gone = pairs.filter(({ node }) => !node).length;
  if (gone > 0) return found(null, 'came_too_late', { db, gone, tables: tables.length, afterMs });
  const others = notOfThisDump(tables, own);
  if (others[0]) return found(null, 'other_tables', { db, others: others.length, example: others[0].name });
  const unhashed = hashes ? pairs.filter(({ node }) => node!.gone && node!.sha256 === null).length : 0;
  if (hashes && hashed.length + unhashed < tables.length)
    return found(null, 'not_hashed', { hashed: hashed.length, tables: tables.length });
  const bytes = tables.reduce((sum, file) => sum + file.bytes, 0);
  const replaced = pairs.filter(({ node }) => node!.gone).length;
  return whole({
    tables: tables.length,
    bytes,
    files,
    hashed: hashed.length,
    replaced,
    unhashed,
  });
}

/** Tables that the node wrote itself have higher numbers than those of the dump that it opened. */
function notOfThisDump(tables: readonly FolderFile[], own: readonly FolderFile[]): readonly FolderFile[] {
  const names = new Set(tables.map(({ name }) => name));
  const highest = new Map<string, number>();
  for (const file of tables) {
    const { folder, number } = tableOf(file)!;
    highest.set(folder, Math.max(number, highest.get(folder) ?? 0));
  }
  return own.filter((file) => {
    const table = tableOf(file);
    return table !== null && !names.has(file.name) && table.number < (highest.get(table.folder) ?? 0);
  });
}
