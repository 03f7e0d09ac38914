import { describe, expect, test } from 'vitest';
import {
  judgeAfter,
  judgeComparison,
  judgeLook,
  type Looked,
  type Seen,
  type SlaveScene,
  settingFindings,
  silent,
} from '../../../src/core/audit/judge.ts';
import { judgement } from '../../../src/model/audit-texts.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import { verdictSays } from '../../../src/model/comparison-texts.ts';
import type { ListedSlave, Look, ReplicationFacts } from '../../../src/model/observation.ts';
import { aMaster, aNode, now, type ServerChanges, slaveOf } from '../plan/preflight-support.ts';

const masterAt = '10.0.0.1:9221';
const slaveAt = '10.0.0.2:9221';
const position = { db0: { file: 3, offset: 500 } };
const patienceMs = 60_000;

const listed = (lag: ListedSlave['lag'] = { db0: 0 }): ListedSlave => ({ ip: '10.0.0.2', port: 9221, lag });

const master = (slaves: readonly ListedSlave[] = [listed()], changes: ServerChanges = {}): Seen =>
  aMaster({ ...changes, replication: { slaves, binlog: position, ...changes.replication } }, masterAt);

const slave = (changes: Partial<ReplicationFacts> = {}, more: ServerChanges = {}): Seen =>
  aNode(slaveAt, {
    ...more,
    replication: slaveOf('10.0.0.1', 9221, { binlog: position, ...changes }),
  });

const silentServer = (look: Look): Seen => aNode(slaveAt, { look });
const look = (kind: 'busy' | 'unreachable' | 'denied' | 'garbled'): Look => {
  const at = { at: now, code: 'E', message: 'met' };
  return kind === 'busy' ? { kind, at: now, tookMs: 1 } : ({ kind, ...at } as Look);
};

const scene = (changes: Partial<SlaveScene> = {}): SlaveScene => ({
  master: master(),
  slave: slave(),
  captured: null,
  expansion: null,
  patienceMs,
  now,
  ...changes,
});

const codeOf = (looked: Looked): string =>
  looked.kind === 'judged' ? `${looked.judgement.verdict}: ${looked.judgement.reason.code}` : looked.kind;
/** What is said once nothing is waited for any more. */
const finally_ = (changes: Partial<SlaveScene>): string =>
  codeOf(judgeLook(scene({ captured: { at: now - patienceMs, binlog: position }, ...changes })));

