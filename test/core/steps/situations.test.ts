/** What operators of real servers meet: each situation ends right, in one copy where one is enough, with the right words. */
import { describe, expect, test } from 'vitest';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Cluster } from '../../../src/simulator/index.ts';
import { begin, ended, isIn, minute } from './played-expansion.ts';

const halted = ({ state }: Expansion): boolean => state === 'halted';
const over = (expansion: Expansion): boolean => ended(expansion) || halted(expansion);
const firstJoin = ({ joins }: Expansion) => joins[0]!;
const likeliest = (expansion: Expansion) => firstJoin(expansion).diagnosis?.causes[0];
const received = (cluster: Cluster, id = 'n1'): number => cluster.node(id).counters.replIn;
const write = (cluster: Cluster, ...commands: readonly string[][]): void => {
  for (const argv of commands) cluster.execute('m', argv);
};

describe('FLUSHALL on the master (recordings 46)', () => {
  test.each(['3.5.4', '3.5.5', '4.0.1'] as const)(
    '%s: during the copy: verified in one attempt',
    async (version) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
      await comesTo('its copy', isIn(0, 'transferring'));
      cluster.fault.nextFlushLoses('n1', 0);
      write(cluster, ['FLUSHALL'], ['SET', 'new', '1']);
      const end = await comesTo('its end', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
      expect(firstJoin(end).anomalies).toEqual([]);
      expect(cluster.observe('n1')).toMatchObject({ missing: 0, keys: 1 });
    },
  );

  test.each(['3.5.5', '4.0.1'] as const)(
    '%s: between two nodes, with a dump that is used again: both are verified in one attempt',
    async (version) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1', 'n2'], policy: { batchSize: 1 } });
      await comesTo('the first', isIn(0, 'verified'));
      write(cluster, ['FLUSHALL'], ['SET', 'new', '1']);
      const end = await comesTo('its end', over);
      expect([end.state, end.joins.map(({ attempts }) => attempts.length)]).toEqual(['succeeded', [1, 1]]);
    },
  );

  test.each(['3.5.4', '4.0.0'] as const)(
    '%s has overtaken writes before it, which stay: one copy, and the flush is named (real 4.0.0)',
    async (version) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
      await comesTo('its copy', isIn(0, 'transferring'));
      cluster.fault.nextFlushOvertakes('n1', 8);
      cluster.fault.nextFlushLoses('n1', 0);
      for (let i = 0; i < 20; i++) write(cluster, ['SET', `before:${i}`, 'v']);
      write(cluster, ['FLUSHALL']);
      const end = await comesTo('a halt', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 1]);
      expect(cluster.observe('n1')).toMatchObject({ missing: 0, foreign: 8 });
      expect(likeliest(end)?.code).toBe('lost_after_flush');
    },
  );

  test.each(['3.5.4', '4.0.0'] as const)(
    '%s has lost writes after it: one copy, then a person is told to make a new dump, which cures it',
    async (version) => {
      const { comesTo, cluster, control } = await begin({ version, nodes: ['n1'] });
      await comesTo('its copy', isIn(0, 'transferring'));
      cluster.fault.nextFlushLoses('n1', 8);
      write(cluster, ['FLUSHALL']);
      cluster.load('m', { strings: 20, prefix: 'new' });
      const end = await comesTo('a halt', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 1]);
      expect(likeliest(end)?.code).toBe('lost_after_flush');
      expect(firstJoin(end).problem!.nextSteps[0]).toContain('BGSAVE on the master');
      cluster.execute('m', ['BGSAVE']);
      cluster.advance(1_000);
      await control('retry', 'n1');
      const again = await comesTo('its end', ended);
      expect(again.state).toBe('succeeded');
      expect(cluster.observe('n1').missing).toBe(0);
    },
  );
});

