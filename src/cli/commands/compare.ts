import { comparisonFields } from '../../model/comparison.ts';
import { comparisonHasEnded } from '../../model/states.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import type { Page } from '../../model/views/schema.ts';
import { awaitEnd } from '../awaiting.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { table } from '../format.ts';
import { comparisonProgress, renderComparison } from '../render/comparison.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';

export interface CompareOptions extends FlagValues {
  readonly detach?: boolean;
}

/** Compares the data of two servers and waits for the result; 0 only for `equal`. */
export async function compare(
  session: Session,
  left: string,
  right: string,
  options: CompareOptions,
): Promise<ExitCode> {
  const started = await session.client.post<Comparison>('/v1/comparisons', {
    left: parseMaster(left),
    right: parseMaster(right),
    ...inputFromFlags(comparisonFields, options),
  });
  if (!options.detach) return awaitComparison(session, started);
  session.print(started, () => [
    `Comparison ${started.id} is accepted.`,
    `Look at it: pika-expander comparison ${started.id}`,
  ]);
  return exitCodes.succeeded;
}

async function awaitComparison(session: Session, started: Comparison): Promise<ExitCode> {
  const { id } = started;
  const ended = await awaitEnd(session, started, {
    path: pathOf(id),
    isOver: ({ state }) => comparisonHasEnded(state) || state === 'paused',
    progress: comparisonProgress,
    heldUp: ({ state, stateReason }) => (state === 'running' ? (stateReason?.text ?? null) : null),
    goesOn: `Comparison ${id} goes on: pika-expander comparison ${id}`,
  });
  if (ended === null) return exitCodes.detached;
  session.print(ended, () => renderComparison(ended, session.style));
  if (ended.state === 'paused') return exitCodes.needsPerson;
  return ended.report?.verdict === 'equal' ? exitCodes.succeeded : exitCodes.failed;
}

export interface ComparisonOptions {
  readonly differences?: boolean;
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly cancel?: boolean;
  readonly reason?: string;
}

/** Shows a comparison, prints its differences as JSON lines, or steers it. */
export async function comparison(
  session: Session,
  id: string,
  options: ComparisonOptions,
): Promise<ExitCode> {
  const verb = (['pause', 'resume', 'cancel'] as const).find((name) => options[name]);
  if (options.differences) return printDifferences(session, id);
  if (verb !== undefined) {
    if (!options.reason?.trim())
      throw new UsageError(`--${verb} needs a --reason; it is recorded with who asked.`);
    await session.client.post(`${pathOf(id)}/${verb}`, { reason: options.reason });
  }
  const answer = await session.client.get<Comparison>(pathOf(id));
  session.print(answer, () => renderComparison(answer, session.style));
  return exitCodes.succeeded;
}

async function printDifferences(session: Session, id: string): Promise<ExitCode> {
  for await (const text of session.client.text(`${pathOf(id)}/differences`, 'application/x-ndjson'))
    session.context.stdout.write(text);
  return exitCodes.succeeded;
}

export async function comparisons(session: Session, options: { readonly limit?: string }): Promise<ExitCode> {
  const page = await session.client.get<Page<Comparison>>('/v1/comparisons', { ...options });
  session.print(page, () => {
    if (page.items.length === 0) return ['No comparisons.'];
    const rows = page.items.map((item) => [
      item.id,
      item.report?.verdict ?? item.state,
      item.left.name,
      item.right.name,
      String(item.differencesTotal),
    ]);
    return table([['ID', 'RESULT', 'LEFT', 'RIGHT', 'DIFFERENCES'], ...rows]);
  });
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/comparisons/${encodeURIComponent(id)}`;
