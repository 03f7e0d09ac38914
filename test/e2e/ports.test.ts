/**
 * Ports of the master that the node cannot reach though the service can, on real Pika (see pika.test.ts): port + 2000, through
 * which it asks, and port + 10001, through which the files come; for good, and for a while.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PikaNode } from '../support/pika.ts';
import { type Network, noNetworks, startNetwork, stopNetwork } from './networks.ts';
import { compare, expandOne, fillDistinct, type Rig, receivedBytes } from './rig.ts';

const keys = 40_000;
const reason = noNetworks();
if (reason) console.log(`test/e2e/ports.test.ts is skipped: ${reason}.`);

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

  it.each(['refused', 'silent'])('port + 10001 is %s: no copy, and the port is named', async (how) => {
    if (how === 'refused') network.refuse(node, files);
    else network.silence(files);
    const { phase, attempts, diagnosis, problem } = await expandOne(rig, node);
    expect([phase, diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'files_port_closed']);
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
