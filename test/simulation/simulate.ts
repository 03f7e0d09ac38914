import { inspect } from 'node:util';
import type { Logger } from 'pino';
import { newHold } from '../../src/admission/hold.ts';
import { blockingJoins } from '../../src/core/steps/controls.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import type { CredentialSource } from '../../src/engines/engine.ts';
import { createPikaEngine } from '../../src/engines/pika/engine.ts';
import {
  type Control,
  controlVerbs,
  type Expansion,
  expansionTransitions,
  isEnded,
  type JoinTarget,
} from '../../src/model/expansion.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import { loopback } from '../../src/platform/server-rules.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import type { Reply } from '../../src/simulator/reply.ts';
import type { HoldStore } from '../../src/store/holds.ts';
import { FencedError } from '../../src/store/leases.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { createWorker } from '../../src/work/expansion/worker.ts';
import { fullSyncsAt } from '../../src/work/hold/full-syncs.ts';
import { createHoldHandler } from '../../src/work/hold/handler.ts';
import { createMemoryHolds } from '../support/memory-holds.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { buildCluster } from './build-cluster.ts';
import { sampledComparison } from './comparison.ts';
import { type DatabaseTrouble, overWire } from './database.ts';
import { type Defect, type DefectName, defects } from './defects.ts';
import { type BellTrouble, createBells } from './doorbell.ts';
import { burstPerSecond, calm, inject } from './faults.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { createNetwork, type SentCommand } from './network.ts';
import { createOperator } from './operator.ts';
import { createProcess, type ServiceProcess } from './process.ts';
import {
  drawScenario,
  type PlannedExpansion,
  type PlannedHold,
  type PlannedNode,
  type Scenario,
} from './scenario.ts';
import { addressOf, type Servers } from './servers.ts';
import type { Surroundings } from './surroundings.ts';
import { renderTimeline, type TimelineEntry } from './timeline.ts';
import { createWitness, type Violation, type Witness } from './witness.ts';

/** After the calm an operator helps for so long, then cancels; then all must have ended within the second. */
const helpedForMs = 240_000;
const cancelledWithinMs = 120_000;
/** Messages may be on their way for this long after the last expansion ended. */
const lateMessagesMs = 16_000;
const operatorEveryMs = 3000;
/** How often a holder asks whether a dump is safe. */
const holderAsksEveryMs = 500;
const reconcileEveryMs: readonly [number, number] = [1500, 3000];

/** Hundreds are usual; a worker that turns without a pause makes them without end. */
const mostEventsInSecond = 50_000;

const fleetPoints = [
  'after_audit_intent',
  'after_audit_asked',
  'after_audit_verdict',
  'before_replacement_save',
  'after_replacement_save',
  'after_new_nodes_admitted',
  'after_replacement_asked',
  'after_detach_intent',
  'before_old_detached',
  'after_old_detached',
] as const;

const workerPoints = [
  'before_save',
  'after_save',
  'before_intent',
  'after_intent',
  'before_slaveof',
  'after_slaveof',
  'before_slaveof_no_one',
  'after_slaveof_no_one',
  'before_clear_replication_id',
  'after_clear_replication_id',
  'before_reply_saved',
  'after_reply_saved',
  'after_finish',
] as const;

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** How each expansion ended. */
  readonly ends: readonly string[];
  readonly nodesVerified: number;
  readonly nodesNotVerified: number;
  readonly attempts: number;
  /** How many of each kind of fault were drawn. */
  readonly faults: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  /** Holds at which a dump became safe. */
  readonly safeHolds: number;
  /** Slaves that replacements took out, and slaves that audits judged. */
  readonly fleet: Fleet['counts'];
  /** Keys that nodes lost on the way, as an observer of the truth sees it: what the service had to find. */
  readonly damagedCopies: number;
  /** Attempts whose dump was replaced while it was copied. */
  readonly supersededCopies: number;
  timeline(): string;
}

export interface SeedOptions {
  readonly defect?: DefectName | undefined;
  /** Looks are stored too, and whoever wants them reads the store at the end. */
  readonly atEnd?: (store: Store, expansions: readonly string[]) => Promise<void>;
}

