import { runWhereItBelongs } from '../../compare/compare.ts';
import type { Checkpoint, RunOptions, RunResult, RunState } from '../../compare/run.ts';
import { type ComparisonSpec, resolveSpec } from '../../compare/spec.ts';
import type { WireError, WireErrorCode } from '../../compare/wire/wire.ts';
import type { CredentialSource } from '../../engines/engine.ts';
import type { Difference } from '../../model/comparison.ts';
import { comparisonReason } from '../../model/comparison-texts.ts';
import type { NodeTarget, Problem } from '../../model/expansion.ts';
import { makeProblem } from '../../model/problems.ts';
import { comparisonHasEnded } from '../../model/states.ts';
import type { Said } from '../../model/text.ts';
import type { ComparisonControl, ComparisonProgress } from '../../model/views/comparison.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import { hideInReplies, withTexts } from '../../platform/secrets.ts';
import type { WakeUpHandler } from '../../queue/doorbell.ts';
import type { ComparisonChange, ComparisonStore, StoredComparison } from '../../store/comparisons.ts';
import type { Lease } from '../../store/leases.ts';
import { type ShellOptions, underLease } from '../shell.ts';

export interface ComparisonHandlerOptions {
  readonly comparisons: ComparisonStore;
  readonly credentials: CredentialSource;
  /** Configured secrets, which are taken out of what servers said before it is stored. */
  readonly secrets?: readonly string[];
  readonly log: ShellOptions['log'];
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a comparison belongs to a worker that is silent. */
  readonly leaseMs?: number;
  /** How long a server that does not answer, is loading or is gone is waited for. */
  readonly patienceMs?: number;
  /** Pause before such a server is tried again. */
  readonly retryMs?: number;
  /** How often progress is stored, and controls are looked for, while nothing else is stored. */
  readonly heartbeatMs?: number;
  /** Carries a comparison out; the engine itself unless a test says otherwise. */
  readonly run?: (options: RunOptions) => Promise<RunResult>;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

const defaultPatienceMs = 300_000;
/** The pause before a server whose fault may pass is tried again. */
export const defaultRetryMs = 5000;

const passing: readonly WireErrorCode[] = ['timeout', 'closed', 'unreachable', 'loading'];

/** Whether a fault may pass by itself. */
export const mayPass = ({ code }: WireError): boolean => passing.includes(code);

/**
 * The worker's part of durable comparisons. Called with the id of a comparison that is due, it works until the
 * comparison ends, is paused or cancelled, is held up by a server, or the signal stops it. Held up by a server, it
 * resolves with the milliseconds after which to call again; null = nothing to do until the next call. Any number of
 * workers may be called with one id: the lease lets a single worker through. After a kill at any point the next call
 * goes on from the last checkpoint, which holds the counts and the differences found up to it.
 */
export function createComparisonHandler(options: ComparisonHandlerOptions): WakeUpHandler {
  const { comparisons: store, log, now, sleep, owner, leaseMs = 30_000 } = options;
  const shell: ShellOptions = {
    store,
    what: 'comparison',
    log,
    now,
    sleep,
    leaseMs,
    ...(owner ? { owner } : {}),
  };
  return underLease(shell, async ({ lease }, signal) => {
    const comparison = await store.get(lease.id);
    if (comparison === null || comparisonHasEnded(comparison.state)) return null;
    return await new Job(options, lease, comparison).work(signal);
  });
}

class Job {
  readonly #options: ComparisonHandlerOptions;
  readonly #clean: (text: string) => string;
  readonly #lease: Lease;
  readonly #comparison: StoredComparison;
  readonly #crashPoint: AtCrashPoint;
  readonly #stop = new AbortController();
  #progress: ComparisonProgress;
  #control: ComparisonControl | null;
  #saving: Promise<void> = Promise.resolve();
  #saveError: unknown = null;

