/** One run of a plan on the model: the real decisions, the real engine, virtual time. */

import { pino } from 'pino';
import { sampleTakesMs } from '../core/plan/depth.ts';
import { newExpansion } from '../core/steps/new-expansion.ts';
import { createPikaEngine } from '../engines/pika/index.ts';
import { samePlace } from '../model/addresses.ts';
import type { ComparedBy, ComparisonReport } from '../model/comparison.ts';
import { verdictSays } from '../model/comparison-texts.ts';
import type { Expansion, JoinTarget } from '../model/expansion.ts';
import { noHooks } from '../model/hooks.ts';
import type { Policy } from '../model/policy.ts';
import type { PlayedRun } from '../model/views/rehearsal.ts';
import type { Cluster } from '../simulator/index.ts';
import type { Orders } from '../store/store.ts';
import type { Clock } from '../work/expansion/observer.ts';
import { type Compare, createSession, type SessionStore } from '../work/expansion/session.ts';
import { masterId, nodeId, type RehearsedFacts, rehearsalCluster } from './model.ts';
import { virtualWires } from './virtual-wires.ts';

/** What happens in a run beside the plan; gets the cluster and the moment when the first copy is half done. */
export type Fault = (cluster: Cluster, facts: RehearsedFacts, halfCopiedAt: number) => void;

/** Nobody stops a rehearsal. */
const noOrders: Orders = {
  freeze: { frozen: false, reason: null, by: null, since: null },
  withControls: [],
};
/** A run that takes this many times as long as forecast is ended. */
const patience = 8;
const leastVirtualMs = 600_000;
/** Looks of one run; the interval grows with the run's length. */
const looksOfRun = 600;

/** Plays the plan once. `realLimitMs` bounds the time that it really takes. */
export async function play(
  facts: RehearsedFacts,
  policy: Policy,
  options: { readonly seed: string; readonly fault: Fault | null; readonly realLimitMs: number },
): Promise<PlayedRun> {
  const cluster = rehearsalCluster(facts, options.seed);
  let stirred = true;
  const stir = (): void => {
    stirred = true;
  };
  const wires = virtualWires(cluster, stir);
  const clock = virtualClock(cluster, wires.after);
  const startedAt = cluster.now();
  const expansion = rehearsedExpansion(cluster, facts, policy, startedAt);
  const session = createSession(
    {
      store: forgetfulStore,
      engine: createPikaEngine({ now: clock.now, wires }),
      credentials: { get: () => null, names: [] },
      compare: knowingComparison(cluster, clock),
      hooks: noHooks,
      clock,
      batches: facts.batches,
      log: pino({ level: 'silent' }),
      metrics: null,
      orders: { now: async () => noOrders, known: async () => noOrders },
      holds: { now: async () => [], known: async () => [] },
      crashPoint: () => undefined,
    },
    { id: expansion.id, owner: 'rehearsal', epoch: 1, leaseMs: 60_000 },
    expansion,
  );
  options.fault?.(cluster, facts, startedAt + (2.5 + facts.expectedTransferSeconds / 2) * 1000);

  let over = false;
  const never = new AbortController().signal;
  const work = (async () => {
    for (let again: number | null = 0; again !== null; ) {
      again = await session.turn();
      if (again !== null) await session.rest(again, never);
    }
  })().finally(() => {
    over = true;
    stir();
  });
  const end = startedAt + Math.max(leastVirtualMs, facts.expectedSeconds * 1000 * patience);
  const realEnd = performance.now() + options.realLimitMs;
  while (!over && performance.now() < realEnd) {
    if (stirred) {
      stirred = false;
      await settled();
      continue;
    }
    const next = cluster.nextEventAt();
    if (next === null || next > end) break;
    cluster.advanceTo(next);
  }
  session.close();
  if (over) await work;
  else void work.catch(() => undefined);
  return played(cluster, facts, session.expansion, startedAt, over);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function virtualClock(cluster: Cluster, after: (ms: number, run: () => void) => () => void): Clock {
  return {
    now: () => Math.round(cluster.now()),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const finish = (): void => {
          cancel();
          signal?.removeEventListener('abort', finish);
          resolve();
        };
        const cancel = after(ms, finish);
        signal?.addEventListener('abort', finish, { once: true });
      }),
  };
}

/** Nobody reads a rehearsal's history, so nothing is kept. */
const forgetfulStore: SessionStore = {
  pendingControls: async () => [],
  lockMaster: async () => true,
  lastOnMaster: async () => null,
  syncSlots: async () => ({ refused: [], others: [] }),
  renew: async () => undefined,
  save: async () => undefined,
};

