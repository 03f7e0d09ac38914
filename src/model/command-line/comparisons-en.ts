import { counted } from '../text.ts';

/** Comparisons as the command line shows them. */
export const comparisons = {
  accepted: (id: string) => `Comparison ${id} is accepted.`,
  lookAtIt: (id: string) => `Look at it: pika-expander comparison ${id}`,
  goesOn: (id: string) => `Comparison ${id} goes on: pika-expander comparison ${id}`,
  none: 'No comparisons.',
  columns: { id: 'ID', result: 'RESULT', left: 'LEFT', right: 'RIGHT', differences: 'DIFFERENCES' },
  verdicts: { equal: 'equal', empty: 'empty', different: 'different', inconclusive: 'inconclusive' },
  kinds: {
    missing: 'missing',
    foreign: 'foreign',
    type: 'type',
    value: 'value',
    length: 'length',
    ttl: 'ttl',
  },
  depths: { counts: 'counts', sample: 'sample', full: 'full' },
  title: (facts: { id: string; left: string; right: string; state: string }) =>
    `${facts.id}  ${facts.left} (left) and ${facts.right} (right): ${facts.state}`,
  askedFor: (verb: string, reason: string) => `${verb} is asked for: ${reason}`,
  keys: (lookedAt: number, estimated: number | null) =>
    `${lookedAt}${estimated === null ? '' : ` of about ${estimated}`} keys`,
  keysPerSecond: (rate: number) => `${rate} keys/s`,
  left: (duration: string) => `${duration} left`,
  differencesSoFar: (count: number) => `${count} differences so far`,
  waits: (why: string) => `waits: ${why}`,
  parts: (parts: readonly string[]) => parts.join(', '),
  lookedAt: (facts: {
    keys: number;
    share: string | null;
    estimated: number | null;
    took: string;
    depth: string;
  }) =>
    `Looked at ${counted(facts.keys, 'key')}${facts.share === null ? '' : ` (${facts.share} of about ${facts.estimated ?? '?'})`} in ${facts.took}, depth ${facts.depth}`,
  differences: (total: number, kinds: readonly (readonly [kind: string, count: number])[]) =>
    `Differences: ${total}${kinds.length === 0 ? '' : ` (${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')})`}`,
  example: (facts: {
    db: number;
    type: string;
    key: string;
    kind: string;
    left: string | null;
    right: string | null;
  }) =>
    `db${facts.db} ${facts.type} ${facts.key}: ${facts.kind}; left ${facts.left ?? 'nothing'}, right ${facts.right ?? 'nothing'}`,
  more: (count: number) => `and ${count} more`,
  note: (text: string) => `Note: ${text}`,
  counted: (name: string, left: number, right: number) => `${name}: ${left} keys left, ${right} right`,
  anyLoss: 'Every key was looked at, so that the loss of a single one would have been found',
  smallestLoss: (percent: number) =>
    `A loss of ${percent} % of the keys or more would have been found (99 %)`,
};
