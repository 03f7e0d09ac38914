import {
  type ComparisonReport,
  type Difference,
  type DifferenceKind,
  type KeyType,
  mostListedDifferences,
} from '../../model/comparison.ts';
import type { CountsResult } from '../walk/counts.ts';
import { type Stratum, smallestLossOverall } from './statistics.ts';

/** What a comparison has found so far. Plain JSON: it is stored with the cursor, so that nothing is counted twice. */
export interface TallyState {
  lookedAt: number;
  byType: Partial<Record<KeyType, number>>;
  differencesTotal: number;
  byKind: Partial<Record<DifferenceKind, number>>;
  examples: Difference[];
  settled: number;
  /** Of those settled: keys on one side only that were about to expire. */
  vanishing: number;
  undecided: number;
  undecidedExamples: string[];
  strata: Stratum[];
  notes: string[];
  /** What could not be looked at though it should have been, in plain words. */
  leftOut: string[];
  /** What no client can look at, whatever it tries, in plain words. */
  unlookable: string[];
}

export const emptyTally = (): TallyState => ({
  lookedAt: 0,
  byType: {},
  differencesTotal: 0,
  byKind: {},
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
    // What an earlier version of this program stored may lack what is new.
    this.state = { ...emptyTally(), ...state };
    this.#onDifference = onDifference;
  }

  looked(type: KeyType, keys: number): void {
    if (keys === 0) return;
    this.state.lookedAt += keys;
    this.state.byType[type] = (this.state.byType[type] ?? 0) + keys;
  }

  stratum(stratum: Stratum): void {
    this.state.strata.push(stratum);
  }

  difference(difference: Difference): void {
    const { state } = this;
    state.differencesTotal += 1;
    state.byKind[difference.kind] = (state.byKind[difference.kind] ?? 0) + 1;
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
  leftOut(text: string): void {
    const { leftOut } = this.state;
    if (leftOut.length < mostLeftOut && !leftOut.includes(text)) leftOut.push(text);
  }

  /**
   * Some keys cannot be looked at by any client. A sample of the others may be equal all the same, with a word on it; of every
   * key it cannot be said.
   */
  unlookable(text: string): void {
    if (!this.state.unlookable.includes(text)) this.state.unlookable.push(text);
  }

  note(text: string): void {
    if (!this.state.notes.includes(text)) this.state.notes.push(text);
  }
}

export interface ReportFrame {
  readonly depth: ComparisonReport['depth'];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly estimatedKeys: number | null;
  readonly rounds: number;
  readonly counts: CountsResult | null;
  /** Why the look was not good enough; null = it was. */
  readonly fault: string | null;
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
  return {
    depth: frame.depth,
    verdict,
    reason,
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
    examples: [...state.examples],
    rounds: frame.rounds,
    settledByRecheck: state.settled,
    counts: frame.counts?.counts ?? null,
    notes: [
      ...notesOf(state, frame),
      ...[...state.leftOut, ...state.unlookable].map((text) => `Left out: ${text}.`),
    ],
  };
}

/** What is left of an estimate where every key was seen, or none, is not worth a note. */
export const estimateNote = "The number of keys is RocksDB's estimate; it counts members of collections too.";

const notesOf = ({ notes }: TallyState, { everything, depth }: ReportFrame): readonly string[] =>
  everything || depth === 'counts' ? notes.filter((note) => note !== estimateNote) : notes;

/** An estimate below what was looked at without having seen everything is none. */
function shareOf(lookedAt: number, { estimatedKeys, everything }: ReportFrame): number | null {
  if (estimatedKeys === null || (!everything && lookedAt >= estimatedKeys && lookedAt > 0)) return null;
  return estimatedKeys === 0 ? (lookedAt > 0 ? 1 : 0) : Math.min(1, lookedAt / estimatedKeys);
}

function judge(state: TallyState, frame: ReportFrame): Pick<ComparisonReport, 'verdict' | 'reason'> {
  const { counts } = frame;
  if (frame.fault !== null) return { verdict: 'inconclusive', reason: frame.fault + foundSoFar(state) };
  if (state.differencesTotal > 0) return { verdict: 'different', reason: foundText(state) };
  if (counts?.verdict === 'different') return { verdict: 'different', reason: counts.text };
  const leftOut = frame.depth === 'full' ? [...state.leftOut, ...state.unlookable] : state.leftOut;
  if (leftOut.length > 0) return { verdict: 'inconclusive', reason: leftOut.join('; ') };
  if (state.undecided > 0) return { verdict: 'inconclusive', reason: undecidedText(state) };
  if (frame.depth === 'counts') return judgeCounts(counts);
  if (state.lookedAt > 0) return { verdict: 'equal', reason: null };
  if (state.unlookable.length > 0) return { verdict: 'inconclusive', reason: state.unlookable.join('; ') };
  return frame.bothEmpty && (counts === null || counts.verdict === 'empty')
    ? { verdict: 'empty', reason: 'both sides hold no key at all' }
    : { verdict: 'inconclusive', reason: 'nothing could be looked at' };
}

function judgeCounts(counts: CountsResult | null): Pick<ComparisonReport, 'verdict' | 'reason'> {
  if (counts === null) return { verdict: 'inconclusive', reason: 'nothing could be counted' };
  if (counts.verdict === 'unclear') return { verdict: 'inconclusive', reason: counts.text };
  return { verdict: counts.verdict, reason: counts.verdict === 'empty' ? counts.text : null };
}

const foundSoFar = (state: TallyState): string =>
  state.differencesTotal > 0 ? ` (until then ${foundText(state)})` : '';

const foundText = (state: TallyState): string =>
  Object.entries(state.byKind)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');

const undecidedText = (state: TallyState): string =>
  `${state.undecided} keys changed faster than they could be looked at on both sides ` +
  `(${state.undecidedExamples.join(', ')}); try again when they are written less often`;
