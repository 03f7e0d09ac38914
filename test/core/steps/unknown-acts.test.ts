import { describe, expect, test, vi } from 'vitest';
import { type DecideInput, decide } from '../../../src/core/steps/decide.ts';
import { mustStayEmpty } from '../../../src/core/steps/join-state.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type {
  Attempt,
  BorrowedSetting,
  Expansion,
  Intent,
  Join,
  NodeCommand,
} from '../../../src/model/expansion.ts';
import type { Look, NodeFacts, ReplicationFacts } from '../../../src/model/observation.ts';
import { said } from '../../support/said.ts';
import { masterReplication } from '../sync/master-replication.ts';
import { begin, isIn } from './played-expansion.ts';

vi.setConfig({ testTimeout: 300_000 });

/**
 * The moments that a run meets once in ten thousand: an expansion is taken in the middle of a copy, its node is given
 * this step and these acts, and one look says what follows.
 */
async function taken() {
  const run = await begin({ nodes: ['n1', 'n2'] });
  const expansion = await run.comesTo('a running copy', isIn(0, 'transferring'));
  return { expansion, now: Math.round(run.cluster.now()) };
}

const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };
const replication = masterReplication({
  replicationId: '',
  binlog: { db0: { file: 12, offset: 0 } },
});
const answered = (at: number, facts: Partial<NodeFacts>): Look => ({
  kind: 'answered',
  at,
  tookMs: 1,
  facts: { server, ...facts },
});
const detachedNode = replication;
const slaveOf = (host: string, port: number): ReplicationFacts => ({
  ...replication,
  role: 'slave',
  masterHost: host,
  masterPort: port,
  linkStatus: 'up',
  dbStates: { db0: 'Connected' },
});

const sent = (command: NodeCommand, savedAt: number): Intent => ({
  id: '0.1.9',
  command,
  reason: said('by a worker that died'),
  savedAt,
  epoch: 1,
  endedAt: null,
  outcome: null,
  reply: null,
});
const slaveof = ({ master }: Expansion): NodeCommand => ({
  kind: 'slaveof',
  master: master.seenAs,
  force: true,
});

const withFirst = (expansion: Expansion, attempt: Partial<Attempt>, join: Partial<Join> = {}): Expansion => ({
  ...expansion,
  joins: expansion.joins.map((each) =>
    each.index !== 0
      ? each
      : {
          ...each,
          ...join,
          attempts: each.attempts.map((one) => ({ ...one, ...attempt })),
        },
  ),
});

/** What follows from one look at the first node, which says this of its replication. */
function lookAt(expansion: Expansion, node: ReplicationFacts, now: number, more: Partial<DecideInput> = {}) {
  const decision = decide({
    expansion,
    now,
    epoch: 2,
    masterLook: answered(now, { replication }),
    nodeLooks: new Map([[0, answered(now, { replication: node, holdsKeys: false })]]),
    controls: [],
    frozen: null,
    reports: new Map(),
    masterHeldBy: null,
    capabilitiesOf,
    ...more,
  });
  const first = decision.expansion.joins[0]!;
  return {
    commands: decision.commands.map(({ command }) => command.kind),
    phase: first.phase,
    waitingFor: first.waitingFor?.text,
    leaving: first.leaving,
    second: decision.expansion.joins[1]!,
  };
}

describe('an act whose reply was lost is given the time to happen', () => {
  test('SLAVEOF is not repeated before that', async () => {
    const { expansion, now } = await taken();
    const lost = withFirst(
      expansion,
      { step: 'slaveof', detachedAt: null, intents: [sent(slaveof(expansion), now)] },
      { phase: 'attaching' },
    );
    const soon = lookAt(lost, detachedNode, now + 5000);
    expect(soon.commands).toEqual([]);
    expect(soon.waitingFor).toContain('not known yet whether SLAVEOF');
    expect(lookAt(lost, detachedNode, now + 13_000).commands).toEqual(['slaveof']);
  });

  test('a node is not let go while its SLAVEOF may still happen', async () => {
    const { expansion, now } = await taken();
    const leaving = withFirst(
      expansion,
      { step: 'slaveof', intents: [sent(slaveof(expansion), now)] },
      { phase: 'attaching', leaving: { to: 'cancelled', since: now } },
    );
    const soon = lookAt(leaving, detachedNode, now + 5000);
    expect([soon.phase, soon.waitingFor]).toEqual([
      'attaching',
      'it is not known yet whether its SLAVEOF will still happen',
    ]);
    expect(lookAt(leaving, detachedNode, now + 13_000).phase).toBe('cancelled');
  });
});

