import { describe, expect, test } from 'vitest';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { PolicyInput } from '../../../src/model/policy.ts';
import { MB } from '../../scheduling/virtual-service.ts';
import { begin, ended, isIn } from './played-expansion.ts';

const versions = ['3.5.4', '3.5.5', '4.0.1'] as const;

/** A copy of some 316 MB at 20 MB/s to a node whose disk has room for 100 MB. */
const small = (
  version: (typeof versions)[number],
  policy: PolicyInput = {},
  nodes: readonly string[] = ['n1'],
) =>
  begin({
    version,
    nodes,
    policy,
    before: (cluster) => cluster.fault.copyRoom('n1', 100 * MB),
  });

const halted = ({ state }: Expansion): boolean => state === 'halted';

describe.each(versions)('a node of %s whose disk is smaller than the copy (promise 6)', (version) => {
  test('is detached before it has received two snapshots, and left to a person: no second copy is made', async () => {
    const { comesTo, masterOf, events, cluster } = await small(version);
    const { joins } = await comesTo('a halt', halted);
    const [join] = joins;
    expect(join).toMatchObject({
      phase: 'quarantined',
      leaving: null,
      problem: { code: 'copy_without_end' },
    });
    expect(join!.attempts).toHaveLength(1);
    const { receivedBytes, snapshotBytes, remainingSeconds } = join!.progress;
    expect(receivedBytes! / snapshotBytes!).toBeGreaterThan(1.5);
    expect(receivedBytes! / snapshotBytes!).toBeLessThan(1.7);
    expect(remainingSeconds).toBeNull();
    expect(join!.problem!.text).toMatch(
      /^The node starts its copy again and again\. \S+:9222 has received 4\d\d MB for a snapshot of 316 MB, and still copies\. The usual cause is a full disk: look at the free space of db-sync-path and db-path on \S+:9222\.$/,
    );
    expect(masterOf('n1')).toBeNull();
    expect([...cluster.node('m').outgoing]).toEqual([]);
    const told = (await events()).filter(({ node }) => node !== null).map(({ type }) => type);
    expect(told.slice(-3)).toEqual(['node.quarantined', 'node.command', 'node.detached']);
  });

  test('is whole and verified where room appears in time', async () => {
    const { comesTo, cluster } = await small(version);
    await comesTo('its copy', isIn(0, 'transferring'));
    cluster.advance(12_000);
    cluster.fault.copyRoom('n1', Number.POSITIVE_INFINITY);
    const { state, joins } = await comesTo('its end', ended);
    expect([state, joins[0]!.phase, joins[0]!.attempts.length]).toEqual(['succeeded', 'verified', 1]);
    expect(cluster.observe('n1')).toMatchObject({ missing: 0, different: 0, foreign: 0 });
  });

  test('once it has room, a retry makes it verified', async () => {
    const { comesTo, control, cluster } = await small(version);
    await comesTo('a halt', halted);
    cluster.fault.copyRoom('n1', Number.POSITIVE_INFINITY);
    await control('retry', 'n1');
    const { state } = await comesTo('its end', ended);
    expect(state).toBe('succeeded');
  });
});

test.each(['skip', 'rollback'] as const)(
  'with onFailure %s the others are dealt with once it is detached',
  async (onFailure) => {
    const { comesTo, masterOf } = await small('3.5.4', { onFailure }, ['n1', 'n2']);
    const { joins } = await comesTo('its end', ended);
    expect(masterOf('n1')).toBeNull();
    expect(joins.map(({ phase }) => phase)).toEqual([
      'quarantined',
      onFailure === 'skip' ? 'verified' : 'cancelled',
    ]);
  },
);

test('a freeze keeps the node as it is, and the detach comes after it', async () => {
  const { comesTo, store, masterOf, until } = await small('4.0.1');
  await comesTo('its copy', isIn(0, 'transferring'));
  await store.freeze({ reason: 'a test', by: 'test' });
  await comesTo('quarantine', isIn(0, 'quarantined'));
  await until(async () => false, 10_000);
  expect(masterOf('n1')).not.toBeNull();
  await store.unfreeze({ reason: 'a test', by: 'test' });
  await comesTo('a halt', halted);
  expect(masterOf('n1')).toBeNull();
});

test('a copy that hangs is ended as well when no attempt is left: the node does not keep the master’s binlog', async () => {
  const { comesTo, masterOf, cluster } = await begin({
    version: '3.5.4',
    nodes: ['n1'],
    policy: { maxAttempts: 1, stallTimeoutMs: 20_000 },
    before: ({ fault }) => fault.failBgsave('m'),
  });
  const { joins } = await comesTo('a halt', halted);
  expect(joins[0]!.problem!.code).toBe('hung_in_full_sync');
  expect(masterOf('n1')).toBeNull();
  expect(cluster.node('m').slaves).toEqual([]);
});

test('a copy of 3.3.6, which counts no bytes, may last for minutes', async () => {
  const { comesTo } = await begin({
    version: '3.3.6',
    nodes: ['n1'],
    before: (cluster) => cluster.node('n1').settings.set('db-sync-speed', '1'),
  });
  const { state, joins } = await comesTo('its end', ended);
  expect([state, joins[0]!.attempts.length]).toEqual(['succeeded', 1]);
  expect(joins[0]!.anomalies).toEqual([]);
});
