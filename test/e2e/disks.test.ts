/**
 * Disks, on real Pika (see pika.test.ts): a node whose disk is smaller than the copy, or whose copy lies on another mount than its
 * data; a master that cannot write its dump, or is frozen in the middle of a copy; blob files. Mounts a tmpfs, for which it must be
 * root.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/model/expansion.ts';
import type { PikaNode } from '../support/pika.ts';
import {
  compare,
  expand,
  expandOne,
  inTransfer,
  pikaMissing,
  type Rig,
  receivedBytes,
  type SmallRigOptions,
  startSmallRig,
  stopRig,
} from './rig.ts';

const keys = 150_000;

const mount = (folder: string, ...options: readonly string[]): string | null => {
  const { status, stderr, error } = spawnSync('mount', [...options, 'tmpfs', folder], { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
};
const unmount = (folder: string): void => void spawnSync('umount', ['-l', folder]);

/** Why these tests cannot run here; null = they can. */
function whyNot(): string | null {
  if (pikaMissing) return pikaMissing;
  const folder = mkdtempSync(join(tmpdir(), 'pika-expander-disk-'));
  const refused = mount(folder, '-t', 'tmpfs', '-o', 'size=1m');
  unmount(folder);
  rmSync(folder, { recursive: true });
  return refused === null ? null : `a tmpfs cannot be mounted (${refused})`;
}

const reason = whyNot();
if (reason) console.log(`test/e2e/disks.test.ts is skipped: ${reason}.`);

describe.skipIf(reason !== null)('copies that have no end on real Pika', { timeout: 600_000 }, () => {
  let disk: string;
  let rig: Rig;
  let node: PikaNode;

  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'pika-expander-disk-'));
    expect(mount(disk, '-t', 'tmpfs', '-o', 'size=60m')).toBeNull();
    const throttle = { 'throttle-bytes-per-second': 20 * 1024 * 1024 };
    const onDisk = { 'db-path': `${disk}/db/`, 'db-sync-path': `${disk}/dbsync/` };
    rig = await startSmallRig({ portsAbove: 300, keys, settings: throttle, ofNodes: onDisk });
    [node] = rig.slaves as [PikaNode];
  }, 300_000);

  afterEach(async () => {
    try {
      await stopRig(rig);
    } finally {
      unmount(disk);
      await rm(disk, { recursive: true, force: true });
    }
  }, 120_000);

  const grow = (): void => expect(mount(disk, '-o', 'remount,size=700m')).toBeNull();

  it('a node with a disk of 60 MB is detached before two snapshots came, with the words', async () => {
    const ended = await expand(rig, [node]);
    const [{ problem, phase, attempts, phases, progress }] = ended.joins as [Expansion['joins'][number]];
    expect([ended.state, phase, attempts.length, problem?.code]).toEqual([
      'halted',
      'quarantined',
      1,
      'copy_without_end',
    ]);
    expect(problem!.text).toMatch(
      new RegExp(
        `^The node starts its copy again and again. ${node.name} has received \\d+ MB for a snapshot of 1\\d\\d MB, and still copies. The usual cause is a full disk: look at the free space of db-sync-path and db-path on ${node.name}.$`,
      ),
    );
    const detachedAt = (await eventsOf(ended)).find(({ type }) => type === 'node.detached')!.at;
    const copiedFrom = phases.find((each) => each.phase === 'transferring')!.at;
    const received = await receivedBytes(node);
    const ratio = received / progress.snapshotBytes!;
    console.log(
      `${node.name}: ${received} bytes came for a snapshot of ${progress.snapshotBytes} (${ratio.toFixed(2)}); first bytes to detach ${((detachedAt - copiedFrom) / 1000).toFixed(1)} s: ${problem!.text} ${problem!.nextSteps.join(' ')}`,
    );
    expect(ratio).toBeGreaterThan(1.5);
    expect(ratio).toBeLessThan(2);
    expect(String(await node.send('INFO', 'replication'))).toContain('role:master');
    await sleep(2000);
    // The last word of the closing connection is a few bytes; a copy would be megabytes.
    expect((await receivedBytes(node)) - received).toBeLessThan(1024);
  });

  it('room that appears in time: the node ends verified and whole, in one attempt', async () => {
    const running = expand(rig, [node]);
    while ((await receivedBytes(node)) < 100e6) await sleep(50);
    grow();
    await isVerifiedInOneAttempt(await running);
  });

  it('a master that is frozen in mid-transfer has all answered that was asked again: verified, in one attempt', async () => {
    grow();
    const running = expand(rig, [node]);
    await inTransfer(rig);
    process.kill(rig.master.pid, 'SIGSTOP');
    try {
      await sleep(12_000);
    } finally {
      process.kill(rig.master.pid, 'SIGCONT');
    }
    await isVerifiedInOneAttempt(await running);
  });

  async function isVerifiedInOneAttempt(ended: Expansion): Promise<void> {
    const [{ phase, attempts, progress }] = ended.joins as [Expansion['joins'][number]];
    console.log(`${progress.receivedBytes} bytes came for a snapshot of ${progress.snapshotBytes}`);
    expect([ended.state, phase, attempts.length]).toEqual(['succeeded', 'verified', 1]);
    expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
  }

  const eventsOf = async ({ id }: Expansion) =>
    rig.service.store.events({ expansionId: id, afterSeq: 0, limit: 1000 });
});

