import { lastTracker } from '../../core/steps/join-state.ts';
import { findListedSlave } from '../../model/addresses.ts';
import { type Expansion, isActive, type NodeTarget } from '../../model/expansion.ts';
import type { HealthSample } from '../../model/health.ts';
import type { Look } from '../../model/observation.ts';
import type { Clock, Observer } from './observer.ts';

/** Reads the figure at an operator's address; null = it gave no number. Never throws. */
export type ReadFigure = (url: string) => Promise<number | null>;

const probesPerSample = 4;
const probeTimeoutMs = 2000;
/** A percentile over this long: old enough to be one, young enough to follow the throttle. */
const keptMs = 4000;
const figureEveryMs = 2000;
const rateOverMs = 500;

/**
 * Measures the master's health beside the looks: a few PINGs each time, and the operator's figure now and then. Nothing
 * waits for it: a sample tells what is known by then, so that a master that stalls holds up no look at a node.
 */
export function createHealthProbe(observer: Observer, clock: Clock, readFigure: ReadFigure | null) {
  const latencies: { readonly at: number; readonly ms: number; readonly ownMs: number }[] = [];
  let figure: number | 'failed' | null = null;
  let figureAt = Number.NEGATIVE_INFINITY;
  let commands: { readonly at: number; readonly count: number; readonly perSecond: number | null } | null =
    null;
  let slaveLag: number | null = null;
  /** When the PING that is under way was sent; null = none is. */
  let pingedAt: number | null = null;

  async function probe(master: NodeTarget): Promise<void> {
    if (pingedAt !== null) return;
    // Asked for once: after the session has closed it, a PING fails at once and opens no other.
    const connection = observer.connection(master);
    try {
      for (let i = 0; i < probesPerSample; i += 1) {
        pingedAt = clock.now();
        const ms = await connection.ping(probeTimeoutMs);
        const ownMs = lateSince(pingedAt);
        latencies.push({ at: clock.now(), ms: Math.max(0, (ms ?? probeTimeoutMs) - ownMs), ownMs });
      }
    } finally {
      pingedAt = null;
    }
  }

  const lateSince = (time: number): number => clock.lateSince?.(time) ?? 0;

  /** An answer that is still awaited took that long at least; what this process was late is not the master's. */
  function latencyKnown(): number | null {
    while (latencies[0] && latencies[0].at < clock.now() - keptMs) latencies.shift();
    const known = percentile99(latencies.map(({ ms }) => ms));
    if (pingedAt === null) return known;
    const awaited = clock.now() - pingedAt - lateSince(pingedAt);
    return known === null ? (awaited > 0 ? awaited : null) : Math.max(known, awaited);
  }

  async function readEndpoint(url: string): Promise<void> {
    if (clock.now() - figureAt < figureEveryMs) return;
    figureAt = clock.now();
    figure = (await readFigure?.(url)) ?? 'failed';
  }

  /** Of the last half second and more; null = it takes another look. */
  function commandRate(look: Look | null): number | null {
    const stats = look?.kind === 'answered' ? look.facts.stats : undefined;
    const count = stats?.commandsProcessed ?? null;
    if (look === null || stats === undefined) return commands?.perSecond ?? null;
    if (count === null) return stats.opsPerSecond;
    if (commands === null || count < commands.count) {
      commands = { at: look.at, count, perSecond: commands?.perSecond ?? null };
      return commands.perSecond;
    }
    const overMs = look.at - commands.at;
    if (overMs >= rateOverMs)
      commands = { at: look.at, count, perSecond: ((count - commands.count) * 1000) / overMs };
    return commands.perSecond;
  }

  /** What the last answer said: a master that is silent for a moment is not therefore well. */
  function lagSeen(expansion: Expansion, look: Look | null): number | null {
    if (look?.kind === 'answered' && look.facts.replication) slaveLag = lagOfOthers(expansion, look);
    return slaveLag;
  }

  return {
    /** null = the policy watches nothing, or nothing is going on. */
    sample(expansion: Expansion, masterLook: Look | null): HealthSample | null {
      const { health } = expansion.policy;
      const busy = expansion.joins.some((join) => isActive(join.phase)) || expansion.state === 'running';
      if (health === null || !busy) return null;
      if (health.masterLatencyMs !== null) void probe(expansion.master);
      if (health.endpoint !== null) void readEndpoint(health.endpoint.url);
      return {
        masterLatencyP99Ms: latencyKnown(),
        ownDelayMs: Math.max(0, ...latencies.map(({ ownMs }) => ownMs)),
        slaveLagBytes: lagSeen(expansion, masterLook),
        commandsPerSecond: commandRate(masterLook),
        endpoint: figure,
      };
    },
  };
}

function percentile99(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)]!;
}

/** The greatest lag of a slave that is not one of the expansion's nodes; null = there is none. */
function lagOfOthers(expansion: Expansion, look: Look | null): number | null {
  const slaves = look?.kind === 'answered' ? look.facts.replication?.slaves : undefined;
  const own = new Set(
    expansion.joins.map((join) => findListedSlave(slaves ?? [], { ...join.target, ...lastTracker(join) })),
  );
  const others = slaves?.filter((slave) => !own.has(slave));
  const lags = (others ?? []).flatMap((slave) =>
    Object.values(slave.lag).filter((lag): lag is number => typeof lag === 'number'),
  );
  return lags.length === 0 ? null : Math.max(...lags);
}
