/** Servers that do anything, from any state of an attempt: it ends within its bound all the same. */
import { expect, test } from 'vitest';
import { decide, takeReplies } from '../../../src/core/steps/decide.ts';
import type { Reply } from '../../../src/core/steps/intent.ts';
import { newExpansion } from '../../../src/core/steps/new-expansion.ts';
import { configFacts } from '../../../src/engines/pika/config-facts.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import { type Expansion, isActive, isEnded, needsPerson } from '../../../src/model/expansion.ts';
import type { DbState, Look, NodeFacts } from '../../../src/model/observation.ts';
import { resolvePolicy } from '../../../src/model/policy.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { masterReplication } from '../sync/master-replication.ts';

const MB = 1_000_000;
const snapshotBytes = 100 * MB;
const versions = ['3.3.6', '3.5.4', '3.5.5', '4.0.1'] as const;
const states: readonly DbState[] = [
  'NoConnect',
  'TryConnect',
  'TryDBSync',
  'WaitDBSync',
  'WaitReply',
  'Connected',
  'Error',
  'DBNoConnect',
  'Other',
];

/** What a server does for a while; each habit may change from look to look. */
type Habit = (random: Random) => {
  readonly silent?: 'busy' | 'unreachable' | 'denied' | 'garbled' | null;
  readonly state?: DbState;
  readonly bytes?: number;
  readonly restarts?: boolean;
  readonly offset?: number;
  readonly nonsense?: boolean;
};

const habits: readonly Habit[] = [
  // What a healthy copy looks like, and what never moves.
  (random) => ({ state: 'WaitDBSync', bytes: random.int(0, 4 * MB) }),
  () => ({ state: 'WaitDBSync', bytes: 0 }),
  () => ({ state: 'WaitDBSync', bytes: 900 }),
  () => ({ state: 'WaitDBSync', bytes: 20 }),
  () => ({ state: 'Connected', offset: 100 }),
  () => ({ state: 'Connected', offset: 0 }),
  ...states.map(
    (state): Habit =>
      () => ({ state, bytes: 0 }),
  ),
  // What changes with each look.
  (random) => ({ state: random.pick(['WaitDBSync', 'Connected']), bytes: random.int(0, MB) }),
  (random) => ({ state: random.pick(['NoConnect', 'TryConnect']), bytes: 0 }),
  (random) => ({ state: random.pick(['Connected', 'TryConnect', 'WaitReply']), bytes: 100, offset: 0 }),
  (random) => ({ state: random.pick(['Error', 'TryConnect', 'WaitReply']), bytes: 0 }),
  (random) => ({ state: random.pick(states), bytes: random.int(0, 2 * MB), offset: random.int(0, 50) }),
  (random) => ({ silent: random.pick(['busy', 'unreachable', null]), state: 'WaitDBSync', bytes: 1000 }),
  (random) => ({ silent: random.pick(['busy', null]), state: 'Connected', offset: 10 }),
  (random) => ({ state: 'WaitDBSync', restarts: random.next() < 0.2, bytes: random.int(0, MB) }),
  (random) => ({ state: 'Connected', restarts: random.next() < 0.2, offset: 5 }),
  () => ({ silent: 'busy' }),
  () => ({ silent: 'unreachable' }),
  () => ({ silent: 'denied' }),
  () => ({ silent: 'garbled' }),
  (random) => ({ nonsense: true, state: random.pick(states), bytes: random.int(-MB, MB) }),
];

type MasterHabit = (random: Random) => {
  readonly silent?: boolean;
  readonly dump?: boolean;
  readonly bgsaving?: boolean;
  readonly lists?: 'node' | 'nobody' | 'syncing' | 'not syncing' | 'strangers';
  readonly writes?: number;
};

const masterHabits: readonly MasterHabit[] = [
  () => ({ lists: 'node', writes: 100 }),
  () => ({ lists: 'node', writes: 0 }),
  () => ({ lists: 'syncing', writes: 100 }),
  () => ({ lists: 'nobody', writes: 100 }),
  () => ({ lists: 'not syncing', writes: 100 }),
  () => ({ lists: 'strangers', writes: 100 }),
  (random) => ({ lists: random.pick(['node', 'nobody', 'syncing']), writes: 10_000 }),
  (random) => ({ lists: 'syncing', dump: random.next() < 0.1 }),
  (random) => ({ lists: 'syncing', bgsaving: random.next() < 0.5 }),
  () => ({ lists: 'syncing', bgsaving: true }),
  (random) => ({ silent: random.next() < 0.5 }),
  () => ({ silent: true }),
];

