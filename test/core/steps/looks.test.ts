import { expect, test } from 'vitest';
import { placeKey } from '../../../src/core/plan/preflight-servers.ts';
import { lookAgainIn } from '../../../src/core/steps/pace.ts';
import { foundAfterMs, type PlantedFault } from '../../scheduling/detection.ts';
import { questionsOfSync } from '../../scheduling/questions.ts';
import { newExpansion } from '../../support/expansions.ts';
import { aHold } from '../../support/holds.ts';
import { begin, ended, isIn } from './played-expansion.ts';

/** Commands a second in the mean, at default settings. */
const perSecond = 5;
/** Of a phase that is shorter than two seconds. */
const commandsOfShortPhase = 12;

test.each(['3.5.4', '4.0.1'] as const)(
  'a node of %s in full sync and its master answer 5 commands a second at most in the mean, and in each phase that lasts',
  async (version) => {
    const { whole, phases } = await questionsOfSync(version, 60);
    const most = ({ ofNode, ofMaster }: typeof whole): number => Math.max(ofNode, ofMaster);
    expect(most(whole) / whole.seconds).toBeLessThanOrEqual(perSecond);
    for (const [phase, asked] of phases)
      expect(most(asked), phase).toBeLessThanOrEqual(
        Math.max(commandsOfShortPhase, perSecond * asked.seconds),
      );
    // What is never looked at costs nothing either.
    expect(phases.get('transferring')!.ofNode).toBeGreaterThan(whole.seconds);
  },
);

/** In the middle of a copy. */
const oneLookMs = 1000;

/** Measured when a node was looked at every 100 to 250 ms all the time: after so many ms of the copy, found so many ms later. */
const foundBefore = [
  ['another_slave', 1230, 273],
  ['another_slave', 7110, 309],
  ['bgsave', 1230, 73],
  ['bgsave', 7110, 128],
  ['node_killed', 1230, 72],
  ['node_killed', 7110, 127],
  ['node_restarted', 7110, 128],
  ['master_killed', 7110, 726],
  ['other_master', 1230, 1652],
  ['cut_off', 7110, 30_116],
] as const satisfies readonly (readonly [PlantedFault, number, number])[];

test.each(foundBefore)(
  'in a copy that is looked at seldom, %s after %i ms is found at most one look later',
  async (fault, copiedForMs, before) => {
    expect(await foundAfterMs(fault, copiedForMs)).toBeLessThanOrEqual(before + oneLookMs);
  },
);

test('a dump that replaces the dump of a copy is found within half a look at the node', async () => {
  for (const copiedForMs of [3370, 12_630])
    expect(await foundAfterMs('bgsave', copiedForMs)).toBeLessThanOrEqual(oneLookMs / 2);
});

test('the end of a comparison ends the wait for the next look', async () => {
  const { comesTo } = await begin({ nodes: ['n1'], policy: { lookIntervalMs: 60_000, stableLooks: 1 } });
  const { joins } = await comesTo('its end', ended);
  const { phase, phaseSince, comparison } = joins[0]!;
  expect(phase).toBe('verified');
  expect(phaseSince - comparison!.report!.endedAt).toBeLessThan(100);
});

test('the next node is checked in the turn that verifies the node before, and attached in it', async () => {
  const { comesTo, store } = await begin({ nodes: ['n1', 'n2'] });
  const expansion = await comesTo('its end', ended);
  const [first, second] = expansion.joins;
  expect(second!.attempts[0]!.tracker!.attachedAt).toBe(first!.phaseSince);
  const asked = await store.observations({
    expansionId: 'e',
    node: second!.target.name,
    afterSeq: 0,
    limit: 10,
  });
  const { endedAt } = first!.comparison!.report!;
  expect(asked.some(({ look }) => look.at >= endedAt && look.at <= first!.phaseSince)).toBe(true);
});

test('a node that may not begin without a slot asks for its slot first', async () => {
  const { comesTo } = await begin({
    nodes: ['n1', 'n2'],
    policy: { bandwidthBytesPerSecond: 20_000_000 },
  });
  const [first, second] = (await comesTo('its end', ended)).joins;
  expect(second!.attempts[0]!.tracker!.attachedAt).toBeGreaterThan(first!.phaseSince);
});

