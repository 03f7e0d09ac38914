import { observe } from '../../admission/observe.ts';
import {
  countsOf,
  inherited,
  isBranch,
  mostServers,
  newServer,
  nextComparisons,
  placeOf,
  targetOf,
} from '../../core/audit/audit.ts';
import {
  auditSections,
  judgeAfter,
  judgeComparison,
  judgeLook,
  type Seen,
  settingFindings,
  silent,
} from '../../core/audit/judge.ts';
import { isSlaveOfMaster } from '../../core/plan/preflight-node.ts';
import { knownAs } from '../../core/plan/preflight-servers.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import { findListedSlave, samePlace } from '../../model/addresses.ts';
import { type Judgement, judgement } from '../../model/audit-texts.ts';
import { type EventInput, makeEvent } from '../../model/events.ts';
import { formatAddress } from '../../model/observation.ts';
import { auditHasEnded, comparisonHasEnded } from '../../model/states.ts';
import type { NodeTarget } from '../../model/targets.ts';
import type { StoredAuditDoc, StoredAuditServer } from '../../model/views/audit.ts';
import { type AtCrashPoint, passByCrashPoints } from '../../platform/crash-points.ts';
import { eachInTurn } from '../../platform/in-turns.ts';
import type { Log } from '../../platform/log.ts';
import type { Doorbell, WakeUpHandler } from '../../queue/doorbell.ts';
import type { AuditStore, ProvenSlave, StoredAudit } from '../../store/audits.ts';
import type { ComparisonStore } from '../../store/comparisons.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import { lastProofs, mostProven } from '../proofs.ts';
import { type ShellOptions, underLease, whileKept } from '../shell.ts';

export interface AuditHandlerOptions {
  readonly audits: AuditStore;
  readonly comparisons: Pick<ComparisonStore, 'create' | 'get' | 'control'>;
  readonly store: Pick<Store, 'nodesInUse'>;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  /** Rings for comparisons. */
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly lookTimeoutMs: number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Names this process in leases; made where it is absent. */
  readonly owner?: string;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The same, beside the work; absent = real time. */
  readonly besides?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long an audit belongs to a worker that is silent. */
  readonly leaseMs?: number;
  /** Events that were just stored. */
  readonly onEvents?: (events: readonly EventInput[]) => void;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

/** Servers that are looked at before the audit is stored again. */
const looksPerTurn = 64;
/** Of these side by side. */
const looksAtOnce = 16;
const turnEveryMs = 1000;
const keptExamples = 5;

/**
 * The work on an audit's wake-up. It looks at the servers, has their data compared by comparisons of their own, and stores
 * each verdict as it comes. It only reads. Any number of workers may be called with one id: the lease lets a single worker
 * through. After a kill the next worker goes on with the servers that have no verdict.
 */
export function createAuditHandler(options: AuditHandlerOptions): WakeUpHandler {
  const { audits: store, log, now, sleep, owner, leaseMs = 15_000 } = options;
  const shell: ShellOptions = { store, what: 'audit', log, now, sleep, leaseMs, ...(owner ? { owner } : {}) };
  return underLease(shell, async (held, signal) => {
    const { lease } = held;
    const audit = await store.get(lease.id);
    if (audit === null || auditHasEnded(audit.doc.state)) return null;
    // Looks can take long.
    return whileKept(held, leaseMs, () => new Job(options, lease, audit).work(signal), options.besides);
  });
}

class Job {
  readonly #options: AuditHandlerOptions;
  readonly #lease: Lease;
  readonly #servers: StoredAuditServer[];
  readonly #crashPoint: AtCrashPoint;
  readonly #changed = new Set<number>();
  /** What the next save tells. */
  #events: EventInput[] = [];
  /** Places whose slaves were looked for. */
  readonly #branches: Set<string>;
  /** When a server was looked at last, by its index. */
  readonly #lookedAt = new Map<number, number>();
  #doc: StoredAuditDoc;

  constructor(options: AuditHandlerOptions, lease: Lease, { doc, servers }: StoredAudit) {
    this.#options = options;
    this.#crashPoint = options.crashPoint ?? passByCrashPoints;
    this.#lease = lease;
    this.#servers = [...servers];
    this.#branches = new Set(servers.filter(({ role }) => role !== null).map(placeOf));
    this.#doc = doc;
  }

