/** A new dump of the master as a remedy: only with permission, never while a slave copies, once for each cause (promise 4). */
import { describe, expect, test } from 'vitest';
import { newAttempt, patchAttempt } from '../../../src/core/steps/join-state.ts';
import { holdForDump, isDumpAskedFor } from '../../../src/core/steps/new-dump.ts';
import { patch, patchJoin, type Turn } from '../../../src/core/steps/turn.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Cluster } from '../../../src/simulator/index.ts';
import { newExpansion } from '../../support/expansions.ts';
import { masterReplication } from '../sync/master-replication.ts';
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

describe('BGSAVE would spoil the copy of another slave, so it waits for', () => {
  const now = 1_800_000_100_000;
  const server = { reportedVersion: '4.0.1', processId: 1, uptimeSeconds: 9, runId: 'r', tcpPort: 9220 };

  /** The first of two nodes wants a new dump of a master; `other` changes the second, or the master's list. */
  function asksWhile(other: (turn: Turn) => void): Turn {
    const expansion = newExpansion({ nodes: ['10.0.0.2:9221', '10.0.0.3:9221'] });
    const turn: Turn = {
      expansion: {
        ...expansion,
        capabilities: capabilitiesOf({ server, replication: masterReplication({}) }),
        masterTracker: { ...newMasterTracker(), replication: masterReplication({}) },
      },
      now,
      epoch: 1,
      masterLook: null,
      nodeLooks: new Map(),
      listings: new Map(),
      frozen: null,
      noSync: null,
      isProtected: () => false,
      othersOnMasterHost: 0,
      faults: [],
      capabilitiesOf: () => null,
      events: [],
      commands: [],
      comparisons: [],
      appliedControls: [],
      bounds: new Map(),
    };
    begun(turn, 0, { wantsDump: true });
    other(turn);
    holdForDump(turn, turn.expansion.joins[0]!);
    return turn;
  }

  function begun(turn: Turn, index: number, change: object): void {
    const join = turn.expansion.joins[index]!;
    const attempts = [newAttempt(turn, join, 'attach', 'slaveof')];
    patchAttempt(turn, patchJoin(turn, index, { attempts }), change);
  }

  const slaveof = { kind: 'slaveof', master: { host: '10.0.0.1', port: 9220 }, force: true } as const;
  const open = { id: 'i', command: slaveof, savedAt: now, outcome: null, reply: null };

  test.each<[string, (turn: Turn) => void]>([
    ['a node of the same expansion that copies', (turn) => begun(turn, 1, { step: 'syncing' })],
    ['a node whose SLAVEOF has no known outcome', (turn) => begun(turn, 1, { intents: [open] })],
    [
      'a node that is attached in the same turn',
      (turn) => turn.commands.push({ joinIndex: 1, intentId: 'i', command: slaveof }),
    ],
    [
      'a slave of somebody else',
      (turn) =>
        patch(turn, {
          masterTracker: {
            ...turn.expansion.masterTracker,
            replication: masterReplication({
              slaves: [{ ip: '10.0.0.9', port: 9221, lag: { db0: 'full syncing' } }],
            }),
          },
        }),
    ],
  ])('%s', (_name, other) => {
    const { commands, expansion } = asksWhile(other);
    expect(commands.filter(({ command }) => command.kind === 'bgsave')).toEqual([]);
    expect(expansion.joins[0]!.waitingFor?.code).toBe('dump_would_harm');
  });

  test('nobody, where none of these is so', () => {
    const { commands } = asksWhile(() => undefined);
    expect(commands.map(({ command }) => command.kind)).toEqual(['bgsave']);
  });
});