test('looks are close after SLAVEOF, however long the node was away from its master before', async () => {
  const { cluster, comesTo } = await begin({ nodes: ['n1'] });
  await comesTo('the copy', isIn(0, 'transferring'));
  // It spoils the copy, so the node is detached, waits, and is attached again.
  cluster.execute('m', ['BGSAVE']);
  const { attempts, phases } = (await comesTo('its end', ended)).joins[0]!;
  const seenAfterMs = attempts.map(({ number, intents }) => {
    const saidAt = intents.findLast(({ command }) => command.kind === 'slaveof')!.endedAt!;
    return phases.find(({ attempt, at }) => attempt === number && at > saidAt)!.at - saidAt;
  });
  expect(seenAfterMs).toHaveLength(2);
  const [begun, again] = attempts[1]!.intents.map(({ endedAt }) => endedAt!);
  expect(again! - begun!).toBeGreaterThan(2000);
  expect(seenAfterMs[1]).toBeLessThan(seenAfterMs[0]! + 150);
});

test('while everything is frozen no server is asked anything, and the thaw is seen within a second', async () => {
  const { cluster, store, comesTo, until, events } = await begin({ nodes: ['n1'] });
  await store.freeze({ reason: 'peak hours', by: 'ann' });
  await comesTo('its wait', ({ joins }) => joins[0]!.waitingFor?.code === 'frozen');
  const asked = () => cluster.nodes.map(({ counters }) => counters.commands);
  const [before, from] = [asked(), cluster.now()];
  await until(async () => cluster.now() >= from + 600_000, 700_000);
  expect(asked()).toEqual(before);
  const thawedAt = cluster.now();
  await store.unfreeze({ reason: 'it is over', by: 'ann' });
  await comesTo('its SLAVEOF', isIn(0, 'attaching'));
  expect((await events()).findLast(({ type }) => type === 'node.phase')!.at - thawedAt).toBeLessThan(1500);
});

test('a young copy is looked at again before it has lasted twice as long', async () => {
  const { cluster, comesTo } = await begin({ nodes: ['n1'] });
  const node = cluster.node('n1');
  const asked: number[] = [];
  cluster.world.clock.after(0, function count(known = 0) {
    const { commands } = node.counters;
    if (commands !== known) asked.push(cluster.now());
    cluster.world.clock.after(10, () => count(commands));
  });
  const { phaseSince } = (await comesTo('its files', isIn(0, 'transferring'))).joins[0]!;
  const { joins } = await comesTo('its end', ended);
  const end = joins[0]!.phases.find(({ phase }) => phase === 'swapping')!.at;
  const inCopy = asked.filter((at) => at >= phaseSince && at < end);
  expect(inCopy.length).toBeGreaterThan(10);
  for (const [index, at] of inCopy.entries()) {
    const next = inCopy[index + 1] ?? end;
    const most = Math.min(1000, Math.max(250, (next - phaseSince) / 2));
    expect(next - at, `until ${next - phaseSince} ms`).toBeLessThanOrEqual(most + 100);
  }
});

test('a worker without time for one more full sync begins none, asks the servers nothing, and obeys', async () => {
  const room = { is: false, underWay: [] as number[] };
  const mayBegin = (underWay: number): boolean => {
    room.underWay.push(underWay);
    return room.is;
  };
  const { cluster, comesTo, until, control, eventTypes } = await begin({
    nodes: ['n1', 'n2', 'n3'],
    mayBegin,
  });
  await comesTo('its start', ({ state }) => state === 'running');
  const asked = () => cluster.nodes.map(({ counters }) => counters.commands);
  const [before, from] = [asked(), cluster.now()];
  await until(async () => cluster.now() >= from + 60_000, 70_000);
  expect(asked()).toEqual(before);
  expect(await eventTypes()).not.toContain('node.attempt');
  room.is = true;
  await comesTo('its first copy', isIn(0, 'transferring'));
  room.is = false;
  await comesTo('its second copy', isIn(1, 'transferring'));
  expect(room.underWay.every((underWay) => underWay === 0)).toBe(true);
  await control('pause');
  await comesTo('a pause', ({ state }) => state === 'paused');
  await control('resume');
  await comesTo('its resumption', ({ state }) => state === 'running');
  await control('cancel');
  const { joins } = await comesTo('its end', ended);
  expect(joins.map(({ phase }) => phase)).toEqual(['verified', 'verified', 'cancelled']);
});

