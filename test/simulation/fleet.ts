import type { Logger } from 'pino';
import { newAuditOf } from '../../src/admission/audit.ts';
import { idempotencyOf } from '../../src/admission/fingerprint.ts';
import { newReplacement } from '../../src/admission/replacement.ts';
import { defaultSpec } from '../../src/compare/spec.ts';
import type { CredentialSource, Engine } from '../../src/engines/engine.ts';
import type { ComparisonReport } from '../../src/model/comparison.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { resolvePolicy } from '../../src/model/policy.ts';
import { auditHasEnded, type ComparisonState, replacementHasEnded } from '../../src/model/states.ts';
import type { NodeTarget } from '../../src/model/targets.ts';
import type { StoredReplacement } from '../../src/model/views/replacement.ts';
import type { AtCrashPoint } from '../../src/platform/crash-points.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import type { Random } from '../../src/simulator/random.ts';
import type { AuditStore, StoredAudit } from '../../src/store/audits.ts';
import type { NewComparison } from '../../src/store/comparisons.ts';
import type { ReplacementStore } from '../../src/store/replacements.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { createAuditHandler } from '../../src/work/audit/handler.ts';
import type { Compare } from '../../src/work/expansion/session.ts';
import { createReplacementHandler } from '../../src/work/replacement/handler.ts';
import { createMemoryAudits } from '../support/memory-audits.ts';
import { createMemoryReplacements } from '../support/memory-replacements.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import { type Defect, instead } from './defects.ts';
import type { ServiceProcess } from './process.ts';
import type { PlannedAudit, PlannedReplacement, Scenario } from './scenario.ts';
import { addressOf } from './servers.ts';
import type { Witness } from './witness.ts';

/** What of the simulated service audits and replacements use. */
export interface FleetParts {
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly start: number;
  readonly memory: MemoryStore;
  readonly witness: Witness;
  readonly random: Random;
  readonly credentials: CredentialSource;
  readonly defect: Defect | undefined;
  readonly living: () => readonly ServiceProcess[];
  readonly reachable: () => boolean;
  readonly stir: () => void;
  readonly tell: (who: string, text: string) => void;
  readonly ring: (id: string, delayMs?: number) => Promise<void>;
  /** Stores an expansion of these new nodes. */
  readonly admit: (
    nodes: PlannedReplacement,
    ...how: [Parameters<Store['accept']>[2], Parameters<Store['accept']>[3]]
  ) => Promise<Expansion>;
  /** What a process has of its own, for work on this id. */
  readonly toolsOf: (process: ServiceProcess, id: string) => FleetTools;
}

interface FleetTools {
  readonly store: Store;
  readonly engine: Engine;
  readonly compare: Compare;
  readonly log: Logger;
  readonly crashPoint: AtCrashPoint;
  /** As the process reaches it, over its wire; who claims there is who sends. */
  readonly reached: <S extends object>(store: S) => S;
}

export interface Fleet {
  readonly replacements: ReplacementStore;
  readonly audits: AuditStore;
  isOurs(id: string): boolean;
  work(process: ServiceProcess, id: string, signal: AbortSignal): Promise<void>;
  begin(): void;
  /** What a sensible operator does about what waits for a person. */
  help(): void;
  cancel(): void;
  readonly ended: boolean;
  /** Whether somebody has called the replacement off. */
  readonly calledOff: boolean;
  readonly ends: readonly string[];
  /** Slaves that were taken out, and slaves that audits judged. */
  readonly counts: { readonly detached: number; readonly judged: number };
}

/** A comparison whose process has ended is taken up again after this time. */
const comparedAgainAfterMs = 15_000;
/** An operator calls a replacement off that waits for a person for so long. */
const heldForMs = 20_000;

