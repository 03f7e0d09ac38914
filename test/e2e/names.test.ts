/**
 * Nodes behind names and at one port, as in Kubernetes, on real Pika (see pika.test.ts): a master lists them by addresses that
 * the request does not hold. No healthy node is copied again for it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/model/expansion.ts';
import { type Network, noNetworks, startNetwork, stopNetwork } from './networks.ts';
import { compare, expand, fillDistinct, inTransfer, receivedBytes } from './rig.ts';

const keys = 40_000;
const reason = noNetworks();
if (reason) console.log(`test/e2e/names.test.ts is skipped: ${reason}.`);

describe.skipIf(reason !== null)('nodes behind names at one port on real Pika', { timeout: 600_000 }, () => {
  let network: Network;

  beforeEach(async () => {
    network = await startNetwork(3, { 'throttle-bytes-per-second': 5 * 1024 * 1024 });
    await fillDistinct(network.rig.master, keys);
  }, 300_000);

  afterEach(() => stopNetwork(network), 120_000);

  it('three nodes in one batch: each verified in one copy, and whole', async () => {
    const { rig } = network;
    const ended = await expand(rig, rig.slaves);
    await areWhole(ended, [1, 1, 1]);
    for (const [i, node] of rig.slaves.entries())
      expect((await receivedBytes(node)) / ended.joins[i]!.progress.snapshotBytes!).toBeLessThan(1.3);
  });

  it('a node that comes back under another address in mid-transfer: all end verified and whole, the others in one copy', async () => {
    const { rig } = network;
    const moved = rig.slaves[0]!;
    const running = expand(rig, rig.slaves);
    await inTransfer(rig);
    await moved.kill();
    network.move(moved);
    await moved.start();
    const ended = await running;
    // It can go on from its own offset without a full sync; its copy of before is not whole then.
    await areWhole(ended, [ended.joins[0]!.attempts.length, 1, 1]);
    expect(ended.joins[0]!.attempts.length).toBeLessThanOrEqual(2);
    expect(ended.joins[0]!.anomalies.map(({ code }) => code)).toContain('node_restarted');
  });

  async function areWhole({ state, joins }: Expansion, attemptsOfEach: readonly number[]): Promise<void> {
    const { rig } = network;
    expect([state, joins.map(({ phase, attempts }) => [phase, attempts.length])]).toEqual([
      'succeeded',
      attemptsOfEach.map((attempts) => ['verified', attempts]),
    ]);
    for (const node of rig.slaves)
      expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
  }
});
