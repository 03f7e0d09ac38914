import type { ComparisonView, PageView } from '../api-types.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { table } from '../format.ts';
import { renderComparison } from '../render/comparison.ts';
import type { Session } from '../session.ts';
import { parseMaster } from '../targets.ts';

export interface CompareOptions {
  readonly depth?: string;
  readonly sample?: string;
  readonly ttlTolerance?: string;
  readonly maxOpsPerSecond?: string;
  readonly maxBytesPerSecond?: string;
  readonly detach?: boolean;
}

const pollMs = 1000;
const endedStates: readonly ComparisonView['state'][] = ['completed', 'failed', 'cancelled'];

/** Compares the data of two servers and waits for the result; 0 only for `equal`. */
export async function compare(
  session: Session,
  left: string,
  right: string,
  options: CompareOptions,
): Promise<ExitCode> {
  const started = await session.client.post<ComparisonView>('/v1/comparisons', {
    left: parseMaster(left),
    right: parseMaster(right),
    ...(options.depth === undefined ? {} : { depth: options.depth }),
    ...whole('samplePerType', '--sample', options.sample),
    ...whole('ttlToleranceMs', '--ttl-tolerance', options.ttlTolerance),
    ...whole('maxOpsPerSecond', '--max-ops-per-second', options.maxOpsPerSecond),
    ...whole('maxBytesPerSecond', '--max-bytes-per-second', options.maxBytesPerSecond),
  });
  if (!options.detach) return awaitComparison(session, started);
  session.print(started, () => [
    `Comparison ${started.id} is accepted.`,
    `Look at it: pika-expander comparison ${started.id}`,
  ]);
  return exitCodes.succeeded;
}

function whole(name: string, flag: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${flag} is "${text}"; give a whole number.`);
  return { [name]: Number(text) };
}

async function awaitComparison(session: Session, started: ComparisonView): Promise<ExitCode> {
  const { context, client } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  try {
    let comparison = started;
    while (!endedStates.includes(comparison.state) && !interrupted.signal.aborted) {
      await context.sleep(pollMs, interrupted.signal);
      comparison = await client.get<ComparisonView>(pathOf(started.id));
    }
    if (!endedStates.includes(comparison.state)) {
      context.stderr.write(
        `\nStopped waiting. Comparison ${started.id} goes on: pika-expander comparison ${started.id}\n`,
      );
      return exitCodes.detached;
    }
    session.print(comparison, () => renderComparison(comparison, session.style));
    return comparison.report?.verdict === 'equal' ? exitCodes.succeeded : exitCodes.failed;
  } finally {
    undo();
  }
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
  const answer = await session.client.get<ComparisonView>(pathOf(id));
  session.print(answer, () => renderComparison(answer, session.style));
  return exitCodes.succeeded;
}

async function printDifferences(session: Session, id: string): Promise<ExitCode> {
  for await (const text of session.client.text(`${pathOf(id)}/differences`, 'application/x-ndjson'))
    session.context.stdout.write(text);
  return exitCodes.succeeded;
}

export async function comparisons(session: Session, options: { readonly limit?: string }): Promise<ExitCode> {
  const page = await session.client.get<PageView<ComparisonView>>('/v1/comparisons', { ...options });
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