export function createFleet(parts: FleetParts): Fleet {
  const { scenario, cluster, memory, witness, random, credentials } = parts;
  const { slaves, replacement: planned, audits: plannedAudits } = scenario.fleet;
  const now = (): number => Math.round(cluster.now());
  const time = cluster.world.clock;
  const target = (id: string): NodeTarget => {
    const address = addressOf(cluster.node(id));
    return { name: formatAddress(address), address, seenAs: address, credential: null };
  };
  const provenBefore = slaves
    .filter(({ proven }) => proven)
    .map(({ id }) => ({ slave: target(id), wholeAt: { at: Math.round(parts.start), by: 'exp0' } }));
  const replacements = createMemoryReplacements(memory, now);
  const audits = createMemoryAudits(memory, now, provenBefore);
  const latest = new Map<string, StoredAudit>();
  let replacement: StoredReplacement | null = null;
  let calledOff = false;

  // ---- what is stored passes by the witness

  const watchedReplacements = instead(replacements, {
    async save(lease, doc, events, lookAgainInMs) {
      await replacements.save(lease, doc, events, lookAgainInMs);
      replacement = doc;
      for (const { text } of events) parts.tell('service', `${doc.id} [${lease.epoch}] ${text}`);
      witness.fleet.stored(doc);
    },
  });
  const watchedAudits = instead(audits, {
    async save(lease, doc, ...rest) {
      const cancel = await audits.save(lease, doc, ...rest);
      const before = latest.get(doc.id) ?? null;
      const after = (await audits.get(doc.id))!;
      latest.set(doc.id, after);
      for (const { target: of, verdict, reason } of after.servers)
        if (verdict !== null && !before?.servers.some((each) => each.target.name === of.name && each.verdict))
          parts.tell('service', `${doc.id}: ${of.name} is ${verdict}: ${reason?.text}`);
      witness.fleet.audited(before, after);
      return cancel;
    },
  });

  // ---- comparisons of audits

  const comparisons = new Map<string, { state: ComparisonState; report: ComparisonReport | null }>();

  function compare(asked: NewComparison): void {
    const living = parts.living();
    const row = comparisons.get(asked.id)!;
    const again = () => row.state === 'running' && compare(asked);
    time.after(comparedAgainAfterMs, again);
    if (living.length === 0) return;
    const process = random.pick(living);
    const { depth, samplePerType, rounds } = asked.spec;
    const policy = { ...resolvePolicy({}).verify, depth, samplePerType, rounds };
    const task = { id: asked.id, expansionId: '', master: asked.left, node: asked.right, policy };
    const signal = new AbortController().signal;
    void parts
      .toolsOf(process, asked.id)
      .compare({ ...task, fullSyncsRunning: false, signal })
      .then((report) => {
        if (row.state === 'running') Object.assign(row, { state: 'completed', report });
      });
  }

  const comparisonStore = {
    async create(asked: NewComparison) {
      memory.reachable();
      if (!comparisons.has(asked.id)) {
        comparisons.set(asked.id, { state: 'running', report: null });
        compare(asked);
      }
      return asked as never;
    },
    async get(id: string) {
      memory.reachable();
      const row = comparisons.get(id);
      return row ? ({ id, ...row } as never) : null;
    },
    async control(id: string, { verb }: { readonly verb: string }) {
      memory.reachable();
      if (verb === 'cancel') comparisons.get(id)!.state = 'cancelled';
    },
  };

  // ---- work

  async function work(process: ServiceProcess, id: string, signal: AbortSignal): Promise<void> {
    const { store, engine, log, crashPoint, reached } = parts.toolsOf(process, id);
    const { clock } = process;
    const { defect } = parts;
    const common = { store, engine, credentials, log, crashPoint, owner: process.name };
    const auditStore = reached(defect?.audits?.(watchedAudits) ?? watchedAudits);
    const onWakeUp =
      id === planned?.id
        ? createReplacementHandler({
            ...common,
            replacements: reached(defect?.replacements?.(watchedReplacements) ?? watchedReplacements),
            audits: auditStore,
            admission: reached({ expand }),
            doorbell: { ring: parts.ring },
            hooks: {
              async ask() {
                await clock.sleep(random.int(1, 3000));
                return null;
              },
            },
            clock,
          })
        : createAuditHandler({
            ...common,
            audits: auditStore,
            comparisons: reached(comparisonStore),
            doorbell: { ring: async () => undefined },
            lookTimeoutMs: 2000,
            now: clock.now,
            sleep: clock.sleep,
            besides: clock.sleep,
          });
    try {
      const again = await onWakeUp(id, signal);
      if (again !== null) await parts.ring(id, again);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError))
        witness.report('6', `${process.name}: a wake-up of ${id} was answered with ${String(error)}`);
    }
  }

  async function expand(
    request: unknown,
    who: Parameters<typeof idempotencyOf>[0],
    key: string | null,
    within?: Parameters<Store['accept']>[3],
  ) {
    const expansion = await parts.admit(planned!, idempotencyOf(who, key!, request), within);
    return { expansion, replayed: false };
  }

  // ---- requests

  /** Does it now, or as soon as the database is there. */
  function whenReachable(act: () => void): void {
    if (!parts.reachable()) {
      time.after(1000, () => whenReachable(act));
      return;
    }
    parts.stir();
    act();
  }

  function replace({
    id,
    at: _,
    cancelAt: __,
    replace: pairs,
    policy: ___,
    ...settings
  }: PlannedReplacement): void {
    const name = (node: string): string => target(node).name;
    const request = {
      ...settings,
      master: name('m'),
      replace: pairs.map((pair) => ({ old: name(pair.old), new: name(pair.new) })),
      takeOut: settings.takeOut.map(name),
      reason: 'as drawn',
    };
    const who = { name: 'operator', via: 'rest' } as const;
    const limits = { maxNodes: 10, lookTimeoutMs: 1000 };
    const doc = newReplacement(request, who, { id, at: now() }, { credentials, limits });
    const going = [...pairs.map((pair) => `${pair.old} for ${pair.new}`), ...settings.takeOut].join(', ');
    parts.tell('operator', `asks for ${id}: ${going} go, ${settings.keepVerified} must stay`);
    replacement = doc;
    witness.fleet.stored(doc);
    void replacements.accept(doc, [], null).then(() => parts.ring(id));
  }

  function audit({ id, depth, samplePerType }: PlannedAudit): void {
    const spec = { ...defaultSpec, depth, samplePerType, rounds: 3, catchUpTimeoutMs: 20_000 };
    const asked = { id, requestedBy: 'operator', createdAt: now(), spec, slaves: [] };
    parts.tell('operator', `asks for ${id}`);
    const fresh = newAuditOf({ ...asked, maxRunning: 2, maxRunningPerHost: 2 }, [target('m')]);
    latest.set(id, fresh);
    void audits.create(fresh).then(() => parts.ring(id));
  }

  function callOff(): void {
    if (replacement === null || replacementHasEnded(replacement.state)) return;
    calledOff = true;
    parts.tell('operator', `calls ${replacement.id} off`);
    witness.fleet.cancelled();
    void replacements
      .cancel(replacement.id, { reason: 'as drawn', by: 'operator', at: now() })
      .then(() => parts.ring(planned!.id));
  }

  const cancelAudit = (id: string): void =>
    void audits.cancel(id, { reason: 'as drawn', by: 'operator', at: now() }).catch(() => undefined);

  return {
    replacements,
    audits,
    isOurs: (id) => id === planned?.id || plannedAudits.some((each) => each.id === id),
    work,
    begin() {
      if (planned !== null) time.after(planned.at, () => whenReachable(() => replace(planned)));
      if (planned?.cancelAt != null) time.after(planned.cancelAt, () => whenReachable(callOff));
      for (const each of plannedAudits) {
        time.after(each.at, () => whenReachable(() => audit(each)));
        if (each.cancelAt !== null)
          time.after(each.cancelAt, () => whenReachable(() => cancelAudit(each.id)));
      }
    },
    help() {
      if (replacement?.state === 'held' && now() - replacement.stateSince > heldForMs) whenReachable(callOff);
    },
    cancel: () => whenReachable(callOff),
    get ended() {
      const over = planned === null || (replacement !== null && replacementHasEnded(replacement.state));
      return (
        over && plannedAudits.every(({ id }) => latest.has(id) && auditHasEnded(latest.get(id)!.doc.state))
      );
    },
    get calledOff() {
      return calledOff;
    },
    get ends() {
      return [
        ...(replacement === null
          ? []
          : [`${replacement.id} ${replacement.state}: ${replacement.stateReason?.text}`]),
        ...[...latest.values()].map(({ doc }) => `${doc.id} ${doc.state}`),
      ];
    },
    get counts() {
      const judged = [...latest.values()].flatMap(({ servers }) => servers.filter(({ verdict }) => verdict));
      const detached = replacement?.pairs.filter(({ phase }) => phase === 'done').length ?? 0;
      return { detached, judged: judged.length };
    },
  };
}
