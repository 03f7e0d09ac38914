import { comparisonFields } from '../../model/comparison.ts';
import { stateWord } from '../../model/state-words.ts';
import { comparisonHasEnded } from '../../model/states.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import type { Page } from '../../model/views/schema.ts';
import { awaitEnd } from '../awaiting.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { table } from '../format.ts';
import { comparisonProgress, renderComparison } from '../render/comparison.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';
import { reasonOf } from './control.ts';

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
  const words = session.context.words.comparisons;
  session.print(started, () => [words.accepted(started.id), words.lookAtIt(started.id)]);
  return exitCodes.succeeded;
}

async function awaitComparison(session: Session, started: Comparison): Promise<ExitCode> {
  const { id } = started;
  const ended = await awaitEnd(session, started, {
    path: pathOf(id),
    isOver: ({ state }) => comparisonHasEnded(state) || state === 'paused',
    progress: (now) => comparisonProgress(now, session.style),
    heldUp: ({ state, stateReason }) => (state === 'running' ? (stateReason?.text ?? null) : null),
    goesOn: session.context.words.comparisons.goesOn(id),
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
  if (verb !== undefined) await session.client.post(`${pathOf(id)}/${verb}`, { reason: reasonOf(options) });
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
  const { words, reader } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [words.comparisons.none];
    const rows = page.items.map((item) => [
      item.id,
      item.report ? words.comparisons.verdicts[item.report.verdict] : stateWord(item.state, reader),
      item.left.name,
      item.right.name,
      String(item.differencesTotal),
    ]);
    return table([Object.values(words.comparisons.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/comparisons/${encodeURIComponent(id)}`;
