import { expect, test } from 'vitest';
import { agentWishes } from '../../../src/core/steps/agent-orders.ts';
import { wantedLooks } from '../../../src/core/steps/wanted-looks.ts';
import { latestSizedAt } from '../../../src/core/sync/master-tracker.ts';
import { begin, isIn } from './played-expansion.ts';

test('in a copy the size of the master is read again after five seconds, and at once when the clock was set back further', async () => {
  const { comesTo } = await begin({ nodes: ['n1'] });
  const isCopying = isIn(0, 'transferring');
  const expansion = await comesTo(
    'its files',
    (now) => isCopying(now) && now.masterTracker.dumps.every(({ sstBytesAfter }) => sstBytesAfter !== null),
  );
  const sizedAt = latestSizedAt(expansion.masterTracker.samples)!;
  const asksSize = (now: number): boolean => wantedLooks(expansion, now)!.master.includes('sizes');
  expect([sizedAt + 1000, sizedAt + 5000, sizedAt - 5000].map(asksSize)).toEqual([false, true, true]);
});

test.each([
  ['3.5.4', [0, 2000, 10_001], []],
  ['3.3.6', [0, 2000], [1000]],
] as const)('before SLAVEOF agents try the ports that %s needs', async (version, ofMaster, ofNode) => {
  const { comesTo } = await begin({ version, nodes: ['n1'] });
  const attached = await comesTo('its files', isIn(0, 'transferring'));
  const [node] = attached.joins;
  const expansion = { ...attached, joins: [{ ...node!, phase: 'preflight' as const }] };
  const wishes = agentWishes(expansion);
  const shifts = (of: string, { port }: { readonly port: number }) =>
    wishes.get(of)!.tryPorts.map((to) => to.port - port);
  expect(shifts(node!.target.name, expansion.master.seenAs)).toEqual(ofMaster);
  expect(shifts(expansion.master.name, node!.target.seenAs)).toEqual(ofNode);
});
