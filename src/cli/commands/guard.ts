import { auditFields } from '../../model/audit.ts';
import { guardAuditFields, guardFields } from '../../model/guard.ts';
import { guardSummary } from '../../model/guard-texts.ts';
import { nobody } from '../../model/text.ts';
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
    throw new UsageError('Options of audits need --audit-at.', ['For example --audit-at "30 3 * * 1".']);
  const guard = await session.client.post<Guard>('/v1/guards', {
    masters: mastersOf(session, named, options),
    ...(options.slave === undefined ? {} : { slaves: options.slave.map(parseMaster) }),
    ...(options.label === undefined ? {} : { label: options.label }),
    ...inputFromFlags(guardFields, options),
    ...(audits.cron === undefined ? {} : { audits }),
  });
  session.print(guard, () => [
    `Guard ${guard.id} is on.`,
    ...(guard.audits?.nextAt ? [`The next audit begins at ${formatTime(guard.audits.nextAt)}.`] : []),
    `Look at it: pika-expander guard show ${guard.id}`,
  ]);
  return exitCodes.succeeded;
}

export async function listGuards(session: Session, limit?: string): Promise<ExitCode> {
  const page = await session.client.get<Page<StoredGuardDoc>>('/v1/guards', limit ? { limit } : {});
  session.print(page, () => {
    if (page.items.length === 0) return ['No guards.'];
    const rows = page.items.map(({ id, state, createdAt, counts, label }) => [
      id,
      state,
      formatTime(createdAt),
      guardSummary.en(counts, nobody),
      printable(label ?? ''),
    ]);
    return table([['ID', 'STATE', 'SINCE', 'FINDS', 'LABEL'], ...rows]);
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
    on.length === 0 ? 'No guard is on.' : `${on.length} guards are on.`,
    [
      on.length === 0
        ? 'Start one: pika-expander guard start --all'
        : `Name one: ${on.map((guard) => guard.id).join(', ')}`,
    ],
    exitCodes.failed,
  );
}

/** Ends a guard, or lets it forget a slave. */
export async function askGuard(
  session: Session,
  id: string,
  { forget, reason }: { readonly forget: string | null; readonly reason: string | undefined },
): Promise<ExitCode> {
  if (!reason?.trim()) throw new UsageError('This needs a --reason; it is recorded with who asked.');
  const guard =
    forget === null
      ? await session.client.post<Guard>(`${pathOf(id)}/end`, { reason })
      : await session.client.post<Guard>(`${pathOf(id)}/forget`, { slave: forget, reason });
  session.print(guard, () => [
    forget === null ? `Guard ${id} ends.` : `Guard ${id} forgets ${printable(forget)}.`,
  ]);
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/guards/${encodeURIComponent(id)}`;
