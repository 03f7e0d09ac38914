import type { CommandLineWords } from '../../model/command-line/index.ts';
import { isEnded } from '../../model/expansion.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Reader } from '../../model/text.ts';
import type {
  EvidenceReport,
  ExpansionSummary,
  ExpansionView,
  NodeDetail,
} from '../../model/views/expansion.ts';
import type { Hold } from '../../model/views/hold.ts';
import type { Page } from '../../model/views/schema.ts';
import type { Freeze } from '../../model/views/service.ts';
import type { CliContext } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { writeNewFile } from '../new-file.ts';
import { renderEvidence } from '../render/evidence.ts';
import { nextCommands, renderExpansion } from '../render/expansion.ts';
import { renderNode } from '../render/node.ts';
import { runbookOfExpansion } from '../runbook.ts';
import type { Session } from '../session.ts';
import { watchExpansion } from '../watching.ts';

const unended = 'pending,running,paused,awaiting_approval,halted';

export interface ListOptions {
  readonly state?: string;
  readonly search?: string;
  readonly master?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** The commands that only look. */
export async function list(session: Session, options: ListOptions): Promise<ExitCode> {
  const page = await session.client.get<Page<ExpansionSummary>>('/v1/expansions', { ...options });
  const held = [...(await frozenLines(session)), ...(await heldLines(session))];
  session.print(page, () => [...held, ...listLines(page, session.context)]);
  return exitCodes.succeeded;
}

function listLines(page: Page<ExpansionSummary>, { reader, words }: CliContext): string[] {
  if (page.items.length === 0) return [words.lists.noExpansions];
  const rows = page.items.map((expansion) => [
    expansion.id,
    stateOf(expansion, reader, words),
    expansion.master.name,
    `${expansion.joins.filter((join) => join.phase === 'verified').length}/${expansion.joins.length}`,
    formatTime(expansion.acceptedAt),
    expansion.label ?? '',
  ]);
  const lines = table([Object.values(words.lists.columns), ...rows]);
  return page.nextCursor === null ? lines : [...lines, words.lists.more(page.nextCursor)];
}

/** `running, pause asked for`: what was accepted and waits for a safe point is a part of the state. */
export const stateOf = (
  { state, pendingControl }: Pick<ExpansionSummary, 'state' | 'pendingControl'>,
  reader: Reader,
  { next }: CommandLineWords,
): string =>
  pendingControl === null
    ? stateWord(state, reader)
    : next.stateAsked(stateWord(state, reader), pendingControl.verb);

/** Says that all is frozen, for people; says nothing where the answer cannot be read. */
async function frozenLines(session: Session): Promise<readonly string[]> {
  if (session.options.json) return [];
  const state = await session.client.get<Freeze>('/v1/freeze').catch(() => null);
  return state?.frozen === true ? [...freezeLines(state, session.context.words), ''] : [];
}

/** Says which masters are held, for people; says nothing where the answer cannot be read. */
async function heldLines(session: Session): Promise<readonly string[]> {
  if (session.options.json) return [];
  const holds = await session.client.get<Page<Hold>>('/v1/holds', { active: 'true' }).catch(() => null);
  const lines = (holds?.items ?? []).map(({ id, master, requestedBy, reason, until, safe }) =>
    session.context.words.lists.held({
      master: printable(master.name),
      until: formatTime(until),
      by: printable(requestedBy),
      reason: printable(reason),
      id,
      safe,
    }),
  );
  return lines.length === 0 ? [] : [...lines, ''];
}

export interface ShowOptions {
  readonly node?: string;
}

export async function show(
  session: Session,
  id: string | undefined,
  { node }: ShowOptions,
): Promise<ExitCode> {
  if (node !== undefined) {
    const path = `${pathOf(await idOrOnly(session, id))}/nodes/${encodeURIComponent(node)}`;
    const detail = await session.client.get<NodeDetail>(path);
    session.print(detail, () => renderNode(detail, session.style, session.context.now()));
    return exitCodes.succeeded;
  }
  const expansion = await session.client.get<ExpansionView>(pathOf(await idOrOnly(session, id)));
  const frozen = isEnded(expansion.state) ? [] : await frozenLines(session);
  session.print(expansion, () => [
    ...frozen,
    ...renderExpansion(expansion, session.style, session.context.now()),
    '',
    ...nextCommands(expansion, session.context.words),
    ...runbookOfExpansion(expansion, session.client.settings.url, session.context.words),
  ]);
  return exitCodes.succeeded;
}

export interface EvidenceOptions {
  readonly out?: string;
  readonly key?: string;
}

/** For people what was found of each rule; as JSON, or in a file, the signed evidence with every byte as it came. */
export async function evidence(
  session: Session,
  id: string | undefined,
  { out, key }: EvidenceOptions,
): Promise<ExitCode> {
  if (key !== undefined) throw new UsageError((words) => words.lists.keyBelongs);
  const path = `${pathOf(await idOrOnly(session, id))}/evidence`;
  if (out === undefined && !session.options.json) {
    const answer = await session.client.get<EvidenceReport>(path);
    session.print(answer, () => renderEvidence(answer, session.style));
    return exitCodes.succeeded;
  }
  const bundle = session.client.text(`${path}/bundle`, 'application/json');
  if (out === undefined) {
    for await (const text of bundle) session.context.stdout.write(text);
    return exitCodes.succeeded;
  }
  await writeNewFile(out, bundle);
  session.print({ file: out }, () => [session.context.words.lists.evidenceWritten(out)]);
  return exitCodes.succeeded;
}

export interface WatchCommandOptions {
  readonly after?: string;
  readonly wait?: boolean;
}

export async function watch(
  session: Session,
  id: string | undefined,
  options: WatchCommandOptions,
): Promise<ExitCode> {
  const { after = '0' } = options;
  if (!/^\d{1,15}$/.test(after)) throw new UsageError((words) => words.lists.notAnEvent(after));
  return watchExpansion(session, await idOrOnly(session, id), {
    afterSeq: Number(after),
    waitForPerson: options.wait === true,
  });
}

export const pathOf = (id: string): string => `/v1/expansions/${encodeURIComponent(id)}`;

/** The named expansion; else the only expansion that has not ended, or the last expansion. */
async function idOrOnly(session: Session, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const query = { state: unended, limit: 10 };
  const { items } = await session.client.get<Page<ExpansionSummary>>('/v1/expansions', query);
  if (items.length === 1) return items[0]!.id;
  if (items.length > 1)
    throw new UsageError(
      (words) => words.lists.several,
      items.map(({ id: own, master, state }) =>
        session.context.words.lists.one(own, master.name, stateWord(state, session.context.reader)),
      ),
    );
  const last = await session.client.get<Page<ExpansionSummary>>('/v1/expansions', { limit: 1 });
  if (last.items[0] !== undefined) return last.items[0].id;
  throw new CliError(
    'no_expansion',
    (words) => words.lists.none,
    [(words) => words.lists.startOne],
    exitCodes.failed,
  );
}

export async function showFreeze(session: Session): Promise<ExitCode> {
  const state = await session.client.get<Freeze>('/v1/freeze');
  session.print(state, () => freezeLines(state, session.context.words));
  return exitCodes.succeeded;
}

export function freezeLines(state: Freeze, { lists }: CommandLineWords): string[] {
  if (!state.frozen) return [lists.notFrozen];
  const since = state.since === null ? null : formatTime(state.since);
  return [
    lists.frozen(since, printable(state.by ?? lists.unknownPerson), printable(state.reason ?? '')),
    lists.unfreeze,
  ];
}
