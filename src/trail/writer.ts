import type { NewTrailEntry, TrailEntry } from '../model/views/trail.ts';
import type { Log } from '../platform/log.ts';
import { StoreUnavailableError } from '../store/store.ts';
import type { TrailStore } from '../store/trail.ts';

/** Where entries are given to be written. */
export interface Trail {
  /**
   * Resolves with the number of the entry once it stands, or with null where that takes long: it is tried again then, and an act
   * never waits for it. Never throws.
   */
  add(entry: NewTrailEntry): Promise<number | null>;
  /** Writes what can still be written. */
  close(): Promise<void>;
}

export interface TrailParts {
  readonly store: Pick<TrailStore, 'append'>;
  readonly log: Pick<Log, 'error' | 'warn'>;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Counts entries: written at once, written later or lost. */
  readonly counted?: (outcome: TrailOutcome, count: number) => void;
  /** How long an answer waits for its entry. */
  readonly waitMs?: number;
}

export type TrailOutcome = 'written' | 'late' | 'lost';

const defaultWaitMs = 1000;
const retryMs = 1000;
/** In one transaction. */
const atOnce = 100;
/** Of at most about 16 KB each. */
const mostWaiting = 1000;

interface Waiting {
  readonly entry: NewTrailEntry;
  readonly written: (seq: number | null) => void;
  late: boolean;
}

/** Writes entries in their order, many in one transaction. What cannot be written now waits in memory, within bounds. */
export function createTrail(parts: TrailParts): Trail {
  const { store, log, sleep, counted } = parts;
  const waiting: Waiting[] = [];
  const closing = new AbortController();
  let writing: Promise<void> | null = null;
  let lost = 0;

  /** Gives up an entry; the log is where it is kept. */
  function lose({ entry, written }: Waiting, why: unknown): void {
    log.error({ err: why, entry }, 'an entry of the trail could not be kept');
    counted?.('lost', 1);
    lost += 1;
    written(null);
  }

  function stand(entries: readonly Waiting[], added: readonly TrailEntry[]): void {
    for (const [index, { late, written }] of entries.entries()) {
      counted?.(late ? 'late' : 'written', 1);
      written(added[index]!.seq);
    }
  }

  async function write(): Promise<void> {
    let together = atOnce;
    while (waiting.length > 0) {
      const some = waiting.slice(0, together);
      try {
        const added = await store.append(some.map(({ entry }) => entry));
        waiting.splice(0, some.length);
        stand(some, added);
        together = atOnce;
        if (lost > 0)
          waiting.push({ entry: lostEntry(lost, parts.now()), written: () => undefined, late: true });
        lost = 0;
      } catch (error) {
        if (error instanceof StoreUnavailableError) {
          log.warn(
            { err: error, waiting: waiting.length },
            'the trail cannot be written now; it is tried again',
          );
          if (closing.signal.aborted) break;
          await sleep(retryMs, closing.signal);
        } else if (together > 1) {
          // One of them keeps the others out.
          together = 1;
        } else {
          waiting.shift();
          lose(some[0]!, error);
          together = atOnce;
        }
      }
    }
    for (const each of waiting.splice(0)) lose(each, new Error('the service was closed'));
  }

  return {
    add(entry) {
      return new Promise((resolve) => {
        const late = setTimeout(() => {
          each.late = true;
          resolve(null);
        }, parts.waitMs ?? defaultWaitMs);
        const each: Waiting = {
          entry,
          late: false,
          written: (seq) => {
            clearTimeout(late);
            resolve(seq);
          },
        };
        if (waiting.length >= mostWaiting) return lose(each, new Error('too many entries wait'));
        waiting.push(each);
        writing ??= write().finally(() => {
          writing = null;
        });
      });
    },
    async close() {
      closing.abort();
      await writing;
    },
  };
}

const lostEntry = (times: number, at: number): NewTrailEntry => ({
  ...bySelf,
  at,
  act: 'entries_lost',
  object: null,
  asked: null,
  before: null,
  after: null,
  times,
});

/** What the service does of itself. */
export const bySelf = {
  who: { name: null, role: null },
  by: { kind: 'service', id: null },
  from: { address: null, client: null, via: 'service', requestId: null },
  outcome: { status: null, code: null },
} as const satisfies Partial<NewTrailEntry>;
