import {
  type ComparisonReport,
  type Difference,
  type DifferenceKind,
  type DifferenceSign,
  type KeyType,
  mostListedDifferences,
} from '../../model/comparison.ts';
import { note, verdictSays } from '../../model/comparison-texts.ts';
import type { Said } from '../../model/text.ts';
import type { CountsResult } from '../walk/counts.ts';
import { type Stratum, smallestLossOverall } from './statistics.ts';

/** What a comparison has found so far. Plain JSON: it is stored with the cursor, so that nothing is counted twice. */
export interface TallyState {
  lookedAt: number;
  /** Members of the collections among them, as Pika's estimate of keys counts them. */
  memberEntries: number;
  byType: Partial<Record<KeyType, number>>;
  differencesTotal: number;
  byKind: Partial<Record<DifferenceKind, number>>;
  bySign: Partial<Record<DifferenceSign, number>>;
  examples: Difference[];
  settled: number;
  /** Settled keys on one side only that were about to expire. */
  vanishing: number;
  undecided: number;
  undecidedExamples: string[];
  strata: Stratum[];
  notes: Said[];
  /** Keys that the comparison could not look at. */
  leftOut: Said[];
  /** Keys that no client can look at. */
  unlookable: Said[];
}

export const emptyTally = (): TallyState => ({
  lookedAt: 0,
  memberEntries: 0,
  byType: {},
  differencesTotal: 0,
  byKind: {},
  bySign: {},
  examples: [],
  settled: 0,
  vanishing: 0,
  undecided: 0,
  undecidedExamples: [],
  strata: [],
  notes: [],
  leftOut: [],
  unlookable: [],
});

const examplesKept = 20;
const mostLeftOut = 20;

/** Counts what is found, and hands on the differences that are to be listed. */
export class Tally {
  readonly state: TallyState;
  readonly #onDifference: (difference: Difference) => void;

  constructor(state: TallyState, onDifference: (difference: Difference) => void) {
    // The state of an earlier release may lack new fields.
    this.state = { ...emptyTally(), ...state };
    this.#onDifference = onDifference;
  }

  looked(type: KeyType, keys: number): void {
    if (keys === 0) return;
    this.state.lookedAt += keys;
    this.state.byType[type] = (this.state.byType[type] ?? 0) + keys;
  }

  /** Pika has a zset's members once by name, and once more by score. */
  lookedAtMembers(type: KeyType, members: number): void {
    this.state.memberEntries += type === 'zset' ? 2 * members : members;
  }

  stratum(stratum: Stratum): void {
    this.state.strata.push(stratum);
  }

  difference(difference: Difference): void {
    const { state } = this;
    state.differencesTotal += 1;
    state.byKind[difference.kind] = (state.byKind[difference.kind] ?? 0) + 1;
    if (difference.sign !== undefined)
      state.bySign[difference.sign] = (state.bySign[difference.sign] ?? 0) + 1;
    if (state.examples.length < examplesKept) state.examples.push(difference);
    if (state.differencesTotal <= mostListedDifferences) this.#onDifference(difference);
  }

  settled(): void {
    this.state.settled += 1;
  }

  vanishing(): void {
    this.settled();
    this.state.vanishing += 1;
  }

  undecided(key: string): void {
    this.state.undecided += 1;
    if (this.state.undecidedExamples.length < 3) this.state.undecidedExamples.push(key);
  }

  /** Something was not looked at: what is left may show differences, but never that all is equal. */
  leftOut(said: Said): void {
    if (this.state.leftOut.length < mostLeftOut) addOnce(this.state.leftOut, said);
  }

  /**
   * Some keys cannot be looked at by any client. A sample of the others may be equal all the same, with a word on it; of every
   * key it cannot be said.
   */
  unlookable(said: Said): void {
    addOnce(this.state.unlookable, said);
  }

  note(said: Said): void {
    addOnce(this.state.notes, said);
  }
}

function addOnce(all: Said[], said: Said): void {
  if (!all.some(({ code, text }) => code === said.code && text === said.text)) all.push(said);
}

export interface ReportFrame {
  readonly depth: ComparisonReport['depth'];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly estimatedKeys: number | null;
  readonly rounds: number;
  readonly counts: CountsResult | null;
  /** Why the look was not good enough; null = it was. */
  readonly fault: { readonly code: string; readonly server: string; readonly said: Said } | null;
  /** Whether every key was looked at. */
  readonly everything: boolean;
  /** Whether both sides were seen to hold no key at all. */
  readonly bothEmpty: boolean;
}

