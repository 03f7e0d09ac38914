import { createRandom, type Random } from '../../src/simulator/random.ts';
import type { Cut } from './wire.ts';

/** What is done to the service's parts, each in the middle of full syncs. */
export const faultKinds = [
  'worker killed',
  'worker stopped and let go on',
  'API killed',
  'Redis killed',
  'Redis emptied',
  'Redis restarted without its data',
  'Redis unreachable',
  'PostgreSQL killed',
  'PostgreSQL unreachable',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** From the fault before, or from its repair. */
  readonly afterMs: number;
  /** Whether the one before must be repaired first. */
  readonly alone: boolean;
  readonly cut: Cut;
  /** In [0, 1): which worker. */
  readonly share: number;
}

const weights: readonly (readonly [FaultKind, number])[] = [
  ['worker killed', 6],
  ['worker stopped and let go on', 2],
  ['API killed', 3],
  ['Redis killed', 2],
  ['Redis emptied', 2],
  ['Redis restarted without its data', 2],
  ['Redis unreachable', 1],
  ['PostgreSQL killed', 3],
  ['PostgreSQL unreachable', 1],
];

/** Without end: first each kind in turn, in an order that the seed draws, then as drawn. */
export function* drawFaults(seed: number, gapMs: readonly [number, number]): Generator<Fault> {
  const random = createRandom(`faults ${seed}`);
  for (const kind of shuffled(random, faultKinds)) yield fault(random, kind, gapMs, true);
  for (;;) yield fault(random, weighted(random), gapMs, random.next() < 0.7);
}

function fault(random: Random, kind: FaultKind, gapMs: readonly [number, number], alone: boolean): Fault {
  return {
    kind,
    alone,
    afterMs: random.within(gapMs),
    cut: random.next() < 0.6 ? 'silent' : 'refusing',
    share: random.next(),
  };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.int(0, left.length - 1), 1)[0]!);
}

function weighted(random: Random): FaultKind {
  let left = random.next() * weights.reduce((total, [, weight]) => total + weight, 0);
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return weights.at(-1)![0];
}