/** Runs one seed from its first request to its last; the same seed always gives the same run. */
export async function simulateSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const scenario = drawScenario(seed);
  const { cluster, start } = buildCluster(scenario);
  const defect: Defect | undefined = options.defect && defects[options.defect];
  const takeOut = defect?.plant?.();
  try {
    return await new Simulation(scenario, cluster, start, options).run();
  } finally {
    takeOut?.();
  }
}

interface Sender {
  readonly expansionId: string;
  epoch: number;
}

class Simulation {
  private readonly scenario: Scenario;
  private readonly cluster: Cluster;
  private readonly start: number;
  private readonly options: SeedOptions;
  private readonly random: Random;
  private readonly decide: ReturnType<typeof createOperator>;
  private readonly entries: TimelineEntry[] = [];
  private readonly witness: Witness;
  private readonly store: Store;
  private readonly holds: HoldStore;
  private readonly fleet: Fleet;
  private readonly around: Surroundings;
  private readonly databaseTrouble: DatabaseTrouble = { down: false, lostAnswerShare: 0, slowMs: 0 };
  private readonly bellTrouble: BellTrouble = { lostShare: 0, doubledShare: 0, lateMs: 0 };
  private readonly network: ReturnType<typeof createNetwork>;
  private readonly bells: ReturnType<typeof createBells>;
  private readonly latest = new Map<string, Expansion>();
  private readonly epochs = new Map<string, number>();
  private readonly stopping = new Map<ServiceProcess, AbortController>();
  private readonly armed: { point: string; act: (process: ServiceProcess) => void }[] = [];
  private processes: ServiceProcess[] = [];
  private processesMade = 0;
  private controls = 0;
  private stirred = false;
  private frozen = false;
  private safeHolds = 0;

  constructor(scenario: Scenario, cluster: Cluster, start: number, options: SeedOptions) {
    this.scenario = scenario;
    this.cluster = cluster;
    this.start = start;
    this.options = options;
    this.random = createRandom(`service ${scenario.seed}`);
    this.decide = createOperator(this.random);
    this.witness = createWitness(cluster, scenario);
    this.network = createNetwork(cluster, createRandom(`network ${scenario.seed}`), {
      sent: (command) => this.witness.sent(command),
      arriving: (command) => this.witness.arriving(command),
      executed: (command, reply) => {
        this.noteCommand(command, reply);
        this.witness.executed(command, reply);
      },
    });
    this.bells = createBells(
      cluster.world.clock,
      createRandom(`bells ${scenario.seed}`),
      this.bellTrouble,
      (id) => this.wake(id),
    );
    const now = () => Math.round(cluster.now());
    const store = createMemoryStore({ now });
    this.holds = createMemoryHolds(store, now);
    this.store = this.watched(this.withDefect(store));
    this.fleet = createFleet({
      scenario,
      cluster,
      start,
      memory: store,
      witness: this.witness,
      random: createRandom(`fleet at work ${scenario.seed}`),
      credentials: this.credentials(),
      defect: this.defect(),
      living: () => this.living(),
      reachable: () => !this.databaseTrouble.down,
      stir: this.stir,
      tell: (who, text) => this.tell(who, text),
      ring: (id, delayMs) => this.bells.ring(id, delayMs),
      admit: async ({ replace, policy }, idempotency, within) => {
        const planned = { id: 'exp-rep1', nodes: replace.map((pair) => pair.new), policy, startsInMs: null };
        const expansion = this.expansionOf(planned);
        const accepted = await this.store.accept(expansion, [], idempotency, within);
        if (!accepted.replayed) this.accepted(expansion, policy);
        return accepted.expansion;
      },
      toolsOf: (process, id) => {
        const sender = { expansionId: id, epoch: 0 };
        return {
          store: this.storeOf(process, sender),
          engine: this.engineOf(process, sender),
          compare: this.compareOf(process),
          log: this.log(process),
          crashPoint: (name) => this.atPoint(process, name),
          reached: (of) => this.claimedBy(process, sender, this.wire(process, of)),
        };
      },
    });
    this.around = this.surroundings();
  }

