import { expect, test, vi } from 'vitest';
import { begin } from '../core/steps/played-expansion.ts';

vi.setConfig({ testTimeout: 300_000 });

test('promise 8: a node is told to follow no master that is not allowed for the password any more', async () => {
  const listed = { username: null, password: 'of-all-nodes', nodes: ['198.51.100.0/24'], ownList: true };
  const run = await begin({ nodes: ['n1'], credentials: { get: () => listed, names: [] } });
  const { joins } = await run.comesTo('a halt', ({ state }) => state === 'halted');
  expect(joins[0]).toMatchObject({
    phase: 'failed',
    problem: { code: 'follow_not_allowed', text: expect.stringMatching(/not allow .* sent no SLAVEOF/) },
  });
  expect(joins[0]!.problem!.nextSteps[0]).toContain('PIKA_NODES');
  expect(run.masterOf('n1')).toBeNull();
});
