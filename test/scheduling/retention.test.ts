import { describe, expect, test, vi } from 'vitest';
import type { Control, ControlVerb } from '../../src/model/expansion.ts';
import type { PolicyInput } from '../../src/model/policy.ts';
import { createCluster } from '../../src/simulator/index.ts';
import { fill, MB, virtualService } from './virtual-service.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

const minute = 60_000;
const setting = 'expire-logs-nums';
const permitted: PolicyInput = { mayRaiseBinlogRetention: true };

interface World {
  readonly version?: '3.3.6' | '3.5.4';
  readonly policy?: PolicyInput;
  readonly nodes?: readonly string[];
}

/** A master that writes about 10 MB/s and keeps 100 MB of binlog, and nodes whose copy takes about 20 s. */
async function world({ version = '3.3.6', policy = permitted, nodes = ['n1', 'n2'] }: World = {}) {
  const cluster = createCluster({
    seed: 1,
    dataScale: (400 * MB) / (500 * 190),
    binlogScale: 2500,
    binlogBytesPerSecond: 100 * MB,
  });
  fill(cluster, { master: 'm', nodes }, version, { 'binlog-file-size': 10_485_760, 'db-sync-speed': 20 });
  cluster.startWrites('m', { perSecond: 20, mix: { update: 1 } });
  const service = virtualService(cluster);
  const plan = await service.plan('m', nodes, policy);
  await service.accept('e', 'm', nodes, policy, plan.forecast);
  let controls = 0;
  return {
    cluster,
    service,
    plan,
    keeps: () => cluster.node('m').settings.get(setting),
    inFile: () => cluster.node('m').persisted.settings.get(setting),
    isRaised: () => service.until(() => Number(cluster.node('m').settings.get(setting)) > 10, 5 * minute),
    ends: () => service.until(() => service.ended('e'), 60 * minute),
    control: (verb: ControlVerb): Promise<unknown> => {
      controls += 1;
      const control: Control = {
        id: `c${controls}`,
        verb,
        node: null,
        reason: 'a test asks for it',
        by: 'test',
        at: 0,
      };
      return service.store.addControl('e', control);
    },
    events: async (type: string) => (await service.events('e')).filter((event) => event.type === type),
  };
}

