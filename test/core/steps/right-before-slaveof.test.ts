import { describe, expect, test, vi } from 'vitest';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Cluster } from '../../../src/simulator/index.ts';
import { hostOf, MB } from '../../scheduling/virtual-service.ts';
import { begin, ended, isIn, minute } from './played-expansion.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

/**
 * What was true when a node was checked can be otherwise seconds later, when its SLAVEOF is about to be sent: between
 * the detach of a spoilt copy and the next attempt lie 4.5 s and more, in which others act on the same servers.
 */
const detached = ({ joins }: Expansion): boolean => (joins[0]!.attempts[1]?.detachedAt ?? null) !== null;
const halted = ({ state }: Expansion): boolean => state === 'halted';
const halfCopied = ({ joins }: Expansion): boolean => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB;

/** An expansion whose first node has just been detached, because another dump spoilt its copy. */
async function afterDetach(setting: Parameters<typeof begin>[0] = {}) {
  const run = await begin({ nodes: ['n1'], ...setting });
  await run.comesTo('half of a copy', halfCopied);
  run.cluster.fault.nextSuperseded('n1', 'loss');
  run.cluster.fault.bgsave('m');
  await run.comesTo('a detached node', detached);
  return run;
}

const follow = (cluster: Cluster, node: string, master: string): void => {
  const { host, port } = cluster.node(master);
  cluster.execute(node, ['SLAVEOF', host, String(port), 'force']);
};

describe('what others did meanwhile holds up SLAVEOF', () => {
  test('a node that somebody has attached elsewhere is left there (promise 3)', async () => {
    const run = await afterDetach();
    run.cluster.addNode({ id: 'other', host: hostOf('other'), version: '3.5.4' });
    follow(run.cluster, 'n1', 'other');
    const { joins } = await run.comesTo('a halt', halted);
    expect(joins[0]!.problem!.code).toBe('foreign_change');
    expect(run.masterOf('n1')?.port).toBe(run.cluster.node('other').port);
  });

  test('a node that somebody has attached to the same master is detached again, and synced anew', async () => {
    const run = await afterDetach();
    follow(run.cluster, 'n1', 'm');
    const { state } = await run.comesTo('its end', ended);
    expect(state).toBe('succeeded');
    expect(run.cluster.observe('n1').lost).toBe(0);
    const detaches = (await run.events()).filter(({ text }) => text.includes('SLAVEOF NO ONE -> '));
    expect(detaches).toHaveLength(2);
  });

  test('a full sync of somebody else is waited for (promise 1)', async () => {
    const run = await afterDetach();
    run.cluster.addNode({
      id: 'x',
      host: hostOf('x'),
      version: '3.5.4',
      config: { 'throttle-bytes-per-second': 40 * MB },
    });
    follow(run.cluster, 'x', 'm');
    let together = 0;
    const { state } = await run.comesTo('its end', (expansion) => {
      together = Math.max(together, run.inFullSync());
      return ended(expansion);
    });
    expect(state).toBe('succeeded');
    expect(together).toBe(1);
    expect(run.cluster.observe('x').lost).toBe(0);
  });

  test('a pause puts the node back in line, and resume tries it again', async () => {
    const run = await afterDetach();
    await run.control('pause');
    const { joins } = await run.comesTo('paused', ({ state }) => state === 'paused');
    expect(joins[0]!.phase).toBe('waiting');
    expect(await run.until(async () => run.masterOf('n1') !== null, 10 * minute)).toBe(false);
    await run.control('resume');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    expect(run.cluster.observe('n1').lost).toBe(0);
  });

  test('a pause has its effect although a node waits for a busy master', async () => {
    const run = await afterDetach();
    run.cluster.addNode({
      id: 'x',
      host: hostOf('x'),
      version: '3.5.4',
      config: { 'throttle-bytes-per-second': 5 * MB },
    });
    follow(run.cluster, 'x', 'm');
    await run.comesTo(
      'a wait',
      ({ joins }) => joins[0]!.waitingFor?.text.includes('master is busy') === true,
    );
    await run.control('pause');
    await run.comesTo('paused', ({ state }) => state === 'paused');
    expect(run.inFullSync()).toBe(1);
    await run.control('cancel');
    expect((await run.comesTo('its end', ended)).joins[0]!.phase).toBe('cancelled');
    expect(run.masterOf('n1')).toBeNull();
  });

  test('a cancel keeps the next SLAVEOF back', async () => {
    const run = await afterDetach();
    await run.control('cancel');
    const { joins, state } = await run.comesTo('its end', ended);
    expect([state, joins[0]!.phase]).toEqual(['cancelled', 'cancelled']);
    expect(run.masterOf('n1')).toBeNull();
  });
});

