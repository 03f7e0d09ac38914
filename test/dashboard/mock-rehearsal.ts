import type { JoinPhase } from '../../src/model/expansion.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import type { Played, PlayedNode, PlayedRun } from '../../src/model/views/rehearsal.ts';
import { said } from '../support/said.ts';

const copySeconds = 34;
const phasesFrom = (start: number, copy = copySeconds): PlayedNode['phases'] => {
  const steps: readonly (readonly [JoinPhase, number])[] = [
    ['waiting', -start],
    ['preflight', 0],
    ['attaching', 1],
    ['snapshotting', 2],
    ['transferring', 3],
    ['swapping', 3 + copy],
    ['catching_up', 4 + copy],
    ['verifying', 5 + copy],
    ['verified', 7 + copy],
  ];
  return steps.map(([phase, at]) => ({ phase, atSeconds: start + at }));
};

function run(plan: Plan, more: { readonly delay?: number; readonly anomaly?: string } = {}): PlayedRun {
  const { delay = 0, anomaly } = more;
  const each = copySeconds + 7;
  const nodes = plan.batches.flatMap((names, batch) =>
    names.map((node, index): PlayedNode => {
      const hit = batch === 0 && index === 0 && anomaly !== undefined;
      const start = batch * each + (batch > 0 ? delay : 0);
      return {
        node,
        batch,
        phase: 'verified',
        attempts: hit ? 2 : 1,
        phases: phasesFrom(start, hit ? copySeconds + delay : copySeconds),
        anomalies: hit ? [anomaly] : [],
        lostKeys: 0,
      };
    }),
  );
  return {
    state: 'succeeded',
    stateReason: said('all nodes verified'),
    seconds: plan.batches.length * each + delay,
    dumps: plan.batches.length,
    nodes,
  };
}

/** What a rehearsal of this plan could have told. */
export function rehearsalOf(plan: Plan): Played {
  const names = plan.batches.flat();
  return {
    planId: plan.id,
    version: plan.capabilities?.version ?? '3.5.4',
    assumptions: [
      'All nodes are simulated Pika 3.5.4; they hold few keys that weigh as much as the master’s tables.',
      'Approvals, time windows, vetoes and other expansions are left out.',
    ],
    predicted: run(plan),
    faults: [
      {
        ...run(plan, { delay: 48, anomaly: 'node_restarted' }),
        fault: 'node_dies',
        text: 'The first node dies in the middle of its copy and is started again 30 s later (recording 17).',
      },
      {
        ...run(plan, { delay: 41, anomaly: 'snapshot_superseded' }),
        fault: 'nightly_bgsave',
        text: 'A backup job runs BGSAVE on the master in the middle of the first copy (recordings 30 and 32).',
      },
      {
        ...run(plan, { delay: 72, anomaly: 'master_restarted' }),
        fault: 'master_restarts',
        text: 'The master dies in the middle of the first copy and is started again 30 s later (recording 18).',
      },
    ],
    burst: {
      gapSeconds: 5,
      seconds: 58,
      dumps: names.length,
      nodes: names.map((node, index) => {
        if (index === names.length - 1)
          return { node, says: 'up', upAtSeconds: 52, lostKeys: 0, lostShare: 0 };
        if (index === 1) return { node, says: 'dead', upAtSeconds: null, lostKeys: 0, lostShare: 0 };
        return { node, says: 'up', upAtSeconds: 16, lostKeys: 280_972, lostShare: 0.484 };
      }),
    },
    tookMs: 2_140,
  };
}
