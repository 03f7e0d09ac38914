import { isActive, isEnded, type JoinPhase, needsPerson } from '../../../model/expansion.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';

/** One stay of a node in a phase. */
export interface Span {
  readonly phase: JoinPhase;
  readonly from: number;
  readonly to: number;
  readonly attempt: number;
}

export interface BatchBand {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
}

/** Phases that are a node's end: they have a beginning, but nothing goes on in them. */
const still: readonly JoinPhase[] = ['waiting', 'verified', 'failed', 'quarantined', 'skipped', 'cancelled'];
export const isStill = (phase: JoinPhase): boolean => still.includes(phase);

/** Given up: a person has to look at it. */
export const isTroubled = (join: JoinView): boolean =>
  join.phase === 'failed' || join.phase === 'quarantined';

/** The spans of a node up to `now`, in order. */
export function spansOf(join: JoinView, now: number): readonly Span[] {
  return join.phases.map((entry, index) => {
    const next = join.phases[index + 1];
    return {
      phase: entry.phase,
      from: entry.at,
      to: next ? next.at : Math.max(entry.at, now),
      attempt: entry.attempt,
    };
  });
}

/**
 * Since when nothing goes on: it has ended, or waits for a person with no node at work. null = something goes on.
 * A timeline stops there, or a night of waiting would press the work into a thin stripe.
 */
export function restingSince(expansion: ExpansionView): number | null {
  if (isEnded(expansion.state)) return expansion.endedAt;
  if (!needsPerson(expansion.state) || expansion.joins.some((join) => isActive(join.phase))) return null;
  return expansion.stateSince;
}

/** What a timeline spans: from the first thing done to `now`, and a second at least. */
export function timeRange(
  expansion: ExpansionView,
  now: number,
): { readonly from: number; readonly to: number } {
  const from = expansion.startedAt ?? expansion.acceptedAt;
  return { from, to: Math.max(now, from + 1000) };
}

/** From the first thing done to a node of a batch until the last of them was settled. */
export function batchBands(joins: readonly JoinView[], now: number): readonly BatchBand[] {
  const bands = new Map<number, BatchBand>();
  for (const join of joins) {
    if (join.batch === null) continue;
    const worked = spansOf(join, now).filter((span) => !isStill(span.phase));
    const first = worked[0];
    const last = worked.at(-1);
    if (!first || !last) continue;
    const to = isActive(join.phase) ? now : last.to;
    const old = bands.get(join.batch);
    bands.set(join.batch, {
      batch: join.batch,
      from: Math.min(old?.from ?? first.from, first.from),
      to: Math.max(old?.to ?? to, to),
    });
  }
  return [...bands.values()].toSorted((a, b) => a.batch - b.batch);
}

const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800,
];

/** Places of the axis' marks in ms since the beginning, at most about `most` of them. */
export function ticksOf(lengthMs: number, most: number): readonly number[] {
  const seconds = lengthMs / 1000;
  const step = steps.find((candidate) => seconds / candidate <= most) ?? Math.ceil(seconds / most);
  const ticks: number[] = [];
  for (let at = 0; at <= seconds; at += step) ticks.push(at * 1000);
  return ticks;
}