  async run(): Promise<SeedResult> {
    const { scenario, cluster } = this;
    const time = cluster.world.clock;
    for (let i = 0; i < scenario.processes; i += 1) this.startProcess();
    for (const planned of scenario.expansions) time.after(planned.at, () => this.accept(planned));
    for (const planned of scenario.holds) time.after(planned.at, () => this.hold(planned));
    this.fleet.begin();
    for (const fault of scenario.faults) time.after(fault.at, () => inject(this.around, fault));
    time.after(scenario.calmAt, () => {
      this.tell('fault', 'from here on nothing more goes wrong, and all that was broken is mended');
      calm(this.around);
      while (this.processes.length < scenario.processes) this.startProcess();
      this.help();
    });
    const calmAt = this.start + scenario.calmAt;
    await this.until(calmAt, () => this.allEnded());
    await this.until(calmAt + helpedForMs + healsWithinMs(scenario), () => this.allEnded());
    this.checkHelped();
    if (!this.allEnded()) this.cancelAll();
    await this.until(cluster.now() + cancelledWithinMs, () => this.allEnded());
    this.checkEnds();
    cluster.stopWrites('m');
    await this.until(cluster.now() + lateMessagesMs);
    this.witness.ended();
    await this.checkSecrets();
    await this.options.atEnd?.(this.store, [...this.latest.keys()]);
    return this.result();
  }

  // ---- driving

  /** Lets virtual time pass, event by event; after each that touched the service its promises settle. */
  private async until(end: number, done: () => boolean = () => false): Promise<void> {
    const { cluster, witness } = this;
    let events = 0;
    let since = cluster.now();
    while (!done() && witness.violations.length === 0) {
      const next = cluster.nextEventAt();
      if (next === null || next > end) {
        cluster.advanceTo(end);
        return;
      }
      cluster.advanceTo(next);
      events += 1;
      if (cluster.now() - since >= 1000) [events, since] = [0, cluster.now()];
      if (events > mostEventsInSecond) witness.report('6', 'the service runs in circles, without rest');
      if (!this.stirred) continue;
      this.stirred = false;
      await settled();
    }
  }

  private readonly stir = (): void => {
    this.stirred = true;
  };

  private tell(who: string, text: string): void {
    this.entries.push({ at: this.cluster.now(), who, text });
  }

  // ---- the service's processes

  private startProcess(): void {
    this.processesMade += 1;
    const process = createProcess(`w${this.processesMade}`, this.cluster.world.clock, this.stir);
    this.processes.push(process);
    this.stopping.set(process, new AbortController());
    this.tell('service', `${process.name} starts`);
    const reconcile = (of: { due(limit: number): Promise<readonly string[]> }): void => {
      process.after(this.random.within(reconcileEveryMs), () => {
        of.due(50).then(
          (ids) => {
            for (const id of ids) void this.bells.ring(id);
            reconcile(of);
          },
          () => reconcile(of),
        );
      });
    };
    reconcile(this.wire(process, this.store));
    if (this.scenario.holds.length > 0) reconcile(this.holdsOf(process));
    const { replacement, audits } = this.scenario.fleet;
    if (replacement !== null) reconcile(this.wire(process, this.fleet.replacements));
    if (audits.length > 0) reconcile(this.wire(process, this.fleet.audits));
  }

  private living(): ServiceProcess[] {
    this.processes = this.processes.filter(({ alive }) => alive);
    return this.processes;
  }

  private wake(expansionId: string): void {
    const open = this.living().filter((process) => !this.stopping.get(process)!.signal.aborted);
    if (open.length === 0) return;
    const process = this.random.pick(open);
    const isHold = this.scenario.holds.some(({ id }) => id === expansionId);
    const { signal } = this.stopping.get(process)!;
    process.deliver(() => {
      if (isHold) void this.workOnHold(process, expansionId);
      else if (this.fleet.isOurs(expansionId)) void this.fleet.work(process, expansionId, signal);
      else void this.work(process, expansionId);
    }, 'reply');
  }

