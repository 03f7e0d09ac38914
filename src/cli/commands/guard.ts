import { auditFields } from '../../model/audit.ts';
import { guardAuditFields, guardFields } from '../../model/guard.ts';
import { guardSummary } from '../../model/guard-texts.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Guard, StoredGuardDoc } from '../../model/views/guard.ts';
import type { Page } from '../../model/views/schema.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { formatTime, printable, table } from '../format.ts';
import { renderGuard } from '../render/guard.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';
import { mastersOf } from './audit.ts';
import { reasonOf } from './control.ts';

export interface StartGuardOptions extends FlagValues {
  readonly file?: string;
  readonly all?: boolean;
  readonly slave?: readonly string[];
  readonly label?: string;
}

/** Starts a guard. It goes on until somebody ends it. */
export async function startGuard(
  session: Session,
  named: readonly string[],
  options: StartGuardOptions,
): Promise<ExitCode> {
  const audits = inputFromFlags({ ...guardAuditFields, ...auditFields }, options);
  if (audits.cron === undefined && Object.keys(audits).length > 0)
    throw new UsageError(({ guards }) => guards.needAuditAt, [({ guards }) => guards.auditAtExample]);
  const guard = await session.client.post<Guard>('/v1/guards', {
    masters: mastersOf(session, named, options),
    ...(options.slave === undefined ? {} : { slaves: options.slave.map(parseMaster) }),
    ...(options.label === undefined ? {} : { label: options.label }),
    ...inputFromFlags(guardFields, options),
    ...(audits.cron === undefined ? {} : { audits }),
  });
  const words = session.context.words.guards;
  session.print(guard, () => [
    words.on(guard.id),
    ...(guard.audits?.nextAt ? [words.nextAuditBegins(formatTime(guard.audits.nextAt))] : []),
    words.lookAtIt(guard.id),
  ]);
  return exitCodes.succeeded;
}

export async function listGuards(session: Session, limit?: string): Promise<ExitCode> {
  const page = await session.client.get<Page<StoredGuardDoc>>('/v1/guards', limit ? { limit } : {});
  const { words, reader } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [words.guards.none];
    const rows = page.items.map(({ id, state, createdAt, counts, label }) => [
      id,
      stateWord(state, reader),
      formatTime(createdAt),
      guardSummary[reader.language](counts, reader),
      printable(label ?? ''),
    ]);
    return table([Object.values(words.guards.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

/** Shows what a guard finds now. */
export async function showGuard(session: Session, id: string | undefined): Promise<ExitCode> {
  const guard = await session.client.get<Guard>(pathOf(id ?? (await onlyOne(session))));
  session.print(guard, () => renderGuard(guard, session.style));
  const { errors, warnings } = guard.counts;
  if (errors > 0) return exitCodes.failed;
  return warnings > 0 ? exitCodes.needsPerson : exitCodes.succeeded;
}

async function onlyOne({ client }: Session): Promise<string> {
  const { items } = await client.get<Page<StoredGuardDoc>>('/v1/guards', { limit: '200' });
  const on = items.filter(({ state }) => state === 'watching');
  if (on.length === 1) return on[0]!.id;
  throw new CliError(
    'which_guard',
    ({ guards }) => guards.howMany(on.length),
    [({ guards }) => (on.length === 0 ? guards.startOne : guards.nameOne(on.map((guard) => guard.id)))],
    exitCodes.failed,
  );
}

/** Ends a guard, or lets it forget a slave. */
export async function askGuard(
  session: Session,
  id: string,
  { forget, ...given }: { readonly forget: string | null; readonly reason: string | undefined },
): Promise<ExitCode> {
  const reason = reasonOf(given);
  const guard =
    forget === null
      ? await session.client.post<Guard>(`${pathOf(id)}/end`, { reason })
      : await session.client.post<Guard>(`${pathOf(id)}/forget`, { slave: forget, reason });
  const words = session.context.words.guards;
  session.print(guard, () => [forget === null ? words.ends(id) : words.forgets(id, printable(forget))]);
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/guards/${encodeURIComponent(id)}`;