  async work(signal: AbortSignal): Promise<number | null> {
    while (!signal.aborted) {
      if (this.#doc.cancel !== null) return this.#endEarly(this.#doc.cancel);
      const looked = await this.#look(signal);
      if (signal.aborted) break;
      await this.#takeResults();
      const begun = this.#beginComparisons();
      if (this.#open().length === 0) return this.#end('completed');
      // Their ids are stored before they are asked for, so nobody asks twice.
      await this.#save();
      if (begun.length > 0) this.#crashPoint('after_audit_intent');
      for (const server of begun) await this.#ask(server);
      if (looked < looksPerTurn) await this.#options.sleep(turnEveryMs, signal);
    }
    return 0;
  }

  #open(): readonly StoredAuditServer[] {
    return this.#servers.filter(({ state }) => state !== 'judged');
  }

  #change(index: number, change: Partial<StoredAuditServer>): void {
    this.#servers[index] = { ...this.#servers[index]!, ...change };
    this.#changed.add(index);
  }

  #judge(index: number, { verdict, reason }: Judgement, more: Partial<StoredAuditServer> = {}): void {
    const at = this.#options.now();
    const wholeAt = verdict === 'whole' ? { wholeAt: { at, by: this.#doc.id } } : {};
    this.#change(index, { ...more, ...wholeAt, state: 'judged', verdict, reason, judgedAt: at });
    this.#tell(this.#servers[index]!);
  }

  /** A slave that is not whole is an event of its own. */
  #tell(server: StoredAuditServer): void {
    const { verdict, reason, target } = server;
    const master = this.#masterOf(server)?.target.name;
    if (master === undefined || reason === null || (verdict !== 'damaged' && verdict !== 'doubtful')) return;
    const where = { at: this.#options.now(), node: target.name };
    this.#events.push(makeEvent('audit.slave_judged', where, { master, verdict, reason }));
  }

  async #save(): Promise<void> {
    const { now, audits } = this.#options;
    const before = this.#doc;
    this.#doc = {
      ...before,
      state: before.state === 'pending' ? 'running' : before.state,
      startedAt: before.startedAt ?? now(),
      counts: countsOf(this.#servers, before.counts.leftOut),
    };
    const events = [
      ...(before.startedAt === null ? [this.#started()] : []),
      ...this.#events,
      ...(auditHasEnded(before.state) ? [this.#ended()] : []),
    ];
    this.#events = [];
    const changed = [...this.#changed].map((index) => {
      const server = this.#servers[index]!;
      return { server, master: this.#masterOf(server)?.target ?? null };
    });
    this.#changed.clear();
    const cancel = await audits.save(this.#lease, this.#doc, changed, turnEveryMs, events);
    if (changed.some(({ server }) => server.verdict !== null)) this.#crashPoint('after_audit_verdict');
    this.#doc = { ...this.#doc, cancel: this.#doc.cancel ?? cancel };
    this.#options.onEvents?.(events);
    for (const { type, text, level } of events)
      this.#options.log[level === 'info' ? 'info' : 'warn']({ auditId: this.#doc.id, type }, text);
  }

  #started(): EventInput {
    const { requestedBy, spec, counts, startedAt } = this.#doc;
    const { masters } = counts;
    return makeEvent('audit.started', { at: startedAt! }, { requestedBy, masters, depth: spec.depth });
  }

  #ended(): EventInput {
    const { state, cancel, counts, endedAt } = this.#doc;
    const where = { at: endedAt! };
    if (state !== 'cancelled' || cancel === null) return makeEvent('audit.ended', where, { counts });
    return makeEvent('audit.cancelled', where, { by: cancel.by, reason: cancel.reason, counts });
  }

  #masterOf = ({ master }: StoredAuditServer): StoredAuditServer | null =>
    master === null ? null : this.#servers[master]!;

  /** Looks at the servers that wait for it, and at those whose doubt may pass. Returns how many those were. */
  async #look(signal: AbortSignal): Promise<number> {
    const rank = ({ index, state }: StoredAuditServer) =>
      state === 'waiting' ? Number.NEGATIVE_INFINITY : (this.#lookedAt.get(index) ?? 0);
    const wanted = this.#servers
      .filter(({ state }) => state === 'waiting' || state === 'catching_up')
      .sort((a, b) => rank(a) - rank(b) || a.index - b.index)
      .slice(0, looksPerTurn);
    if (wanted.length === 0) return 0;
    const uses = await this.#expansionsOf(wanted);
    const masterOf = this.#looksAtMasters();
    await eachInTurn(looksAtOnce, wanted, async (server) => {
      if (signal.aborted) return;
      if (server.master === null) return this.#lookAtRoot(server);
      await this.#lookAtSlave(server, await masterOf(server), uses.get(server.target.name) ?? null);
    });
    return wanted.length;
  }

  /** One look at a master serves all of its slaves, and comes before theirs. */
  #looksAtMasters(): (slave: StoredAuditServer) => Promise<Seen> {
    const looks = new Map<number, Promise<Seen>>();
    return (slave) => {
      const { index, target } = this.#masterOf(slave)!;
      const seen = looks.get(index) ?? this.#see(target, null);
      looks.set(index, seen);
      return seen;
    };
  }

  /** A server that did not answer is asked once more: a moment's silence says nothing. */
  async #see(target: NodeTarget, master: NodeTarget | null): Promise<Seen> {
    const { engine, credentials, lookTimeoutMs, now } = this.#options;
    const masterPassword = master && passwordOf(credentials, master);
    const options = { sections: auditSections, timeoutMs: lookTimeoutMs, masterPassword };
    const first = await observe(engine, credentials, target, options, now);
    const again = first.look.kind === 'busy' || first.look.kind === 'unreachable';
    return { target, ...(again ? await observe(engine, credentials, target, options, now) : first) };
  }

  async #lookAtRoot(server: StoredAuditServer): Promise<void> {
    const seen = await this.#see(server.target, null);
    const { look } = seen;
    if (look.kind !== 'answered' || look.facts.replication === undefined)
      return this.#judge(server.index, silent(seen));
    this.#change(server.index, { ...saidOf(seen), state: 'judged', judgedAt: this.#options.now() });
    await this.#branchOut(this.#servers[server.index]!, seen);
  }

