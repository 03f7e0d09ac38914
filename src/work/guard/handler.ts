import { newAuditOf } from '../../admission/audit.ts';
import { nextTime } from '../../admission/guard.ts';
import { observe } from '../../admission/observe.ts';
import type { Seen } from '../../core/audit/judge.ts';
import {
  countsOfGuard,
  type Guarded,
  guardLook,
  masterSections,
  slaveSections,
  slavesOf,
  withoutSlave,
} from '../../core/guard/guard.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import { type EventInput, makeEvent } from '../../model/events.ts';
import type { LookSection } from '../../model/observation.ts';
import { auditHasEnded } from '../../model/states.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { GuardedSlave, StoredGuardDoc, StoredGuardMaster } from '../../model/views/guard.ts';
import { inTurns } from '../../platform/in-turns.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { AuditStore } from '../../store/audits.ts';
import type { AtWork, GuardAsk, GuardStore, StoredGuard } from '../../store/guards.ts';
import type { Lease } from '../../store/leases.ts';
import { masterKey } from '../../store/master-key.ts';
import { lastProofs, mostProven } from '../proofs.ts';
import { type ShellOptions, underLease } from '../shell.ts';

export interface GuardHandlerOptions {
  readonly guards: GuardStore;
  readonly audits: Pick<AuditStore, 'create' | 'get' | 'provenOf' | 'lastWhole'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  /** Rings for audits. */
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly metrics: Pick<Metrics, 'eventsStored' | 'look' | 'guard'>;
  readonly lookTimeoutMs: number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a guard belongs to a worker that is silent. */
  readonly leaseMs?: number;
}

/** Masters that are looked at side by side, each with its slaves one after the other. */
const mastersAtOnce = 32;
/** The shortest time between two rounds. Short ones spread the looks: connections that are open side by side cost memory. */
const roundMs = 25;
/** What expansions work on is asked for so often. */
const atWorkEveryMs = 1000;
/** What is remembered is stored at least so often; what is found at once. */
const storeEveryMs = 60_000;
/** Asks of people are seen this soon. */
const askEveryMs = 2000;
/** The settings of a master are read at every so many looks. */
const settingsEveryLooks = 120;

/**
 * The work on a guard: looks at its masters and their slaves, each once in `everyMs`, spread evenly; stores what is found
 * and what is over, and begins its audits. It only reads, and goes on until somebody ends it. After a kill the next worker
 * goes on with what was remembered.
 */
export function createGuardHandler(options: GuardHandlerOptions): WakeUpHandler {
  const { guards: store, log, now, sleep, owner, leaseMs = 15_000 } = options;
  const shell: ShellOptions = { store, what: 'guard', log, now, sleep, leaseMs, ...(owner ? { owner } : {}) };
  return underLease(shell, async ({ lease }, signal) => {
    const guard = await store.get(lease.id);
    if (guard === null || guard.doc.state === 'ended') return null;
    const job = new Job(options, lease, guard);
    try {
      return await job.work(signal);
    } finally {
      await job.quiet();
      options.metrics.guard(lease.id, null);
    }
  });
}

class Job {
  readonly #options: GuardHandlerOptions;
  readonly #lease: Lease;
  readonly #masters: StoredGuardMaster[];
  readonly #changed = new Set<number>();
  /** Of these, those of which something was found or is over, and those with a new slave. */
  readonly #news = new Set<number>();
  /** When each master is looked at next, and how often it was. */
  readonly #dueAt: number[];
  readonly #looks: number[];
  readonly #inTurn = inTurns(mastersAtOnce);
  /** Looks that have begun, by the master's index. */
  readonly #onTheWay = new Map<number, Promise<void>>();
  /** What went wrong in one of them: the guard goes on from what is stored. */
  #trouble: { readonly error: unknown } | null = null;
  #known: { readonly at: number; readonly atWork: AtWork } | null = null;
  readonly #events: EventInput[] = [];
  #doc: StoredGuardDoc;
  #savedAt = Number.NEGATIVE_INFINITY;
  /** The lease, asks and audits were seen to. */
  #keptAt = Number.NEGATIVE_INFINITY;

  constructor(options: GuardHandlerOptions, lease: Lease, { doc, masters }: StoredGuard) {
    this.#options = options;
    this.#lease = lease;
    this.#masters = [...masters];
    this.#doc = doc;
    const startedAt = options.now();
    this.#dueAt = masters.map((_, index) => startedAt + (index * doc.everyMs) / masters.length);
    this.#looks = masters.map(() => 0);
  }