interface Played {
  readonly expansion: Expansion;
  /** Bytes that the node received as a slave. */
  readonly received: number;
  readonly role: string;
  /** Ends that were shown, at which nothing was done; and phases under way for which no end was shown. */
  readonly untrueBounds: readonly string[];
}

/** CONFIG GET tells nothing. */
const config = configFacts({}, { master: null, login: null });
const seenAs = { host: '10.0.0.2', port: 9221 };
const master = { host: '10.0.0.1', port: 9221 };

/**
 * Plays one expansion of one node until it stands, or for as long as is said: against servers that take up one habit after
 * the other, or with a node that does one thing for ever under a master that makes one dump and answers.
 */
function playAgainst(
  seed: number,
  forMs: number,
  steady?: { readonly habit: Habit; readonly masterEmptyAfterMs?: number; readonly lookIntervalMs?: number },
): Played {
  const random = createRandom(`anything ${seed}`);
  const version = steady ? '3.5.4' : random.pick(versions);
  const policy = resolvePolicy({
    maxAttempts: random.int(1, 3),
    stallTimeoutMs: 20_000,
    nodeDownTimeoutMs: 15_000,
    masterBusyTimeoutMs: 40_000,
    lookIntervalMs: steady ? (steady.lookIntervalMs ?? 250) : 2000,
    stableLooks: 2,
    mayAskForDump: random.next() < 0.5,
    forecastTolerance: null,
  });
  const target = (name: string, address: typeof master) => ({
    name,
    address,
    seenAs: address,
    credential: null,
  });
  let now = 1_000_000;
  const end = now + forMs;
  const emptyFrom = now + (steady?.masterEmptyAfterMs ?? Number.POSITIVE_INFINITY);
  let expansion = newExpansion({
    id: 'e',
    master: target('m', master),
    nodes: [{ ...target('n', seenAs), overwriteData: true, repoint: true }],
    policy,
    label: null,
    requestedBy: 'test',
    via: 'rest',
    now,
  });

  const node = {
    role: 'master',
    bytes: 0,
    processId: 7,
    startedAt: 0,
    offset: 0,
    replicationId: '',
    received: 0,
  };

  const m = { lastSave: 100, offset: 1000 };
  let habit: Habit = steady?.habit ?? habits[0]!;
  let masterHabit: MasterHabit = masterHabits[0]!;
  // Some servers keep to one habit for ever, some change theirs all the time.
  const habitMs = steady
    ? Number.POSITIVE_INFINITY
    : random.pick([5000, 20_000, 60_000, Number.POSITIVE_INFINITY]);
  const masterHabitMs = steady
    ? Number.POSITIVE_INFINITY
    : random.pick([10_000, 60_000, Number.POSITIVE_INFINITY]);
  let habitUntil = steady ? end : now + random.int(5000, 15_000);
  let masterHabitUntil = steady ? end : now + random.int(5000, 15_000);
  const server = (processId: number, startedAt: number) => ({
    reportedVersion: version,
    processId,
    uptimeSeconds: Math.floor((now - startedAt) / 1000),
    runId: 'r',
    tcpPort: 9221,
  });
  const stats = (replInputBytes: number, bgsaving = false) => ({
    bgsaving,
    scanningKeyspace: false,
    compacting: false,
    opsPerSecond: 0,
    replInputBytes: version === '3.3.6' ? null : replInputBytes,
    replOutputBytes: 0,
    commandsProcessed: null,
  });
  const sizes = { sstBytes: snapshotBytes, liveSstBytes: snapshotBytes, memtableBytes: 0, estimatedKeys: 1 };
  const answered = (facts: NodeFacts): Look => ({ kind: 'answered', at: now, tookMs: 1, facts });
  const silence = (kind: 'busy' | 'unreachable' | 'denied' | 'garbled'): Look =>
    kind === 'busy'
      ? { kind, at: now, tookMs: 600 }
      : kind === 'garbled'
        ? { kind, at: now, message: 'no RESP' }
        : { kind, at: now, code: 'EX', message: 'no' };

  function nodeLook(stepMs: number): Look {
    const does = habit(random);
    if (does.silent) return silence(does.silent);
    if (does.restarts) [node.processId, node.startedAt, node.bytes] = [node.processId + 1, now, 0];
    const came = Math.round(((does.bytes ?? 0) * stepMs) / 1000);
    node.bytes = Math.max(0, node.bytes + came);
    if (node.role === 'slave') node.received += Math.max(0, came);
    node.offset += Math.round(((does.offset ?? 0) * stepMs) / 1000);
    if (does.nonsense && random.next() < 0.3) node.bytes = random.int(0, 1000 * MB);
    const isSlave = node.role === 'slave' && !(does.nonsense && random.next() < 0.1);
    const state = does.state ?? 'WaitDBSync';
    return answered({
      server: server(node.processId, node.startedAt),
      stats: stats(node.bytes),
      sizes: { ...sizes, sstBytes: isSlave ? snapshotBytes : 0, liveSstBytes: isSlave ? snapshotBytes : 0 },
      holdsKeys: false,
      lastSaveUnixSeconds: 0,
      config,
      replication: masterReplication({
        role: isSlave ? 'slave' : 'master',
        replicationId: node.replicationId,
        masterHost: isSlave ? master.host : null,
        masterPort: isSlave ? master.port : null,
        linkStatus: isSlave ? (state === 'Connected' ? 'up' : 'down') : null,
        dbStates: isSlave ? { db0: state } : {},
        binlog: { db0: { file: 20, offset: node.offset } },
      }),
    });
  }

  function masterLook(stepMs: number): Look {
    const does = masterHabit(random);
    if (does.silent) return silence(random.pick(['busy', 'unreachable']));
    if (does.dump) m.lastSave += random.int(1, 3);
    m.offset += Math.round(((does.writes ?? 0) * stepMs) / 1000);
    const lag = does.lists === 'syncing' ? 'full syncing' : does.lists === 'not syncing' ? 'not syncing' : 0;
    const own = { ip: seenAs.host, port: seenAs.port, lag: { db0: lag } as const };
    const slaves =
      node.role === 'master' || does.lists === 'nobody'
        ? []
        : does.lists === 'strangers'
          ? [{ ...own, ip: '10.0.0.77', lag: { db0: 0 } }]
          : [own];
    return answered({
      server: server(1, 0),
      stats: stats(0, does.bgsaving ?? false),
      sizes,
      config,
      ...(version === '3.3.6' ? {} : { lastSaveUnixSeconds: m.lastSave }),
      replication: masterReplication({
        slaves,
        connectedSlaves: slaves.length,
        binlog: { db0: { file: now >= emptyFrom ? 0 : 20, offset: m.offset } },
      }),
    });
  }

  const untrueBounds: string[] = [];
  const reports = new Map<number, ComparisonReport>();
  let replies: Reply[] = [];
  let stepMs = 0;
  while (now < end && !isEnded(expansion.state) && !needsPerson(expansion.state)) {
    if (now >= habitUntil) [habit, habitUntil] = [random.pick(habits), now + habitMs * (0.2 + random.next())];
    if (now >= masterHabitUntil)
      [masterHabit, masterHabitUntil] = [
        random.pick(masterHabits),
        now + masterHabitMs * (0.2 + random.next()),
      ];
    expansion = takeReplies(expansion, replies, now, 1).expansion;
    replies = [];
    const decision = decide({
      expansion,
      now,
      epoch: 1,
      masterLook: masterLook(stepMs),
      nodeLooks: new Map([[0, nodeLook(stepMs)]]),
      controls: [],
      frozen: null,
      reports,
      masterHeldBy: null,
      capabilitiesOf,
    });
    untrueBounds.push(...untrueBound(expansion, decision.expansion, now));
    expansion = decision.expansion;
    for (const { intentId, joinIndex, command } of decision.commands) {
      const drawn = random.next();
      const outcome = steady || drawn < 0.9 ? 'ok' : drawn < 0.93 ? 'refused' : 'unknown';
      if (outcome === 'ok' || (outcome === 'unknown' && drawn < 0.97)) {
        if (command.kind === 'slaveof') [node.role, node.replicationId] = ['slave', 'id'];
        if (command.kind === 'slaveof_no_one') node.role = 'master';
        if (command.kind === 'clear_replication_id') node.replicationId = '';
        if (command.kind === 'bgsave') m.lastSave += 1;
        // The dump for the node, made before its first byte.
        if (steady && command.kind === 'slaveof') m.lastSave += 1;
        if (command.kind === 'slaveof') node.offset = random.int(0, m.offset);
      }
      replies.push({ intentId, joinIndex, outcome, text: 'x' });
    }
    for (const { joinIndex } of decision.comparisons)
      reports.set(joinIndex, reportOf(random.pick(['equal', 'different', 'inconclusive', 'empty']), now));
    stepMs = steady
      ? (decision.lookAgainInMs ?? 250)
      : Math.max(random.pick([250, 1000, 2000]), decision.lookAgainInMs ?? 1000);
    now += stepMs;
  }
  return { expansion, received: node.received, role: node.role, untrueBounds };
}

