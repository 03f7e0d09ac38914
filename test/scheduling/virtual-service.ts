import { pino } from 'pino';
import type { ReadAgents } from '../../src/admission/sights.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { emptyContext, preflightSections } from '../../src/core/plan/preflight.ts';
import { writeRate } from '../../src/core/plan/write-rate.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import type { CredentialSource } from '../../src/engines/engine.ts';
import { createPikaEngine } from '../../src/engines/pika/index.ts';
import type { Expansion, JoinTarget, NodeTarget } from '../../src/model/expansion.ts';
import { isEnded } from '../../src/model/expansion.ts';
import type { Forecast, MeasuredSync } from '../../src/model/forecast.ts';
import type { Look } from '../../src/model/observation.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import type { SlotLimits } from '../../src/model/slots.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import type { CrashPoint } from '../../src/platform/crash-points.ts';
import { knowingComparison, virtualClock } from '../../src/rehearsal/play.ts';
import { virtualWires } from '../../src/rehearsal/virtual-wires.ts';
import type { Cluster, NodeOptions, SimulatedVersion } from '../../src/simulator/index.ts';
import type { ReadFigure } from '../../src/work/expansion/health-probe.ts';
import type { Compare } from '../../src/work/expansion/session.ts';
import { createWorker } from '../../src/work/expansion/worker.ts';
import { createHoldHandler } from '../../src/work/hold/handler.ts';
import { createMemoryHolds } from '../support/memory-holds.ts';
import { createMemoryStore } from '../support/memory-store.ts';

export const MB = 1_000_000;