function rehearsedExpansion(cluster: Cluster, facts: RehearsedFacts, policy: Policy, now: number): Expansion {
  const target = (id: string, name: string) => {
    const address = { host: '127.0.0.1', port: cluster.node(id).port };
    return { name, address, seenAs: address, credential: null };
  };
  const lookIntervalMs = Math.max(
    policy.lookIntervalMs,
    Math.round((facts.expectedSeconds * 1000) / looksOfRun),
  );
  return newExpansion({
    id: 'rehearsal',
    master: target(masterId, facts.master),
    nodes: facts.nodes.map(
      (node, index): JoinTarget => ({
        ...target(nodeId(index), node.name),
        overwriteData: false,
        repoint: false,
      }),
    ),
    policy: {
      ...policy,
      approval: 'none',
      fourEyes: false,
      canaryApproval: false,
      windows: [],
      forecastTolerance: null,
      bandwidthBytesPerSecond: null,
      health: null,
      lookIntervalMs,
      stableLooks: Math.max(1, Math.round((policy.stableLooks * policy.lookIntervalMs) / lookIntervalMs)),
      stallTimeoutMs: Math.max(policy.stallTimeoutMs, 20 * lookIntervalMs),
    },
    label: null,
    requestedBy: 'rehearsal',
    via: 'rest',
    now: Math.round(now),
  });
}

/** As the forecast counts it. */
const comparisonMs = ({ chosen }: ComparedBy): number =>
  chosen === undefined ? 1500 : chosen.depth === 'full' ? 1000 * chosen.assumedSeconds! : sampleTakesMs;

/** The model knows what each node holds, so nothing has to be read. */
export function knowingComparison(cluster: Cluster, clock: Clock): Compare {
  return async (task): Promise<ComparisonReport> => {
    const startedAt = clock.now();
    await clock.sleep(comparisonMs(task.policy), task.signal);
    const node = cluster.nodes.find((each) => samePlace(each, task.node.address))!;
    const { lost, lostHow, foreign, keys } = cluster.observe(node.id);
    const differences = lost === null ? null : lost + (foreign ?? 0);
    const reason = lost === null ? verdictSays('no_master') : null;
    const notes = task.policy.chosen ? [task.policy.chosen.because] : [];
    return {
      depth: task.policy.depth,
      verdict: differences === null ? 'inconclusive' : differences > 0 ? 'different' : 'equal',
      reason: reason?.text ?? null,
      notes: notes.map(({ text }) => text),
      said: { reason, notes },
      startedAt,
      endedAt: clock.now(),
      lookedAtKeys: keys,
      lookedAtKeysByType: {},
      estimatedKeys: keys,
      share: 1,
      smallestLossFound: null,
      differencesTotal: differences ?? 0,
      differencesByKind: {
        missing: (lostHow?.missing ?? 0) + (lostHow?.missingThatExpire ?? 0),
        value: (lostHow?.emptied ?? 0) + (lostHow?.valueThatExpires ?? 0) + (lostHow?.other ?? 0),
        ttl: lostHow?.outlives ?? 0,
        ...(foreign ? { foreign } : {}),
      },
      differencesBySign: {
        missing_expires: lostHow?.missingThatExpire ?? 0,
        value_expires: lostHow?.valueThatExpires ?? 0,
        emptied: lostHow?.emptied ?? 0,
        outlives: lostHow?.outlives ?? 0,
      },
      examples: [],
      rounds: 1,
      settledByRecheck: 0,
      counts: null,
    };
  };
}

function played(
  cluster: Cluster,
  facts: RehearsedFacts,
  expansion: Expansion,
  startedAt: number,
  over: boolean,
): PlayedRun {
  const seconds = (at: number): number => Math.round((at - startedAt) / 10) / 100;
  return {
    state: over ? expansion.state : 'unfinished',
    stateReason: expansion.stateReason,
    seconds: seconds(cluster.now()),
    dumps: cluster.observe(masterId).dumpsMade,
    nodes: expansion.joins.map((join, index) => ({
      node: facts.nodes[index]!.name,
      batch: join.batch,
      phase: join.phase,
      attempts: join.attempts.length,
      phases: join.phases.map(({ phase, at }) => ({ phase, atSeconds: Math.max(0, seconds(at)) })),
      anomalies: [...new Set(join.anomalies.map((anomaly) => anomaly.code))],
      lostKeys: cluster.observe(nodeId(index)).lost ?? 0,
    })),
  };
}
