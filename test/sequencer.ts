import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first: the end of a run must not wait for one that began late. */
const long = [
  'crash/crash-points',
  'dashboard/access',
  'simulation/simulation',
  'chaos/failover',
  'service/hostile-nodes',
  'demo/demo',
  'work/campaign/service',
  'simulation/defects',
  'chaos/chaos',
  'security/routes',
  'dashboard/expansion',
  'service/serve',
  'dashboard/schedule',
  'work/comparison/handler',
  'work/replacement/service',
  'scheduling/scheduling',
  'dashboard/service',
  'compare/faults',
  'work/guard/service',
  'rehearsal/rehearse',
  'dashboard/live',
  'queue/service',
  'compare/large',
  'store/embedded',
  'dashboard/channels',
  'compare/caps',
  'dashboard/campaigns',
  'dashboard/chinese',
  'work/audit/service',
  'core/steps/situations',
  'service/languages',
  'work/audit/handler',
  'queue/doorbell',
  'security/trail',
  'compare/memory',
  'scheduling/retention',
  'dashboard/tokens',
  'core/steps/agents',
  'evidence/verify',
  'replay/log-variants',
  'core/steps/right-before-slaveof',
  'core/steps/decide',
  'chaos/recorder',
].map((name) => `test/${name}.test.ts`);

/**
 * Mixes what waits (for leases, servers, pages) with what computes. Tests that share processes come last: a worker goes from one to the
 * next, and ends where the next has a process of its own.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      const at = long.indexOf(relative(this.ctx.config.root, moduleId));
      return (at < 0 ? long.length : at) + (project.config.isolate ? 0 : long.length + 1);
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