  constructor(options: ComparisonHandlerOptions, lease: Lease, comparison: StoredComparison) {
    this.#options = options;
    this.#lease = lease;
    this.#comparison = comparison;
    this.#crashPoint = options.crashPoint ?? passByCrashPoints;
    this.#clean = hideInReplies(options.secrets ?? []);
    this.#progress = comparison.progress ?? {};
    this.#control = comparison.pendingControl;
  }

  async work(signal: AbortSignal): Promise<number | null> {
    if (this.#control?.verb === 'pause' || this.#control?.verb === 'cancel') return this.#obey(this.#control);
    if (this.#comparison.state === 'paused' && this.#control === null) return null;
    const problem = this.#lacking();
    if (problem !== null) return this.#fail(problem);
    const task = this.#task();
    await this.#begin();
    this.#crashPoint('after_comparison_begun');
    const onStop = () => this.#stop.abort();
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    const heartbeat = setInterval(
      () => this.#save({ progress: this.#progress }),
      this.#options.heartbeatMs ?? 2000,
    );
    try {
      const result = await this.#run(task).catch((error: unknown) => ({ defect: error }));
      clearInterval(heartbeat);
      await this.#saving;
      if (this.#saveError !== null) throw this.#saveError;
      if ('defect' in result) return await this.#break(result.defect);
      return await this.#conclude(result, signal.aborted);
    } finally {
      clearInterval(heartbeat);
      signal.removeEventListener('abort', onStop);
    }
  }

  /** A credential may have gone from the configuration since the comparison was asked for. */
  #lacking(): Problem | null {
    const { left, right } = this.#comparison;
    const { credentials, now } = this.#options;
    const { names: known } = credentials;
    for (const { credential } of [left, right])
      if (credential !== null && !known.includes(credential))
        return makeProblem('comparison_not_possible', { credential, known }, now());
    return null;
  }

  #task(): Pick<RunOptions, 'left' | 'right' | 'spec' | 'resume'> {
    const { left, right, spec, cursor } = this.#comparison;
    const { credentials } = this.#options;
    const endpoint = (target: NodeTarget) => ({
      address: target.address,
      credential: credentials.get(target.credential),
    });
    return {
      left: endpoint(left),
      right: endpoint(right),
      spec: resolveSpec(spec as Partial<ComparisonSpec>),
      resume: cursor as RunState | null,
    };
  }

  async #begin(): Promise<void> {
    const control = await this.#store({
      state: 'running',
      stateReason: this.#control?.verb === 'resume' ? askedFor('resumed', this.#control) : null,
      ...(this.#comparison.startedAt === null ? { startedAt: this.#options.now() } : {}),
      ...(this.#control === null ? {} : { appliedControl: this.#control }),
    });
    this.#control = null;
    this.#heed(control);
  }

  #run(task: Pick<RunOptions, 'left' | 'right' | 'spec' | 'resume'>): Promise<RunResult> {
    const run = this.#options.run ?? runWhereItBelongs;
    return run({
      ...task,
      signal: this.#stop.signal,
      onProgress: (progress) => {
        this.#progress = { ...progress, faultSince: this.#progress.faultSince ?? null };
      },
      onCheckpoint: (checkpoint) => this.#checkpoint(checkpoint),
    });
  }

