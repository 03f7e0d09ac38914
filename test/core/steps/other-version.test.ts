import { expect, test } from 'vitest';
import { begin, ended } from './played-expansion.ts';

test('a slave of 3.5.4 that opens a superseded copy is not verified under a master of 3.5.5', async () => {
  const run = await begin({ version: '3.5.5', slaves: '3.5.4', nodes: ['n1'] });
  await run.comesTo('a copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 50_000_000);
  run.cluster.fault.nextSuperseded('n1', 'loss');
  run.cluster.fault.bgsave('m');
  const { joins, state } = await run.comesTo('its end', ended);
  expect(state).toBe('succeeded');
  expect(joins[0]!.anomalies.map(({ code, remedy }) => [code, remedy])).toContainEqual([
    'snapshot_superseded',
    'reattach',
  ]);
  expect(joins[0]!.attempts).toHaveLength(2);
  expect(run.cluster.observe('n1').lost).toBe(0);
});
