/** A new dump of the master as a remedy: only with permission, never while a slave copies, once for each cause (promise 4). */
import { describe, expect, test } from 'vitest';
import { isDumpAskedFor } from '../../../src/core/steps/new-dump.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Cluster } from '../../../src/simulator/index.ts';
import { begin, ended, isIn } from './played-expansion.ts';

const over = (expansion: Expansion): boolean => ended(expansion) || expansion.state === 'halted';

const dumpsByHand = ({ log }: Cluster): number =>
  log.filter(({ event, data }) => event === 'bgsave_started' && data.why === 'by hand').length;

async function flushed(mayAskForDump: boolean) {
  const run = await begin({ version: '3.5.4', nodes: ['n1'], policy: { mayAskForDump } });
  await run.comesTo('its copy', isIn(0, 'transferring'));
  run.cluster.fault.nextFlushLoses('n1', 8);
  run.cluster.execute('m', ['FLUSHALL']);
  run.cluster.load('m', { strings: 20, prefix: 'new' });
  return run;
}

describe('writes were lost after FLUSHALL, which only a new dump cures', () => {
  test('with permission: BGSAVE on the master, then one more copy, and verified', async () => {
    const { comesTo, cluster, events } = await flushed(true);
    const end = await comesTo('its end', over);
    const [join] = end.joins;
    expect([end.state, join!.attempts.length, dumpsByHand(cluster)]).toEqual(['succeeded', 2, 1]);
    expect(join!.attempts[1]!.intents.map(({ command }) => command.kind)).toEqual([
      'slaveof_no_one',
      'clear_replication_id',
      'bgsave',
      'slaveof',
    ]);
    expect(cluster.observe('n1').missing).toBe(0);
    expect((await events()).some(({ text }) => text.includes('BGSAVE'))).toBe(true);
  });

  test('without permission nothing is written to the master', async () => {
    const { comesTo, cluster } = await flushed(false);
    const end = await comesTo('a halt', over);
    expect([end.state, dumpsByHand(cluster)]).toEqual(['halted', 0]);
  });
});

test('each dump fails: the master is asked once, then a person', async () => {
  const { comesTo, cluster } = await begin({
    nodes: ['n1'],
    policy: { mayAskForDump: true },
    before: ({ fault }) => fault.breakDumps('m'),
  });
  const end = await comesTo('a halt', over);
  expect([end.state, end.joins[0]!.attempts.length, dumpsByHand(cluster)]).toEqual(['halted', 2, 1]);
});

describe('a worker died around BGSAVE: the master itself tells whether it was asked', () => {
  const savedAt = 1000;
  const asked = { command: { kind: 'bgsave' }, savedAt } as const;
  const dump = { lastSave: 1, notBefore: 900, sstBytesBefore: null, sstBytesAfter: null };
  test.each([
    ['it makes a dump', { bgsaving: true, bgsavingSeenAt: 1200 }, true],
    ['a dump was finished since', { dumps: [{ ...dump, notAfter: 1100 }] }, true],
    ['a dump was finished before', { dumps: [{ ...dump, notAfter: 1000 }] }, false],
    ['no dump is seen', {}, false],
  ])('%s', (_name, seen, expected) => {
    const masterTracker = { ...newMasterTracker(), ...seen };
    expect(isDumpAskedFor({ expansion: { masterTracker } }, asked)).toBe(expected);
  });
});