test.each(['3.5.4', '4.0.1'] as const)(
  '%s: SET NX EX during a copy: verified in one attempt, and the evidence counts the longer TTLs (recording 45)',
  async (version) => {
    const { comesTo, cluster, events } = await begin({ version, nodes: ['n1'] });
    await comesTo('its copy', isIn(0, 'transferring'));
    for (let i = 0; i < 5; i++) write(cluster, ['SET', `lock:${i}`, 'v', 'EX', '3600', 'NX']);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
    expect(cluster.observe('n1')).toMatchObject({ missing: 0, different: 5, otherExpiry: 5 });
    const rule = firstJoin(end).evidence!.rules.find((each) => each.rule === 'data_agrees')!;
    expect(rule).toMatchObject({ holds: true, text: expect.stringContaining('5 of them expire later') });
    const compared = (await events()).find(({ type }) => type === 'node.compared')!;
    expect(compared.level).toBe('warning');
  },
);

describe('a command that the node cannot apply (recording 45)', () => {
  test.each([
    ['4.0.1', ['PSETEX', 'k', '60000', 'v']],
    ['4.0.1', ['SETEX', 'k', '400000000', 'v']],
  ] as const)('%s %s: one copy, an end within minutes, and the way out', async (version, command) => {
    const { comesTo, cluster, events, masterOf } = await begin({ version, nodes: ['n1'] });
    cluster.startWrites('m', { perSecond: 10 });
    await comesTo('its copy', isIn(0, 'transferring'));
    write(cluster, [...command]);
    const copiedAt = cluster.now();
    const end = await comesTo('a halt', over);
    const join = firstJoin(end);
    expect([end.state, join.phase, join.attempts.length]).toEqual(['halted', 'quarantined', 1]);
    expect(join.problem!.code).toBe('binlog_not_applied');
    expect(join.problem!.nextSteps.join(' ')).toMatch(/BGSAVE on the master, restart the node/);
    expect(likeliest(end)?.code).toBe('command_not_applied');
    expect(join.phaseSince - copiedAt).toBeLessThan(120_000);
    expect(masterOf('n1')).toBeNull();
    expect((await events()).length).toBeLessThan(60);
  });
});

describe('commands that are replicated wrongly (recording 45)', () => {
  test.each([
    ['4.0.1', 'SETEX', (i: number) => [['SETEX', `k:${i}`, '3600', 'v']]],
    ['4.0.1', 'APPEND', (i: number) => [['APPEND', `k:${i}`, 'v']]],
    [
      '4.0.1',
      'PEXPIRE',
      (i: number) => [
        ['SET', `k:${i}`, 'v'],
        ['PEXPIRE', `k:${i}`, '3600000'],
      ],
    ],
    ['3.5.5', 'APPEND', (i: number) => [['APPEND', `k:${i}`, 'v']]],
  ] as const)(
    '%s %s: one copy, then a person is told which commands to avoid',
    async (version, name, commands) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
      await comesTo('its copy', isIn(0, 'transferring'));
      for (let i = 0; i < 5; i++) write(cluster, ...commands(i).map((argv) => [...argv]));
      const end = await comesTo('a halt', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 1]);
      expect(likeliest(end)?.code).toBe('replicated_wrongly');
      expect(firstJoin(end).problem!.text).toContain('replicates some commands wrongly');
      const { nextSteps } = firstJoin(end).problem!;
      expect(nextSteps[0]).toContain(`Its clients use ${name} (5 calls): `);
      if (version === '3.5.5') expect(nextSteps.join(' ')).not.toMatch(/SETEX|PEXPIRE|4\.0/);
    },
  );

  test('3.5.5: INCR on keys with a TTL: they live longer on the node; verified with a word on it', async () => {
    const { comesTo, cluster } = await begin({ version: '3.5.5', nodes: ['n1'] });
    await comesTo('its copy', isIn(0, 'transferring'));
    write(cluster, ['SET', 'k', '1'], ['EXPIRE', 'k', '3600'], ['INCR', 'k']);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
  });

  test('data that are really missing are copied once more, also where the version replicates wrongly', async () => {
    const { comesTo, cluster } = await begin({ version: '4.0.1', nodes: ['n1'] });
    await comesTo('it is up', isIn(0, 'verifying'));
    cluster.fault.dropKeys('n1', 0.5);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 2]);
  });
});