test('a SLAVEOF that was not seen to have happened does not make the node’s data ours (promise 3)', async () => {
  const { expansion, now } = await taken();
  const command = slaveof(expansion);
  const outcomes = ['unknown', 'refused', 'ok', null] as const;
  const empty = outcomes.map((outcome) => {
    const after = withFirst(expansion, { intents: [{ ...sent(command, now), outcome }] });
    return mustStayEmpty(after.joins[0]!);
  });
  expect(empty).toEqual([true, true, false, false]);
});

describe('a freeze stops the detaches too', () => {
  test.each([
    ['before a new attempt', { step: 'detach', intents: [] } as Partial<Attempt>, {} as Partial<Join>],
    [
      'of a node that leaves',
      { step: 'syncing' } as Partial<Attempt>,
      { leaving: { to: 'cancelled', since: 0 } } as Partial<Join>,
    ],
  ])('%s', async (_, attempt, join) => {
    const { expansion, now } = await taken();
    const { host, port } = expansion.master.seenAs;
    const attached = withFirst(expansion, attempt, { phase: 'attaching', ...join });
    const frozen = lookAt(attached, slaveOf(host, port), now + 1000, { frozen: 'storm' });
    expect([frozen.commands, frozen.waitingFor]).toEqual([[], 'everything is frozen: storm']);
    expect(lookAt(attached, slaveOf(host, port), now + 1000).commands).toEqual(['slaveof_no_one']);
  });
});

test('a node that leaves and follows another master by now gets no command (promise 4)', async () => {
  const { expansion, now } = await taken();
  const leaving = withFirst(expansion, { step: 'syncing' }, { leaving: { to: 'cancelled', since: now } });
  const seen = lookAt(leaving, slaveOf('10.9.9.9', 9221), now + 1000);
  expect([seen.commands, seen.phase]).toEqual([[], 'cancelled']);
});

test('while another expansion is at work on the master no further node is begun', async () => {
  const { expansion, now } = await taken();
  const done = {
    ...expansion,
    currentBatch: 1,
    joins: expansion.joins.map((join) =>
      join.index === 0
        ? {
            ...join,
            phase: 'verified' as const,
            attempts: join.attempts.map((each) => ({ ...each, endedAt: now, outcome: 'verified' as const })),
          }
        : join,
    ),
  };
  const looks = new Map([[1, answered(now, { replication: detachedNode, holdsKeys: false })]]);
  const held = lookAt(done, detachedNode, now, { nodeLooks: looks, masterHeldBy: 'exp_other' });
  expect([held.second.phase, held.second.waitingFor?.text]).toEqual([
    'waiting',
    'expansion exp_other is at work on this master',
  ]);
});

test.each(['cancel', 'pause'] as const)('%s ends the wait of an expansion for its turn', async (verb) => {
  const { expansion, now } = await taken();
  const queued: Expansion = {
    ...expansion,
    state: 'pending',
    startedAt: null,
    batchCount: null,
    joins: expansion.joins.map((join) => ({ ...join, phase: 'waiting' as const, attempts: [] })),
  };
  const control = { id: 'c1', verb, node: null, reason: 'not needed', by: 'ann', at: now };
  const decision = decide({
    expansion: queued,
    now,
    epoch: 2,
    masterLook: answered(now, { replication }),
    nodeLooks: new Map(),
    controls: [control],
    frozen: null,
    reports: new Map(),
    masterHeldBy: 'exp_other',
    capabilitiesOf,
  });
  expect(decision.expansion.state).toBe(verb === 'cancel' ? 'cancelled' : 'paused');
  expect(decision.commands).toEqual([]);
});

test('an expansion does not end before a borrowed setting of a node is back (promise 4)', async () => {
  const { expansion, now } = await taken();
  const borrowed: BorrowedSetting = {
    name: 'throttle-bytes-per-second',
    old: '1000',
    given: ['700'],
    changes: 1,
    pending: null,
    seen: '700',
    seenAt: now,
    state: 'borrowed',
    restoringSince: null,
    fileWritten: false,
  };
  const joins = expansion.joins.map((join) => ({
    ...join,
    phase: 'verified' as const,
    attempts: join.attempts.map((each) => ({ ...each, endedAt: now, outcome: 'verified' as const })),
  }));
  const done = { ...expansion, currentBatch: 1, joins };
  const endsAs = (borrowedBy: BorrowedSetting | null): string =>
    decide({
      expansion: { ...done, joins: done.joins.map((join) => ({ ...join, borrowed: borrowedBy })) },
      now,
      epoch: 2,
      masterLook: answered(now, { replication }),
      nodeLooks: new Map(),
      controls: [],
      frozen: null,
      reports: new Map(),
      masterHeldBy: null,
      capabilitiesOf,
    }).expansion.state;
  expect([endsAs(null), endsAs(borrowed)]).toEqual(['succeeded', 'running']);
});
