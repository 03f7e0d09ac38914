import { describe, expect, test } from 'vitest';
import {
  countsOf,
  inherited,
  isBranch,
  newServer,
  nextComparisons,
  placeOf,
  repairsOf,
  targetOf,
} from '../../../src/core/audit/audit.ts';
import { judgement } from '../../../src/model/audit-texts.ts';
import type { NodeTarget } from '../../../src/model/targets.ts';
import type { StoredAuditServer } from '../../../src/model/views/audit.ts';

const target = (host: string, more: Partial<NodeTarget> = {}): NodeTarget => {
  const address = { host, port: 9221 };
  return { name: `${host}:9221`, address, seenAs: address, credential: null, ...more };
};

/** Servers by `host` or `host<index of its master`. */
const servers = (
  ...places: readonly (readonly [host: string, master: number | null, more?: Partial<StoredAuditServer>])[]
): StoredAuditServer[] =>
  places.map(([host, master, more = {}], index) => ({
    index,
    ...newServer(target(host), master, master === null ? null : `${host}:9221`),
    ...more,
  }));

const whole = { state: 'judged', verdict: 'whole', reason: null } as const;
const damaged = (ownSlaves = 0) =>
  ({
    state: 'judged',
    ...judgement(
      'data_differ',
      { slave: 's', master: 'm' },
      { lookedAtKeys: 1, share: null, smallestLossFound: null, because: null, ownSlaves },
    ),
  }) as const;

describe('where a slave is reached', () => {
  const listed = (ip: string) => ({ ip, port: 9221, lag: {} });
  test('at the address under which its master lists it, with the credential of the master', () => {
    const master = target('10.0.0.1', { credential: 'dc2' });
    expect(targetOf(listed('10.0.0.2'), master, [])).toEqual(target('10.0.0.2', { credential: 'dc2' }));
  });

  test('as the request says, or as an earlier expansion did', () => {
    const behindNat = target('203.0.113.7', { seenAs: { host: '10.0.0.2', port: 9221 } });
    expect(targetOf(listed('10.0.0.2'), target('10.0.0.1'), [target('10.0.0.3'), behindNat])).toBe(behindNat);
  });

  test('on the machine of its master where the master lists a loopback address', () => {
    expect(targetOf(listed('127.0.0.1'), target('10.0.0.1'), []).address).toEqual({
      host: '10.0.0.1',
      port: 9221,
    });
    expect(targetOf(listed('127.0.0.1'), target('127.0.0.1'), []).address.host).toBe('127.0.0.1');
  });
});

describe('where slaves are looked for', () => {
  test('once under a server, however many ways lead to it', () => {
    const all = servers(['a', null], ['b', 0], ['a', 1]);
    const branches = new Set<string>();
    expect(isBranch(all[0]!, all, branches)).toBe(true);
    branches.add(placeOf(all[0]!));
    expect(isBranch(all[2]!, all, branches)).toBe(false);
    expect(isBranch(all[1]!, all, branches)).toBe(true);
  });

  test('not without end down a chain', () => {
    const chain = servers(
      ...Array.from({ length: 12 }, (_, i) => [`h${i}`, i === 0 ? null : i - 1] as const),
    );
    expect(chain.filter((server) => isBranch(server, chain, new Set()))).toHaveLength(8);
  });
});

describe('what is compared next', () => {
  const ready = { state: 'to_compare' } as const;
  const begun = (all: StoredAuditServer[], maxRunning: number, maxRunningPerHost = 64) =>
    nextComparisons(all, { maxRunning, maxRunningPerHost }).map(({ target: { name } }) => name.split(':')[0]);

  test('masters side by side, one slave of each at a time', () => {
    const all = servers(['a', null], ['b', null], ['a1', 0, ready], ['a2', 0, ready], ['b1', 1, ready]);
    expect(begun(all, 8)).toEqual(['a1', 'b1']);
  });

  test('no more than the request allows, what runs included', () => {
    const all = servers(
      ['a', null],
      ['b', null],
      ['c', null],
      ['a1', 0, { state: 'comparing' }],
      ['b1', 1, ready],
      ['c1', 2, ready],
    );
    expect(begun(all, 2)).toEqual(['b1']);
    expect(begun(all, 1)).toEqual([]);
  });

  test('no more than the request allows of one host, masters and slaves together', () => {
    const all = servers(['a', null], ['b', null], ['h', 0, ready], ['h', 1, ready]);
    expect(begun(all, 8, 1)).toEqual(['h']);
  });

  test('a server in the middle of a chain takes part in one comparison', () => {
    const all = servers(['a', null], ['b', 0, ready], ['c', 1, ready]);
    expect(begun(all, 8)).toEqual(['b']);
  });

  test('200 slaves of one master come one after the other, in their order', () => {
    let all = servers(['m', null], ...Array.from({ length: 200 }, (_, i) => [`s${i}`, 0, ready] as const));
    for (let i = 0; i < 200; i += 1) {
      expect(begun(all, 64)).toEqual([`s${i}`]);
      all = all.map((server) => (server.index === i + 1 ? { ...server, state: 'judged' } : server));
    }
    expect(begun(all, 64)).toEqual([]);
  });
});

