/** Plays a plan before it is carried out: as it should go, with what the recordings know to go wrong, and as a burst. */

import type { Policy } from '../model/policy.ts';
import { refuse } from '../model/refusal.ts';
import type { Plan } from '../model/views/plan.ts';
import type { FaultName, FaultRun, Played } from '../model/views/rehearsal.ts';
import { playBurst } from './burst.ts';
import { masterId, nodeId, type RehearsedFacts, rehearsedFacts, startWrites } from './model.ts';
import { type Fault, play } from './play.ts';

const downMs = 30_000;

const faults: readonly { readonly fault: FaultName; readonly text: string; readonly run: Fault }[] = [
  {
    fault: 'node_dies',
    text: 'The first node dies in the middle of its copy and is started again 30 s later (recording 17).',
    run: (cluster, _facts, at) => {
      cluster.world.clock.at(at, () => cluster.fault.crash(nodeId(0)));
      cluster.world.clock.at(at + downMs, () => cluster.fault.restart(nodeId(0)));
    },
  },
  {
    fault: 'nightly_bgsave',
    text: 'A backup job runs BGSAVE on the master in the middle of the first copy (recordings 30 and 32).',
    run: (cluster, _facts, at) => {
      cluster.world.clock.at(at, () => cluster.fault.bgsave(masterId));
    },
  },
  {
    fault: 'master_restarts',
    text: 'The master dies in the middle of the first copy and is started again 30 s later (recording 18).',
    run: (cluster, facts, at) => {
      cluster.world.clock.at(at, () => cluster.fault.crash(masterId));
      cluster.world.clock.at(at + downMs, () => {
        cluster.fault.restart(masterId);
        startWrites(cluster, facts);
      });
    },
  },
];

/** Five runs stay within what a client waits for an answer. */
const defaultRealLimitPerRunMs = 5_000;

/** Plays the plan; a run that takes more real time than the limit ends `unfinished`. Throws Refusal where it cannot be played. */
export async function rehearse(
  plan: Plan,
  policy: Policy,
  realLimitPerRunMs = defaultRealLimitPerRunMs,
): Promise<Played> {
  const facts = rehearsedFacts(plan);
  if ('cause' in facts) throw refuse('cannot_be_rehearsed', facts, { findings: plan.findings });
  const startedAt = performance.now();
  const options = { seed: 'rehearsal', realLimitMs: realLimitPerRunMs };
  const predicted = await play(facts, policy, { ...options, fault: null });
  const runs: FaultRun[] = [];
  for (const { fault, text, run } of faults)
    runs.push({ fault, text, ...(await play(facts, policy, { ...options, fault: run })) });
  const burst = await playBurst(facts, options);
  return {
    planId: plan.id,
    version: facts.version,
    assumptions: assumptionsOf(facts),
    predicted,
    faults: runs,
    burst,
    tookMs: Math.round(performance.now() - startedAt),
  };
}

const assumptionsOf = (facts: RehearsedFacts): readonly string[] => [
  `All nodes are simulated Pika ${facts.version}; they hold few keys that weigh as much as the master's tables.`,
  'Every node is empty, copies at the rate that the forecast expects, and nothing else uses the network.',
  'Approvals, time windows, vetoes and other expansions are left out.',
  ...(facts.writeBytesPerSecond > 0
    ? []
    : ['The write rate was not measured, or nothing was written: nothing is.']),
];
