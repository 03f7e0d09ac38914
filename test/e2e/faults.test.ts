/**
 * What goes wrong while nodes are added, on real Pika processes (see pika.test.ts): servers that die in mid-transfer and
 * come back, slaves that were spoilt before, nodes that remember too much, a master that refuses them.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  everyNodeIsWhole,
  expand,
  inTransfer,
  naiveBurst,
  pikaMissing,
  type Rig,
  startRig,
  stopRig,
} from './rig.ts';

if (pikaMissing) console.log(`test/e2e/faults.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('faults on real Pika', { timeout: 900_000 }, () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await startRig(100);
  }, 300_000);

  afterEach(() => stopRig(rig), 120_000);

  it('a node killed in mid-transfer and started again ends verified and whole', async () => {
    const [node] = rig.slaves;
    const running = expand(rig, [node!]);
    await inTransfer(rig);
    await node!.kill();
    await node!.start();
    const ended = await running;
    expect(ended.joins[0]!.anomalies.map(({ code }) => code)).toContain('node_restarted');
    await everyNodeIsWhole(rig, ended, [node!]);
  });

  it('a master killed in mid-transfer and started again: the node ends verified and whole', async () => {
    const [node] = rig.slaves;
    const running = expand(rig, [node!]);
    await inTransfer(rig);
    await rig.master.kill();
    await rig.master.start();
    const ended = await running;
    expect(ended.joins[0]!.anomalies.map(({ code }) => code)).toContain('master_restarted');
    await everyNodeIsWhole(rig, ended, [node!]);
  });

  it('slaves that a naive burst has spoilt are made whole, where they live', async () => {
    const settled = await naiveBurst(rig);
    const alive = rig.slaves.filter((_, i) => settled[i] !== 'dead');
    const ended = await expand(rig, alive, { overwriteData: true, repoint: true });
    await everyNodeIsWhole(rig, ended, alive);
  });

  it('a node that was a slave before, and was wiped, gets a full sync although it remembers the replication id', async () => {
    const [node] = rig.slaves;
    await everyNodeIsWhole(rig, await expand(rig, [node!]), [node!]);
    await node!.send('SLAVEOF', 'NO', 'ONE');
    await node!.send('FLUSHALL');
    await everyNodeIsWhole(rig, await expand(rig, [node!], { overwriteData: true }), [node!]);
  });

  it('a master with a password that the node does not have: refused before the node is touched, with its name', async () => {
    const [node] = rig.slaves;
    await rig.master.send('CONFIG', 'SET', 'requirepass', 'a-secret');
    const response = await fetch(`${rig.service.url}/v1/plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ master: rig.master.name, nodes: [node!.name] }),
    });
    const plan = (await response.json()) as { findings: { code: string; severity: string; text: string }[] };
    const errors = plan.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code }) => code)).toEqual(['master_denied']);
    expect(errors[0]!.text).toContain(rig.master.name);
    expect(String(await node!.send('INFO', 'replication'))).toContain('role:master');
  });
});