  async #lookAtSlave(server: StoredAuditServer, master: Seen, expansion: string | null): Promise<void> {
    const { now } = this.#options;
    const slave = await this.#see(server.target, master.target);
    this.#lookedAt.set(server.index, now());
    const looked = judgeLook({
      master,
      slave,
      captured: server.captured,
      expansion,
      patienceMs: this.#doc.spec.catchUpTimeoutMs,
      now: now(),
    });
    const said = { ...saidOf(slave), findings: settingFindings(master, slave) };
    if (looked.kind === 'judged') this.#judge(server.index, looked.judgement, said);
    else if (looked.kind === 'compare') this.#change(server.index, { ...said, state: 'to_compare' });
    else this.#change(server.index, { ...said, state: 'catching_up', captured: looked.captured });
    // What another master's slave or a master of its own leads is not part of what is audited.
    const code = looked.kind === 'judged' ? looked.judgement.reason.code : null;
    if (code !== 'is_master' && code !== 'follows_other')
      await this.#branchOut(this.#servers[server.index]!, slave);
  }

  /** Adds the slaves that a server lists, and those of earlier expansions that follow it without being listed. */
  async #branchOut(server: StoredAuditServer, seen: Seen): Promise<void> {
    if (seen.look.kind !== 'answered' || !isBranch(server, this.#servers, this.#branches)) return;
    this.#branches.add(placeOf(server));
    const { target } = server;
    const slaves = seen.look.facts.replication?.slaves ?? [];
    const proven = await this.#options.audits.provenOf(target, mostProven);
    const known = [...this.#doc.slaves, ...proven.map(({ slave }) => slave)];
    const places = slaves.map(({ ip: host, port }) => ({ host, port }));
    const strangers = known.filter(({ seenAs }) => !places.some((place) => samePlace(place, seenAs)));
    /** Those that are reached by another name than their master lists, by their place in its list. */
    const named = new Map<number, NodeTarget>();
    const unlisted: { target: NodeTarget; listedAs: null }[] = [];
    await eachInTurn(looksAtOnce, strangers, async (slave) => {
      const { look } = await this.#see(slave, target);
      if (look.kind !== 'answered') return;
      const entry = findListedSlave(slaves, knownAs(slave, look));
      if (entry !== null) named.set(slaves.indexOf(entry), slave);
      else if (this.#doc.slaves.includes(slave) || look.facts.replication?.role === 'master') return;
      else if (isSlaveOfMaster(look.facts, seen, false)) unlisted.push({ target: slave, listedAs: null });
    });
    const listed = slaves.map((slave, at) => ({
      target: named.get(at) ?? targetOf(slave, target, known),
      listedAs: formatAddress(places[at]!),
    }));
    await this.#add(server, [...listed, ...unlisted], proven);
  }

  async #add(
    master: StoredAuditServer,
    found: readonly { readonly target: NodeTarget; readonly listedAs: string | null }[],
    proven: readonly ProvenSlave[],
  ): Promise<void> {
    const targets = found.map(({ target }) => target);
    const proofs = await lastProofs(this.#options.audits, master.target, targets, proven);
    for (const [at, { target, listedAs }] of found.entries()) {
      const index = this.#servers.length;
      if (index >= mostServers) {
        const { counts } = this.#doc;
        this.#doc = { ...this.#doc, counts: { ...counts, leftOut: counts.leftOut + found.length - at } };
        return;
      }
      const wholeAt = proofs[at]!;
      this.#servers.push({ index, ...newServer(target, master.index, listedAs), wholeAt });
      this.#changed.add(index);
    }
  }

  /** Of these slaves the expansion that has not ended, by the slave's name. */
  async #expansionsOf(servers: readonly StoredAuditServer[]): Promise<ReadonlyMap<string, string>> {
    const keysOf = ({ target }: StoredAuditServer) => [
      target.name,
      formatAddress(target.address),
      formatAddress(target.seenAs),
    ];
    const slaves = servers.filter(({ master }) => master !== null);
    const uses = await this.#options.store.nodesInUse([...new Set(slaves.flatMap(keysOf))]);
    const byKey = new Map(uses.map(({ node, expansionId }) => [node, expansionId]));
    return new Map(
      slaves.flatMap((server): [string, string][] => {
        const expansion = keysOf(server)
          .map((key) => byKey.get(key))
          .find((found) => found !== undefined);
        return expansion === undefined ? [] : [[server.target.name, expansion]];
      }),
    );
  }

  async #takeResults(): Promise<void> {
    const masterOf = this.#looksAtMasters();
    for (const server of this.#servers.filter(({ state }) => state === 'comparing')) {
      const comparison = await this.#options.comparisons.get(server.comparisonId!);
      if (comparison === null) await this.#ask(server);
      if (comparison === null || !comparisonHasEnded(comparison.state)) continue;
      const { target } = this.#masterOf(server)!;
      const named = { slave: server.target.name, master: target.name };
      const ownSlaves = this.#servers.filter(({ master }) => master === server.index).length;
      const compared = judgeComparison(comparison, named, { findings: server.findings, ownSlaves });
      const master = await masterOf(server);
      const slave = await this.#see(server.target, target);
      this.#judge(server.index, judgeAfter(compared, { master, slave }), {
        examples: comparison.report?.examples.slice(0, keptExamples) ?? [],
      });
    }
  }

  #beginComparisons(): readonly StoredAuditServer[] {
    return nextComparisons(this.#servers, this.#doc).map(({ index }) => {
      const comparisonId = `cmp_${this.#doc.id}-${index}`;
      this.#change(index, { state: 'comparing', comparisonId });
      return this.#servers[index]!;
    });
  }

  /** Its id says that it is asked for once. */
  async #ask(server: StoredAuditServer): Promise<void> {
    const { comparisons, doorbell, now } = this.#options;
    const id = server.comparisonId!;
    await comparisons.create({
      id,
      join: null,
      left: this.#masterOf(server)!.target,
      right: server.target,
      spec: this.#doc.spec,
      requestedBy: `audit ${this.#doc.id}`,
      createdAt: now(),
    });
    // A ring that is lost is made up for by whoever looks for comparisons that are due.
    await doorbell.ring(id).catch(() => undefined);
    this.#crashPoint('after_audit_asked');
  }

  async #endEarly(cancel: NonNullable<StoredAuditDoc['cancel']>): Promise<null> {
    const { comparisons, doorbell } = this.#options;
    const { by, reason: why } = cancel;
    for (const server of this.#open()) {
      if (server.state === 'comparing') {
        const id = server.comparisonId!;
        // It may not have been asked for yet.
        if ((await comparisons.get(id)) !== null)
          await comparisons.control(id, { verb: 'cancel', ...cancel });
        await doorbell.ring(id).catch(() => undefined);
      }
      const master = this.#masterOf(server)?.target.name ?? '';
      this.#judge(server.index, judgement('cancelled', { slave: server.target.name, master }, { by, why }));
    }
    return this.#end('cancelled');
  }

  async #end(state: 'completed' | 'cancelled'): Promise<null> {
    for (const [index, server] of inherited(this.#servers).entries()) {
      if (server === this.#servers[index]) continue;
      this.#servers[index] = server;
      this.#changed.add(index);
      this.#tell(server);
    }
    this.#doc = { ...this.#doc, state, endedAt: this.#options.now() };
    this.#crashPoint('before_audit_end');
    await this.#save();
    this.#crashPoint('after_audit_end');
    return null;
  }
}

const passwordOf = (credentials: CredentialSource, { credential }: NodeTarget): string | null =>
  credential === null || credentials.names.includes(credential)
    ? (credentials.get(credential)?.password ?? null)
    : null;

/** What a server said of itself. */
function saidOf({ look, capabilities }: Seen): Partial<StoredAuditServer> {
  if (look.kind !== 'answered') return {};
  return { version: capabilities?.version ?? null, role: look.facts.replication?.role ?? null };
}