describe('a look at a slave', () => {
  test('that is in sync and has passed the captured position has its data compared', () => {
    expect(judgeLook(scene())).toEqual({ kind: 'compare' });
  });

  test.each([
    ['unreachable', 'not_judged: unreachable'],
    ['denied', 'not_judged: denied'],
    ['garbled', 'not_judged: garbled'],
    ['busy', 'not_judged: busy'],
  ] as const)('that is %s is %s', (kind, verdict) => {
    expect(codeOf(judgeLook(scene({ slave: silentServer(look(kind)) })))).toBe(verdict);
  });

  test('to which the configuration allows no connection says so', () => {
    const notAllowed = {
      server: slaveAt,
      ip: '8.8.8.8',
      why: 'not_listed',
      credential: null,
      ownList: false,
      followed: false,
    } as const;
    const denied = { ...look('denied'), notAllowed } as Look;
    expect(codeOf(judgeLook(scene({ slave: silentServer(denied) })))).toBe('not_judged: not_allowed');
  });

  test.each<[string, Partial<SlaveScene>, string]>([
    ['its master does not answer', { master: silentServer(look('busy')) }, 'not_judged: master_silent'],
    ['it belongs to an expansion of ours', { expansion: 'exp_1' }, 'not_judged: in_expansion'],
    ['it is a master', { slave: aNode(slaveAt) }, 'doubtful: is_master'],
    [
      'it follows another master',
      { slave: slave({ masterHost: '10.0.0.9', masterPort: 9999 }) },
      'doubtful: follows_other',
    ],
    [
      'it gave its master up',
      { slave: slave({ linkStatus: 'down', dbStates: { db0: 'Error' } }) },
      'damaged: replication_ended',
    ],
    [
      'it copies a dump',
      { slave: slave({ linkStatus: 'down', dbStates: { db0: 'WaitDBSync' } }) },
      'not_judged: in_full_sync',
    ],
    [
      'its master says that it copies a dump',
      { master: master([listed({ db0: 'full syncing' })]) },
      'not_judged: in_full_sync',
    ],
    [
      'its master copies a dump itself',
      {
        master: master([listed()], {
          replication: { role: 'master&&slave', dbStates: { db0: 'WaitDBSync' } },
        }),
      },
      'not_judged: master_unready',
    ],
    [
      'the databases of its master are not open',
      { master: master([listed()], { replication: { role: 'master&&slave', dbStates: { db0: 'Error' } } }) },
      'not_judged: master_unready',
    ],
  ])('is judged at once where %s', (_what, changes, verdict) => {
    expect(codeOf(judgeLook(scene(changes)))).toBe(verdict);
  });

  test.each<[string, Partial<SlaveScene>, string]>([
    [
      'the link is down',
      { slave: slave({ linkStatus: 'down', dbStates: { db0: 'NoConnect' } }) },
      'doubtful: link_down',
    ],
    ['a DB is not connected', { slave: slave({ dbStates: { db0: 'WaitReply' } }) }, 'doubtful: link_down'],
    ['the master does not list it', { master: master([]) }, 'doubtful: not_listed'],
    [
      'the master lists it as not syncing',
      { master: master([listed({ db0: 'not syncing' })]) },
      'doubtful: not_syncing',
    ],
    [
      'it says that it is not finished',
      { slave: slave({ eligibleForMasterElection: false }, { version: '4.0.1' }) },
      'doubtful: says_unfinished',
    ],
    [
      'it has not reached the captured position',
      { slave: slave({ binlog: { db0: { file: 3, offset: 499 } } }) },
      'doubtful: behind',
    ],
  ])('waits first where %s, and is doubted in the end', (_what, changes, verdict) => {
    const first = judgeLook(scene(changes));
    expect(first).toEqual({ kind: 'wait', captured: { at: now, binlog: position } });
    expect(finally_(changes)).toBe(verdict);
  });

  test('that is behind says by how much, and since when it was waited for', () => {
    const looked = judgeLook(
      scene({
        captured: { at: now - patienceMs, binlog: position },
        slave: slave({ binlog: { db0: { file: 3, offset: 100 } } }),
      }),
    );
    expect(looked).toMatchObject({
      judgement: {
        reason: { facts: { behindBytes: 400, waitedSeconds: 60, slave: slaveAt, master: masterAt } },
      },
    });
  });

  test('has passed what was captured, not what the master writes meanwhile', () => {
    const moved = master([listed()], { replication: { binlog: { db0: { file: 4, offset: 9 } } } });
    const captured = { at: now - 1, binlog: position };
    expect(judgeLook(scene({ master: moved, captured }))).toEqual({ kind: 'compare' });
  });
});

test('a server that gives no look says why, whatever it is', () => {
  expect(silent(silentServer(look('unreachable'))).reason.text).toContain(`cannot reach ${slaveAt}`);
});

const report = (changes: Partial<ComparisonReport> = {}): ComparisonReport => ({
  depth: 'sample',
  verdict: 'equal',
  reason: null,
  startedAt: now,
  endedAt: now,
  lookedAtKeys: 100,
  lookedAtKeysByType: {},
  estimatedKeys: 1000,
  share: 0.1,
  smallestLossFound: 0.01,
  differencesTotal: 0,
  differencesByKind: {},
  examples: [],
  rounds: 3,
  settledByRecheck: 0,
  counts: null,
  ...changes,
});
const differing = (changes: Partial<ComparisonReport> = {}) => {
  const byKind = { missing: 24 };
  const reason = verdictSays('differences', { byKind });
  return report({
    verdict: 'different',
    reason: reason.text,
    said: { reason, notes: [] },
    differencesTotal: 24,
    differencesByKind: byKind,
    ...changes,
  });
};