describe('a master that does not give what it is asked for (recordings 48)', () => {
  const refused = async (version: '3.5.4' | '4.0.1', breakIt: (cluster: Cluster) => void) => {
    const run = await begin({ version, nodes: ['n1'], before: breakIt });
    const end = await run.comesTo('a halt', over);
    expect(end.state).toBe('halted');
    return { end, join: firstJoin(end), bytes: received(run.cluster), run };
  };

  test.each([
    ['3.5.4', 1],
    ['4.0.1', 1],
    ['3.5.4', 2.8],
    ['4.0.1', 2.8],
  ] as const)(
    '%s: each dump fails, and the node asks %d times as often as in 48: at most two attempts, and the words',
    async (version, times) => {
      const { end, join, bytes } = await refused(version, ({ fault }) => fault.breakDumps('m', true, times));
      expect(join.attempts.length).toBeLessThanOrEqual(2);
      expect(bytes).toBeLessThan(200_000);
      expect(likeliest(end)?.code).toBe('dump_failed');
      expect(join.problem!.text).toContain('The dump of the master failed or is missing.');
      expect(join.problem!.nextSteps[0]).toContain('dump-path');
    },
  );

  test('a dump that fails once is made again by the next attempt', async () => {
    const { comesTo } = await begin({ nodes: ['n1'], before: ({ fault }) => fault.failBgsave('m') });
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 2]);
  });

  test.each(['3.5.4', '4.0.1'] as const)('%s: port + 2000 is closed: no other attempt', async (version) => {
    const { end, join } = await refused(version, ({ fault }) => fault.closePort('m', 'replication'));
    expect(join.attempts).toHaveLength(1);
    expect(likeliest(end)?.code).toBe('replication_port_closed');
    expect(join.problem!.nextSteps[0]).toContain('port + 2000');
    expect(join.problem!.text).not.toMatch(/masterauth|^The master refused/);
  });

  test('port + 2000 that is opened in time is found by the node itself, and the wait is told once', async () => {
    const { comesTo, cluster, events } = await begin({
      nodes: ['n1'],
      before: ({ fault }) => fault.closePort('m', 'replication'),
    });
    await comesTo('its attempt', isIn(0, 'attaching'));
    const begunAt = cluster.now();
    await comesTo('three quarters of a minute', () => cluster.now() > begunAt + 45_000);
    cluster.fault.closePort('m', 'replication', false);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
    const waits = (await events()).filter(({ type }) => type === 'node.waiting').map(({ text }) => text);
    expect(waits).toEqual([expect.stringContaining('port + 2000')]);
  });

  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: port + 10001 is closed: at most two attempts',
    async (version) => {
      const { end, join, bytes } = await refused(version, ({ fault }) => fault.closePort('m', 'files'));
      expect(join.attempts.length).toBeLessThanOrEqual(2);
      expect(bytes).toBeLessThan(200_000);
      expect(likeliest(end)?.code).toBe('rsync_port_closed');
      expect(join.problem!.nextSteps[0]).toContain('port + 10001');
    },
  );

  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: port + 10001 is closed: named within the policy’s time, with what is waited for until then',
    async (version) => {
      const { comesTo, cluster } = await begin({
        version,
        nodes: ['n1'],
        policy: { stallTimeoutMs: 15_000, maxAttempts: 2 },
        before: ({ fault }) => fault.closePort('m', 'files'),
      });
      const waiting = await comesTo('a word', ({ joins }) => joins[0]!.waitingFor?.code === 'no_file_yet');
      expect(firstJoin(waiting).waitingFor!.text).toContain('cannot reach port + 10001');
      const first = await comesTo('its name', ({ joins }) => joins[0]!.anomalies.length > 0);
      const { startedAt } = firstJoin(first).attempts[0]!;
      expect(cluster.now() - startedAt).toBeLessThan(32_000);
      const end = await comesTo('a halt', over);
      expect(cluster.now() - startedAt).toBeLessThan(80_000);
      expect(likeliest(end)?.code).toBe('rsync_port_closed');
    },
  );

  test('a dump that takes 14 s: 3.5.4 helps itself within its attempt', async () => {
    const { comesTo } = await begin({
      version: '3.5.4',
      nodes: ['n1'],
      before: ({ fault }) => fault.slowBgsave('m', 14_000),
    });
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
  });
});

