import { keyLooks } from '../evidence/key-looks.ts';
import type { Log } from '../platform/log.ts';
import { startRounds } from '../platform/rounds.ts';
import type { EndedRecords, Forgotten } from '../store/ended.ts';
import { every } from '../store/every.ts';
import type { Store } from '../store/store.ts';

/** For how many days each is kept; null = for ever. */
export interface Keep {
  /** What has ended, with everything that belongs to it. */
  readonly endedDays: number | null;
  /** The looks of an ended expansion, except those on which its evidence rests. */
  readonly looksDays: number | null;
  readonly guardEventsDays: number | null;
}

export interface PruningOptions {
  readonly ended: EndedRecords;
  readonly store: Pick<Store, 'get' | 'observations'>;
  readonly keep: Keep;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const everyMs = 3_600_000;
/** Small portions, so that no statement runs long beside the work. */
const atOnce = 20;
/** Of looks and events. */
const rowsAtOnce = 500;
/** Between two steps: a deletion takes a part of one connection, and leaves the rest to the work. */
const pauseMs = 20;
const dayMs = 86_400_000;

/**
 * Once an hour deletes what is older than it is to be kept, in small steps with pauses between them. Any number of processes may do
 * so side by side. A failure is logged and tried again an hour later: nothing waits for it.
 */
export function startPruning(options: PruningOptions): { close(): Promise<void> } {
  const { ended, keep, now, log } = options;
  const before = (days: number): number => now() - days * dayMs;
  return startRounds({
    async turn(signal) {
      let gone = 0;
      if (keep.endedDays !== null) gone += await forgetAll(options, keep.endedDays, signal);
      if (keep.looksDays !== null) gone += await forgetLooks(options, before(keep.looksDays), signal);
      if (keep.guardEventsDays !== null) {
        const most = before(keep.guardEventsDays);
        gone += await inSteps(options, signal, () => ended.forgetGuardEvents(most, rowsAtOnce));
      }
      if (gone > 0 && !signal.aborted) await ended.giveBack();
      return everyMs;
    },
    pauseMs: 0,
    atMostMs: everyMs,
    retryMs: everyMs,
    sleep: options.sleep,
    failed: (error) =>
      log.warn({ err: error }, 'what is old could not be deleted; it is tried again in an hour'),
  });
}

/** Until a step deletes nothing. Returns how many rows went. */
async function inSteps(
  { sleep }: PruningOptions,
  signal: AbortSignal,
  step: () => Promise<number>,
): Promise<number> {
  for (let total = 0; ; ) {
    const gone = signal.aborted ? 0 : await step();
    if (gone === 0) return total;
    total += gone;
    await sleep(pauseMs, signal);
  }
}

/** Leaves each ended expansion the looks on which its evidence rests. */
async function forgetLooks(
  options: PruningOptions,
  endedBefore: number,
  signal: AbortSignal,
): Promise<number> {
  const { ended, store, log } = options;
  let total = 0;
  let expansions = 0;
  for (let ids = [''] as readonly string[]; ids.length > 0 && !signal.aborted; ) {
    ids = await ended.withAllLooks(endedBefore, atOnce);
    for (const id of ids) {
      if (signal.aborted) break;
      const kept = await looksOfEvidence(store, id);
      total += await inSteps(options, signal, () => ended.forgetLooks(id, kept, rowsAtOnce));
      expansions += 1;
    }
  }
  if (total > 0) log.info({ looks: total, expansions }, `deleted ${total} looks on which no evidence rests`);
  return total;
}

export async function looksOfEvidence(
  store: PruningOptions['store'],
  expansionId: string,
): Promise<readonly number[]> {
  const expansion = await store.get(expansionId);
  if (expansion === null) return [];
  const servers = {
    master: expansion.master.name,
    nodes: expansion.joins.map(({ target }) => target.name),
  };
  const { ofNode, ofMaster } = await keyLooks(servers, (node) =>
    every((afterSeq, limit) => store.observations({ expansionId, node, afterSeq, limit })),
  );
  return [...ofNode.values(), ofMaster].flat().map(({ seq }) => seq);
}

async function forgetAll(
  { ended, now, sleep, log }: PruningOptions,
  keepDays: number,
  signal: AbortSignal,
): Promise<number> {
  const endedBefore = now() - keepDays * dayMs;
  const total = {
    expansions: 0,
    campaigns: 0,
    comparisons: 0,
    audits: 0,
    guards: 0,
    holds: 0,
    replacements: 0,
  };
  for (let more = true; more && !signal.aborted; ) {
    const gone: Forgotten = await ended.forget(endedBefore, atOnce);
    for (const kind of [
      'expansions',
      'campaigns',
      'comparisons',
      'audits',
      'guards',
      'holds',
      'replacements',
    ] as const)
      total[kind] += gone[kind];
    more = Object.values(gone).some((count) => count > 0);
    if (more) await sleep(pauseMs, signal);
  }
  const { expansions, campaigns, comparisons, audits, guards, holds, replacements } = total;
  const all = expansions + campaigns + comparisons + audits + guards + holds + replacements;
  if (all === 0) return 0;
  log.info(
    total,
    `deleted what ended more than ${keepDays} days ago: ${expansions} expansions, ${campaigns} campaigns, ${comparisons} comparisons, ${audits} audits, ${guards} guards, ${holds} holds, ${replacements} replacements`,
  );
  return all;
}
