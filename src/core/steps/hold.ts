/** What keeps a batch from beginning beyond the state of its nodes: time windows, and a plan that no longer holds. Part of `decide`. */

import type { Capabilities } from '../../model/capabilities.ts';
import { type Expansion, isSettled } from '../../model/expansion.ts';
import type { Forecast } from '../../model/forecast.ts';
import type { NodeFacts } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { driftOf } from '../plan/drift.ts';
import { makeForecast } from '../plan/forecast.ts';
import { measuredSyncs } from '../plan/learning.ts';
import { windowState } from '../plan/windows.ts';
import { writeRate } from '../plan/write-rate.ts';
import { firstAfterCanary, isUnderWay } from './join-state.ts';
import { enterState, patch, say, type Turn } from './turn.ts';

/** Whether no node of the present batch has been touched yet. */
export const isUnbegun = (expansion: Expansion): boolean =>
  expansion.joins.every((join) => join.batch !== expansion.currentBatch || join.attempts.length === 0);

/** Why the present batch may not begin at this hour; null = it may, or it has begun: a running sync is never cut. */
export function closedWindow(expansion: Expansion, now: number): Reason | null {
  const { windows } = expansion.policy;
  if (windows.length === 0 || !isUnbegun(expansion)) return null;
  const { open, opensAt } = windowState(windows, now);
  if (open) return null;
  if (opensAt === null) return because('no_window_ever');
  return because('window_opens', { at: opensAt, timeZone: windows[0]!.timeZone });
}

/** Until when the request holds a pending expansion back; null = it may begin. */
export const startsLater = ({ state, startAt = 0 }: Expansion, now: number): number | null =>
  state === 'pending' && now < startAt ? startAt : null;

/** Why the clock lets no further node begin: the time windows, or the pause between batches; null = it does. */
export function heldByClock(expansion: Expansion, now: number): Reason | null {
  const { nextBatchNotBefore: notBefore } = expansion;
  const paused = notBefore !== null && now < notBefore;
  return closedWindow(expansion, now) ?? (paused ? because(pauseOf(expansion), { endsAt: notBefore }) : null);
}

const pauseOf = (expansion: Expansion) =>
  expansion.policy.canaryRestMs > 0 && expansion.currentBatch === firstAfterCanary(expansion)
    ? 'canary_rests'
    : 'pause_between_batches';

/** Whether neither a person nor the clock holds the next nodes back. */
export const mayBegin = (expansion: Expansion, now: number): boolean =>
  expansion.state === 'running' && expansion.pendingControl === null && heldByClock(expansion, now) === null;

/** Makes the forecast again before a batch begins; true = it has grown too far, and a person must agree first. */
export function holdForForecast(turn: Turn, capabilitiesOf: (facts: NodeFacts) => Capabilities): boolean {
  const { expansion } = turn;
  const { forecastTolerance } = expansion.policy;
  if (forecastTolerance === null || expansion.forecast === null || !isUnbegun(expansion)) return false;
  const now = forecastNow(turn, capabilitiesOf);
  if (now === null) return false;
  const drift = driftOf(expansion.forecast, now, forecastTolerance, {
    at: turn.now,
    batch: expansion.currentBatch,
  });
  if (drift === null) return false;
  patch(turn, { forecastDrift: drift });
  const { figures, batch } = drift;
  say(turn, 'forecast.drift', { figures, batch });
  enterState(turn, 'awaiting_approval', because('forecast_drifted', { figures }));
  return true;
}

/** What an approval takes over: the forecast that was shown when it was asked for. */
export function agreedForecast({ forecast, forecastDrift }: Expansion): Partial<Expansion> {
  if (forecastDrift === null || forecast === null) return {};
  const now = forecastDrift.forecast;
  const nodes = forecast.nodes.map((node) => now.nodes.find(({ node: name }) => name === node.node) ?? node);
  const { batches, secondsTotal } = forecast;
  return { forecast: { ...now, nodes, batches, secondsTotal }, forecastDrift: null };
}

/** The forecast of what is left, from this turn's looks; null = they do not suffice. */
function forecastNow(turn: Turn, capabilitiesOf: (facts: NodeFacts) => Capabilities): Forecast | null {
  const { expansion, masterLook } = turn;
  if (masterLook?.kind !== 'answered' || !masterLook.facts.config || !masterLook.facts.sizes) return null;
  const left = expansion.joins.filter((join) => !isSettled(join.phase) && !isUnderWay(join));
  const inBatch = left.filter((join) => join.batch === expansion.currentBatch);
  if (inBatch.length === 0) return null;
  const { samples } = expansion.masterTracker;
  const first = samples[0];
  const last = samples.at(-1);
  return makeForecast({
    master: { target: expansion.master, facts: masterLook.facts },
    capabilities: expansion.capabilities ?? capabilitiesOf(masterLook.facts),
    nodes: inBatch.map((join) => {
      const look = turn.nodeLooks.get(join.index);
      return { target: join.target, facts: look?.kind === 'answered' ? look.facts : null };
    }),
    batches: [inBatch.map((join) => join.target.name)],
    policy: expansion.policy,
    writes: first && last ? writeRate(first, last, expansion.binlogFileSizeBytes) : null,
    learnt: measuredSyncs([expansion]),
  });
}
