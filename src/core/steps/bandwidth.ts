/** How fast a node may copy now: its share of the master's budget, less while the master's health asks for it. Part of `decide`. */

import type { Expansion, Join } from '../../model/expansion.ts';
import type { HealthReading, HealthSample } from '../../model/health.ts';
import { because, overLimit, type Reason } from '../../model/reasons.ts';
import { newHealth, stepHealth } from './health.ts';
import { isUnderWay } from './join-state.ts';
import { advanceThrottle } from './throttle.ts';
import { patch, say, type Turn } from './turn.ts';

/** Whether the policy asks for throttles of the nodes to be changed. */
export const borrowsThrottle = ({ policy }: Pick<Expansion, 'policy'>): boolean =>
  policy.bandwidthBytesPerSecond !== null || policy.health !== null;

/** Keeps the node's throttle at its share while it copies, and puts it back afterwards; true = SLAVEOF should wait for it. */
export const holdThrottle = (turn: Turn, join: Join): boolean => advanceThrottle(turn, join, shareOf(turn));

/** By a node's own throttle, what it may use; null = its own. All that copy from masters on this host share the budget. */
function shareOf(turn: Turn): ((own: number) => number) | null {
  const { expansion } = turn;
  if (!borrowsThrottle(expansion)) return null;
  const { bandwidthBytesPerSecond: budget, health } = expansion.policy;
  const level = health === null ? 1 : (expansion.health?.level ?? newHealth(turn.now).level);
  const copying = expansion.joins.filter(copiesSoon).length + turn.othersOnMasterHost;
  return (own) => (budget === null ? own : Math.min(own, budget / Math.max(1, copying))) * level;
}

function copiesSoon(join: Join): boolean {
  const attempt = join.attempts.at(-1);
  return isUnderWay(join) && join.leaving === null && (attempt?.tracker?.upSince ?? null) === null;
}

/** Takes in what was measured of the master's health, and says when a figure goes over its limit or comes back. */
export function takeHealth(turn: Turn, sample: HealthSample | null): void {
  const { policy, health } = turn.expansion;
  if (policy.health === null || sample === null) return;
  const before = health ?? newHealth(turn.now);
  const after = stepHealth(before, sample, policy.health, turn.now);
  patch(turn, { health: after });
  const { level, readings, over } = after;
  if (over !== null && before.over?.what !== over.what)
    say(turn, 'health.over', { level, readings, figure: over });
  if (over === null && before.over !== null)
    say(turn, 'health.calm', { level, readings, figure: backWithin(before.over, readings) });
}

/** What was over its limit, with the value of now. */
const backWithin = (was: HealthReading, readings: readonly HealthReading[]): HealthReading =>
  readings.find(({ what }) => what === was.what) ?? was;

/** Why no batch may begin; null = the master is well. */
export function healthGate({ health, policy }: Expansion): Reason | null {
  if (policy.health === null) return null;
  if (health?.over) return overLimit(health.over);
  const isMeasured = (wanted: HealthReading['what']): boolean =>
    health?.readings.some(({ what }) => what === wanted) ?? false;
  if (policy.health.commandsPerSecond !== null && !isMeasured('commands_per_second'))
    return because('command_rate_unknown');
  if (policy.health.masterLatencyMs !== null && !isMeasured('master_latency_ms'))
    return because('latency_unknown');
  if (policy.health.endpoint !== null && !isMeasured('endpoint')) return because('endpoint_unknown');
  return null;
}