  /** What a process does with a wake-up, by the real worker. */
  private async work(process: ServiceProcess, expansionId: string): Promise<void> {
    const sender: Sender = { expansionId, epoch: 0 };
    const { signal } = this.stopping.get(process)!;
    const worker = createWorker({
      store: this.storeOf(process, sender),
      ...(this.scenario.holds.length > 0 ? { holds: this.defective(this.holdsOf(process)) } : {}),
      engine: this.engineOf(process, sender),
      credentials: this.credentials(),
      compare: this.compareOf(process),
      log: this.log(process),
      clock: process.clock,
      crashPoint: (name) => this.atPoint(process, name),
    });
    try {
      const again = await worker.onWakeUp(expansionId, signal);
      if (again !== null) await this.bells.ring(expansionId, again);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError))
        this.witness.report('6', `${process.name}: a wake-up was answered with ${String(error)}`);
    }
  }

  /** What a process does with a hold, by the real handler. */
  private async workOnHold(process: ServiceProcess, id: string): Promise<void> {
    const onWakeUp = createHoldHandler({
      holds: this.holdsOf(process),
      store: this.storeOf(process, { expansionId: id, epoch: 0 }),
      engine: this.engineOf(process, { expansionId: id, epoch: 0 }),
      credentials: this.credentials(),
      metrics: null,
      lookTimeoutMs: 2000,
      log: this.log(process),
      now: process.clock.now,
      sleep: process.clock.sleep,
      crashPoint: (name) => this.atPoint(process, name),
    });
    try {
      const again = await onWakeUp(id, this.stopping.get(process)!.signal);
      if (again !== null) await this.bells.ring(id, again);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError))
        this.witness.report('hold', `${process.name}: a wake-up of ${id} was answered with ${String(error)}`);
    }
  }

  private holdsOf = (process: ServiceProcess): HoldStore => this.wire(process, this.holds);

  /** A store as the process reaches it. */
  private wire<S extends object>(process: ServiceProcess, store: S): S {
    const { clock } = this.cluster.world;
    return overWire(store, process, this.databaseTrouble, clock, this.random, this.stir);
  }

  private defective(holds: HoldStore): HoldStore {
    return this.defect()?.holds?.(holds, () => this.cluster.now()) ?? holds;
  }

  private storeOf = (process: ServiceProcess, sender: Sender): Store =>
    this.claimedBy(process, sender, this.wire(process, this.store));

  /** Whoever takes a lease there is who sends. */
  private claimedBy<S extends object>(process: ServiceProcess, sender: Sender, wire: S): S {
    return new Proxy(wire, {
      get: (target, name) => {
        if (name !== 'claim') return Reflect.get(target, name);
        return async (...args: Parameters<Store['claim']>) => {
          const lease = await (target as unknown as Store).claim(...args);
          if (lease) {
            sender.epoch = lease.epoch;
            this.tell('service', `${process.name} works on ${lease.id} (lease ${lease.epoch})`);
          }
          return lease;
        };
      },
    });
  }

  private engineOf(process: ServiceProcess, sender: Sender) {
    const engine = createPikaEngine({
      now: process.clock.now,
      wires: this.network.wires(process, () => sender),
    });
    return this.defect()?.engine?.(engine) ?? engine;
  }

  private compareOf(process: ServiceProcess) {
    const compare = sampledComparison(this.cluster, this.network, process, this.random, (node) =>
      this.witness.comparisonBegan(node),
    );
    return this.defect()?.compare?.(compare) ?? compare;
  }

  private credentials(): CredentialSource {
    const { password } = this.scenario;
    const nodes = [...loopback, '10.0.0.0/8', '*.pika'];
    const credential = password === '' ? null : { username: null, password, nodes };
    return { get: () => credential, names: [] };
  }

  /** The worker reports a defect of its own by an error line; that is a broken promise. */
  private log(process: ServiceProcess): Logger {
    const quiet = (): void => undefined;
    const error = (facts: { err?: unknown }, text: string): void => {
      if (facts.err === undefined || facts.err instanceof FencedError) return;
      this.witness.report('6', `${process.name}: ${text}: ${inspect(facts.err)}`);
    };
    return { info: quiet, warn: quiet, debug: quiet, error } as unknown as Logger;
  }

  private atPoint(process: ServiceProcess, name: string): void {
    const at = this.armed.findIndex(({ point }) => point === name);
    if (at === -1 || !process.alive) return;
    const [{ act }] = this.armed.splice(at, 1) as [(typeof this.armed)[number]];
    this.tell('fault', `${process.name} is hit at ${name}`);
    act(process);
  }

  // ---- the database

  private defect(): Defect | undefined {
    return this.options.defect && defects[this.options.defect];
  }

  private withDefect(store: Store): Store {
    const broken = this.defect();
    if (!broken?.store) return store;
    return broken.store(store, (id) => this.epochs.get(id) ?? 0);
  }

  /** What is stored passes by the witness; looks are left out unless somebody reads them at the end. */
  private watched(store: Store): Store {
    const save: Store['save'] = async (lease, before, after, extra) => {
      const { observations: _looks, ...rest } = extra;
      await store.save(lease, before, after, this.options.atEnd ? extra : rest);
      for (const event of extra.events)
        this.tell('service', `${after.id} [${lease.epoch}] ${event.type}: ${event.text}`);
      const known = this.latest.get(after.id) ?? before;
      this.checkTransition(known, after);
      this.latest.set(after.id, after);
      this.witness.stored(known, after, extra.events);
    };
    const claim: Store['claim'] = async (expansionId, owner, leaseMs) => {
      const lease = await store.claim(expansionId, owner, leaseMs);
      if (lease) this.epochs.set(expansionId, lease.epoch);
      return lease;
    };
    return new Proxy(store, {
      get: (target, name) => (name === 'save' ? save : name === 'claim' ? claim : Reflect.get(target, name)),
    });
  }

  private checkTransition(before: Expansion, after: Expansion): void {
    if (before.state === after.state) return;
    if (isEnded(before.state))
      this.witness.report('6', `${after.id} had ended (${before.state}) and is ${after.state} now`);
    else if (expansionTransitions[before.state].length === 0)
      this.witness.report('6', `${after.id} went from ${before.state} to ${after.state}`);
  }

  // ---- requests and operators

  private accept(planned: PlannedExpansion): void {
    if (this.databaseTrouble.down) {
      this.cluster.world.clock.after(1000, () => this.accept(planned));
      return;
    }
    this.stir();
    const expansion = this.expansionOf(planned);
    this.accepted(expansion, planned.policy);
    void this.store.accept(expansion, [], null).then(() => this.bells.ring(planned.id));
  }

  private accepted(expansion: Expansion, policy: PolicyInput): void {
    const nodes = expansion.joins.map(({ target }) => target.name).join(', ');
    this.tell('operator', `asks for ${expansion.id}: ${nodes} ${JSON.stringify(policy)}`);
    this.latest.set(expansion.id, expansion);
    this.witness.stored(expansion, expansion, []);
  }

  private expansionOf(planned: Omit<PlannedExpansion, 'at'>): Expansion {
    const target = (id: string) => {
      const address = addressOf(this.cluster.node(id));
      return { name: formatAddress(address), address, seenAs: address, credential: null };
    };
    return newExpansion({
      id: planned.id,
      master: target('m'),
      nodes: planned.nodes.map((id): JoinTarget => {
        const { overwriteData = false, repoint = false } =
          this.scenario.nodes.find((node) => node.id === id) ?? {};
        return { ...target(id), overwriteData, repoint };
      }),
      policy: resolvePolicy({
        ...planned.policy,
        mayRaiseBinlogRetention: this.scenario.mayRaiseBinlogRetention,
        mayAskForDump: this.scenario.servers.mayAskForDump,
      }),
      label: null,
      requestedBy: 'operator',
      via: 'rest',
      now: Math.round(this.cluster.now()),
      ...(planned.startsInMs === null
        ? {}
        : { startAt: Math.round(this.cluster.now()) + planned.startsInMs }),
    });
  }

  // ---- backups

  private hold({ id, forMs, ...planned }: PlannedHold): void {
    const { clock } = this.cluster.world;
    if (this.databaseTrouble.down) {
      clock.after(1000, () => this.hold({ id, forMs, ...planned }));
      return;
    }
    this.stir();
    const address = addressOf(this.cluster.node('m'));
    const master = { name: formatAddress(address), address, seenAs: address, credential: null };
    const made = { id, requestedBy: 'backup', createdAt: Math.round(this.cluster.now()) };
    const hold = newHold({ master: master.name, reason: 'as drawn', forMs: 1000 }, made, this.credentials());
    this.tell('operator', `${id}: a backup asks to hold the master for ${forMs} ms`);
    void this.holds
      .create({ ...hold, doc: { ...hold.doc, master }, forMs }, () => [])
      .then(() => this.bells.ring(id))
      .then(() => this.askAgain({ id, forMs, ...planned }));
  }

  /** Asks until a dump is safe, makes it, and ends the hold. */
  private askAgain(planned: PlannedHold): void {
    this.cluster.world.clock.after(holderAsksEveryMs, () => {
      this.stir();
      void this.ask(planned);
    });
  }

  private async ask(planned: PlannedHold): Promise<void> {
    const { id, dumps, endsAfterMs } = planned;
    const hold = await this.holds.get(id);
    if (hold === null || hold.state === 'expired' || hold.state === 'ended') return;
    const isSafe = hold.state === 'safe' && (await fullSyncsAt(this.holds, this.store, hold)).length === 0;
    if (!isSafe) return this.askAgain(planned);
    this.tell('operator', `${id}: a dump is safe${dumps ? ', and is made' : ''}`);
    this.safeHolds += 1;
    this.witness.safe(id, hold.until);
    if (dumps && this.cluster.node('m').alive) this.cluster.execute('m', ['BGSAVE']);
    if (endsAfterMs === null) return;
    this.cluster.world.clock.after(endsAfterMs, () => {
      this.stir();
      this.witness.safe(id, null);
      this.tell('operator', `${id}: ended`);
      void this.holds.end(id, { by: 'backup', reason: 'done', at: Math.round(this.cluster.now()) }, []);
    });
  }

  private command(expansionId: string, verb: Control['verb'], node: string | null): void {
    if (this.databaseTrouble.down) return;
    this.stir();
    this.controls += 1;
    const control = { id: `c${this.controls}`, verb, node, reason: 'as drawn', by: 'operator' };
    this.tell('operator', `${verb} ${expansionId}${node === null ? '' : ` ${node}`}`);
    void this.store
      .addControl(expansionId, { ...control, at: Math.round(this.cluster.now()) })
      .then(() => this.bells.ring(expansionId));
  }

  private drawnControl(share: number): void {
    const open = [...this.latest.values()].filter(({ state }) => !isEnded(state));
    if (open.length === 0) return;
    const expansion = open[Math.floor(share * open.length)]!;
    const verb = this.random.pick([...controlVerbs, 'retry', 'skip'] as const);
    const join = this.random.pick(expansion.joins);
    this.command(expansion.id, verb, verb === 'retry' || verb === 'skip' ? join.target.name : null);
  }

  /** What a sensible operator does about everything that waits for a person. */
  private help(): void {
    for (const expansion of this.latest.values()) {
      if (expansion.state === 'paused') this.command(expansion.id, 'resume', null);
      if (expansion.state === 'awaiting_approval') this.command(expansion.id, 'approve', null);
      if (expansion.state !== 'halted') continue;
      const blocking = blockingJoins(expansion).filter((join) => join.leaving === null);
      for (const join of blocking) {
        const { name } = join.target;
        this.command(expansion.id, this.decide(`${expansion.id} ${name}`, join.attempts.length), name);
      }
      if (blockingJoins(expansion).length === 0) this.command(expansion.id, 'resume', null);
    }
    this.fleet.help();
    if (!this.allEnded()) this.cluster.world.clock.after(operatorEveryMs, () => this.help());
  }

  private cancelAll(): void {
    this.fleet.cancel();
    for (const { id, state } of this.latest.values()) if (!isEnded(state)) this.command(id, 'cancel', null);
  }

  // ---- ends

  private allEnded(): boolean {
    return (
      this.latest.size >= this.scenario.expansions.length &&
      [...this.latest.values()].every(({ state }) => isEnded(state)) &&
      this.fleet.ended
    );
  }

  /** With all mended, and an operator who decides whatever is to be decided, nothing needs to be cancelled to end. */
  private checkHelped(): void {
    if (this.witness.violations.length > 0 || this.mayNeverCatchUp()) return;
    for (const expansion of this.latest.values())
      if (!isEnded(expansion.state))
        this.witness.report(
          '6',
          `${expansion.id} does not come to an end: ${expansion.state}, ${describe(expansion)}`,
        );
    if (!this.fleet.ended) this.witness.report('6', `does not come to an end: ${this.fleet.ends.join('; ')}`);
  }

  /** A slave that applies hardly more than is written may never catch up: then there is nothing to be verified. */
  private mayNeverCatchUp(): boolean {
    const { applyPerSecond, writesPerSecond, faults } = this.scenario;
    const burst = faults.some(({ kind }) => kind === 'write_burst') ? burstPerSecond : 0;
    return applyPerSecond < 10 * Math.max(writesPerSecond, burst);
  }

  private checkEnds(): void {
    if (this.witness.violations.length > 0) return;
    for (const expansion of this.latest.values()) {
      if (!isEnded(expansion.state))
        this.witness.report('6', `${expansion.id} has not ended: ${expansion.state}, ${describe(expansion)}`);
      const undisturbed =
        this.scenario.faults.length === 0 &&
        !this.fleet.calledOff &&
        !this.mayNeverCatchUp() &&
        // With one round a key that is written to while it is compared counts as different.
        (this.scenario.writesPerSecond === 0 || expansion.policy.verify.rounds > 1) &&
        this.scenario.nodes.every(mayBeSynced) &&
        isPlain(this.scenario.servers);
      if (undisturbed && isEnded(expansion.state) && expansion.state !== 'succeeded')
        this.witness.report(
          '6',
          `${expansion.id} ended as ${expansion.state} although nothing went wrong: ${describe(expansion)}`,
        );
    }
    if (!this.fleet.ended) this.witness.report('6', `has not ended: ${this.fleet.ends.join('; ')}`);
    if (this.latest.size < this.scenario.expansions.length)
      this.witness.report('6', 'a request was never accepted');
  }

  private async checkSecrets(): Promise<void> {
    const { password } = this.scenario;
    if (password === '') return;
    const events = await this.store.events({ afterSeq: 0, limit: 100_000 });
    const expansions = await Promise.all([...this.latest.keys()].map((id) => this.store.get(id)));
    if (JSON.stringify([events, expansions]).includes(password))
      this.witness.report('8', 'the password of the nodes is in what was stored');
  }

  private result(): SeedResult {
    const joins = [...this.latest.values()].flatMap((expansion) => expansion.joins);
    const verified = joins.filter((join) => join.phase === 'verified').length;
    const { violations } = this.witness;
    return {
      seed: this.scenario.seed,
      violations,
      ends: [...this.latest.values()].map(({ state }) => state),
      nodesVerified: verified,
      nodesNotVerified: joins.length - verified,
      attempts: joins.reduce((total, join) => total + join.attempts.length, 0),
      faults: drawnOf(this.scenario),
      virtualMs: this.cluster.now() - this.start,
      safeHolds: this.safeHolds,
      fleet: this.fleet.counts,
      supersededCopies: joins
        .flatMap(({ anomalies }) => anomalies)
        .filter(({ code }) => code === 'snapshot_superseded').length,
      damagedCopies: this.cluster.log.filter(
        ({ event, data }) =>
          (event === 'database_swapped' && (data.lost as readonly unknown[]).length > 0) || event === 'fatal',
      ).length,
      timeline: () =>
        [
          JSON.stringify(this.scenario, null, 1),
          renderTimeline(
            [
              ...this.entries,
              ...violations.map(({ at, promise, text }) => ({
                at,
                who: 'BROKEN',
                text: `promise ${promise}: ${text}`,
              })),
            ],
            this.cluster.log,
            this.start,
          ),
        ].join('\n'),
    };
  }

  private noteCommand(command: SentCommand, reply: Reply): void {
    const word = command.argv[0]!.toLowerCase();
    if (word !== 'slaveof' && word !== 'clearreplicationid') return;
    const { process, epoch, node, argv, sentAt } = command;
    const late = Math.round(this.cluster.now() - sentAt);
    this.tell(
      'command',
      `${process} [${epoch}] -> ${node}: ${argv.join(' ')} -> ${JSON.stringify(reply)} (sent ${late} ms ago)`,
    );
  }

  private surroundings(): Surroundings {
    return {
      cluster: this.cluster,
      network: this.network,
      database: this.databaseTrouble,
      bells: this.bellTrouble,
      witness: this.witness,
      random: this.random,
      scenario: this.scenario,
      processes: () => this.living(),
      startProcess: () => this.startProcess(),
      armPoint: (share, act) => {
        const { slaves } = this.scenario.fleet;
        const points = slaves.length === 0 ? workerPoints : [...workerPoints, ...fleetPoints];
        const point = points[Math.floor(share * points.length)]!;
        this.armed.push({ point, act });
        this.tell('fault', `   (at ${point})`);
      },
      stopProcess: (process) => {
        this.stir();
        this.stopping.get(process)!.abort();
        this.cluster.world.clock.after(10_000, () => process.kill());
      },
      control: (share) => this.drawnControl(share),
      freeze: (on) => {
        if (this.databaseTrouble.down) return;
        this.stir();
        const order = { reason: 'as drawn', by: 'operator' };
        // A second freeze is refused while the first lasts.
        if (on && this.frozen) return;
        this.frozen = on;
        void (on ? this.store.freeze(order) : this.store.unfreeze(order));
        this.witness.frozen(on ? this.cluster.now() : null);
        this.tell('operator', on ? 'freezes everything' : 'lifts the freeze');
      },
      tell: (text) => this.tell('fault', text),
    };
  }
}

