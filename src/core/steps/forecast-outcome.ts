/** What an expansion was, side by side with what had been forecast. Part of `decide`, at its end. */

import type { Expansion, Join } from '../../model/expansion.ts';
import type { Figure, ForecastOutcome, ForecastRange } from '../../model/forecast.ts';
import { measuredSync } from '../plan/learning.ts';
import { patch, say, type Turn } from './turn.ts';

/** Stores forecast and reality side by side, and says how far apart they are. */
export function compareForecast(turn: Turn): void {
  const outcome = forecastOutcome(turn.expansion);
  if (outcome === null) return;
  patch(turn, { forecastOutcome: outcome });
  const { forecast, real, error } = outcome.secondsTotal;
  if (forecast === null || real === null || error === null) return;
  say(turn, 'forecast.compared', { secondsTotal: { forecast, real, error } });
}

/** null = there was no forecast. */
function forecastOutcome(expansion: Expansion): ForecastOutcome | null {
  const { forecast } = expansion;
  if (forecast === null) return null;
  return {
    secondsTotal: figure(forecast.secondsTotal, workSeconds(expansion)),
    nodes: expansion.joins.flatMap((join) => {
      const planned = forecast.nodes.find((node) => node.node === join.target.name);
      const measured = measuredSync(expansion, join);
      if (!planned) return [];
      return {
        node: join.target.name,
        transferSeconds: figure(planned.transferSeconds, measured?.transferSeconds ?? null),
        bytesPerSecond: figure(planned.bytesPerSecond, measured?.bytesPerSecond ?? null),
        bytes: figure(forecast.bytesPerNode, measured?.bytes ?? null),
      };
    }),
  };
}

function figure(forecast: ForecastRange | null, real: number | null): Figure {
  const known = forecast !== null && real !== null && forecast.expected > 0;
  return { forecast, real, error: known ? (real - forecast.expected) / forecast.expected : null };
}

/** null unless every node was verified: a halted or cut one says nothing of the forecast. */
function workSeconds(expansion: Expansion): number | null {
  if (!expansion.joins.every((join) => join.phase === 'verified')) return null;
  const batches = Math.max(...expansion.joins.map((join) => join.batch ?? 0)) + 1;
  let totalMs = (batches - 1) * expansion.policy.pauseBetweenBatchesMs;
  for (let batch = 0; batch < batches; batch += 1) {
    const members = expansion.joins.filter((join) => join.batch === batch);
    totalMs += Math.max(...members.map(endOf)) - Math.min(...members.map(startOf));
  }
  return totalMs / 1000;
}

const startOf = (join: Join): number => join.attempts[0]?.startedAt ?? join.phaseSince;
const endOf = (join: Join): number => join.attempts.at(-1)?.endedAt ?? join.phaseSince;