describe('a slave is as good as its master at best', () => {
  const verdicts = (all: StoredAuditServer[]) =>
    inherited(all).map(({ verdict, reason }) => `${verdict} ${reason?.code ?? '-'}`);

  test('along a chain of three', () => {
    const all = servers(['a', null], ['b', 0, damaged()], ['c', 1, whole], ['d', 2, whole]);
    expect(verdicts(all).slice(1)).toEqual([
      'damaged data_differ',
      'damaged like_its_master',
      'damaged like_its_master',
    ]);
  });

  test('a master that is not proven makes its slaves doubtful: one that differs may hold what the master lacks', () => {
    const doubtful = { state: 'judged', verdict: 'doubtful', reason: null } as const;
    const all = servers(['a', null], ['b', 0, doubtful], ['c', 1, whole], ['d', 1, damaged()]);
    expect(verdicts(all).slice(2)).toEqual(['doubtful master_unproven', 'doubtful unlike_its_master']);
    expect(repairsOf({ id: 'aud_1' }, inherited(all))).toEqual([]);
  });

  test('also where the request names the slave as a master', () => {
    const all = servers(['b', null], ['a', null], ['b', 1, damaged()], ['c', 0, whole]);
    expect(verdicts(all)[3]).toBe('damaged like_its_master');
  });

  test('also down a chain from a slave that may hold what its master lacks', () => {
    const all = servers(['a', null], ['b', 0, damaged()], ['c', 1, damaged()], ['d', 2, whole]);
    expect(verdicts(all).slice(2)).toEqual(['doubtful unlike_its_master', 'doubtful master_unproven']);
  });

  test('a slave that lists its master says nothing of the data of the master', () => {
    const back = { state: 'judged', ...judgement('is_master', { slave: 'a', master: 'b' }, {}) } as const;
    expect(verdicts(servers(['a', null], ['b', 0, whole], ['a', 1, back]))[1]).toBe('whole -');
  });

  test('a server at which the audit begins is not judged, and its slaves stay whole', () => {
    expect(verdicts(servers(['a', null], ['b', 0, whole]))).toEqual(['null -', 'whole -']);
  });
});

test('the counts hold every server once', () => {
  const silent = { state: 'judged', verdict: 'not_judged' } as const;
  const all = servers(['a', null], ['b', null, silent], ['a1', 0, whole], ['a2', 0, damaged()], ['a3', 0]);
  expect(countsOf(all, 7)).toEqual({
    masters: 2,
    mastersNotRead: 1,
    slaves: 3,
    open: 2,
    whole: 1,
    damaged: 1,
    doubtful: 0,
    notJudged: 0,
    leftOut: 7,
  });
});

describe('the repair', () => {
  test('is one request per master, of its damaged slaves, that permits what a new full sync needs', () => {
    const all = servers(
      ['a', null],
      ['b', null],
      ['a1', 0, damaged()],
      ['a2', 0, whole],
      ['a3', 0, damaged()],
    );
    const node = (host: string) => ({
      address: `${host}:9221`,
      seenAs: `${host}:9221`,
      repoint: true,
      overwriteData: true,
    });
    expect(repairsOf({ id: 'aud_1' }, all)).toEqual([
      {
        master: { address: 'a:9221', seenAs: 'a:9221' },
        nodes: [node('a1'), node('a3')],
        label: 'repair after aud_1',
      },
    ]);
  });

  test('leaves out a slave that has slaves, and those that only mirror a damaged master', () => {
    const all = inherited(servers(['a', null], ['b', 0, damaged(1)], ['c', 1, whole]));
    expect(repairsOf({ id: 'aud_1' }, all)).toEqual([]);
  });
});
