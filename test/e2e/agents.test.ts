/**
 * With an agent on the host, on real Pika (see pika.test.ts): the files of a full sync are proven, and what went wrong is named by the
 * logs. Mounts a tmpfs and closes a port, for which it must be root in namespaces of its own (see networks.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyInput } from '../../src/model/policy.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import type { PikaNode } from '../support/pika.ts';
import { noNetworks } from './networks.ts';
import {
  ask,
  compare,
  expandOne,
  inTransfer,
  pikaMissing,
  type Rig,
  type SmallRigOptions,
  startAgent,
  startSmallRig,
  stopRig,
} from './rig.ts';

const reason = pikaMissing ?? noNetworks();
if (reason) console.log(`test/e2e/agents.test.ts is skipped: ${reason}.`);

const keys = 40_000;
const proven: PolicyInput = { requireAgent: true, verify: { fileHashes: true } };

function sh(command: string): void {
  const { status, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

describe.skipIf(reason !== null)('with an agent, on real Pika', { timeout: 400_000 }, () => {
  let rig: Rig;
  let node: PikaNode;
  const undo: (() => void)[] = [];

  async function start(options: Partial<SmallRigOptions> = {}): Promise<void> {
    rig = await startSmallRig({ portsAbove: 700, keys, ...options });
    [node] = rig.slaves as [PikaNode];
    await startAgent(rig);
  }

  afterEach(async () => {
    try {
      await stopRig(rig);
    } finally {
      for (const each of undo.splice(0)) each();
    }
  }, 120_000);

  const rule = (ended: Awaited<ReturnType<typeof expandOne>>) => {
    const found = ended.evidence!.rules.find((each) => each.rule === 'files_complete')!;
    console.log(`files_complete ${found.holds}: ${found.text}`);
    return found;
  };

  it('a full sync is proven file by file, with hashes', async () => {
    await start();
    const ended = await expandOne(rig, node, {}, proven);
    expect([ended.state, ended.attempts.length]).toEqual(['succeeded', 1]);
    const { holds, facts } = rule(ended);
    expect(holds).toBe(true);
    expect(facts.hashed).toBe(facts.tables);
    expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
  });

  it('a copy that ends within two seconds is proven too', async () => {
    await start({ settings: { 'throttle-bytes-per-second': 40 * 1024 * 1024 } });
    const ended = await expandOne(rig, node, {}, proven);
    expect([ended.state, ended.attempts.length]).toEqual(['succeeded', 1]);
    expect(rule(ended).holds).toBe(true);
  });

  it.each([
    ['no file is said to be proven that is not', {}],
    // 4.0.1 may end the copy of a dump that is gone by then: nothing is left to set its files beside.
    ['a policy that requires agents gets its proof, by another copy if need be', proven],
  ])('BGSAVE in mid-copy: the node ends verified and whole, and %s', async (_, policy) => {
    await start();
    const running = expandOne(rig, node, {}, policy);
    await inTransfer(rig);
    await rig.master.send('BGSAVE');
    const ended = await running;
    expect(ended.state).toBe('succeeded');
    expect(ended.anomalies.map(({ code }) => code)).toContain('snapshot_superseded');
    expect(rule(ended).holds).not.toBe(false);
    if (policy.requireAgent) expect(rule(ended).holds).toBe(true);
    expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
  });

  const onDisk = async (size: string): Promise<string> => {
    const disk = mkdtempSync(join(tmpdir(), 'pika-expander-disk-'));
    sh(`mount -t tmpfs -o size=${size} tmpfs ${disk}`);
    undo.push(() => {
      sh(`umount -l ${disk}`);
      rmSync(disk, { recursive: true });
    });
    await start({ ofNodes: { 'db-path': `${disk}/db/`, 'db-sync-path': `${disk}/dbsync/` } });
    return disk;
  };

  it('a node whose disk is smaller than the copy is refused', async () => {
    await onDisk('30m');
    const { status, body } = await ask(rig, [node]);
    const { error } = body as { readonly error: { readonly findings: readonly { readonly code: string }[] } };
    expect([status, error.findings.map(({ code }) => code)]).toEqual([
      422,
      expect.arrayContaining(['disk_too_small']),
    ]);
  });

  it('a disk that becomes full in mid-copy: the log of the node names it', async () => {
    const disk = await onDisk('120m');
    const running = expandOne(rig, node);
    await inTransfer(rig);
    sh(`fallocate -l 200m ${disk}/other || dd if=/dev/zero of=${disk}/other bs=1M 2>/dev/null || true`);
    const { phase, diagnosis } = await running;
    const [first] = diagnosis!.causes;
    expect([phase, first?.code]).toEqual(['quarantined', 'disk_full']);
    expect(first!.speaksFor.map(({ text }) => text).join(' ')).toContain('No space left');
  });

  function closeFilesPort(): number {
    const files = rig.master.port + 10_001;
    sh(
      `ip rule del pref 0; ip rule add pref 10 lookup local; ip rule add pref 5 ipproto tcp dport ${files} prohibit`,
    );
    undo.push(() => sh('ip rule del pref 5; ip rule add pref 0 lookup local; ip rule del pref 10'));
    return files;
  }

  it('port + 10001 is closed: a plan has the agent try it', async () => {
    await start();
    const port = closeFilesPort();
    const response = await fetch(`${rig.service.url}/v1/plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ master: rig.master.name, nodes: [{ address: node.name }] }),
    });
    const { findings } = (await response.json()) as Plan;
    const closed = findings.find(({ code }) => code === 'ports_closed_to_node');
    expect(closed?.facts).toMatchObject({ ports: [{ port, outcome: 'no_answer' }] });
  });

  it('port + 10001 is closed: the log names it', async () => {
    await start();
    closeFilesPort();
    const { phase, diagnosis } = await expandOne(rig, node);
    expect([phase, diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'rsync_port_closed']);
  });

  /** What the logs say for the likeliest cause. */
  const said = ({ diagnosis }: Awaited<ReturnType<typeof expandOne>>): string =>
    diagnosis!.causes[0]!.speaksFor.map(({ text }) => text).join(' ');

  it('the master cannot write its dump: its log names it', async () => {
    await start();
    await rm(`${rig.master.folder}/dump`, { recursive: true, force: true });
    await writeFile(`${rig.master.folder}/dump`, '');
    const ended = await expandOne(rig, node);
    expect([ended.phase, ended.diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'dump_failed']);
    expect(said(ended)).toMatch(/log of the master.*backup/);
  });

  it('masterauth is wrong as the node comes back in mid-copy: the log names it', async () => {
    await start({ password: 'right', settings: { masterauth: 'right' } });
    const running = expandOne(rig, node);
    await inTransfer(rig);
    await node.kill();
    const conf = join(node.folder, 'pika.conf');
    await writeFile(conf, (await readFile(conf, 'utf8')).replace(/^masterauth.*$/m, 'masterauth : wrong'));
    await node.start();
    const ended = await running;
    expect([ended.phase, ended.diagnosis?.causes[0]?.code]).toEqual(['quarantined', 'master_refuses']);
    expect(said(ended)).toContain('Invalid masterauth');
  });

  it('a node killed in mid-copy and started again: it ends verified, and proven', async () => {
    await start();
    const running = expandOne(rig, node, {}, proven);
    await inTransfer(rig);
    await node.kill();
    await node.start();
    const ended = await running;
    expect(ended.state).toBe('succeeded');
    expect(ended.anomalies.map(({ code }) => code)).toContain('node_restarted');
    expect(rule(ended).holds).toBe(true);
    expect(await compare(rig.master, node)).toEqual({ keys, missing: 0, foreign: 0, different: 0 });
  });
});