/**
 * The report, with the verdict that the facts allow: a fault or a key that could not be judged makes it
 * `inconclusive`, whatever else was found; `equal` needs that something was looked at and nothing differed.
 */
export function reportOf(state: TallyState, frame: ReportFrame): ComparisonReport {
  const { verdict, reason } = judge(state, frame);
  const notes = notesOf(state, frame);
  return {
    depth: frame.depth,
    verdict,
    reason: reason?.text ?? null,
    startedAt: frame.startedAt,
    endedAt: frame.endedAt,
    lookedAtKeys: state.lookedAt,
    lookedAtKeysByType: { ...state.byType },
    estimatedKeys: frame.estimatedKeys,
    share: shareOf(state.lookedAt, frame),
    smallestLossFound:
      frame.fault === null && state.leftOut.length + state.unlookable.length === 0
        ? smallestLossOverall(state.strata)
        : null,
    differencesTotal: state.differencesTotal,
    differencesByKind: { ...state.byKind },
    differencesBySign: { ...state.bySign },
    examples: [...state.examples],
    rounds: frame.rounds,
    settledByRecheck: state.settled,
    counts: frame.counts?.counts ?? null,
    notes: notes.map(({ text }) => text),
    said: { reason, notes },
  };
}

function notesOf(state: TallyState, { everything, depth }: ReportFrame): readonly Said[] {
  // What is left of an estimate where every key was seen, or none, is not worth a note.
  const needless = new Set<string>();
  if (everything || depth === 'counts') needless.add('estimate');
  if (state.notes.some(({ code }) => code === 'full_cut')) needless.add('full_chosen');
  return [
    ...state.notes.filter(({ code }) => !needless.has(code)),
    ...[...state.leftOut, ...state.unlookable].map((said) => note('left_out', { said })),
  ];
}

/** An estimate below what was looked at without having seen everything is none. */
function shareOf(lookedAt: number, { estimatedKeys, everything }: ReportFrame): number | null {
  if (estimatedKeys === null || (!everything && lookedAt >= estimatedKeys && lookedAt > 0)) return null;
  return estimatedKeys === 0 ? (lookedAt > 0 ? 1 : 0) : Math.min(1, lookedAt / estimatedKeys);
}

interface Judged {
  readonly verdict: ComparisonReport['verdict'];
  readonly reason: Said | null;
}

function judge(state: TallyState, frame: ReportFrame): Judged {
  const { counts, fault } = frame;
  const { byKind } = state;
  if (fault !== null) {
    const { code, server, said } = fault;
    const soFar = state.differencesTotal > 0 ? byKind : null;
    return {
      verdict: 'inconclusive',
      reason: verdictSays('fault', { code, server, fault: said, byKind: soFar }),
    };
  }
  if (state.differencesTotal > 0)
    return { verdict: 'different', reason: verdictSays('differences', { byKind: { ...byKind } }) };
  if (counts?.verdict === 'different') return { verdict: 'different', reason: counts.said };
  const parts = frame.depth === 'full' ? [...state.leftOut, ...state.unlookable] : state.leftOut;
  if (parts.length > 0) return { verdict: 'inconclusive', reason: verdictSays('left_out', { parts }) };
  if (state.undecided > 0) {
    const facts = { keys: state.undecided, examples: state.undecidedExamples };
    return { verdict: 'inconclusive', reason: verdictSays('undecided', facts) };
  }
  if (frame.depth === 'counts') return judgeCounts(counts);
  if (state.lookedAt > 0) return { verdict: 'equal', reason: null };
  if (state.unlookable.length > 0)
    return { verdict: 'inconclusive', reason: verdictSays('left_out', { parts: state.unlookable }) };
  return frame.bothEmpty && (counts === null || counts.verdict === 'empty')
    ? { verdict: 'empty', reason: verdictSays('no_keys') }
    : { verdict: 'inconclusive', reason: verdictSays('nothing_looked_at') };
}

function judgeCounts(counts: CountsResult | null): Judged {
  if (counts === null) return { verdict: 'inconclusive', reason: verdictSays('nothing_counted') };
  if (counts.verdict === 'unclear') return { verdict: 'inconclusive', reason: counts.said };
  return { verdict: counts.verdict, reason: counts.verdict === 'empty' ? counts.said : null };
}
