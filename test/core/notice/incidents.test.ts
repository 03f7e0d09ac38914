import { expect, test } from 'vitest';
import { afterEvents, tellingTypes } from '../../../src/core/notice/incidents.ts';
import { events } from '../../../src/model/events.ts';
import { problemText } from '../../../src/model/incident.ts';
import { Play } from './play.ts';
import { aChannel, failed, goesOn, halted, happened, quarantined, waitsForApproval } from './samples.ts';

const play = () => new Play(aChannel());
const topicsOf = (of: Play) => of.only().problems.map(({ topic }) => topic);

test('every type that tells of incidents is a type of events', () => {
  expect(tellingTypes.filter((type) => !(type in events))).toEqual([]);
});

test('a halted expansion is one incident, until it goes on', () => {
  const world = play();
  world.happen(halted());
  expect(world.only()).toMatchObject({
    key: 'expansionId exp_1',
    owner: 'expansionId',
    ownerId: 'exp_1',
    label: 'shop',
    endedAt: null,
    problems: [{ topic: 'halted', level: 'error', master: '10.0.0.1:9221', until: 'over' }],
  });
  world.now += 5000;
  world.happen(goesOn());
  expect(world.only()).toMatchObject({ endedAt: world.now, problems: [] });
  expect(world.incidents.size).toBe(1);
});

test('what comes back within a minute is the same incident, and later another one', () => {
  const world = play();
  world.happen(halted(), goesOn());
  world.now += 59_000;
  world.happen(halted());
  expect(world.incidents.size).toBe(1);
  expect(world.only().endedAt).toBeNull();
  world.happen(goesOn());
  world.now += 61_000;
  world.happen(halted());
  expect(world.incidents.size).toBe(2);
});

test('quarantined nodes and a halt of one expansion are one incident', () => {
  const world = play();
  world.happen(quarantined('a:1'), quarantined('b:1'), halted());
  expect(world.incidents.size).toBe(1);
  expect(topicsOf(world)).toEqual(['node', 'node', 'halted']);
  world.happen(
    happened(
      'node.phase',
      { from: 'quarantined', to: 'preflight', attempt: 1, why: { code: 'x', facts: {}, text: '' } },
      { node: 'a:1' },
    ),
  );
  expect(topicsOf(world)).toEqual(['node', 'halted']);
});

test('a failed expansion is over when a person has acknowledged it, with the nodes that it leaves behind', () => {
  const world = play();
  world.happen(quarantined('a:1'), failed());
  expect(world.only().problems.map(({ topic, until }) => [topic, until])).toEqual([
    ['node', 'acknowledged'],
    ['failed', 'acknowledged'],
  ]);
  world.acknowledge('inc_1');
  expect(world.only()).toMatchObject({ endedAt: world.now, problems: [], acknowledged: { by: 'bob' } });
});

test('an acknowledged halt stays open, and a further problem takes the acknowledgement back', () => {
  const world = play();
  world.happen(halted());
  world.acknowledge('inc_1');
  expect(world.only()).toMatchObject({ endedAt: null, acknowledged: { by: 'bob' } });
  world.happen(halted());
  expect(world.only().acknowledged).not.toBeNull();
  world.happen(quarantined('a:1'));
  expect(world.only().acknowledged).toBeNull();
});

test('an approval after a halt takes its place', () => {
  const world = play();
  world.happen(halted(), waitsForApproval());
  expect(topicsOf(world)).toEqual(['approval']);
});

test('findings of a guard come and go one by one, and end with the guard', () => {
  const world = play();
  const reason = (slave: string) => ({
    code: 'silent',
    facts: { slave, master: '10.0.0.1:9221' },
    text: 'silent',
  });
  const of = { expansionId: null, guardId: 'grd_1', master: null };
  world.happen(
    happened('guard.found', { reason: reason('a:1'), level: 'error' }, of),
    happened('guard.found', { reason: reason('b:1'), level: 'warning' }, of),
    happened('guard.cleared', { reason: reason('a:1'), since: 1, at: 2 }, of),
  );
  expect(world.only().problems).toMatchObject([{ key: 'finding b:1 silent', master: '10.0.0.1:9221' }]);
  world.happen(happened('guard.ended', { by: 'ann', reason: 'done' }, of));
  expect(world.only().endedAt).not.toBeNull();
});

test('a freeze and an absence of workers are found by looking', () => {
  const world = play();
  const freeze = { frozen: true, reason: 'the database was restored', by: 'restore', since: 1 };
  world.look({ freeze, unattended: 2 });
  world.look({ freeze, unattended: 3 });
  expect([...world.incidents.values()].map(({ key }) => key)).toEqual([
    'service frozen',
    'service unattended',
  ]);
  const texts = (['en', 'zh'] as const).map((language) =>
    [...world.incidents.values()].map(({ problems }) => problemText(problems[0]!, { language, tool: 'cli' })),
  );
  expect(texts[0]![0]).toContain('restore has frozen everything');
  expect(texts[0]![1]).toContain('2 expansions are due');
  expect(texts[1]![1]).toContain('2 个扩容任务');
  world.look({});
  expect([...world.incidents.values()].every(({ endedAt }) => endedAt !== null)).toBe(true);
});

test('an incident stays of a size that can be stored', () => {
  const world = play();
  const many = Array.from({ length: 1000 }, (_, n) => quarantined(`n${n}:1`));
  world.happen(...many);
  expect(world.only().problems).toHaveLength(200);
  expect(world.only().moreProblems).toBe(800);
  const big = halted({
    data: { reason: 'x'.repeat(10_000) },
    text: 'y'.repeat(10_000),
    expansionId: 'exp_2',
  });
  const [incident] = afterEvents(new Map(), [big], () => 'inc').values();
  expect(JSON.stringify(incident).length).toBeLessThan(6000);
});

test('events that need nobody are no incident', () => {
  const world = play();
  world.happen(
    goesOn(),
    happened(
      'node.verified',
      { attempts: 1, receivedBytes: 1, snapshotBytes: 1, tookMs: 1 },
      { node: 'a:1' },
    ),
  );
  expect(world.incidents.size).toBe(0);
});
