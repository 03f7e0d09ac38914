/** Plays a plan before it is carried out: as it should go, with what the recordings know to go wrong, and as a burst. */

import type { Policy } from '../model/policy.ts';
import { reasonFor } from '../model/reasons.ts';
import { refuse } from '../model/refusal.ts';
import { assumptionTexts, playedFaultTexts } from '../model/rehearsal-texts.ts';
import { nobody, type Reader } from '../model/text.ts';
import type { Plan } from '../model/views/plan.ts';
import type { FaultName, FaultRun, Played, PlayedRun } from '../model/views/rehearsal.ts';
import { playBurst } from './burst.ts';
import { masterId, nodeId, type RehearsedFacts, rehearsedFacts, startWrites } from './model.ts';
import { type Fault, play } from './play.ts';

const downMs = 30_000;

const faults: readonly { readonly fault: FaultName; readonly run: Fault }[] = [
  {
    fault: 'node_dies',
    run: (cluster, _facts, at) => {
      cluster.world.clock.at(at, () => cluster.fault.crash(nodeId(0)));
      cluster.world.clock.at(at + downMs, () => cluster.fault.restart(nodeId(0)));
    },
  },
  {
    fault: 'nightly_bgsave',
    run: (cluster, _facts, at) => {
      cluster.world.clock.at(at, () => cluster.fault.bgsave(masterId));
    },
  },
  {
    fault: 'master_restarts',
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

/**
 * Plays the plan, and tells of it in the words of this reader. A run that takes more real time than the limit ends `unfinished`.
 * Throws Refusal where it cannot be played.
 */
export async function rehearse(
  plan: Plan,
  policy: Policy,
  reader: Reader = nobody,
  realLimitPerRunMs = defaultRealLimitPerRunMs,
): Promise<Played> {
  const facts = rehearsedFacts(plan);
  if ('cause' in facts) throw refuse('cannot_be_rehearsed', facts, { findings: plan.findings });
  const startedAt = performance.now();
  const options = { seed: 'rehearsal', realLimitMs: realLimitPerRunMs };
  const told = (run: PlayedRun): PlayedRun => ({
    ...run,
    stateReason: run.stateReason && reasonFor(run.stateReason, reader),
  });
  const predicted = told(await play(facts, policy, { ...options, fault: null }));
  const runs: FaultRun[] = [];
  for (const { fault, run } of faults) {
    const text = playedFaultTexts[fault][reader.language]({}, reader);
    runs.push({ fault, text, ...told(await play(facts, policy, { ...options, fault: run })) });
  }
  const burst = await playBurst(facts, options);
  return {
    planId: plan.id,
    version: facts.version,
    assumptions: assumptionsOf(facts, reader),
    predicted,
    faults: runs,
    burst,
    tookMs: Math.round(performance.now() - startedAt),
  };
}

function assumptionsOf({ version, writeBytesPerSecond }: RehearsedFacts, reader: Reader): readonly string[] {
  const { simulated_nodes, empty_nodes, left_out, no_writes } = assumptionTexts;
  const writes = writeBytesPerSecond > 0 ? [] : [no_writes];
  return [simulated_nodes, empty_nodes, left_out, ...writes].map((each) =>
    each[reader.language]({ version }, reader),
  );
}
