import { expect, test } from 'vitest';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { PolicyInput } from '../../../src/model/policy.ts';
import { MB } from '../../scheduling/virtual-service.ts';
import { begin } from './played-expansion.ts';

const halted = ({ state }: Expansion): boolean => state === 'halted';

/** A node with a throttle of 20 MB/s whose requests for files get no answer in time. */
const shortOfTime = (version: '3.5.4' | '3.5.5' | '4.0.1', timeoutMs: number, policy: PolicyInput = {}) =>
  begin({
    version,
    nodes: ['n1'],
    policy,
    before: (cluster) => {
      const { settings } = cluster.node('n1');
      settings.set('throttle-bytes-per-second', String(20 * MB));
      settings.set('rsync-timeout-ms', String(timeoutMs));
    },
  });

test.each([
  ['3.5.4', 250],
  ['3.5.5', 250],
  ['4.0.1', 250],
  ['4.0.1', 60_000],
] as const)(
  'a node of %s with rsync-timeout-ms 20 is detached before two snapshots came, and told why (looks every %i ms)',
  async (version, lookIntervalMs) => {
    const { comesTo, masterOf, cluster } = await shortOfTime(version, 20, { lookIntervalMs });
    const [join] = (await comesTo('a halt', halted)).joins;
    const { diagnosis, problem, attempts, progress } = join!;
    expect([problem!.code, attempts.length, diagnosis!.remedy.kind]).toEqual([
      'copy_without_end',
      1,
      'person',
    ]);
    expect(diagnosis!.causes.map(({ code }) => code)).toEqual(['requests_time_out', 'disk_full']);
    expect(problem!.text).toContain('Likely cause: Requests for files time out');
    expect(problem!.text).not.toContain('full disk');
    expect(problem!.nextSteps[0]).toContain('CONFIG SET rsync-timeout-ms 1000');
    expect(masterOf('n1')).toBeNull();
    const { replIn } = cluster.node('n1').counters;
    expect(replIn / progress.snapshotBytes!).toBeGreaterThan(1.4);
    expect(replIn / progress.snapshotBytes!).toBeLessThan(2);
  },
);

test('a node of 3.5.4 that gives the list of files up at once has opened no copy: the words name the setting', async () => {
  const { comesTo, masterOf } = await shortOfTime('3.5.4', 1);
  const [join] = (await comesTo('a halt', halted)).joins;
  const { diagnosis, problem, attempts } = join!;
  expect([problem!.code, attempts.length]).toEqual(['hung_in_full_sync', 1]);
  expect(diagnosis!.causes[0]!.code).toBe('requests_time_out');
  expect(problem!.nextSteps[0]).toContain('CONFIG SET rsync-timeout-ms 1000');
  expect(masterOf('n1')).toBeNull();
});