/** The master still lists n1 from before, so that its SLAVEOF is held up for minutes. */
function listedFromBefore(cluster: Cluster): void {
  follow(cluster, 'n1', 'm');
  cluster.advance(60_000);
  cluster.fault.crash('n1', { silent: true });
  cluster.fault.wipe('n1');
  cluster.node('n1').persisted.slaveof = '';
  cluster.fault.restart('n1');
}
const heldUp = ({ joins }: Expansion): boolean => joins[0]!.waitingFor?.text.includes('still lists') === true;

test('a node to which somebody writes while it is held up keeps its keys (promise 3)', async () => {
  const run = await begin({ nodes: ['n1'], before: listedFromBefore });
  await run.comesTo('a wait', heldUp);
  run.cluster.execute('n1', ['SET', 'mine', 'value']);
  const { joins } = await run.comesTo('a halt', halted);
  expect(joins[0]!.problem!.code).toBe('holds_data');
  expect(joins[0]!.attempts[0]!.intents.map(({ command }) => command.kind)).not.toContain('slaveof');
  expect(run.cluster.execute('n1', ['GET', 'mine'])).toBe('value');
});

test('a freeze keeps a node in line, and tells it so', async () => {
  const run = await begin({ nodes: ['n1', 'n2'] });
  await run.comesTo('the copy of the first', isIn(0, 'transferring'));
  await run.store.freeze({ reason: 'storm', by: 'test' });
  const { joins } = await run.comesTo('a wait', (e) => e.joins[1]!.waitingFor !== null);
  expect(joins.map(({ phase, waitingFor }) => [phase, waitingFor?.text ?? null])).toEqual([
    ['verified', null],
    ['waiting', 'everything is frozen: storm'],
  ]);
  expect(await run.until(async () => run.masterOf('n2') !== null, 2 * minute)).toBe(false);
  await run.store.unfreeze({ reason: 'calm', by: 'test' });
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('a freeze longer than the time-out does not count as time for which the master was waited for', async () => {
  const run = await begin({
    nodes: ['n1'],
    policy: { masterBusyTimeoutMs: 10 * minute },
    before(cluster) {
      const config = { 'throttle-bytes-per-second': 80_000 };
      cluster.addNode({ id: 'x', host: hostOf('x'), version: '3.5.4', config });
      follow(cluster, 'x', 'm');
      cluster.advance(2000);
    },
  });
  await run.comesTo('a wait', (e) => e.joins[0]!.waitingFor?.text.includes('master is busy') === true);
  await run.store.freeze({ reason: 'storm', by: 'test' });
  await run.comesTo('a freeze', (e) => e.joins[0]!.waitingFor?.text === 'everything is frozen: storm');
  await run.until(() => false, 12 * minute);
  await run.store.unfreeze({ reason: 'calm', by: 'test' });
  await run.comesTo('a wait', (e) => e.joins[0]!.waitingFor?.text.includes('master is busy') === true);
  expect((await run.e()).state).toBe('running');
  run.cluster.execute('x', ['SLAVEOF', 'NO', 'ONE']);
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('a freeze between two attempts puts the node back in line', async () => {
  const run = await afterDetach();
  await run.store.freeze({ reason: 'storm', by: 'test' });
  const { joins } = await run.comesTo('a freeze', (e) => e.joins[0]!.phase === 'waiting');
  expect(joins[0]!.attempts.at(-1)!.outcome).toBe('abandoned');
  await run.store.unfreeze({ reason: 'calm', by: 'test' });
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  expect(run.cluster.observe('n1').lost).toBe(0);
});

test('others of a batch are attached once the dump that they share is finished', async () => {
  const run = await begin({ version: '4.0.1', nodes: ['n1', 'n2', 'n3'], policy: { batchSize: 3 } });
  await run.comesTo('its end', ended);
  const order = run.cluster.log
    .filter(({ event, node }) => event === 'master_set' || (event === 'bgsave_finished' && node === 'm'))
    .map(({ event, node }) => (event === 'master_set' ? node : 'dump'));
  expect(order.slice(0, 2)).toEqual(['n1', 'dump']);
  expect([...order].sort()).toEqual(['dump', 'n1', 'n2', 'n3']);
});

test('a node whose entry is gone does not wait for the entry of another', async () => {
  const run = await begin({ version: '4.0.1', nodes: ['n1', 'n2'], port: 9221, policy: { batchSize: 2 } });
  await run.comesTo('two copies', ({ joins }) => joins.every(({ phase }) => phase === 'transferring'));
  run.cluster.fault.crash('n1');
  run.cluster.fault.wipe('n1');
  run.cluster.node('n1').persisted.slaveof = '';
  run.cluster.fault.restart('n1');
  const { joins } = await run.comesTo(
    'its second attempt',
    (e) => (e.joins[0]!.attempts[1]?.tracker ?? null) !== null,
  );
  expect(joins[1]!.phase).toBe('transferring');
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
});

test('a node that somebody attaches while it waits is told of once', async () => {
  const run = await begin({
    version: '4.0.1',
    nodes: ['n1'],
    before(cluster) {
      const config = { 'throttle-bytes-per-second': 5 * MB };
      cluster.addNode({ id: 'x', host: hostOf('x'), version: '4.0.1', config });
      follow(cluster, 'x', 'm');
      cluster.advance(2000);
    },
  });
  await run.comesTo('a wait', ({ joins }) => joins[0]!.waitingFor?.text.includes('master is busy') === true);
  follow(run.cluster, 'n1', 'm');
  expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  expect((await run.eventTypes()).filter((type) => type === 'node.foreign_attach')).toHaveLength(1);
});

describe('what the servers remember holds up SLAVEOF', () => {
  test('an entry of the node that the master keeps from before is waited for', async () => {
    const run = await begin({
      nodes: ['n1'],
      before: listedFromBefore,
    });
    const listed = (): boolean =>
      run.cluster.node('m').slaves.some(({ port }) => port === run.cluster.node('n1').port);
    expect(listed()).toBe(true);
    const { joins } = await run.comesTo(
      'a wait for it',
      (e) => e.joins[0]!.waitingFor?.text.includes('still lists') === true,
    );
    expect(joins[0]!.attempts[0]!.intents).toEqual([]);
    await run.until(() => !listed() || run.masterOf('n1') !== null, 300_000);
    expect(run.masterOf('n1')).toBeNull();
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  });

  test('the replication id of another master is cleared, so that the first attempt succeeds', async () => {
    const run = await begin({
      nodes: ['n1'],
      before(cluster) {
        cluster.addNode({ id: 'other', host: hostOf('other'), version: '3.5.4' });
        follow(cluster, 'n1', 'other');
        cluster.advance(60_000);
        cluster.execute('n1', ['SLAVEOF', 'NO', 'ONE']);
        cluster.advance(20_000);
        cluster.execute('n1', ['FLUSHALL']);
      },
    });
    expect(run.cluster.node('n1').replicationId).not.toBe('');
    const { state, joins } = await run.comesTo('its end', ended);
    expect(state).toBe('succeeded');
    const commands = joins[0]!.attempts.flatMap(({ intents }) => intents.map(({ command }) => command));
    expect(commands).toMatchObject([{ kind: 'clear_replication_id' }, { kind: 'slaveof', force: true }]);
  });
});

describe('a node that fails does not let others slip in', () => {
  test('another node of its batch that was refused in the same look halts all (promise 2)', async () => {
    const run = await begin({
      version: '4.0.1',
      nodes: ['n1', 'n2'],
      policy: { batchSize: 2 },
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    const { joins } = await run.comesTo('a halt', halted);
    expect(joins.map(({ phase, attempts }) => [phase, attempts.length])).toEqual([
      ['failed', 0],
      ['waiting', 0],
    ]);
  });

  test('one that is left behind is detached before the next begins', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      policy: { onFailure: 'skip', maxAttempts: 1, stallTimeoutMs: 10_000 },
    });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.partition('n1', 'm');
    await run.comesTo('its end', ended);
    const order = (await run.events()).filter(
      ({ type, data }) => type === 'node.detached' || (type === 'node.attempt' && data.attempt === 1),
    );
    expect(order.map(({ type, node }) => [type, node?.slice(-4)])).toEqual([
      ['node.attempt', '9222'],
      ['node.detached', '9222'],
      ['node.attempt', '9223'],
    ]);
  });

  test('one that is tried again while a later batch is at work goes before the batch after that', async () => {
    const run = await begin({
      nodes: ['n1', 'n2', 'n3'],
      policy: { onFailure: 'skip' },
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    await run.comesTo('the copy of the second', isIn(1, 'transferring'));
    run.cluster.execute('n1', ['DEL', 'mine']);
    await run.control('retry', 'n1');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    const attempts = (await run.events()).filter(({ type }) => type === 'node.attempt');
    expect(attempts.map(({ node }) => node?.slice(-4))).toEqual(['9223', '9222', '9224']);
  });

  test('one that is tried again and cannot be reached holds up the batch after that (promise 2)', async () => {
    const run = await begin({
      nodes: ['n1', 'n2', 'n3'],
      policy: { onFailure: 'skip', nodeDownTimeoutMs: 20_000 },
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    await run.comesTo('the copy of the second', isIn(1, 'transferring'));
    run.cluster.fault.crash('n1');
    await run.control('retry', 'n1');
    await run.comesTo('its end', ended);
    const order = (await run.events()).filter(
      ({ type }) => type === 'node.failed' || type === 'node.attempt',
    );
    expect(order.map(({ type, node }) => `${type} ${node?.slice(-4)}`)).toEqual([
      'node.failed 9222',
      'node.attempt 9223',
      'node.failed 9222',
      'node.attempt 9224',
    ]);
  });

  test('one that is being left behind cannot be tried again before it is detached', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      policy: { onFailure: 'skip', maxAttempts: 1, stallTimeoutMs: 10_000 },
    });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.partition('n1', 'm');
    await run.comesTo('its detach', ({ joins }) => joins[0]!.leaving !== null);
    run.cluster.fault.stall('n1', 10_000);
    await run.control('retry', 'n1');
    run.cluster.fault.heal('n1', 'm');
    const { joins } = await run.comesTo('its end', ended);
    expect(joins.map(({ phase }) => phase)).toEqual(['quarantined', 'verified']);
    expect(await run.eventTypes()).toContain('control.refused');
  });

  test('one that follows another master by now stays there, whatever the policy', async () => {
    for (const onFailure of ['skip', 'rollback'] as const) {
      const run = await begin({ nodes: ['n1'], policy: { onFailure } });
      await run.comesTo('a running copy', isIn(0, 'transferring'));
      run.cluster.addNode({ id: 'other', host: hostOf('other'), version: '3.5.4' });
      run.cluster.execute('n1', ['SLAVEOF', 'NO', 'ONE']);
      run.cluster.advance(3000);
      follow(run.cluster, 'n1', 'other');
      const { joins } = await run.comesTo('its end', ended);
      expect(joins[0]!.problem!.code).toBe('foreign_change');
      expect(run.masterOf('n1')?.port).toBe(run.cluster.node('other').port);
    }
  });
});