test('a node in line is looked for each second, however long the interval, while the master owes a setting', () => {
  const lent = { name: 'expire-logs-nums', old: '10', lent: '200', state: 'borrowed' } as never;
  const inLine = {
    ...newExpansion({ policy: { lookIntervalMs: 12_000 } }),
    state: 'running',
    borrowed: lent,
  } as const;
  expect(lookAgainIn({ ...inLine, currentBatch: 1 }, inLine.acceptedAt)).toBe(1000);
  const none = inLine.joins.map((join) => ({ ...join, phase: 'verified' as const }));
  expect(lookAgainIn({ ...inLine, joins: none }, inLine.acceptedAt)).toBe(12_000);
});

test('room that was found is kept while a slow server answers the check', async () => {
  let now = () => 0;
  let stall = (): void => undefined;
  let foundAt = Number.NEGATIVE_INFINITY;
  const mayBegin = (): boolean => {
    if (now() - foundAt < 15_000) return false;
    foundAt = now();
    stall();
    return true;
  };
  const { comesTo } = await begin({
    nodes: ['n1'],
    mayBegin,
    before: (cluster) => {
      now = () => cluster.now();
      stall = () => cluster.fault.stall('n1', 800);
    },
  });
  const { joins } = await comesTo('its SLAVEOF', isIn(0, 'attaching'));
  expect(joins[0]!.attempts[0]!.tracker!.attachedAt - foundAt).toBeLessThan(10_000);
});

test('a node that is slow to answer is checked by an answer to its check, not by one to a look that asked for less', async () => {
  const { comesTo } = await begin({ nodes: ['n1'], before: ({ fault }) => fault.stall('n1', 1500) });
  const { joins } = await comesTo('its SLAVEOF', isIn(0, 'attaching'));
  expect(joins[0]!.findings).toEqual([]);
});

test('a master and a node that never answer in the same turn are checked all the same', async () => {
  const slow = (ms: () => number) => ({ replyDelayMs: ms });
  const { cluster, comesTo } = await begin({
    nodes: ['n1'],
    before: ({ node }) =>
      void Object.assign(
        node('m'),
        slow(() => 700),
      ),
  });
  const { startedAt } = await comesTo('its beginning', ({ state }) => state === 'running');
  // It answers the first question of its check at once, so from then on its answers lie between those of the master.
  Object.assign(
    cluster.node('n1'),
    slow(() => (cluster.now() < startedAt! + 300 ? 0 : 500)),
  );
  const { phaseSince } = (await comesTo('its SLAVEOF', isIn(0, 'attaching'))).joins[0]!;
  expect(phaseSince - startedAt!).toBeLessThan(5000);
});

type Run = Awaited<ReturnType<typeof begin>>;
const stops: Readonly<Record<string, (run: Run, forMs: number) => Promise<() => Promise<unknown>>>> = {
  async freeze({ store }) {
    await store.freeze({ reason: 'peak hours', by: 'ann' });
    return () => store.unfreeze({ reason: 'it is over', by: 'ann' });
  },
  async hold({ holds, target }, forMs) {
    await holds.create({ ...aHold('h'), keys: [placeKey(target('m').address)], forMs }, () => []);
    return async () => undefined;
  },
};

test.each([
  ['freeze', 2],
  ['freeze', 60],
  ['hold', 2],
] as const)(
  'an answer that came late is forgotten in a %s of %i s: the node that got keys meanwhile keeps them (promise 3)',
  async (stop, seconds) => {
    const run = await begin({ nodes: ['n1'] });
    const { cluster, comesTo, until } = run;
    await comesTo('its beginning', ({ state }) => state === 'running');
    cluster.fault.stall('n1', 1500);
    const goOn = await stops[stop]!(run, seconds * 1000);
    const from = cluster.now();
    await until(async () => cluster.now() >= from + seconds * 1000, 70_000);
    cluster.execute('n1', ['SET', 'mine', 'value']);
    await goOn();
    const { joins } = await comesTo('a halt', ({ state }) => state === 'halted' || state === 'succeeded');
    expect(joins[0]!.problem?.code).toBe('holds_data');
    expect(cluster.execute('n1', ['GET', 'mine'])).toBe('value');
  },
);