  #checkpoint({ state, differences }: Checkpoint): void {
    this.#progress = { ...this.#progress, faultSince: null };
    const { differencesTotal } = state.tally;
    this.#save({ cursor: state, differences, differencesTotal, progress: this.#progress });
  }

  /** Stores in the order asked for; a failure ends the run, and is the outcome. */
  #save(change: ComparisonChange): void {
    this.#saving = this.#saving.then(async () => {
      if (this.#saveError !== null) return;
      try {
        if (change.cursor !== undefined) this.#crashPoint('before_cursor');
        this.#heed(await this.#store({ ...change, stateReason: this.#progress.says?.heldBy ?? null }));
        if (change.cursor !== undefined) this.#crashPoint('after_cursor');
      } catch (error) {
        this.#saveError = error;
        this.#stop.abort();
      }
    });
  }

  #store(change: ComparisonChange): Promise<ComparisonControl | null> {
    // Where to go on, and which order was obeyed, are no words of a server's.
    const { cursor, appliedControl, ...told } = change;
    const cleaned = { ...change, ...withTexts(told, this.#clean) };
    return this.#options.comparisons.save(this.#lease, cleaned);
  }

  #heed(control: ComparisonControl | null): void {
    if (control?.verb !== 'pause' && control?.verb !== 'cancel') return;
    this.#control = control;
    this.#stop.abort();
  }

  async #conclude(result: RunResult, stopped: boolean): Promise<number | null> {
    const { fault, report, differences } = result;
    if (fault === null) return this.#complete(report, differences);
    if (fault.code === 'aborted') {
      if (this.#control !== null) return this.#obey(this.#control);
      if (stopped) return this.#putBack();
    }
    return this.#mayPass(fault) ? this.#retryLater(fault) : this.#complete(report, differences);
  }

  #mayPass(fault: WireError): boolean {
    const since = this.#progress.faultSince ?? this.#options.now();
    return mayPass(fault) && this.#options.now() - since < (this.#options.patienceMs ?? defaultPatienceMs);
  }

  async #retryLater(fault: WireError): Promise<number> {
    const { now, retryMs = defaultRetryMs, patienceMs = defaultPatienceMs } = this.#options;
    const stateReason = comparisonReason('waits_for_server', {
      code: fault.code,
      server: fault.server,
      fault: fault.said,
      retrySeconds: Math.round(retryMs / 1000),
      patienceSeconds: Math.round(patienceMs / 1000),
    });
    await this.#store({
      stateReason,
      progress: { ...this.#progress, faultSince: this.#progress.faultSince ?? now() },
      lookAgainInMs: retryMs,
    });
    return retryMs;
  }

  async #complete(report: RunResult['report'], differences: readonly Difference[]): Promise<null> {
    this.#crashPoint('before_comparison_end');
    await this.#store({
      state: 'completed',
      stateReason: report.said?.reason ?? null,
      endedAt: this.#options.now(),
      report,
      differences,
      differencesTotal: report.differencesTotal,
      progress: { ...this.#progress, remainingSeconds: 0, heldBy: null, faultSince: null },
    });
    this.#crashPoint('after_comparison_end');
    return null;
  }

  async #putBack(): Promise<null> {
    const stateReason = comparisonReason('worker_stopped');
    await this.#store({ stateReason, progress: this.#progress, lookAgainInMs: 0 });
    return null;
  }

  async #obey(control: ComparisonControl): Promise<null> {
    const paused = control.verb === 'pause';
    await this.#store({
      state: paused ? 'paused' : 'cancelled',
      stateReason: askedFor(paused ? 'paused' : 'cancelled', control),
      appliedControl: control,
      ...(paused ? { lookAgainInMs: null } : { endedAt: this.#options.now() }),
    });
    return null;
  }

  async #fail(problem: Problem): Promise<null> {
    const endedAt = this.#options.now();
    await this.#store({
      state: 'failed',
      stateReason: comparisonReason('failed', { problem }),
      problem,
      endedAt,
    });
    return null;
  }

  /** A defect of this program: what it says helps nobody but those who read the log. */
  #break(defect: unknown): Promise<null> {
    const comparison = this.#lease.id;
    this.#options.log.error({ err: defect, comparisonId: comparison }, 'a comparison broke');
    return this.#fail(makeProblem('comparison_broke', { comparison }, this.#options.now()));
  }
}

const askedFor = (what: 'paused' | 'resumed' | 'cancelled', { by, reason: why }: ComparisonControl): Said =>
  comparisonReason(what, { by, why });
