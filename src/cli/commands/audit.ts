import { auditFields } from '../../model/audit.ts';
import { formatAddress } from '../../model/observation.ts';
import { stateWord } from '../../model/state-words.ts';
import { auditHasEnded } from '../../model/states.ts';
import type { Audit, StoredAuditDoc } from '../../model/views/audit.ts';
import type { Page } from '../../model/views/schema.ts';
import { awaitEnd } from '../awaiting.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { formatTime, printable, table } from '../format.ts';
import { auditLine, renderAudit } from '../render/audit.ts';
import type { Session } from '../session.ts';
import { readText } from '../settings.ts';
import { parseMaster, parseMasterLines } from '../targets.ts';
import { reasonOf } from './control.ts';
import { expandRequest } from './expand.ts';

export interface AuditOptions extends FlagValues {
  readonly file?: string;
  readonly all?: boolean;
  readonly slave?: readonly string[];
  readonly detach?: boolean;
}

/** Starts an audit and waits for its verdicts. */
export async function audit(
  session: Session,
  named: readonly string[],
  options: AuditOptions,
): Promise<ExitCode> {
  const started = await session.client.post<Audit>('/v1/audits', {
    masters: mastersOf(session, named, options),
    ...(options.slave === undefined ? {} : { slaves: options.slave.map(parseMaster) }),
    ...inputFromFlags(auditFields, options),
  });
  if (!options.detach) return awaitAudit(session, started);
  const words = session.context.words.audits;
  session.print(started, () => [words.accepted(started.id), words.lookAtIt(started.id)]);
  return exitCodes.succeeded;
}

/** The masters that somebody names, by themselves or in a file. Throws a UsageError where there are none. */
export function mastersOf(
  { context }: Session,
  named: readonly string[],
  { all, file }: Pick<AuditOptions, 'all' | 'file'>,
) {
  const inFile = file === undefined ? [] : parseMasterLines(readText(file, 'masters', context));
  const masters = [...named.map(parseMaster), ...inFile];
  if (all && masters.length > 0) throw new UsageError(({ audits: each }) => each.allAndMasters);
  if (all) return 'all';
  if (masters.length > 0) return masters;
  throw new UsageError(({ audits: each }) => each.noMaster, [({ audits: each }) => each.nameMasters]);
}

async function awaitAudit(session: Session, started: Audit): Promise<ExitCode> {
  const { id } = started;
  const ended = await awaitEnd(session, started, {
    path: pathOf(id),
    isOver: ({ state }) => auditHasEnded(state),
    progress: (now) => auditLine(now, session.style),
    goesOn: session.context.words.audits.goesOn(id),
  });
  return ended === null ? exitCodes.detached : showAudit(session, ended);
}

function showAudit(session: Session, shown: Audit): ExitCode {
  session.print(shown, () => renderAudit(shown, session.style));
  return exitCodeOf(shown);
}

function exitCodeOf({ counts, state }: Audit): ExitCode {
  const { damaged, doubtful, notJudged, mastersNotRead, leftOut } = counts;
  if (damaged > 0) return exitCodes.failed;
  const unsure = doubtful + notJudged + mastersNotRead + leftOut > 0 || !auditHasEnded(state);
  return unsure ? exitCodes.needsPerson : exitCodes.succeeded;
}

export interface AuditsOptions {
  readonly limit?: string;
  readonly report?: boolean;
  /** true = all damaged slaves. */
  readonly repair?: true | readonly string[];
  readonly yes?: boolean;
  readonly cancel?: boolean;
  readonly reason?: string;
}

/** Lists audits; with an id shows, repairs or ends that audit. */
export async function audits(
  session: Session,
  id: string | undefined,
  options: AuditsOptions,
): Promise<ExitCode> {
  const { client, context } = session;
  if (id === undefined) return list(session, options);
  if (options.report && !session.options.json) {
    let text = '';
    for await (const piece of client.text(pathOf(id), 'text/markdown')) text += piece;
    context.stdout.write(`${text.split('\n').map(printable).join('\n').trimEnd()}\n`);
    return exitCodeOf(await client.get<Audit>(pathOf(id)));
  }
  if (options.cancel) {
    await client.post(`${pathOf(id)}/cancel`, { reason: reasonOf(options) });
  }
  const shown = await client.get<Audit>(pathOf(id));
  if (options.repair !== undefined) return repair(session, shown, options.repair, options.yes === true);
  return showAudit(session, shown);
}

/** One expansion per master, each planned, asked for and led to its end before the next. */
async function repair(
  session: Session,
  { id, repairs, servers }: Audit,
  wanted: true | readonly string[],
  yes: boolean,
): Promise<ExitCode> {
  const isWanted = ({ address }: { readonly address: string }): boolean => {
    const names = servers
      .filter(({ target }) => formatAddress(target.address) === address)
      .map(({ target }) => target.name);
    return wanted === true || [address, ...names].some((name) => wanted.includes(name));
  };
  const requests = repairs
    .map((request) => ({ ...request, nodes: request.nodes.filter(isWanted) }))
    .filter(({ nodes }) => nodes.length > 0);
  const known = repairs.flatMap(({ nodes }) => nodes.map(({ address }) => address));
  if (requests.length === 0)
    throw new CliError(
      'nothing_to_repair',
      ({ audits: each }) => each.nothingToRepair(id, wanted === true ? null : wanted),
      [({ audits: each }) => (known.length > 0 ? each.nameOneOf(known) : each.seeWhy(id))],
      exitCodes.failed,
    );
  for (const request of requests) {
    const code = await expandRequest(session, request, { yes });
    if (code !== exitCodes.succeeded) return code;
  }
  return exitCodes.succeeded;
}

async function list(session: Session, { limit }: AuditsOptions): Promise<ExitCode> {
  const page = await session.client.get<Page<StoredAuditDoc>>('/v1/audits', limit ? { limit } : {});
  const { words, reader } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [words.audits.none];
    const rows = page.items.map(({ id, state, createdAt, counts }) => [
      id,
      stateWord(state, reader),
      formatTime(createdAt),
      String(counts.slaves),
      String(counts.damaged),
      String(counts.doubtful),
      String(counts.notJudged),
    ]);
    return table([Object.values(words.audits.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/audits/${encodeURIComponent(id)}`;