describe('a reply that overtakes the state of the node (recordings 49)', () => {
  test.each([
    ['3.5.4', {}],
    ['4.0.1', {}],
    ['4.0.1', { stallTimeoutMs: 15_000 }],
  ] as const)(
    '%s %o: is waited for: the node helps itself, and its copy is not thrown away',
    async (version, policy) => {
      const { comesTo, cluster, events } = await begin({ version, nodes: ['n1'], policy });
      await comesTo('its copy', isIn(0, 'transferring'));
      cluster.fault.overtakeReplies('n1');
      const end = await comesTo('its end', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
      expect(firstJoin(end).anomalies.map(({ code, remedy }) => [code, remedy])).toEqual([
        ['reply_missed', 'wait'],
      ]);
      const told = (await events()).find(({ type }) => type === 'node.anomaly')!;
      expect(told.text).toContain('It should help itself within 100 s.');
    },
  );

  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: the binlog that the master sends to it meanwhile is no command that it cannot apply',
    async (version) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
      await comesTo('half of its copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 150e6);
      cluster.fault.overtakeReplies('n1');
      for (let i = 0; i < 300; i++) write(cluster, ['SET', `meanwhile:${i}`, 'v'.repeat(100)]);
      const end = await comesTo('its end', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
      expect(firstJoin(end).anomalies.map(({ code }) => code)).toEqual(['reply_missed']);
    },
  );

  test('with another DB connected the node is attached again at once', async () => {
    const { comesTo, cluster } = await begin({ version: '4.0.1', nodes: ['n1'], databases: 2 });
    await comesTo('its copy', isIn(0, 'transferring'));
    cluster.fault.overtakeReplies('n1', 1);
    const second = await comesTo('a second attempt', ({ joins }) => joins[0]!.attempts.length === 2);
    const [first] = second.joins[0]!.attempts;
    const { waits } = first!.tracker!;
    expect(first!.endedAt! - waits.at(-1)!.endedAt!).toBeLessThan(15_000);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 2]);
  });
});

test.each(['3.5.4', '4.0.1'] as const)(
  '%s: a copy that lies on another mount is named, and never repeated (recordings 50)',
  async (version) => {
    const { comesTo, cluster } = await begin({ version, nodes: ['n1'], onAnotherMount: true });
    const end = await comesTo('a halt', over);
    const join = firstJoin(end);
    expect([end.state, join.attempts.length, join.problem!.code]).toEqual(['halted', 1, 'copy_not_opened']);
    expect(likeliest(end)?.code).toBe('copy_on_another_mount');
    expect(join.problem!.nextSteps[0]).toContain('Do not read from this node');
    cluster.advance(600_000);
    expect(cluster.log.filter(({ event }) => event === 'old_data_deleted')).toEqual([]);
    expect(cluster.observe('n1').alive).toBe(true);
  },
);

describe('files came, and no more come', () => {
  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: the folder of the dumps was deleted (recording 52): the dump is named, not the network, and a new one is copied once',
    async (version) => {
      const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
      await comesTo('its copy', isIn(0, 'transferring'));
      cluster.advance(2_000);
      cluster.fault.removeDumps('m');
      const second = await comesTo('its second attempt', ({ joins }) => joins[0]!.attempts.length === 2);
      expect(likeliest(second)).toMatchObject({ code: 'dump_failed', copyHelps: 'once' });
      expect(likeliest(second)!.speaksFor[0]!.text).toMatch(/^Since the last file \d+ B a second come/);
      const end = await comesTo('its end', over);
      expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 2]);
      expect(cluster.observe('n1').missing).toBe(0);
    },
  );

  test('the files’ port was closed: both that and a network that stalls are named, and the second time a person is asked', async () => {
    const { comesTo, cluster } = await begin({ nodes: ['n1'] });
    await comesTo('its copy', isIn(0, 'transferring'));
    cluster.advance(2_000);
    cluster.fault.closePort('m', 'files');
    const second = await comesTo('its second attempt', ({ joins }) => joins[0]!.attempts.length === 2);
    const causes = firstJoin(second).diagnosis!.causes.map(({ code }) => code);
    expect(causes).toEqual(['copy_stalled', 'rsync_port_closed']);
    const end = await comesTo('a halt', over);
    expect(end.state).toBe('halted');
    expect(firstJoin(end).attempts).toHaveLength(2);
    expect(likeliest(end)?.code).toBe('rsync_port_closed');
  });
});

