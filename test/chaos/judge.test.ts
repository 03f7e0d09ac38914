import { describe, expect, it } from 'vitest';
import type { Asked, Entry, History, Truth } from './history.ts';
import { judge } from './judge.ts';

/*
 * A made-up history that keeps every promise, and one change for each way in which a promise can be broken: the observer
 * must find exactly that.
 */

const master = 'm:1';
const asked: readonly Asked[] = [
  {
    key: 'one',
    master,
    nodes: [
      { name: 'a:1', overwriteData: false },
      { name: 'b:1', overwriteData: true },
    ],
    together: 1,
  },
];

const whole: Truth = {
  follows: master,
  connected: true,
  keys: 100,
  missing: 0,
  different: 0,
  foreign: 0,
  lost: 0,
  throttle: '1000',
  throttleInFile: '1000',
};

type Command = Extract<Entry, { kind: 'command' }>;

const command = (at: number, node: string, words: string, more: Partial<Command> = {}): Command => ({
  kind: 'command',
  at,
  node,
  words,
  reply: 'OK',
  connection: 1,
  follows: null,
  keys: 0,
  slaves: 0,
  whole: false,
  unseenMs: 0,
  unfinished: [],
  ...more,
});
const slaveof = (at: number, node: string, more: Partial<Command> = {}) =>
  command(at, node, 'SLAVEOF m 1 force', more);
const syncing = (at: number, ...nodes: readonly string[]): Entry => ({
  kind: 'full_syncs',
  at,
  master,
  nodes,
});
const verified = (at: number, node: string, truth: Partial<Truth> = {}): Entry => ({
  kind: 'verified',
  at,
  node,
  saidAt: at,
  truth: { ...whole, ...truth },
});
const left = (at: number, node: string, truth: Partial<Truth> = {}): Entry => ({
  kind: 'left',
  at,
  node,
  ownThrottle: '1000',
  truth: { ...whole, ...truth },
});

const accepted: Entry = { kind: 'accepted', at: 500, key: 'one', expansionId: 'e1' };
const ended: Entry = { kind: 'ended', at: 30_000, key: 'one', state: 'succeeded', saidAt: 30_000 };
const stored: Entry = { kind: 'stored', at: 50_000, expansions: [{ id: 'e1', key: 'one' }] };
const good: readonly Entry[] = [
  accepted,
  command(900, 'a:1', 'CONFIG SET throttle-bytes-per-second 700'),
  slaveof(1000, 'a:1'),
  syncing(1010, 'a:1'),
  syncing(5000),
  command(5500, 'a:1', 'CONFIG SET throttle-bytes-per-second 1000', { follows: master }),
  verified(8000, 'a:1'),
  slaveof(10_000, 'b:1', { keys: 20, connection: 2 }),
  syncing(10_010, 'b:1'),
  syncing(15_000),
  verified(20_000, 'b:1'),
  ended,
  left(40_000, 'a:1'),
  left(40_000, 'b:1'),
  stored,
];

const broken = (history: History): readonly string[] => judge(history).map(({ promise }) => promise);
const withThese = (...more: readonly Entry[]): History => ({ asked, entries: [...good, ...more] });
const without = (gone: Entry, ...more: readonly Entry[]): History => ({
  asked,
  entries: [...good.filter((entry) => entry !== gone), ...more],
});
const instead = (kind: Entry['kind'], node: string, entry: Entry): History => ({
  asked,
  entries: good.map((each) => (each.kind === kind && 'node' in each && each.node === node ? entry : each)),
});

