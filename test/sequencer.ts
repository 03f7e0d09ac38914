import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first: the end of a run must not wait for one that began late. */
const long = [
  'crash/crash-points',
  'simulation/simulation',
  'dashboard/access',
  'work/campaign/service',
  'demo/demo',
  'dashboard/schedule',
  'simulation/defects',
  'service/hostile-nodes',
  'work/comparison/handler',
  'chaos/chaos',
  'dashboard/expansion',
  'compare/faults',
  'compare/large',
  'compare/caps',
  'queue/service',
  'queue/doorbell',
  'store/embedded',
  'compare/memory',
  'scheduling/scheduling',
  'core/steps/situations',
  'rehearsal/rehearse',
  'core/steps/right-before-slaveof',
  'core/steps/decide',
  'chaos/recorder',
].map((name) => `test/${name}.test.ts`);

/**
 * Mixes the projects, so that what waits (for leases, servers, pages) runs beside what computes. Unit tests stay together, at
 * the end: a worker goes from one to the next.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      const at = long.indexOf(relative(this.ctx.config.root, moduleId));
      return (at < 0 ? long.length : at) + (project.name === 'unit' ? long.length + 1 : 0);
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