describe.skipIf(reason !== null)('dumps and copies that fail on real Pika', { timeout: 600_000 }, () => {
  let disk: string;
  let rig: Rig;
  let node: PikaNode;

  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'pika-expander-disk-'));
    expect(mount(disk, '-t', 'tmpfs', '-o', 'size=6m')).toBeNull();
  });

  afterEach(async () => {
    try {
      await stopRig(rig);
    } finally {
      unmount(disk);
      await rm(disk, { recursive: true, force: true });
    }
  }, 120_000);

  async function start(options: Partial<SmallRigOptions>): Promise<void> {
    rig = await startSmallRig({ portsAbove: 400, keys: 40_000, ...options });
    [node] = rig.slaves as [PikaNode];
  }

  const isWhole = async (): Promise<void> =>
    expect(await compare(rig.master, node)).toEqual({ keys: 40_000, missing: 0, foreign: 0, different: 0 });

  it.each(['a full disk', 'a file in place of its folder'])(
    'the dump of the master fails for %s: no copy, and the words',
    async (how) => {
      await start(how === 'a full disk' ? { ofMaster: { 'dump-path': `${disk}/dump/` } } : {});
      if (how !== 'a full disk') {
        await rm(`${rig.master.folder}/dump`, { recursive: true, force: true });
        await writeFile(`${rig.master.folder}/dump`, '');
      }
      const { phase, attempts, diagnosis, problem } = await expandOne(rig, node);
      expect([phase, diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'dump_failed']);
      expect(attempts.length).toBeLessThanOrEqual(2);
      expect(`${problem!.text} ${problem!.nextSteps.join(' ')}`).toContain('dump-path');
      expect(await receivedBytes(node)).toBeLessThan(200_000);
      expect(String(await node.send('INFO', 'replication'))).toContain('role:master');
    },
  );

  it('the disk of the dump gets room, and the operator makes a dump: verified and whole', async () => {
    await start({ ofMaster: { 'dump-path': `${disk}/dump/` } });
    const running = expandOne(rig, node);
    while ((await receivedBytes(node)) < 2000) await sleep(50);
    expect(mount(disk, '-o', 'remount,size=700m')).toBeNull();
    await rig.master.send('BGSAVE');
    const { state, attempts } = await running;
    expect(state).toBe('succeeded');
    expect(attempts.length).toBeLessThanOrEqual(2);
    await isWhole();
  });

  it('the copy lies on another mount than the data: one attempt, and its old data are kept', async () => {
    expect(mount(disk, '-o', 'remount,size=700m')).toBeNull();
    await start({ ofNodes: { 'db-sync-path': `${disk}/dbsync/` } });
    const { phase, attempts, problem, diagnosis } = await expandOne(rig, node);
    expect([phase, attempts.length]).toEqual(['quarantined', 1]);
    // INFO stats, rocksdb and data end such a node on 3.5.4 and 4.0.1: no look asks for them while a state is Error. On a busy
    // machine the copy may fail to open between a look's question for the states and its next one.
    const cause = diagnosis?.causes[0]?.code;
    if (node.isRunning())
      expect([problem!.code, cause]).toEqual(['copy_not_opened', 'copy_on_another_mount']);
    else {
      expect(problem!.code).toBe('node_unreachable');
      expect(problem!.nextSteps[0]).toMatch(/db\/<db>_bak .*db-sync-path on the mount of db-path/);
    }
    expect(existsSync(`${node.folder}/db/db0_bak`)).toBe(true);
  });

  it('blob files count: the size of the snapshot is right, and so is the rule of the bytes', async () => {
    const blobs = { 'enable-blob-files': 'yes', 'min-blob-size': 512, 'blob-file-size': '16M' };
    await start({ settings: { ...blobs, 'blob-compression-type': 'none' } });
    const { state, attempts, evidence, progress } = await expandOne(rig, node);
    expect([state, attempts.length]).toEqual(['succeeded', 1]);
    expect(evidence!.rules.find(({ rule }) => rule === 'bytes_received')!.holds).toBe(true);
    const ratio = (await receivedBytes(node)) / progress.snapshotBytes!;
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.3);
    await isWhole();
  });
});