function untrueBound(before: Expansion, after: Expansion, now: number): string[] {
  const [was, is] = [before.joins[0]!, after.joins[0]!];
  const bound = is.progress.boundEndsAt ?? null;
  const expected = was.progress.boundEndsAt ?? null;
  const told = `${is.phase} at ${now}, attempt ${is.attempts.length}`;
  if (bound !== null && bound <= now) return [`${told}: the end is over`];
  const stays = is.phase === was.phase && is.attempts.length === was.attempts.length;
  if (expected !== null && now >= expected && stays && bound === expected) return [`${told}: nothing done`];
  // A comparison has its own limits, and a step that was just done shows no end until the next look.
  const judges = is.phase === 'verifying' || !isActive(is.phase);
  const isOpen = !judges && stays && bound === null && expected === null;
  return isOpen ? [`${told}: no end`] : [];
}

const reportOf = (verdict: ComparisonReport['verdict'], at: number): ComparisonReport => ({
  depth: 'sample',
  verdict,
  reason: verdict === 'inconclusive' ? 'as drawn' : null,
  startedAt: at,
  endedAt: at,
  lookedAtKeys: 10,
  lookedAtKeysByType: {},
  estimatedKeys: 10,
  share: 1,
  smallestLossFound: 0.1,
  differencesTotal: verdict === 'different' ? 3 : 0,
  differencesByKind: verdict === 'different' ? { missing: 3 } : {},
  examples: [],
  rounds: 1,
  settledByRecheck: 0,
  counts: null,
});

