import type { Logger } from 'pino';
import type { Admission } from '../../admission/admission.ts';
import type { Seen } from '../../core/audit/judge.ts';
import {
  type DetachReply,
  decideReplacement,
  type NewNodesAdmission,
  questionOf,
  type ReplacementDecision,
  wantedLooks,
} from '../../core/replacement/decide.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import type { EventInput } from '../../model/events.ts';
import type { Hooks } from '../../model/hooks.ts';
import { formatAddress, type Look, type LookSection } from '../../model/observation.ts';
import { newNodesKey } from '../../model/replacement.ts';
import { pairHasEnded, replacementHasEnded } from '../../model/states.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { Said } from '../../model/text.ts';
import type { StoredReplacement } from '../../model/views/replacement.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { AuditStore } from '../../store/audits.ts';
import type { Lease } from '../../store/leases.ts';
import type { KeptReplacement, ReplacementStore } from '../../store/replacements.ts';
import type { Store } from '../../store/store.ts';
import { type Clock, createObserver, type Observer, patienceMs } from '../expansion/observer.ts';
import { createHookAsker } from '../hook-asker.ts';
import { slavesBeside } from '../proofs.ts';
import { type ShellOptions, underLease, whileKept } from '../shell.ts';
import { admittedBefore, admitWithin, cancelWithin, unlessAborted } from '../within.ts';

export interface ReplacementHandlerOptions {
  readonly replacements: ReplacementStore;
  readonly store: Pick<Store, 'get' | 'acceptedUnder' | 'addControl' | 'freezeState' | 'nodesInUse'>;
  readonly audits: Pick<AuditStore, 'provenOf' | 'lastWhole'>;
  readonly admission: Pick<Admission, 'expand'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  /** Rings for expansions. */
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly hooks: Pick<Hooks, 'ask'>;
  readonly log: Logger;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly clock: Clock;
  /** How long a replacement belongs to a worker that is silent. */
  readonly leaseMs?: number;
  readonly metrics?: Pick<Metrics, 'look' | 'eventsStored'>;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

/** NO ONE may stall for 3 s; later than this the reply counts as lost. */
const commandTimeoutMs = 8000;
const pingTimeoutMs = 2000;
/** A lease, a freeze and a cancellation are known well enough when asked for within this time. */
const freshMs = 600;
/** Nothing is sent on looks that began longer ago: a process can stand still for long. */
const looksHoldMs = 5000;
/** An answer that came after its turn, and lay there for longer than this, shows another time. More than one wait while held. */
const lateLookMs = 8000;

/**
 * The work on a replacement's wake-up. It holds the lease, looks, decides, stores, and only then acts: it has the new nodes
 * admitted like any other request, and tells an old slave to leave its master. Any number of workers may be called with one
 * id: the lease lets a single worker through. After a kill at any point the next worker goes on, and asks the node whether an
 * act happened.
 */
export function createReplacementHandler(options: ReplacementHandlerOptions): WakeUpHandler {
  const { replacements: store, log, clock, owner, leaseMs = 15_000 } = options;
  const { now, sleep } = clock;
  const shell: ShellOptions = {
    store,
    what: 'replacement',
    log,
    now,
    sleep,
    leaseMs,
    ...(owner ? { owner } : {}),
  };
  return underLease(shell, async (held, signal) => {
    const job = new Job(options, held.lease);
    try {
      // An admission can take long.
      return await whileKept(held, leaseMs, () => job.work(signal), sleep);
    } finally {
      job.close();
    }
  });
}

class Job {
  readonly #options: ReplacementHandlerOptions;
  readonly #lease: Lease;
  readonly #observer: Observer;
  readonly #crashPoint: AtCrashPoint;
  readonly #askHooks: ReturnType<typeof createHookAsker>;
  readonly #answers = new Map<string, Said | null>();
  #admission: NewNodesAdmission | null = null;
  #reply: DetachReply | null = null;

