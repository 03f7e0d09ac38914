import type { LogLine } from '../../src/simulator/world.ts';

export interface TimelineEntry {
  /** Virtual milliseconds since the epoch. */
  readonly at: number;
  /** `fault`, `operator`, `service`, `command`, `truth`, `broken` or a node. */
  readonly who: string;
  readonly text: string;
}

/** What happened, for people: one line each, in order, with seconds since the start. */
export function renderTimeline(
  entries: readonly TimelineEntry[],
  log: readonly LogLine[],
  start: number,
): string {
  const truth = log
    .filter(({ event }) => !quiet.has(event))
    .map(
      ({ at, node, event, data }): TimelineEntry => ({
        at,
        who: `  ${node}`,
        text: `${event.replaceAll('_', ' ')}${detail(data)}`,
      }),
    );
  return [...entries, ...truth]
    .map((entry, order) => ({ ...entry, order }))
    .sort((a, b) => a.at - b.at || a.order - b.order)
    .map(({ at, who, text }) => `${((at - start) / 1000).toFixed(3).padStart(9)}  ${who.padEnd(9)} ${text}`)
    .join('\n');
}

const quiet: ReadonlySet<string> = new Set(['already_listed']);

function detail(data: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(data).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
