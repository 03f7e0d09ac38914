import { holdFields } from '../../model/hold.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Hold } from '../../model/views/hold.ts';
import type { Page } from '../../model/views/schema.ts';
import { awaitEnd } from '../awaiting.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { formatTime, printable, table } from '../format.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';
import { reasonOf } from './control.ts';

export interface AskHoldOptions extends FlagValues {
  readonly reason?: string;
  readonly wait?: boolean;
}

/** Holds a master; with `--wait` it returns when a dump is safe. */
export async function askHold(session: Session, master: string, options: AskHoldOptions): Promise<ExitCode> {
  const hold = await session.client.post<Hold>('/v1/holds', {
    master: parseMaster(master),
    reason: reasonOf(options),
    ...inputFromFlags(holdFields, options),
  });
  if (options.wait) return untilSafe(session, hold);
  const words = session.context.words.holds;
  session.print(hold, () => [
    ...lines(hold, session.context),
    words.waitForIt(hold.id),
    words.endIt(hold.id),
  ]);
  return exitCodes.succeeded;
}

export async function showHold(session: Session, id: string, wait: boolean): Promise<ExitCode> {
  const hold = await session.client.get<Hold>(pathOf(id));
  if (wait) return untilSafe(session, hold);
  session.print(hold, () => lines(hold, session.context));
  return exitCodes.succeeded;
}

async function untilSafe(session: Session, asked: Hold): Promise<ExitCode> {
  const words = session.context.words.holds;
  if (!session.options.json) session.context.stderr.write(`${words.asked(asked.id)}\n`);
  const hold = await awaitEnd(session, asked, {
    path: pathOf(asked.id),
    isOver: (now) => now.safe || isOver(now),
    progress: (now) => printable(now.waitingFor?.text ?? ''),
    heldUp: (now) => now.waitingFor?.text ?? null,
    goesOn: words.goesOn(asked.id),
  });
  if (hold === null) return exitCodes.detached;
  session.print(hold, () => lines(hold, session.context));
  return hold.safe ? exitCodes.succeeded : exitCodes.failed;
}

/** Those that are active; with `all` also those that are over. */
export async function listHolds(session: Session, all: boolean): Promise<ExitCode> {
  const page = await session.client.get<Page<Hold>>('/v1/holds', all ? {} : { active: 'true' });
  const { words, reader } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [all ? words.holds.none : words.holds.noneActive];
    const rows = page.items.map(({ id, master, state, until, requestedBy, reason }) => [
      id,
      printable(master.name),
      stateWord(state, reader),
      formatTime(until),
      printable(requestedBy),
      printable(reason),
    ]);
    return table([Object.values(words.holds.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

export async function extendHold(session: Session, id: string, options: FlagValues): Promise<ExitCode> {
  const hold = await session.client.post<Hold>(`${pathOf(id)}/extend`, inputFromFlags(holdFields, options));
  session.print(hold, () => lines(hold, session.context));
  return exitCodes.succeeded;
}

export async function endHold(session: Session, id: string, reason: string | undefined): Promise<ExitCode> {
  const hold = await session.client.post<Hold>(`${pathOf(id)}/end`, {
    reason: reasonOf({ reason }),
  });
  session.print(hold, () => [session.context.words.holds.ended(id, printable(hold.master.name))]);
  return exitCodes.succeeded;
}

function lines(hold: Hold, { words: { holds: words }, reader }: CliContext): string[] {
  const { id, state, safe, waitingFor, fullSyncs, end } = hold;
  const facts = {
    id,
    master: printable(hold.master.name),
    by: printable(hold.requestedBy),
    reason: printable(hold.reason),
    until: formatTime(hold.until),
  };
  if (end) return [words.endedBy({ ...facts, by: printable(end.by), reason: printable(end.reason) })];
  if (state === 'expired') return [words.expired(facts)];
  return [
    safe ? words.safe(facts) : words.notSafe({ ...facts, waitingFor: printable(waitingFor?.text ?? '') }),
    ...fullSyncs.map(
      ({ node, expansionId, phase, since, expectedEndsAt }) =>
        `  ${words.fullSync({
          node: printable(node),
          expansionId,
          phase: stateWord(phase, reader),
          since: formatTime(since),
          ends: expectedEndsAt === null ? null : formatTime(expectedEndsAt),
        })}`,
    ),
  ];
}

const isOver = ({ state }: Hold): boolean => state === 'ended' || state === 'expired';

const pathOf = (id: string): string => `/v1/holds/${encodeURIComponent(id)}`;
