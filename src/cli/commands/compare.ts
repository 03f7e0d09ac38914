import { comparisonFields } from '../../model/comparison.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import type { Page } from '../../model/views/schema.ts';
import { passesAfterMs, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { cutTo, printable, table } from '../format.ts';
import { comparisonProgress, renderComparison } from '../render/comparison.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';

export interface CompareOptions extends FlagValues {
  readonly detach?: boolean;
}

const pollMs = 1000;
const endedStates: readonly Comparison['state'][] = ['completed', 'failed', 'cancelled'];

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
  const { context } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  const show = await progressShower(session);
  try {
    let comparison = started;
    let againInMs = pollMs;
    while (!isOver(comparison) && !interrupted.signal.aborted) {
      await context.sleep(againInMs, interrupted.signal);
      againInMs = pollMs;
      try {
        comparison = await session.client.get<Comparison>(pathOf(started.id));
      } catch (error) {
        // The comparison goes on, whether or not the service answers now.
        const leastMs = passesAfterMs(error);
        if (leastMs === null) throw error;
        againInMs = Math.max(pollMs, leastMs);
      }
      show.progress(comparison);
    }
    show.close();
    if (!isOver(comparison)) return sayDetached(session, started.id);
    session.print(comparison, () => renderComparison(comparison, session.style));
    if (comparison.state === 'paused') return exitCodes.needsPerson;
    return comparison.report?.verdict === 'equal' ? exitCodes.succeeded : exitCodes.failed;
  } finally {
    show.close();
    undo();
  }
}

const isOver = ({ state }: Comparison): boolean => endedStates.includes(state) || state === 'paused';

function sayDetached(session: Session, id: string): ExitCode {
  session.context.stderr.write(
    `\nStopped waiting. Comparison ${id} goes on: pika-expander comparison ${id}\n`,
  );
  return exitCodes.detached;
}

interface ProgressShower {
  progress(comparison: Comparison): void;
  close(): void;
}

/** A line that moves on a terminal; elsewhere nothing is shown before the result but what holds it up. */
async function progressShower({ context, options }: Session): Promise<ProgressShower> {
  if (options.json || options.plain || !context.stdout.isTTY) return reasonTeller(context);
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(context.stdout as NodeJS.WritableStream);
  return {
    progress: (comparison) => draw(cutTo(comparisonProgress(comparison), (context.stdout.columns ?? 80) - 1)),
    close: () => draw.clear(),
  };
}

function reasonTeller({ stderr }: Session['context']): ProgressShower {
  let told: string | null = null;
  return {
    progress: ({ state, stateReason }) => {
      const reason = stateReason?.text ?? null;
      if (state === 'running' && reason !== null && reason !== told) stderr.write(`${printable(reason)}\n`);
      told = reason;
    },
    close: () => {},
  };
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
