import { isShort, runWhereItBelongs, specFromPolicy } from '../../compare/compare.ts';
import type { RunOptions } from '../../compare/run.ts';
import { sampledInstead } from '../../core/plan/depth.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import type { ComparisonReport } from '../../model/comparison.ts';
import { verdictSays } from '../../model/comparison-texts.ts';
import type { NodeTarget } from '../../model/expansion.ts';
import { comparisonHasEnded } from '../../model/states.ts';
import type { Said } from '../../model/text.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import type { Doorbell } from '../../queue/doorbell.ts';
import type { ComparisonStore, StoredComparison } from '../../store/comparisons.ts';
import { StoreUnavailableError } from '../../store/store.ts';
import type { Ends } from '../comparison/ends.ts';
import { defaultRetryMs, mayPass } from '../comparison/handler.ts';
import type { Compare } from './session.ts';

export interface CompareParts {
  readonly credentials: CredentialSource;
  /** Where a comparison of all keys lives, so that it survives this worker; null = everything is compared here. */
  readonly comparisons: ComparisonStore | null;
  readonly doorbell: Pick<Doorbell, 'ring'> | null;
  /** Hears of the ends of comparisons; absent = they are asked for only. */
  readonly ends?: Pick<Ends, 'of'>;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

type Task = Parameters<Compare>[0];

/** A database that is away is asked again so often. */
const askAgainMs = 1000;
/** News of the end of a comparison may be lost. */
const lookAgainMs = 5000;

/**
 * The comparison of a join's node with its master. A sample, or a few keys, are compared here and now; every key of many is a
 * comparison of its own, which goes on where it was on any worker. Exact key counts scan both nodes, which nobody in full sync can
 * bear: with other full syncs running they are left out this time.
 */
export function createCompare(parts: CompareParts): Compare {
  const { credentials, comparisons } = parts;
  return async (task) => {
    let { policy } = task;
    if (comparisons !== null && policy.depth === 'full' && !isShort(policy)) {
      const report = await compareDurably(parts, comparisons, task);
      if (report !== null) return report;
      policy = sampledInstead(policy);
    }
    const endpoint = ({ address, credential }: NodeTarget) => ({
      address,
      credential: credentials.get(credential),
    });
    return compareHere(parts, {
      left: endpoint(task.master),
      right: endpoint(task.node),
      spec: specOf({ ...task, policy }),
      signal: task.signal,
    });
  };
}

/** A sample is taken three times before a person is asked. */
const samplePatienceMs = 60_000;

/** A server that cannot be read for a while says nothing of the data, so it is waited for. */
async function compareHere(
  { now, sleep }: CompareParts,
  options: RunOptions & Pick<Task, 'signal'>,
): Promise<ComparisonReport> {
  const until = now() + samplePatienceMs;
  for (;;) {
    const { report, fault } = await runWhereItBelongs(options);
    if (fault === null || !mayPass(fault) || now() >= until || options.signal.aborted) return report;
    await sleep(defaultRetryMs, options.signal);
  }
}

const specOf = ({ policy, fullSyncsRunning }: Task) =>
  specFromPolicy({ ...policy, keyCounts: policy.keyCounts && !fullSyncsRunning });

/**
 * Asks for the comparison once (its id says so) and waits for its end; whoever takes over waits for the same one. null = `auto`
 * chose it, and no worker has begun it in the time that it may take.
 */
async function compareDurably(
  parts: CompareParts,
  comparisons: ComparisonStore,
  task: Task,
): Promise<ComparisonReport | null> {
  const { crashPoint = passByCrashPoints } = parts;
  const startedAt = parts.now();
  const end = parts.ends?.of(task.id);
  try {
    crashPoint('before_comparison_created');
    const stored = await persist(parts, task, () =>
      comparisons.create({
        id: task.id,
        join: { expansionId: task.expansionId, node: task.node.name },
        left: task.master,
        right: task.node,
        spec: specOf(task),
        requestedBy: `expansion ${task.expansionId}`,
        createdAt: startedAt,
      }),
    );
    crashPoint('after_comparison_created');
    // A ring that is lost is made up for by whoever looks for comparisons that are due.
    if (stored) await parts.doorbell?.ring(task.id).catch(() => undefined);
    return await endOf(parts, comparisons, task, startedAt, stored, end?.rest ?? parts.sleep);
  } catch (error) {
    return withoutResult(
      task,
      startedAt,
      parts.now(),
      verdictSays('not_followed', { met: (error as Error).message }),
    );
  } finally {
    end?.close();
  }
}

const noPlace = { by: 'auto', reason: 'no worker has begun it in the time that it may take' };

/** A cancel that nobody has a place to obey counts as obeyed: it is not begun any more. */
async function endOf(
  parts: CompareParts,
  comparisons: ComparisonStore,
  task: Task,
  startedAt: number,
  begun: StoredComparison | null,
  rest: CompareParts['sleep'],
): Promise<ComparisonReport | null> {
  const limitMs = task.policy.chosen?.limitMs ?? null;
  const look = () => persist(parts, task, () => comparisons.get(task.id));
  for (let stored = begun; !task.signal.aborted; stored = await look()) {
    let restMs = lookAgainMs;
    if (stored && limitMs !== null && stored.startedAt === null) {
      const { state, pendingControl, createdAt } = stored;
      if (state === 'cancelled' || pendingControl?.verb === 'cancel') return null;
      const at = parts.now();
      const leftMs = createdAt + limitMs - at;
      if (leftMs > 0) restMs = Math.min(restMs, leftMs);
      else {
        await persist(parts, task, () => comparisons.control(task.id, { verb: 'cancel', ...noPlace, at }));
        continue;
      }
    }
    if (stored && comparisonHasEnded(stored.state)) {
      return stored.report ?? withoutResult(task, startedAt, parts.now(), whyWithout(stored));
    }
    await rest(restMs, task.signal);
  }
  return withoutResult(task, startedAt, parts.now(), verdictSays('not_waited_for'));
}

/** Asks the database until it answers: its absence says nothing of the data. null = it is no longer waited for. */
async function persist<T>(parts: CompareParts, task: Task, ask: () => Promise<T>): Promise<T | null> {
  while (!task.signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
    await parts.sleep(askAgainMs, task.signal);
  }
  return null;
}

const whyWithout = ({ id, state, stateReason }: StoredComparison): Said =>
  verdictSays('ended_without', { id, state, because: stateReason });

/** Nothing looked at is never "equal". */
const withoutResult = (task: Task, startedAt: number, endedAt: number, reason: Said): ComparisonReport => ({
  depth: task.policy.depth,
  verdict: 'inconclusive',
  reason: reason.text,
  said: { reason, notes: [] },
  startedAt,
  endedAt,
  lookedAtKeys: 0,
  lookedAtKeysByType: {},
  estimatedKeys: null,
  share: null,
  smallestLossFound: null,
  differencesTotal: 0,
  differencesByKind: {},
  examples: [],
  rounds: task.policy.rounds,
  settledByRecheck: 0,
  counts: null,
});