test('4.0.1: the same with a dump of before, whose size nobody knows: no look ends the node', async () => {
  const { comesTo, cluster } = await begin({
    version: '4.0.1',
    nodes: ['n1'],
    onAnotherMount: true,
    before: (site) => {
      site.execute('m', ['BGSAVE']);
      site.advance(5_000);
      site.load('m', { strings: 5, prefix: 'after' });
    },
  });
  const end = await comesTo('a halt', over);
  expect([firstJoin(end).attempts.length, firstJoin(end).problem!.code]).toEqual([1, 'copy_not_opened']);
  expect(cluster.observe('n1').alive).toBe(true);
});

test('such a node is attached again only after its process was started again, and no look before that ends it', async () => {
  const { comesTo, cluster, control } = await begin({ nodes: ['n1'], onAnotherMount: true });
  await comesTo('a halt', over);
  await control('retry', 'n1');
  const still = await comesTo('its refusal', (expansion) => firstJoin(expansion).phase === 'failed');
  expect([firstJoin(still).attempts.length, firstJoin(still).problem!.code]).toEqual([1, 'copy_not_opened']);
  expect(firstJoin(still).problem!.nextSteps[0]).toContain('Stop its process');
  expect(cluster.observe('n1').alive).toBe(true);
  expect(cluster.log.filter(({ event }) => event === 'old_data_deleted')).toEqual([]);
  cluster.fault.crash('n1');
  cluster.fault.restart('n1');
  await control('retry', 'n1');
  await comesTo('its second copy', (expansion) => firstJoin(expansion).attempts.length === 2);
  const end = await comesTo('a halt', over);
  expect([end.state, firstJoin(end).problem!.code]).toEqual(['halted', 'copy_not_opened']);
  expect(cluster.observe('n1').alive).toBe(true);
});

test.each(['3.5.4', '3.3.6'] as const)(
  '%s: rename-command hides SLAVEOF: the words say so',
  async (version) => {
    const { comesTo, cluster } = await begin({
      version,
      nodes: ['n1'],
      before: ({ node }) => Object.assign(node('n1'), { renamedCommands: { slaveof: 'follow' } }),
    });
    const { problem, phase } = firstJoin(await comesTo('a halt', over));
    expect([phase, problem!.code]).toEqual(['failed', 'command_hidden']);
    expect(problem!.text).toMatch(/does not know SLAVEOF under this name: rename-command/);
    expect(cluster.observe('n1').alive).toBe(true);
  },
);

test('a credential names the commands that rename-command has renamed', async () => {
  const credential = {
    username: null,
    password: 'geheim',
    nodes: ['10.0.0.0/8'],
    commands: { slaveof: 'follow' },
  };
  const { comesTo, cluster } = await begin({
    nodes: ['n1'],
    credentials: { get: () => credential, names: [] },
    before: ({ node }) => Object.assign(node('n1'), { renamedCommands: { slaveof: 'follow' } }),
  });
  expect((await comesTo('its end', over)).state).toBe('succeeded');
  expect(cluster.observe('n1').lost).toBe(0);
});

test('keys that live longer on the node: the policy can ask a person, after one copy and with the commands', async () => {
  const { comesTo, cluster } = await begin({ nodes: ['n1'], policy: { longerTtls: 'halt' } });
  await comesTo('its copy', isIn(0, 'transferring'));
  for (let i = 0; i < 5; i++) write(cluster, ['SET', `lock:${i}`, 'v', 'EX', '3600', 'NX']);
  const end = await comesTo('a halt', over);
  expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 1]);
  expect(likeliest(end)?.code).toBe('replicated_wrongly');
  expect(firstJoin(end).problem!.nextSteps[0]).toMatch(/SET … NX EX and SET … XX EX/);
  expect(firstJoin(end).problem!.nextSteps.join(' ')).not.toContain('GEORADIUS');
});