describe('a comparison', () => {
  const judge = (of: ComparisonReport | null, state: 'completed' | 'failed' | 'cancelled' = 'completed') =>
    judgeComparison(
      { id: 'cmp_1', state, report: of },
      { slave: slaveAt, master: masterAt },
      { findings: [], ownSlaves: 0 },
    );

  test.each<[string, ComparisonReport | null, string]>([
    ['equal', report(), 'whole: whole'],
    ['empty', report({ verdict: 'empty', lookedAtKeys: 0 }), 'whole: whole'],
    ['with missing keys', differing(), 'damaged: data_differ'],
    ['with foreign keys alone', differing({ differencesByKind: { foreign: 24 } }), 'damaged: data_differ'],
    [
      'in which keys only live longer',
      differing({ differencesBySign: { outlives: 24 } }),
      'whole: whole_but_expiries',
    ],
    [
      'in which one key of them is missing',
      differing({ differencesBySign: { outlives: 23 } }),
      'damaged: data_differ',
    ],
    ['inconclusive', report({ verdict: 'inconclusive' }), 'doubtful: not_compared'],
    ['without a report', null, 'not_judged: comparison_ended'],
  ])('that is %s', (_what, of, verdict) => {
    const { verdict: judged, reason } = judge(of);
    expect(`${judged}: ${reason.code}`).toBe(verdict);
  });

  test.each(['failed', 'cancelled'] as const)('that is %s says nothing of the slave', (state) => {
    expect(judge(report(), state).verdict).toBe('not_judged');
  });

  test('says what is missing', () => {
    expect(judge(differing()).reason.text).toBe(
      'The data of 10.0.0.2:9221 differ from those of 10.0.0.1:9221: 24 missing. 100 keys were compared (10 %); a loss of 1 % would have been found (99 %).',
    );
  });

  test('that is equal does not outweigh settings that cannot work', () => {
    const findings = settingFindings(master(), slave({}, { config: { databases: 2 } }));
    expect(findings.map(({ code }) => code)).toEqual(['databases_differ']);
    const judged = judgeComparison(
      { id: 'cmp_1', state: 'completed', report: report() },
      { slave: slaveAt, master: masterAt },
      { findings, ownSlaves: 0 },
    );
    expect(judged).toMatchObject({ verdict: 'doubtful', reason: { code: 'settings_wrong' } });
  });
});

test('of preflight only that is said which concerns a slave that is attached', () => {
  expect(settingFindings(master(), slave())).toEqual([]);
  const old = settingFindings(master(), slave({}, { version: '4.0.1', config: { slaveReadOnly: false } }));
  expect(old.map(({ code }) => code)).toContain('node_writable_as_slave');
  expect(old.map(({ code }) => code).some((code) => code.startsWith('version_pair_'))).toBe(true);
});

describe('what a comparison said of a slave, beside a look at its end', () => {
  const named = { slave: slaveAt, master: masterAt };
  const facts = { lookedAtKeys: 9, share: 1, smallestLossFound: 0, because: null };
  const whole = judgement('whole', named, facts);
  const damaged = judgement('data_differ', named, { ...facts, ownSlaves: 0 });
  const copying = slave({ dbStates: { db0: 'WaitDBSync' }, linkStatus: 'down' });
  const free = aNode(slaveAt, { replication: { binlog: position } });
  const away = silentServer(look('unreachable'));
  const behind = slave({ binlog: { db0: { file: 3, offset: 400 } } });

  test.each([
    ['whole', whole, slave(), 'whole: whole'],
    ['whole', whole, behind, 'whole: whole'],
    ['whole', whole, free, 'doubtful: is_master'],
    ['whole', whole, copying, 'not_judged: in_full_sync'],
    ['whole', whole, away, 'not_judged: unreachable'],
    ['damaged', damaged, slave(), 'damaged: data_differ'],
    ['damaged', damaged, away, 'damaged: data_differ'],
    ['damaged', damaged, free, 'doubtful: is_master'],
    ['damaged', damaged, copying, 'not_judged: in_full_sync'],
  ] as const)('%s, and then %#', (_what, compared, after, expected) => {
    const judged = judgeAfter(compared, { master: master(), slave: after });
    expect(`${judged.verdict}: ${judged.reason.code}`).toBe(expected);
  });
});
