import { expect, test } from 'vitest';
import { processContext, speaking } from '../../../src/cli/context.ts';
import { silentText } from '../../../src/cli/render/expansion.ts';
import { styleFor } from '../../../src/cli/style.ts';
import { begin } from './played-expansion.ts';

test('a node that is killed in the middle of its copy shows no rate and no rest, but when its attempt ends', async () => {
  const run = await begin({ nodes: ['n1'], policy: { nodeDownTimeoutMs: 60_000 } });
  const copying = await run.comesTo(
    'a measured copy',
    ({ joins }) => joins[0]!.progress.remainingSeconds !== null,
  );
  expect(copying.joins[0]!.progress.silent).toBeNull();

  run.cluster.fault.crash('n1');
  const { joins } = await run.comesTo('silence', (e) => Boolean(e.joins[0]!.progress.silent));
  const [dead] = joins;
  expect(dead!.phase).toBe('transferring');
  expect(dead!.progress).toMatchObject({ bytesPerSecond: null, remainingSeconds: null, lagBytes: null });
  expect(dead!.progress.receivedBytes).toBeGreaterThan(0);
  const { since, attemptEndsAt } = dead!.progress.silent!;
  expect(attemptEndsAt - since).toBe(60_000);
  expect(silentText(dead!, since + 28_000, styleFor(speaking('en', processContext())))).toMatch(
    /^unreachable for 28.* s, the attempt ends in 32.* s$/,
  );
  const told = (await run.store.events({ expansionId: 'e', afterSeq: 0, limit: 200 })).find(
    ({ type }) => type === 'node.anomaly',
  );
  expect(told!.text).toContain('cannot be reached');
  expect(told!.text).not.toContain('for 0 s');

  const ended = await run.comesTo('its end', (e) => e.joins[0]!.phase === 'quarantined');
  expect(ended.joins[0]!.phaseSince).toBeGreaterThanOrEqual(attemptEndsAt);
  expect(ended.joins[0]!.phaseSince).toBeLessThan(attemptEndsAt + 5000);
});

test('figures of a node whose master is silent are those of the node alone', async () => {
  const run = await begin({ nodes: ['n1'] });
  await run.comesTo('a measured copy', ({ joins }) => joins[0]!.progress.remainingSeconds !== null);
  run.cluster.fault.crash('m');
  const { joins } = await run.comesTo('silence', (e) => e.masterTracker.silentSince !== null);
  expect(joins[0]!.progress.lagBytes).toBeNull();
});

test('a node that takes SLAVEOF and then no longer replies is waited for as long as the policy says, and no longer', async () => {
  const run = await begin({ nodes: ['n1'], policy: { nodeDownTimeoutMs: 20_000 } });
  await run.until(async () => run.cluster.node('n1').master !== null, 10_000);
  run.cluster.fault.stall('n1', 3_600_000);
  const { joins } = await run.comesTo('silence', (e) => Boolean(e.joins[0]!.progress.silent));
  const { how, since, attemptEndsAt } = joins[0]!.progress.silent!;
  expect([how, attemptEndsAt - since]).toEqual(['busy', 20_000]);
  const ended = await run.comesTo('quarantine', (e) => e.joins[0]!.phase === 'quarantined');
  expect(ended.joins[0]!.phaseSince - since).toBeLessThan(26_000);
  expect(ended.joins[0]!.problem).toMatchObject({ code: 'node_unreachable' });
  expect(ended.joins[0]!.problem!.text).toContain('its process runs and hangs. Look at its threads');
});
