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
import type { StoredGuardDoc, StoredGuardMaster } from '../../model/views/guard.ts';
import { eachInTurn } from '../../platform/in-turns.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { AuditStore } from '../../store/audits.ts';
import type { AtWork, GuardAsk, GuardStore, StoredGuard } from '../../store/guards.ts';
import type { Lease } from '../../store/leases.ts';
import { masterKey } from '../../store/master-key.ts';
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
/** The shortest time between two rounds: what is due within it is looked at together. */
const roundMs = 250;
/** What is remembered is stored at least so often; what is found at once. */
const storeEveryMs = 60_000;
/** Asks of people are seen this soon. */
const askEveryMs = 2000;
/** The settings of a master are read at every so many looks. */
const settingsEveryLooks = 120;
const mostProven = 1000;

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
      options.metrics.guard(lease.id, null);
    }
  });
}

class Job {
  readonly #options: GuardHandlerOptions;
  readonly #lease: Lease;
  readonly #masters: StoredGuardMaster[];
  readonly #changed = new Set<number>();
  /** Of these, those of which something was found or is over. */
  readonly #news = new Set<number>();
  /** When each master is looked at next, and how often it was. */
  readonly #dueAt: number[];
  readonly #looks: number[];
  #events: EventInput[] = [];
  #doc: StoredGuardDoc;
  #savedAt = Number.NEGATIVE_INFINITY;
  /** The lease, asks and audits were seen to. */
  #keptAt = Number.NEGATIVE_INFINITY;
  #auditIsMade = false;

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
      await this.#lookAtDue(signal);
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

  async #lookAtDue(signal: AbortSignal): Promise<void> {
    const { now } = this.#options;
    const { everyMs } = this.#doc;
    const due = this.#masters.filter(({ index }) => this.#dueAt[index]! <= now());
    if (due.length === 0) return;
    const atWork = await this.#options.guards.atWork(now() - 2 * everyMs);
    await eachInTurn(mastersAtOnce, due, async (master) => {
      if (signal.aborted) return;
      // A worker that is late does not hurry afterwards.
      this.#dueAt[master.index] = Math.max(this.#dueAt[master.index]! + everyMs, now());
      await this.#lookAt(master, atWork);
    });
  }

  async #lookAt(before: StoredGuardMaster, atWork: AtWork): Promise<void> {
    const { now } = this.#options;
    const settings = this.#looks[before.index]! % settingsEveryLooks === 0;
    this.#looks[before.index]! += 1;
    const master = await this.#see(
      before.target,
      settings ? [...masterSections, 'config'] : masterSections,
      'master',
    );
    const isAtWork = ({ address, seenAs }: NodeTarget): boolean =>
      atWork.nodes.has(masterKey(address)) || atWork.nodes.has(masterKey(seenAs));
    const slaves = slavesOf(before, master, this.#doc.slaves, isAtWork);
    const seen = new Map<string, Seen>();
    for (const { target } of slaves) seen.set(target.name, await this.#see(target, slaveSections, 'node'));
    const inExpansion = new Set([
      ...slaves.filter(({ target }) => isAtWork(target)).map(({ target }) => target.name),
      ...(atWork.masters.has(masterKey(before.target.address)) ? [before.target.name] : []),
    ]);
    const scene = { master, slaves: seen, inExpansion, now: now() };
    let looked: Guarded = guardLook(before, slaves, { ...scene, proofs: null });
    if (looked.needsProofs)
      looked = guardLook(before, slaves, { ...scene, proofs: await this.#proofs(before.target, slaves) });
    this.#take(looked, now());
  }

  #take({ master, began, cleared }: Guarded, at: number): void {
    const { log } = this.#options;
    this.#masters[master.index] = master;
    this.#changed.add(master.index);
    if (began.length + cleared.length > 0) this.#news.add(master.index);
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
    if (target.credential !== null && !credentials.names.includes(target.credential)) {
      const look = {
        kind: 'denied',
        at: now(),
        code: 'NO_CREDENTIAL',
        message: 'its credential is not configured',
      } as const;
      return { target, look, capabilities: null };
    }
    const seen = await observe(engine, credentials, target, { sections, timeoutMs: lookTimeoutMs }, now);
    metrics.look(as, seen.look.kind, 'tookMs' in seen.look ? seen.look.tookMs / 1000 : 0);
    return { target, ...seen };
  }

  async #proofs(master: NodeTarget, slaves: readonly { readonly target: NodeTarget }[]) {
    const { audits } = this.#options;
    const targets = slaves.map(({ target }) => target);
    const byExpansion = await audits.provenOf(master, mostProven);
    const byAudit = await audits.lastWhole(targets, master);
    return new Map(
      targets.map((target, at) => {
        const place = masterKey(target.address);
        const proofs = [
          byAudit[at] ?? null,
          byExpansion.find(({ slave }) => masterKey(slave.address) === place)?.wholeAt ?? null,
        ].filter((proof) => proof !== null);
        return [target.name, proofs.sort((a, b) => b.at - a.at)[0] ?? null];
      }),
    );
  }

  /** Begins the audit that is due. Its id is stored before it is made, so it is made once. */
  async #audit(): Promise<void> {
    const { audits, now, doorbell } = this.#options;
    const schedule = this.#doc.audits;
    if (schedule === null) return;
    const isDue = schedule.nextAt !== null && schedule.nextAt <= now();
    if (this.#auditIsMade && !isDue) return;
    const last = schedule.last === null ? null : await audits.get(schedule.last);
    if (schedule.last !== null && last === null && !this.#auditIsMade) await this.#make(schedule.last);
    this.#auditIsMade = true;
    if (!isDue) return;
    const nextAt = nextTime(schedule, now());
    const busy = last !== null && !auditHasEnded(last.doc.state);
    const auditId = busy ? schedule.last! : `aud_${this.#doc.id}-${schedule.nextAt}`;
    this.#doc = { ...this.#doc, audits: { ...schedule, nextAt, last: auditId } };
    const type = busy ? 'guard.audit_skipped' : 'guard.audit_started';
    this.#events.push(makeEvent(type, { at: now() }, { auditId }));
    await this.#save();
    if (busy) return;
    await this.#make(auditId);
    // A ring that is lost is made up for by whoever looks for audits that are due.
    await doorbell.ring(auditId).catch(() => undefined);
  }

  async #make(id: string): Promise<void> {
    const { audits, now } = this.#options;
    const { slaves } = this.#doc;
    const { spec, maxRunning, maxRunningPerHost } = this.#doc.audits!;
    const made = { id, requestedBy: `guard ${this.#doc.id}`, createdAt: now() };
    const masters = this.#masters.map(({ target }) => target);
    await audits.create(newAuditOf({ ...made, spec, maxRunning, maxRunningPerHost, slaves }, masters));
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

  async #store(indices: ReadonlySet<number>, seen: number): Promise<readonly GuardAsk[]> {
    const { now, guards, metrics } = this.#options;
    const events = this.#events;
    const masters = this.#masters.filter(({ index }) => indices.has(index));
    this.#doc = { ...this.#doc, counts: countsOfGuard(this.#masters) };
    const asks = await guards.save(this.#lease, this.#doc, { masters, events, seen });
    for (const { index } of masters) {
      this.#changed.delete(index);
      this.#news.delete(index);
    }
    this.#events = [];
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