  async work(signal: AbortSignal): Promise<number | null> {
    const { now, sleep } = this.#options;
    while (!signal.aborted) {
      const startedAt = now();
      this.#beginLooks(signal);
      if (this.#trouble !== null) throw this.#trouble.error;
      const isNews = this.#events.length > 0;
      if (isNews || now() - this.#keptAt >= askEveryMs) {
        await this.#audit();
        await this.#save();
        if (this.#doc.state === 'ended') return null;
      }
      const next = Math.min(this.#keptAt + askEveryMs, ...this.#dueAt);
      await sleep(Math.max(startedAt + roundMs, next) - now(), signal);
    }
    await this.#save();
    return 0;
  }

  /** Resolves when no look is under way any more. */
  async quiet(): Promise<void> {
    this.#trouble ??= { error: null };
    await Promise.all(this.#onTheWay.values());
  }

  /** Begins the looks that are due. It waits for none of them: a server that does not answer holds up no other. */
  #beginLooks(signal: AbortSignal): void {
    const { now } = this.#options;
    for (const { index } of this.#masters) {
      if (this.#dueAt[index]! > now() || this.#onTheWay.has(index)) continue;
      // A worker that is late does not hurry afterwards.
      this.#dueAt[index] = Math.max(this.#dueAt[index]! + this.#doc.everyMs, now());
      const look = this.#inTurn(async () => {
        if (!signal.aborted && this.#trouble === null) await this.#lookAt(this.#masters[index]!);
      })
        .catch((error: unknown) => {
          this.#trouble ??= { error };
        })
        .finally(() => this.#onTheWay.delete(index));
      this.#onTheWay.set(index, look);
    }
  }

  async #lookAt(before: StoredGuardMaster): Promise<void> {
    const { now } = this.#options;
    const settings = this.#looks[before.index]! % settingsEveryLooks === 0;
    this.#looks[before.index]! += 1;
    const sections = settings ? ([...masterSections, 'config'] as const) : masterSections;
    const master = await this.#see(before.target, sections, 'master');
    const slaves = await this.#slavesOf(before, master);
    const seen = new Map<string, Seen>();
    for (const { target } of slaves) {
      if (this.#trouble !== null) return;
      seen.set(target.name, await this.#see(target, slaveSections, 'node'));
    }
    const judge = async (atWork: AtWork, withProofs: boolean): Promise<Guarded> => {
      const names = slaves.map(({ target }) => target).filter(isNodeOf(atWork));
      const own = atWork.masters.has(masterKey(before.target.address)) ? [before.target] : [];
      const inExpansion = new Set([...names, ...own].map(({ name }) => name));
      const proofs = withProofs ? await this.#proofs(before.target, slaves) : null;
      return guardLook(before, slaves, { master, slaves: seen, inExpansion, proofs, now: now() });
    };
    let looked = await judge(await this.#atWork(atWorkEveryMs), false);
    // What an expansion of now did, or has just proven, is nothing to tell of.
    if (looked.began.length > 0 || looked.needsProofs)
      looked = await judge(await this.#atWork(0), looked.needsProofs);
    // Its slave may have been forgotten meanwhile.
    if (this.#masters[before.index] === before) this.#take(looked, now());
  }

  /** A slave that an expansion added may be reached otherwise than its master lists it: asked only where one is new. */
  async #slavesOf(before: StoredGuardMaster, master: Seen): Promise<readonly GuardedSlave[]> {
    const { slaves: known } = this.#doc;
    const slaves = slavesOf(before, master, known, isNodeOf(await this.#atWork(atWorkEveryMs)));
    if (slaves.length === before.slaves.length) return slaves;
    // An expansion may have begun since that was known; if it has ended, its slave is proven by now.
    const isAtWork = isNodeOf(await this.#atWork(0));
    const proven = await this.#options.audits.provenOf(before.target, mostProven);
    return slavesOf(before, master, [...known, ...proven.map(({ slave }) => slave)], isAtWork);
  }

  /** What expansions work on; of the memory, unless it is older than `atMostMs`. */
  async #atWork(atMostMs: number): Promise<AtWork> {
    const { now, guards } = this.#options;
    if (this.#known !== null && now() - this.#known.at < atMostMs) return this.#known.atWork;
    const at = now();
    const atWork = await guards.atWork(at - 2 * this.#doc.everyMs);
    this.#known = { at, atWork };
    return atWork;
  }

  #take({ master, began, cleared }: Guarded, at: number): void {
    const { log } = this.#options;
    const isOther = this.#masters[master.index]!.slaves.length !== master.slaves.length;
    this.#masters[master.index] = master;
    this.#changed.add(master.index);
    if (isOther || began.length + cleared.length > 0) this.#news.add(master.index);
    for (const { server, reason, since } of cleared)
      this.#events.push(makeEvent('guard.cleared', { at, node: server }, { reason, since, at }));
    for (const { server, reason, level } of began) {
      this.#events.push(makeEvent('guard.found', { at, node: server }, { reason, level }));
      log[level === 'error' ? 'error' : 'warn'](
        { guardId: this.#doc.id, node: server, master: master.target.name, code: reason.code },
        reason.text,
      );
    }
  }

  async #see(target: NodeTarget, sections: readonly LookSection[], as: 'master' | 'node'): Promise<Seen> {
    const { engine, credentials, lookTimeoutMs, now, metrics } = this.#options;
    const seen = await observe(engine, credentials, target, { sections, timeoutMs: lookTimeoutMs }, now);
    metrics.look(as, seen.look.kind, 'tookMs' in seen.look ? seen.look.tookMs / 1000 : 0);
    return { target, ...seen };
  }

  async #proofs(master: NodeTarget, slaves: readonly GuardedSlave[]) {
    const { audits } = this.#options;
    const targets = slaves.map(({ target }) => target);
    const proofs = await lastProofs(audits, master, targets, await audits.provenOf(master, mostProven));
    return new Map(targets.map(({ name }, at) => [name, proofs[at]!]));
  }

  /** Begins the audit that is due. That it begins is stored before it is made, so it is made once, also after a kill. */
  async #audit(): Promise<void> {
    const { audits, now } = this.#options;
    const schedule = this.#doc.audits;
    if (schedule === null) return;
    if (schedule.begins) return this.#make(schedule.last!);
    if (schedule.nextAt === null || schedule.nextAt > now()) return;
    const last = schedule.last === null ? null : await audits.get(schedule.last);
    const busy = last !== null && !auditHasEnded(last.doc.state);
    const auditId = busy ? last.doc.id : `aud_${this.#doc.id}-${schedule.nextAt}`;
    const nextAt = nextTime(schedule, now());
    this.#doc = { ...this.#doc, audits: { ...schedule, nextAt, last: auditId, begins: !busy } };
    const type = busy ? 'guard.audit_skipped' : 'guard.audit_started';
    this.#events.push(makeEvent(type, { at: now() }, { auditId }));
    await this.#save();
    if (!busy) await this.#make(auditId);
  }

  async #make(id: string): Promise<void> {
    const { audits, now, doorbell } = this.#options;
    const { slaves } = this.#doc;
    const { spec, maxRunning, maxRunningPerHost } = this.#doc.audits!;
    const made = {
      spec,
      maxRunning,
      maxRunningPerHost,
      id,
      requestedBy: `guard ${this.#doc.id}`,
      createdAt: now(),
      slaves,
    };
    const masters = this.#masters.map(({ target }) => target);
    if ((await audits.get(id)) === null) await audits.create(newAuditOf(made, masters));
    this.#doc = { ...this.#doc, audits: { ...this.#doc.audits!, begins: false } };
    // A ring that is lost is made up for by whoever looks for audits that are due.
    await doorbell.ring(id).catch(() => undefined);
  }

  /** Stores what is new, and once a minute what is remembered; then sees to what was asked meanwhile. */
  async #save(): Promise<void> {
    const { now } = this.#options;
    const everything = now() - this.#savedAt >= storeEveryMs;
    const asks = await this.#store(everything ? this.#changed : this.#news, 0);
    if (everything) this.#savedAt = now();
    if (asks.length === 0) return;
    for (const ask of asks) this.#answer(ask);
    await this.#store(this.#changed, asks.length);
  }

  /** Looks go on meanwhile: what they find is stored the next time. */
  async #store(indices: Set<number>, seen: number): Promise<readonly GuardAsk[]> {
    const { now, guards, metrics } = this.#options;
    const events = this.#events.splice(0);
    const masters = this.#masters.filter(({ index }) => indices.has(index));
    for (const { index } of masters) {
      this.#changed.delete(index);
      this.#news.delete(index);
    }
    this.#doc = { ...this.#doc, counts: countsOfGuard(this.#masters) };
    const asks = await guards.save(this.#lease, this.#doc, { masters, events, seen });
    this.#keptAt = now();
    metrics.eventsStored(events);
    metrics.guard(this.#doc.id, this.#masters);
    return asks;
  }

  #answer({ forget, by, reason, at }: GuardAsk): void {
    const now = this.#options.now();
    if (forget === null) {
      this.#doc = { ...this.#doc, state: 'ended', endedAt: now, end: { by, reason, at } };
      this.#events.push(makeEvent('guard.ended', { at: now }, { by, reason }));
      return;
    }
    for (const [index, master] of this.#masters.entries()) {
      if (!master.slaves.some(({ target }) => target.name === forget)) continue;
      this.#masters[index] = withoutSlave(master, forget);
      this.#changed.add(index);
      const said = { slave: forget, by, reason };
      this.#events.push(makeEvent('guard.slave_forgotten', { at: now, node: forget }, said));
    }
  }
}

/** Whether expansions work on a node. */
const isNodeOf =
  ({ nodes }: AtWork) =>
  ({ address, seenAs }: NodeTarget): boolean =>
    nodes.has(masterKey(address)) || nodes.has(masterKey(seenAs));