const hour = 3_600_000;

test('whatever servers do, an attempt comes to its end, and a person sees when', { timeout: 120_000 }, () => {
  const open: { readonly seed: number; readonly phase: string }[] = [];
  const untrue: string[] = [];
  const ends = new Set<string>();
  for (let seed = 1; seed <= 350; seed++) {
    const { expansion, untrueBounds } = playAgainst(seed, hour);
    const [join] = expansion.joins;
    untrue.push(...untrueBounds.map((each) => `seed ${seed}: ${each}`));
    ends.add(join!.problem?.code ?? join!.phase);
    if (!isEnded(expansion.state) && !needsPerson(expansion.state)) open.push({ seed, phase: join!.phase });
  }
  expect(open).toEqual([]);
  expect(untrue.slice(0, 10)).toEqual([]);
  // The servers are not all alike.
  expect(ends.size).toBeGreaterThan(15);
});

test('a master that has lost its binlog in the copy is another master: the node is detached, and not verified as its slave', () => {
  for (const habit of [
    () => ({ state: 'WaitDBSync' as const, bytes: 5 * MB }),
    () => ({ state: 'Connected' as const, offset: 100 }),
    () => ({ state: 'Error' as const, bytes: 0 }),
  ]) {
    const { expansion, role } = playAgainst(1, hour, { habit, masterEmptyAfterMs: 3000 });
    const [join] = expansion.joins;
    expect([expansion.state, join!.phase, join!.problem?.code, role]).toEqual([
      'halted',
      'quarantined',
      'master_replaced',
      'master',
    ]);
  }
});

test('however fast or slowly it comes, a copy receives no twice the snapshot before it is ended', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(`copy ${seed}`);
    const most = random.pick([MB, 8 * MB, 40 * MB]);
    const least = random.pick([most, most / 10]);
    const copies: Habit = () => ({ state: 'WaitDBSync', bytes: random.within([least, most]) });
    const lookIntervalMs = random.pick([250, 60_000]);
    const { expansion, received } = playAgainst(seed, hour, { habit: copies, lookIntervalMs });
    expect(expansion.joins[0]!.problem?.code, `seed ${seed}`).toBe('copy_without_end');
    expect(received, `seed ${seed}`).toBeGreaterThan(snapshotBytes);
    expect(received, `seed ${seed}`).toBeLessThan(2 * snapshotBytes);
  }
});