/** The real worker over simulated nodes, all in virtual time; processes can be killed between any two steps. */
export function virtualService(
  cluster: Cluster,
  options: {
    readonly slots?: SlotLimits;
    readonly readFigure?: ReadFigure;
    readonly credentials?: CredentialSource;
    readonly agents?: ReadAgents;
    readonly compare?: Compare;
    readonly isProtected?: (node: JoinTarget) => boolean;
    readonly mayBegin?: (underWay: number) => boolean;
  } = {},
) {
  const store = createMemoryStore({ now: () => Math.round(cluster.now()) });
  const holds = createMemoryHolds(store, () => Math.round(cluster.now()));
  let stirred = true;
  const stir = (): void => {
    stirred = true;
  };

  const target = (id: string): NodeTarget => {
    const { host, port } = cluster.node(id);
    const address = { host, port };
    return { name: `${host}:${port}`, address, seenAs: address, credential: null };
  };

  async function accept(
    id: string,
    master: string,
    nodes: readonly string[],
    policy: PolicyInput = {},
    forecast: Forecast | null = null,
    startAt?: number,
    overwriteData = false,
  ): Promise<void> {
    const fresh = newExpansion({
      id,
      master: target(master),
      nodes: nodes.map((node): JoinTarget => ({ ...target(node), overwriteData, repoint: false })),
      policy: resolvePolicy(policy),
      label: null,
      requestedBy: 'test',
      via: 'rest',
      now: Math.round(cluster.now()),
      ...(startAt === undefined ? {} : { startAt }),
    });
    await store.accept({ ...fresh, forecast }, [], null);
  }

  /** The plan of this request, from looks at the servers of now. */
  async function plan(
    master: string,
    nodes: readonly string[],
    policy: PolicyInput = {},
    learnt: readonly MeasuredSync[] = [],
  ): Promise<Plan> {
    const engine = createPikaEngine({
      now: () => Math.round(cluster.now()),
      wires: virtualWires(cluster, stir),
    });
    const seen = async (id: string) => {
      const connection = engine.connect(target(id), null);
      const looking = connection.look({ sections: preflightSections, timeoutMs: 5000 });
      let look: Look | null = null;
      void looking.then((found) => {
        look = found;
      });
      await until(() => look !== null, 10_000);
      connection.close();
      return await looking;
    };
    const first = await seen(master);
    await until(() => false, 2000);
    const second = await seen(master);
    const looks: Look[] = [];
    for (const id of nodes) looks.push(await seen(id));
    if (first.kind !== 'answered' || second.kind !== 'answered')
      throw new Error('the master does not answer');
    const fileBytes = first.facts.config?.binlogFileSizeBytes ?? null;
    const capabilities = engine.capabilities(first.facts);
    return makePlan({
      id: 'pln',
      at: Math.round(cluster.now()),
      master: { target: target(master), look: first, capabilities },
      nodes: nodes.map((id, index) => ({
        target: { ...target(id), overwriteData: false, repoint: false },
        look: looks[index]!,
        capabilities,
      })),
      policy: resolvePolicy(policy),
      context: emptyContext,
      perNodeHost: options.slots?.perNodeHost ?? null,
      measured: {
        writes: writeRate(
          { at: first.at, binlog: first.facts.replication!.binlog },
          { at: second.at, binlog: second.facts.replication!.binlog },
          fileBytes,
        ),
        learnt,
      },
    });
  }

  /** What that plan forecasts. */
  const forecast = async (
    master: string,
    nodes: readonly string[],
    learnt: readonly MeasuredSync[] = [],
  ): Promise<Forecast | null> => (await plan(master, nodes, {}, learnt)).forecast;

  /** A worker process that takes up whatever is due, until it is killed, or dies at a crash point. */
  function startProcess(diesAt?: CrashPoint): { kill(): void } {
    let alive = true;
    const wires = virtualWires(cluster, stir);
    const after: typeof wires.after = (ms, run) => wires.after(ms, () => (alive ? run() : undefined));
    const clock = virtualClock(cluster, after);
    const parts = {
      store,
      holds,
      engine: createPikaEngine({ now: clock.now, wires: { ...wires, after } }),
      credentials: { get: () => null, names: [] },
      log: pino({ level: 'silent' }),
      crashPoint(point: CrashPoint) {
        if (point !== diesAt || !alive) return;
        alive = false;
        throw new Error(`killed at ${point}`);
      },
    };
    const worker = createWorker({
      ...parts,
      compare: knowingComparison(cluster, clock),
      clock,
      ...options,
    });
    const { now, sleep } = clock;
    const holdHandler = createHoldHandler({ ...parts, metrics: null, lookTimeoutMs: 5000, now, sleep });
    const atWork = new Set<string>();
    const look = (): void => {
      for (const [of, onWakeUp] of [
        [store, worker.onWakeUp],
        [holds, holdHandler],
      ] as const)
        void of.due(20).then((ids) => {
          for (const id of ids.filter((due) => !atWork.has(due))) {
            atWork.add(id);
            void onWakeUp(id, new AbortController().signal).finally(() => atWork.delete(id));
          }
        });
      after(200, look);
    };
    look();
    return {
      kill() {
        alive = false;
      },
    };
  }

  /** Lets virtual time pass until the condition holds; false when it did not in time. */
  async function until(done: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
    const end = cluster.now() + withinMs;
    stir();
    for (;;) {
      if (stirred) {
        stirred = false;
        await new Promise((resolve) => setImmediate(resolve));
        if (await done()) return true;
        continue;
      }
      const next = cluster.nextEventAt();
      if (next === null || next > end) {
        cluster.advanceTo(end);
        return done();
      }
      cluster.advanceTo(next);
    }
  }

  const get = async (id: string): Promise<Expansion> => (await store.get(id))!;
  const ended = async (...ids: readonly string[]): Promise<boolean> =>
    (await Promise.all(ids.map(get))).every(({ state }) => isEnded(state));
  const events = (expansionId: string): Promise<readonly StoredEvent[]> =>
    store.events({ expansionId, afterSeq: 0, limit: 10_000 });

  return { store, holds, target, accept, plan, forecast, startProcess, until, get, ended, events };
}

export const throttleOf = (cluster: Cluster, id: string): string =>
  cluster.node(id).settings.get('throttle-bytes-per-second')!;

/** Every server has a host of its own, unless one for all is named: an IP address, since 3.3.6 takes no name of its master. */
export function hostOf(id: string): string {
  const number = id.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_000, 0);
  return `10.1.${number >> 8}.${number & 255}`;
}

/** A master with so many bytes to copy, and empty nodes n1, n2, … with a throttle of 20 MB/s. */
export function fill(
  cluster: Cluster,
  names: { readonly master: string; readonly nodes: readonly string[]; readonly host?: string },
  version: SimulatedVersion = '4.0.1',
  config: Readonly<Record<string, number>> = {},
  slaves: Partial<NodeOptions> = {},
): void {
  const host = (id: string): string => names.host ?? hostOf(id);
  cluster.addNode({
    id: names.master,
    host: host(names.master),
    version,
    config,
    binlogAt: { file: 12, offset: 0 },
  });
  cluster.load(names.master, { strings: 400, hashes: 100, valueBytes: 100, outsideBinlog: true });
  for (const id of names.nodes)
    cluster.addNode({
      id,
      host: host(id),
      version,
      config: { 'throttle-bytes-per-second': 20 * MB, ...config },
      ...slaves,
    });
}
