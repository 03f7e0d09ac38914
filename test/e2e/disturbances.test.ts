/**
 * What other tools and people do while a node copies, on real Pika (see pika.test.ts): BGSAVE by a cron job, FLUSHDB, another
 * password on the master, frozen processes, and a batch size of one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { PikaNode } from '../support/pika.ts';
import {
  compare,
  expand,
  expandOne,
  inTransfer,
  pikaMissing,
  type Rig,
  receivedBytes,
  startSmallRig,
  stopRig,
} from './rig.ts';

if (pikaMissing) console.log(`test/e2e/disturbances.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('disturbances on real Pika', { timeout: 600_000 }, () => {
  let rig: Rig;

  afterEach(() => stopRig(rig), 120_000);

  async function start(keys: number, nodes = 1): Promise<PikaNode> {
    rig = await startSmallRig({ portsAbove: 600, keys, nodes });
    return rig.slaves[0]!;
  }

  /** BGSAVE on the master, again and again until `running` has ended. */
  async function bgsaveEvery<T>(everyMs: number, running: Promise<T>): Promise<T> {
    let ended = false;
    void running.finally(() => {
      ended = true;
    });
    while (!ended) {
      await sleep(everyMs);
      await rig.master.send('BGSAVE');
    }
    return running;
  }

  const isWhole = async (node: PikaNode, keys: number): Promise<void> =>
    expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });

  it('BGSAVE each 20 s, and a copy of 8 s: verified and whole', async () => {
    const node = await start(40_000);
    const { state } = await bgsaveEvery(20_000, expandOne(rig, node));
    expect(state).toBe('succeeded');
    await isWhole(node, 40_000);
  });

  it('BGSAVE each 20 s, and a copy of 40 s: whole where it ends, else the words say why it cannot', async () => {
    const node = await start(200_000);
    const { state, phase, diagnosis, progress } = await bgsaveEvery(20_000, expandOne(rig, node));
    expect((await receivedBytes(node)) / progress.snapshotBytes!).toBeLessThan(2);
    if (state === 'succeeded') return isWhole(node, 200_000);
    expect([phase, diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'snapshot_superseded']);
    expect(String(await node.send('INFO', 'replication'))).toContain('role:master');
  });

  it('FLUSHDB in the copy: no second copy', async () => {
    const node = await start(40_000);
    const running = expandOne(rig, node);
    await inTransfer(rig);
    await rig.master.send('FLUSHDB');
    await rig.master.send('SET', 'after', 'it');
    const { state, attempts, diagnosis } = await running;
    expect(attempts).toHaveLength(1);
    if (state === 'succeeded') await isWhole(node, 1);
    else expect(diagnosis?.causes[0]?.code).toBe('lost_after_flush');
  });

  it('another password on the master in the copy: verified, or the words name the password where somebody had to log in again', async () => {
    const node = await start(40_000);
    const running = expandOne(rig, node);
    await inTransfer(rig);
    await rig.master.send('CONFIG', 'SET', 'requirepass', 'changed');
    const { state, attempts, problem } = await running;
    expect(attempts).toHaveLength(1);
    if (state === 'succeeded') await isWhole(node, 40_000);
    else expect([problem!.text, ...problem!.nextSteps].join(' ')).toMatch(/masterauth|NOAUTH/);
  });

  it('a node that is frozen for 2 min in the copy: verified and whole', async () => {
    const node = await start(40_000);
    const running = expandOne(rig, node);
    await inTransfer(rig);
    process.kill(node.pid, 'SIGSTOP');
    try {
      await sleep(120_000);
    } finally {
      process.kill(node.pid, 'SIGCONT');
    }
    const { state } = await running;
    expect(state).toBe('succeeded');
    await isWhole(node, 40_000);
  });

  it('six nodes with a batch size of one: each verified and whole, in one copy, one after another', async () => {
    await start(20_000, 6);
    const { state, joins } = await expand(rig, rig.slaves, {}, { batchSize: 1 });
    expect([state, joins.map(({ attempts }) => attempts.length)]).toEqual(['succeeded', [1, 1, 1, 1, 1, 1]]);
    for (const [i, node] of rig.slaves.entries()) {
      await isWhole(node, 20_000);
      expect((await receivedBytes(node)) / joins[i]!.progress.snapshotBytes!).toBeLessThan(1.3);
    }
  });
});