/**
 * What heals by itself is waited for: a missed reply 100 s, a dump that came too late for the node 150 s. A master of 3.3.6
 * whose push hangs is busy for ever: each node and each retry waits for it once, the new nodes of a replacement too.
 */
const healsWithinMs = ({ faults, version, fleet }: Scenario): number =>
  faults.reduce(
    (sum, { kind }) => {
      if (kind === 'replies_overtake') return sum + 100_000;
      if (kind === 'dump_takes_long') return sum + 150_000;
      return sum + (version === '3.3.6' && isFailedDump.has(kind) ? 160_000 : 0);
    },
    80_000 * (fleet.replacement?.replace.length ?? 0),
  );
const isFailedDump: ReadonlySet<string> = new Set(['failing_bgsave', 'dumps_fail']);

/** The faults of a scenario by their kinds, and what is odd about its servers. */
function drawnOf({ faults, servers }: Scenario): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of faults) counts[kind] = (counts[kind] ?? 0) + 1;
  for (const [name, what] of Object.entries(servers))
    if (typeof what === 'object' && Object.keys(what).length > 0) counts[name] = 1;
  if (servers.addressing !== 'ports') counts[`by ${servers.addressing}`] = 1;
  return counts;
}

/** Whether the request permits what has to be done to the node as it is at the beginning. */
function mayBeSynced({ beginning, overwriteData, repoint }: PlannedNode): boolean {
  switch (beginning) {
    case 'empty':
    case 'knows_replication_id':
      return true;
    case 'holds_data':
      return overwriteData;
    case 'slave_of_master':
    case 'slave_of_other':
      return overwriteData && repoint;
    case 'has_slave':
    case 'down':
      return false;
  }
}

/** Whether nothing about the servers keeps a node from being synced. */
const isPlain = ({ hidden, onAnotherMount, otherVersions }: Servers): boolean =>
  [hidden, onAnotherMount, otherVersions].every((each) => Object.keys(each).length === 0);

const describe = (expansion: Expansion): string =>
  expansion.joins
    .map(
      (join) =>
        `${join.target.name} ${join.phase}${join.waitingFor === null ? '' : ` (${join.waitingFor.text})`}`,
    )
    .join(', ');

/** Resolves once every promise that can settle without an event has settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
