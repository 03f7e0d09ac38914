import { type Entry, words } from './history.ts';
import type { Violation } from './judge.ts';

interface Line {
  readonly at: number;
  readonly who: string;
  readonly text: string;
}

export interface TimelineParts {
  readonly violation: Violation;
  /** The nodes whose part of the history is shown. */
  readonly names: readonly string[];
  readonly entries: readonly Entry[];
  /** What the model of the nodes did. */
  readonly log: readonly { readonly at: number; readonly node: string; readonly text: string }[];
  /** Faults, and what clients did. */
  readonly told: readonly Line[];
  /** Key of the request to which the nodes belong. */
  readonly key: string | null;
}

const keptLines = 400;

/** What led to a violation, one line each in order of time, the last ones if there are many. */
export function renderTimeline(parts: TimelineParts): string {
  const { violation, names, entries, log, told, key } = parts;
  const concerns = (entry: Entry): boolean =>
    ('node' in entry && names.includes(entry.node)) ||
    (entry.kind === 'full_syncs' && names.includes(entry.master)) ||
    ('key' in entry && entry.key === key);
  const begin = Math.min(violation.at, ...log.map(({ at }) => at));
  const lines: Line[] = [
    ...entries.filter(concerns).map((entry) => ({
      at: entry.at,
      who: 'node' in entry ? entry.node : 'observer',
      text: words(entry),
    })),
    ...log.map(({ at, node, text }) => ({ at, who: node, text: `  ${text}` })),
    ...told.filter(({ at }) => at >= begin),
    { at: violation.at, who: 'BROKEN', text: `promise ${violation.promise}: ${violation.text}` },
  ];
  return lines
    .sort((a, b) => a.at - b.at)
    .slice(-keptLines)
    .map(({ at, who, text }) => `${((at - begin) / 1000).toFixed(3).padStart(9)}  ${who.padEnd(15)} ${text}`)
    .join('\n');
}