test('a node of 3.5.5 is not attached to a master of 3.5.4, under which it breaks at the first INCR (recording 47)', async () => {
  const { comesTo } = await begin({ version: '3.5.4', slaves: '3.5.5', nodes: ['n1'] });
  const end = await comesTo('a halt', over);
  expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 0]);
});

test.each(['3.5.4', '4.0.1'] as const)(
  '%s: a node that comes back empty, and without its master, in mid-copy is attached again (real 4.0.0)',
  async (version) => {
    const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
    await comesTo('its copy', isIn(0, 'transferring'));
    cluster.fault.crash('n1');
    cluster.fault.wipe('n1');
    cluster.fault.restart('n1');
    cluster.execute('n1', ['SLAVEOF', 'NO', 'ONE']);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 2]);
    expect(firstJoin(end).anomalies).toContainEqual(
      expect.objectContaining({
        code: 'node_restarted',
        text: expect.stringContaining('without its master'),
      }),
    );
    expect(cluster.observe('n1').missing).toBe(0);
  },
);

/** The master is looked at twice, and the node once, in a second: each may be the first to show the restart. */
const inOneSecond = [0, 150, 300, 450, 600, 750, 900];

test.each(
  (['3.5.4', '4.0.1'] as const).flatMap((version) => inOneSecond.map((ms) => [version, ms] as const)),
)(
  '%s: a node that is killed and started again in mid-copy is named so, and copies once more by itself (%i ms, real 3.5.4)',
  async (version, ms) => {
    const { comesTo, until, cluster } = await begin({ version, nodes: ['n1'] });
    await comesTo('its copy', isIn(0, 'transferring'));
    const at = cluster.now() + 5000 + ms;
    await until(async () => cluster.now() >= at, minute);
    cluster.fault.crash('n1');
    cluster.fault.restart('n1');
    const { attempts, anomalies } = firstJoin(await comesTo('its end', over));
    expect([attempts.length, anomalies.map(({ code }) => code)]).toEqual([1, ['node_restarted']]);
    expect(cluster.observe('n1').missing).toBe(0);
  },
);

test.each(['3.5.5', '4.0.0'] as const)(
  '%s: locks that are taken again and again: one copy, and the locks are named (real 3.5.5)',
  async (version) => {
    // A sample takes 1.5 s: the first locks are not over on the node yet.
    const policy = { verify: { depth: 'sample' as const } };
    const { comesTo, cluster } = await begin({ version, nodes: ['n1'], policy });
    await comesTo('its copy', isIn(0, 'transferring'));
    for (let i = 0; i < 20; i++) write(cluster, ['SET', `lock:${i}`, 'first', 'EX', '2', 'NX']);
    cluster.advance(2500);
    for (let i = 0; i < 20; i++) write(cluster, ['SET', `lock:${i}`, 'second', 'EX', '3600', 'NX']);
    // The node applies both right after its copy: the first lock is not over there.
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['halted', 1]);
    expect(likeliest(end)?.code).toBe('replicated_wrongly');
    expect(firstJoin(end).problem!.nextSteps[0]).toContain('(locks)');
  },
);

test.each(['3.5.5', '4.0.0', '4.0.1'] as const)(
  '%s: a node that is frozen for 55 s while it catches up goes on by itself: one copy (real 4.0.0 and 4.0.1)',
  async (version) => {
    const { comesTo, cluster } = await begin({ version, nodes: ['n1'] });
    cluster.startWrites('m', { perSecond: 50 });
    await comesTo('its end of the copy', isIn(0, 'verifying'));
    cluster.fault.stall('n1', 55_000);
    const end = await comesTo('its end', over);
    expect([end.state, firstJoin(end).attempts.length]).toEqual(['succeeded', 1]);
  },
);
