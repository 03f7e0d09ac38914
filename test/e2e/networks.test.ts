/**
 * Networks that real clusters have, on real Pika (see pika.test.ts): nodes behind names and at one port, as in Kubernetes, which the
 * master lists by addresses that the request does not hold; ports of the master that the node cannot reach though the service can.
 * One file, because it builds the network of its namespace (see networks.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/model/expansion.ts';
import type { PikaNode } from '../support/pika.ts';
import { type Network, noNetworks, startNetwork, stopNetwork } from './networks.ts';
import { compare, expand, expandOne, fillDistinct, inTransfer, type Rig, receivedBytes } from './rig.ts';

const keys = 40_000;
const reason = noNetworks();
if (reason) console.log(`test/e2e/networks.test.ts is skipped: ${reason}.`);

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

describe.skipIf(reason !== null)('ports out of reach on real Pika', { timeout: 600_000 }, () => {
  let network: Network;
  let rig: Rig;
  let node: PikaNode;
  let ask: number;
  let files: number;

  beforeEach(async () => {
    network = await startNetwork(1, {});
    rig = network.rig;
    [node] = rig.slaves as [PikaNode];
    [ask, files] = [rig.master.port + 2000, rig.master.port + 10_001];
    await fillDistinct(rig.master, keys);
  }, 300_000);

  afterEach(() => stopNetwork(network), 120_000);

  it.each(['refused', 'silent'])(
    'port + 2000 is %s: one attempt, no copy, and the port is named',
    async (how) => {
      if (how === 'refused') network.refuse(node, ask);
      else network.silence(ask);
      const { phase, attempts, diagnosis, problem } = await expandOne(rig, node);
      expect([phase, attempts.length, diagnosis?.causes[0]?.code]).toEqual([
        'quarantined',
        1,
        'replication_port_closed',
      ]);
      expect(`${problem!.text} ${problem!.nextSteps.join(' ')}`).toContain('port + 2000');
      await isDetachedWithoutCopy();
    },
  );

  it('port + 2000 closes in mid-copy: one attempt, and the port is named', async () => {
    await node.send('CONFIG', 'SET', 'throttle-bytes-per-second', 5 * 1024 * 1024);
    const running = expandOne(rig, node);
    await inTransfer(rig);
    network.refuse(node, ask);
    const { phase, attempts, diagnosis } = await running;
    expect([phase, attempts.length, diagnosis?.causes[0]?.code]).toEqual([
      'quarantined',
      1,
      'replication_port_closed',
    ]);
    expect(String(await node.send('INFO', 'replication'))).toContain('role:master');
  });

  it.each(['refused', 'silent'])('port + 10001 is %s: no copy, and the port is named', async (how) => {
    if (how === 'refused') network.refuse(node, files);
    else network.silence(files);
    const { phase, attempts, diagnosis, problem } = await expandOne(rig, node);
    expect([phase, diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'rsync_port_closed']);
    expect(attempts.length).toBeLessThanOrEqual(2);
    expect(`${problem!.text} ${problem!.nextSteps.join(' ')}`).toContain('port + 10001');
    await isDetachedWithoutCopy();
  });

  it.each(['refused', 'silent'])(
    'port + 10001 is %s for 60 s only: verified and whole, in one copy',
    async (how) => {
      const open = how === 'refused' ? network.refuse(node, files) : network.silence(files);
      const running = expandOne(rig, node);
      await sleep(60_000);
      open();
      const { phase, progress } = await running;
      expect(phase).toBe('verified');
      expect((await receivedBytes(node)) / progress.snapshotBytes!).toBeLessThan(1.3);
      expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
    },
  );

  async function isDetachedWithoutCopy(): Promise<void> {
    expect(String(await node.send('INFO', 'replication'))).toContain('role:master');
    expect(await receivedBytes(node)).toBeLessThan(100_000);
  }
});