  constructor(options: ReplacementHandlerOptions, lease: Lease) {
    const { engine, clock, credentials, metrics } = options;
    this.#options = options;
    this.#lease = lease;
    this.#crashPoint = options.crashPoint ?? passByCrashPoints;
    this.#askHooks = createHookAsker(async (question) => {
      const answer = await options.hooks.ask(question);
      this.#crashPoint('after_replacement_asked');
      return answer;
    }, clock);
    this.#observer = createObserver({
      engine,
      clock,
      credentialOf: ({ credential }) =>
        credential === null || credentials.names.includes(credential) ? credentials.get(credential) : null,
      onLook: (target, look) => metrics?.look(target, look.kind, 'tookMs' in look ? look.tookMs / 1000 : 0),
    });
  }

  close(): void {
    this.#observer.close();
  }

  async work(signal: AbortSignal): Promise<number | null> {
    while (!signal.aborted) {
      const kept = await this.#options.replacements.get(this.#lease.id);
      if (kept === null || replacementHasEnded(kept.doc.state)) return null;
      const againInMs = await this.#turn(kept, signal);
      if (againInMs === null) return null;
      await this.#options.clock.sleep(againInMs, signal);
    }
    // A reply that nobody stored: the next worker asks the node.
    return 0;
  }

  async #turn(
    { doc: before, asked, approved }: KeptReplacement,
    signal: AbortSignal,
  ): Promise<number | null> {
    const { store, clock } = this.#options;
    const beganAt = clock.now();
    const [looks, admission, expansion, freeze, answers] = await Promise.all([
      this.#look(before),
      this.#admissionOf(before),
      this.#expansionOf(before),
      store.freezeState(),
      this.#ask(before),
    ]);
    const decision = decideReplacement({
      replacement: before,
      now: clock.now(),
      epoch: this.#lease.epoch,
      cancel: asked,
      approval: approved,
      admission,
      ...(expansion === undefined ? {} : { expansion }),
      frozen: freeze.frozen ? { reason: freeze.reason } : null,
      ...looks,
      answers,
      reply: this.#reply,
    });
    this.#reply = null;
    this.#admission = null;
    await this.#save(before, decision);
    const { replacement, begin, cancelExpansion, command } = decision;
    if (cancelExpansion) await this.#cancelExpansion(replacement);
    if (begin) this.#admission = await unlessAborted(this.#admit(replacement), signal, null);
    if (command !== null) this.#reply = await this.#detach(replacement, command, beganAt);
    return decision.lookAgainInMs;
  }

  async #save(before: StoredReplacement, decision: ReplacementDecision): Promise<void> {
    const { replacements, metrics, log } = this.#options;
    const { replacement, events, command, lookAgainInMs } = decision;
    const ends = replacementHasEnded(replacement.state);
    if (replacement !== before || events.length > 0) {
      this.#crashPoint(ends ? 'before_replacement_end' : 'before_replacement_save');
      await replacements.save(this.#lease, replacement, events, lookAgainInMs);
      this.#crashPoint(
        ends ? 'after_replacement_end' : command === null ? 'after_replacement_save' : 'after_detach_intent',
      );
    }
    metrics?.eventsStored(events as readonly EventInput[]);
    for (const { type, text, level } of events)
      log[level === 'info' ? 'info' : 'warn']({ replacementId: replacement.id, type }, text);
  }

  // ------------------------------------------------------------------------------------------------------- looks

  async #look(replacement: StoredReplacement) {
    const wanted = wantedLooks(replacement, this.#options.clock.now());
    const olds = new Map<number, Seen>();
    const nobody = { master: null, olds, inUse: new Map<number, string>(), others: null };
    if (wanted === null) return nobody;
    const { pairs, slaves } = replacement;
    // The master first: what its slaves say is set beside it.
    const look = await this.#see(replacement.master, ['server', 'replication'], 'master');
    if (look === null) return nobody;
    const master: Seen = { target: replacement.master, look, capabilities: null };
    const [, inUse] = await Promise.all([
      Promise.all(
        [...wanted.olds].map(async ([index, sections]) => {
          const target = pairs[index]!.old;
          const seen = await this.#see(target, sections, 'node');
          if (seen !== null) olds.set(index, { target, look: seen, capabilities: null });
        }),
      ),
      this.#inUse(replacement, [...wanted.olds.keys()]),
    ]);
    const going = pairs.filter(({ phase }) => !pairHasEnded(phase));
    const without = going.map(({ index, old: target }) => ({ target, look: olds.get(index)?.look ?? null }));
    const others = wanted.others
      ? await slavesBeside(this.#options.audits, (target) => this.#seeOther(target), master, {
          without,
          gone: pairs.filter(({ phase }) => phase === 'done' || phase === 'failed').map(({ old }) => old),
          known: slaves,
        })
      : null;
    return { master, olds, inUse, others };
  }

  async #see(
    target: NodeTarget,
    sections: readonly LookSection[],
    as: 'master' | 'node',
  ): Promise<Look | null> {
    const look = await this.#observer.look(target, sections, as, null);
    if (look === null || this.#isWithin(lateLookMs, look.at)) return look;
    return this.#observer.look(target, sections, as, null);
  }

  /** A slave whose answer does not come in time counts for nothing. */
  async #seeOther(target: NodeTarget): Promise<Look> {
    const look = await this.#see(target, ['server', 'replication'], 'node');
    return look ?? { kind: 'busy', at: this.#options.clock.now(), tookMs: patienceMs };
  }

  async #inUse(
    { pairs }: StoredReplacement,
    indices: readonly number[],
  ): Promise<ReadonlyMap<number, string>> {
    const keysOf = ({ name, address, seenAs }: NodeTarget) => [
      name,
      formatAddress(address),
      formatAddress(seenAs),
    ];
    const uses = await this.#options.store.nodesInUse(indices.flatMap((index) => keysOf(pairs[index]!.old)));
    return new Map(
      indices.flatMap((index) => {
        const use = uses.find(({ node }) => keysOf(pairs[index]!.old).includes(node));
        return use === undefined ? [] : [[index, use.expansionId] as const];
      }),
    );
  }

  // --------------------------------------------------------------------------------------------------- questions

  /** The answers to what is to be asked; of those that have not come, the last ones. */
  async #ask(replacement: StoredReplacement): Promise<ReadonlyMap<string, Said | null>> {
    const questions = replacement.pairs
      .map((pair) => questionOf(replacement, pair))
      .filter((question) => question !== null);
    try {
      for (const [id, answer] of await this.#askHooks(questions)) this.#answers.set(id, answer);
    } catch (error) {
      // The database cannot be reached, which the next look at it shows too.
      this.#options.log.warn(
        { replacementId: this.#lease.id, err: error },
        'a step could not be asked about',
      );
    }
    return this.#answers;
  }

  // --------------------------------------------------------------------------------------------------- new nodes

  #asked({ id, requestedBy, via, newNodes }: StoredReplacement) {
    return { who: { name: requestedBy, via }, key: newNodesKey(id), request: newNodes!.request };
  }

  async #admissionOf(replacement: StoredReplacement): Promise<NewNodesAdmission | null> {
    if (replacement.newNodes?.state !== 'starting') return null;
    // Only a worker that holds the replacement can admit its nodes, and that is this one now.
    const { store, clock } = this.#options;
    return this.#admission ?? admittedBefore(store, this.#asked(replacement), clock.now());
  }

  async #admit(replacement: StoredReplacement): Promise<NewNodesAdmission> {
    const { admission, log, clock } = this.#options;
    const within = { of: 'replacement', lease: this.#lease } as const;
    const admitted = await admitWithin({ admission, log, now: clock.now }, this.#asked(replacement), within);
    if (admitted.kind === 'accepted') this.#crashPoint('after_new_nodes_admitted');
    return admitted;
  }

  async #expansionOf({ newNodes }: StoredReplacement) {
    const { state, expansionId } = newNodes ?? {};
    return state === 'running' && expansionId != null ? this.#options.store.get(expansionId) : undefined;
  }

  async #cancelExpansion({ id, cancel, newNodes }: StoredReplacement): Promise<void> {
    const reason = `${cancel!.reason} (${id})`;
    await cancelWithin(this.#options, newNodes!.expansionId!, { ...cancel!, id: `${id}-cancel`, reason });
  }

  // --------------------------------------------------------------------------------------------------- the act

  /** Sends the command whose intent is stored. */
  async #detach(
    { pairs }: StoredReplacement,
    { index, intentId, command }: NonNullable<ReplacementDecision['command']>,
    lookedAt: number,
  ): Promise<DetachReply> {
    const { clock } = this.#options;
    const { old } = pairs[index]!;
    const node = this.#observer.connection(old);
    // Opens the connection first, so that no slow connect comes between the last check and the command.
    await node.ping(pingTimeoutMs);
    const objection = await this.#lastObjection(lookedAt);
    if (objection !== null) return { index, intentId, outcome: 'not_sent', text: objection };
    const askedAt = clock.now();
    this.#crashPoint('before_old_detached');
    const result = await node.command(command, commandTimeoutMs, () => this.#isWithin(freshMs, askedAt));
    this.#crashPoint('after_old_detached');
    this.#observer.discardLate(old);
    return { index, intentId, outcome: result.outcome, text: result.reply };
  }

  #isWithin = (ms: number, at: number): boolean => Math.abs(this.#options.clock.now() - at) <= ms;

  /** Why nothing may be sent now; null = it may. Throws FencedError. */
  async #lastObjection(lookedAt: number): Promise<string | null> {
    const { replacements, store, clock } = this.#options;
    for (let tries = 0; tries < 10; tries += 1) {
      const askedAt = clock.now();
      await replacements.renew(this.#lease);
      const [freeze, kept] = await Promise.all([store.freezeState(), replacements.get(this.#lease.id)]);
      if (freeze.frozen) return 'frozen';
      if (kept === null || kept.asked !== null) return 'cancelled';
      if (!this.#isWithin(looksHoldMs, lookedAt)) return 'the looks are too old';
      if (this.#isWithin(freshMs, askedAt)) return null;
    }
    return 'the database is too slow';
  }
}