describe('expire-logs-nums of the master', () => {
  test('without permission is never touched: the plan warns, and the node begins anew again and again', async () => {
    const { cluster, service, plan, keeps, ends, events } = await world({ policy: {}, nodes: ['n1'] });
    const risk = plan.findings.find((finding) => finding.code === 'binlog_retention_risk');
    expect(risk?.text).toMatch(/MB\/s of binlog are written; .* keep 105 MB \(10 files a DB\), which lasts/);
    expect(risk?.nextStep).toContain('"mayRaiseBinlogRetention": true');
    service.startProcess();
    expect(await ends()).toBe(false);
    expect(keeps()).toBe('10');
    expect(await events('master.setting')).toEqual([]);
    expect(cluster.observe('m').dumpsMade).toBeGreaterThan(2);
  });

  test('with permission is raised before the first SLAVEOF and put back at the end, in one event each', async () => {
    const { cluster, service, plan, keeps, ends, events } = await world();
    expect(plan.findings.map(({ code }) => code)).toContain('binlog_retention_raised');
    let keptAtAttach: string | undefined;
    cluster.world.clock.after(0, function watch() {
      if (cluster.node('n1').master === null) cluster.world.clock.after(10, watch);
      else keptAtAttach = keeps();
    });
    service.startProcess();
    expect(await ends()).toBe(true);
    const { state, borrowed } = await service.get('e');
    expect(state).toBe('succeeded');
    expect(Number(keptAtAttach)).toBe(plan.forecast!.binlog.neededFiles);
    expect(keeps()).toBe('10');
    expect(borrowed).toMatchObject({ name: setting, old: '10', state: 'restored' });
    expect((await events('master.setting')).map((event) => event.data.to)).toEqual([keptAtAttach, '10']);
    expect(await events('master.setting_restored')).toHaveLength(1);
    expect(cluster.observe('m').dumpsMade).toBe(2);
  });

  test('is not touched, permission or not, on a version that spares the binlog by itself', async () => {
    const { service, keeps, ends, events } = await world({ version: '3.5.4', nodes: ['n1'] });
    service.startProcess();
    expect(await ends()).toBe(true);
    expect(keeps()).toBe('10');
    expect(await events('master.setting')).toEqual([]);
  });

  test('the old value is stored before the change', async () => {
    const { cluster, service } = await world();
    const stored: (string | undefined)[] = [];
    const execute = cluster.perform.bind(cluster);
    cluster.perform = (id, argv, session) => {
      if (id === 'm' && argv[1]?.toLowerCase() === 'set')
        void service.get('e').then(({ borrowed }) => stored.push(borrowed?.old));
      return execute(id, argv, session);
    };
    service.startProcess();
    await service.until(() => stored.length > 0, 5 * minute);
    expect(stored).toEqual(['10']);
  });

  test.each(['pause', 'cancel'] as const)('is put back on %s, before that takes effect', async (verb) => {
    const { service, keeps, isRaised, control } = await world();
    service.startProcess();
    expect(await isRaised()).toBe(true);
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', 5 * minute);
    await control(verb);
    const state = verb === 'pause' ? 'paused' : 'cancelled';
    expect(await service.until(async () => (await service.get('e')).state === state, 30 * minute)).toBe(true);
    expect(keeps()).toBe('10');
    if (verb === 'cancel') return;
    await control('resume');
    expect(await isRaised()).toBe(true);
    expect(await service.until(() => service.ended('e'), 30 * minute)).toBe(true);
    expect(keeps()).toBe('10');
  });

  test('is put back by the next worker after a crash', async () => {
    const { cluster, service, keeps, isRaised, ends } = await world();
    const process = service.startProcess();
    expect(await isRaised()).toBe(true);
    process.kill();
    cluster.advance(minute);
    expect(keeps()).not.toBe('10');
    service.startProcess();
    expect(await ends()).toBe(true);
    expect(keeps()).toBe('10');
  });

  test('is raised again after a restart of the master, and put back in the end', async () => {
    const { cluster, service, keeps, isRaised, ends, events } = await world();
    service.startProcess();
    await isRaised();
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', 5 * minute);
    const raised = keeps();
    cluster.fault.crash('m');
    await service.until(() => false, 5000);
    cluster.fault.restart('m');
    expect(keeps()).toBe('10');
    cluster.startWrites('m', { perSecond: 20, mix: { update: 1 } });
    expect(await isRaised()).toBe(true);
    expect(Number(keeps())).toBeGreaterThanOrEqual(Number(raised));
    expect(await ends()).toBe(true);
    expect((await service.get('e')).state).toBe('succeeded');
    expect(keeps()).toBe('10');
    expect(await events('master.setting_left')).toEqual([]);
  });

  test('is put back in the file too, where a restart has shown that somebody wrote it there', async () => {
    const { cluster, service, keeps, inFile, isRaised, ends } = await world();
    service.startProcess();
    await isRaised();
    cluster.execute('m', ['CONFIG', 'REWRITE']);
    expect(inFile()).not.toBe('10');
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', 5 * minute);
    cluster.fault.crash('m');
    await service.until(() => false, 5000);
    cluster.fault.restart('m');
    expect(await ends()).toBe(true);
    expect([keeps(), inFile()]).toEqual(['10', '10']);
  });

  test('and its file is not written otherwise', async () => {
    const { cluster, service, inFile, isRaised, ends } = await world();
    service.startProcess();
    await isRaised();
    cluster.execute('m', ['CONFIG', 'SET', 'slave-priority', '7']);
    expect(await ends()).toBe(true);
    expect(inFile()).toBe('10');
    expect(cluster.node('m').persisted.settings.get('slave-priority')).toBe('100');
  });

  test.each([
    ['another value', '5000', '5000'],
    ['the old value', '10', '10'],
  ])('set to %s by somebody else is left so, and reported', async (_name, value, left) => {
    const { cluster, service, keeps, isRaised, events } = await world();
    service.startProcess();
    await isRaised();
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', 5 * minute);
    cluster.execute('m', ['CONFIG', 'SET', setting, value]);
    await service.until(async () => (await service.get('e')).borrowed?.state === 'left', minute);
    await service.until(() => false, minute);
    expect(keeps()).toBe(left);
    const [event] = await events('master.setting_left');
    expect(event?.text).toContain(`somebody else has set ${setting} to ${value} meanwhile`);
    expect(event?.text).toContain('it was 10 before');
  });

  test('that the master refuses to change holds nothing up, and is told once', async () => {
    const { cluster, service, keeps, events } = await world({ nodes: ['n1'] });
    const execute = cluster.perform.bind(cluster);
    cluster.perform = (id, argv, session) =>
      id === 'm' && argv[1]?.toLowerCase() === 'set'
        ? { reply: { error: 'NOPERM this user has no permissions' }, readyAt: cluster.now() }
        : execute(id, argv, session);
    service.startProcess();
    await service.until(async () => (await service.get('e')).joins[0]!.phase === 'transferring', 5 * minute);
    await service.until(() => false, minute);
    expect(keeps()).toBe('10');
    const refused = await events('master.setting_refused');
    expect(refused.map(({ text }) => text)).toEqual([
      expect.stringMatching(/NOPERM this user .* It stays at 10\.$/),
    ]);
    expect(await events('master.setting')).toHaveLength(1);
  });
});
