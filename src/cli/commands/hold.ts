import { holdFields } from '../../model/hold.ts';
import type { Hold } from '../../model/views/hold.ts';
import type { Page } from '../../model/views/schema.ts';
import { awaitEnd } from '../awaiting.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { formatTime, printable, table } from '../format.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';

export interface AskHoldOptions extends FlagValues {
  readonly reason?: string;
  readonly wait?: boolean;
}

/** Holds a master; with `--wait` it returns when a dump is safe. */
export async function askHold(session: Session, master: string, options: AskHoldOptions): Promise<ExitCode> {
  const hold = await session.client.post<Hold>('/v1/holds', {
    master: parseMaster(master),
    reason: given(options.reason),
    ...inputFromFlags(holdFields, options),
  });
  if (options.wait) return untilSafe(session, hold);
  session.print(hold, () => [
    ...lines(hold),
    `Wait for it: pika-expander hold show ${hold.id} --wait`,
    `End it: pika-expander hold end ${hold.id} --reason "…"`,
  ]);
  return exitCodes.succeeded;
}

export async function showHold(session: Session, id: string, wait: boolean): Promise<ExitCode> {
  const hold = await session.client.get<Hold>(pathOf(id));
  if (wait) return untilSafe(session, hold);
  session.print(hold, () => lines(hold));
  return exitCodes.succeeded;
}

async function untilSafe(session: Session, asked: Hold): Promise<ExitCode> {
  if (!session.options.json) session.context.stderr.write(`Hold ${asked.id}.\n`);
  const hold = await awaitEnd(session, asked, {
    path: pathOf(asked.id),
    isOver: (now) => now.safe || isOver(now),
    progress: (now) => printable(now.waitingFor?.text ?? ''),
    heldUp: (now) => now.waitingFor?.text ?? null,
    goesOn: `The hold goes on: pika-expander hold show ${asked.id}`,
  });
  if (hold === null) return exitCodes.detached;
  session.print(hold, () => lines(hold));
  return hold.safe ? exitCodes.succeeded : exitCodes.failed;
}

/** Those that are active; with `all` also those that are over. */
export async function listHolds(session: Session, all: boolean): Promise<ExitCode> {
  const page = await session.client.get<Page<Hold>>('/v1/holds', all ? {} : { active: 'true' });
  session.print(page, () => {
    if (page.items.length === 0) return [all ? 'No holds.' : 'No hold is active.'];
    const rows = page.items.map(({ id, master, state, until, requestedBy, reason }) => [
      id,
      printable(master.name),
      state,
      formatTime(until),
      printable(requestedBy),
      printable(reason),
    ]);
    return table([['ID', 'MASTER', 'STATE', 'UNTIL', 'BY', 'REASON'], ...rows]);
  });
  return exitCodes.succeeded;
}

export async function extendHold(session: Session, id: string, options: FlagValues): Promise<ExitCode> {
  const hold = await session.client.post<Hold>(`${pathOf(id)}/extend`, inputFromFlags(holdFields, options));
  session.print(hold, () => lines(hold));
  return exitCodes.succeeded;
}

export async function endHold(session: Session, id: string, reason: string | undefined): Promise<ExitCode> {
  const hold = await session.client.post<Hold>(`${pathOf(id)}/end`, { reason: given(reason) });
  session.print(hold, () => [`Hold ${id} is ended: full syncs of ${printable(hold.master.name)} may begin.`]);
  return exitCodes.succeeded;
}

function given(reason: string | undefined): string {
  if (reason?.trim()) return reason;
  throw new UsageError('This needs a --reason; it is recorded with who asked.');
}

function lines({ id, master, state, safe, until, waitingFor, fullSyncs, requestedBy, reason, end }: Hold) {
  const name = printable(master.name);
  const who = `${printable(requestedBy)}: ${printable(reason)}`;
  if (end) return [`Hold ${id} of ${name} was ended by ${printable(end.by)}: ${printable(end.reason)}`];
  if (state === 'expired') return [`The time of hold ${id} of ${name} is over (${who}).`];
  return [
    safe
      ? `Safe: make the dump of ${name} now. Hold ${id}, until ${formatTime(until)} (${who})`
      : `Not safe yet: ${printable(waitingFor?.text ?? '')}. Hold ${id} of ${name}, until ${formatTime(until)} (${who})`,
    ...fullSyncs.map(
      ({ node, expansionId, phase, since, expectedEndsAt }) =>
        `  ${printable(node)} (${expansionId}): ${phase} since ${formatTime(since)}${expectedEndsAt === null ? '' : `, this phase should end at ${formatTime(expectedEndsAt)}`}`,
    ),
  ];
}

const isOver = ({ state }: Hold): boolean => state === 'ended' || state === 'expired';

const pathOf = (id: string): string => `/v1/holds/${encodeURIComponent(id)}`;