describe('the observer of the chaos runs', () => {
  it('finds nothing in a history that keeps every promise', () => {
    expect(judge({ asked, entries: good })).toEqual([]);
  });

  it('permits a full sync to be made again that nobody could look at', () => {
    const again = [
      command(5100, 'a:1', 'SLAVEOF NO ONE', { follows: master, whole: true, unseenMs: 4000 }),
      slaveof(6000, 'a:1', { keys: 100 }),
    ];
    expect(judge(withThese(...again))).toEqual([]);
  });

  it('permits as many nodes together as the version bears', () => {
    const together = asked.map((each) => ({ ...each, together: 2 }));
    expect(judge({ asked: together, entries: [...good, syncing(16_000, 'a:1', 'b:1')] })).toEqual([]);
  });

  it('permits the next batch after an operator has skipped a node', () => {
    const history = instead('verified', 'a:1', { kind: 'skipped', at: 9000, node: 'a:1' });
    const entries = history.entries.map((entry) =>
      entry.kind === 'command' && entry.node === 'b:1' ? { ...entry, unfinished: ['a:1'] } : entry,
    );
    expect(judge({ asked, entries })).toEqual([]);
  });

  const breaches: Readonly<Record<string, readonly [promise: string, history: History]>> = {
    'two nodes in full sync where one may be': ['1', withThese(syncing(10_020, 'a:1', 'b:1'))],
    'SLAVEOF while a node of an earlier batch lacks data': [
      '2',
      {
        asked,
        entries: good.map((each) =>
          each === good[7] ? { ...good[7], unfinished: ['a:1'] } : each,
        ) as Entry[],
      },
    ],
    'SLAVEOF before the earlier batch is called verified': [
      '2',
      instead('verified', 'a:1', verified(12_000, 'a:1')),
    ],
    'SLAVEOF on a node with data of its own': ['3', withThese(slaveof(950, 'a:1', { keys: 7 }))],
    'SLAVEOF on a slave of another master': ['3', withThese(slaveof(950, 'a:1', { follows: 'x:1' }))],
    'SLAVEOF on a node that has slaves': ['3', withThese(slaveof(950, 'a:1', { slaves: 1 }))],
    'a command to a node that no request names': [
      '4',
      withThese({ kind: 'stranger', at: 2000, node: 'z:1', words: 'INFO' }),
    ],
    'a changing command to a node that no request names': ['4', withThese(slaveof(2000, 'z:1'))],
    'a changing command to the master': ['4', withThese(command(2000, master, 'CONFIG SET timeout 1'))],
    'a command that no expansion needs': ['4', withThese(command(2000, 'a:1', 'SET key value'))],
    'a setting that was not put back': [
      '4',
      instead('left', 'a:1', left(40_000, 'a:1', { throttle: '700' })),
    ],
    'a setting that was not put back in the file': [
      '4',
      instead('left', 'a:1', left(40_000, 'a:1', { throttleInFile: '700' })),
    ],
    'a verified node that lost keys': ['5', instead('verified', 'a:1', verified(8000, 'a:1', { lost: 3 }))],
    'a verified node that is not connected': [
      '5',
      instead('verified', 'a:1', verified(8000, 'a:1', { connected: false })),
    ],
    'a verified node of another master': [
      '5',
      instead('verified', 'a:1', verified(8000, 'a:1', { follows: 'x:1' })),
    ],
    'a verified node that nobody attached': ['5', without(good[7]!)],
    'a verified node that differs at the end': [
      '5',
      instead('left', 'b:1', left(40_000, 'b:1', { different: 1 })),
    ],
    'a verified node that holds more than its master at the end': [
      '5',
      instead('left', 'b:1', left(40_000, 'b:1', { foreign: 1 })),
    ],
    'a node that nobody compared at the end': ['5', without(good[12]!)],
    'a request without an answer': ['6', without(accepted)],
    'an expansion without an end': ['6', without(ended)],
    'one request, two expansions, in the answers': [
      '6',
      withThese({ ...accepted, at: 600, expansionId: 'e2' }),
    ],
    'one request, two expansions, in the store': [
      '6',
      without(stored, {
        ...stored,
        expansions: [
          { id: 'e1', key: 'one' },
          { id: 'e2', key: 'one' },
        ],
      } as Entry),
    ],
    'an expansion that nobody asked for': [
      '6',
      without(stored, {
        ...stored,
        expansions: [
          { id: 'e1', key: 'one' },
          { id: 'e2', key: null },
        ],
      } as Entry),
    ],
    'an accepted expansion that is no longer stored': [
      '6',
      without(stored, { ...stored, expansions: [] } as Entry),
    ],
    'a store that could not be read': ['6', without(stored)],
    'a request that was refused': ['6', withThese({ kind: 'refused', at: 700, key: 'one', text: '409' })],
    'a command after the end': ['6', withThese(command(31_000, 'b:1', 'CONFIG REWRITE', { connection: 2 }))],
    'a second SLAVEOF to the same master': ['7', withThese(slaveof(1100, 'a:1', { follows: master }))],
    'SLAVEOF on a verified node': ['7', withThese(slaveof(9000, 'a:1', { keys: 100 }))],
    'a detach of a verified node': [
      '7',
      withThese(command(9000, 'a:1', 'SLAVEOF NO ONE', { follows: master, whole: true })),
    ],
    'a full sync made again although it was complete and looked at all the time': [
      '7',
      withThese(
        command(5100, 'a:1', 'SLAVEOF NO ONE', { follows: master, whole: true }),
        slaveof(6000, 'a:1', { keys: 100 }),
      ),
    ],
    'a worker that acts after its successor': [
      '7',
      withThese(command(10_500, 'b:1', 'CONFIG REWRITE', { follows: master, connection: 1 })),
    ],
    'a password in an answer': ['8', withThese({ kind: 'secret', at: 100, where: 'a log' })],
  };
  for (const [name, [promise, history]] of Object.entries(breaches)) {
    it(`finds ${name}`, () => {
      expect(broken(history)).toEqual([promise]);
    });
  }

  it('finds every promise of the design in what it can find', () => {
    const found = new Set(Object.values(breaches).map(([promise]) => promise));
    expect([...found].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });
});
