import { expect, test } from 'vitest';
import { mostPerMinute, mostRepeats } from '../../../src/core/notice/decide.ts';
import type { QuietHours } from '../../../src/model/channel.ts';
import { Play } from './play.ts';
import { aChannel, failed, goesOn, halted, minute, quarantined, start, waitsForApproval } from './samples.ts';

const hour = 60 * minute;

test('an incident is said once, and its end once', () => {
  const world = new Play(aChannel({ repeatMinutes: null }));
  world.happen(halted());
  expect(world.news(world.pass(3 * hour))).toEqual(['opened']);
  world.happen(goesOn());
  expect(world.news(world.pass(3 * hour))).toEqual(['over']);
});

test('its end is said when it has stayed over for a minute', () => {
  const world = new Play(aChannel());
  world.happen(halted());
  world.decide();
  world.now += 2000;
  world.happen(goesOn());
  const endedAt = world.now;
  world.pass(2 * minute);
  expect(world.sent.at(-1)!.at - endedAt).toBe(minute);
});

test('a storm of 1,000 events of one expansion is two messages', () => {
  const world = new Play(aChannel());
  for (let n = 0; n < 1000; n += 1) {
    world.happen(halted(), goesOn(), halted(), quarantined(`n${n % 30}:1`));
    world.decide();
    world.now += 50;
  }
  expect(world.news()).toEqual(['opened']);
  world.pass(minute);
  expect(world.news()).toEqual(['opened', 'changed']);
});

test('what comes and goes for an hour is said less and less often', () => {
  const world = new Play(aChannel());
  for (let n = 0; n < 3600; n += 1) {
    world.happen(n % 2 === 0 ? halted() : goesOn());
    world.decide();
    world.now += 1000;
  }
  // After 1, 2, 4, 8 and 16 minutes.
  expect(world.news()).toEqual(['opened', 'changed', 'changed', 'changed', 'changed', 'changed']);
});

test('a storm over 1,000 expansions is one summary', () => {
  const world = new Play(aChannel({ repeatMinutes: null }));
  world.happen(...Array.from({ length: 1000 }, (_, n) => halted({ expansionId: `exp_${n}` })));
  const [notice, ...others] = world.pass(10 * minute);
  expect(others).toEqual([]);
  expect(notice).toMatchObject({ summary: 'many', moreItems: 980 });
  expect(notice!.items).toHaveLength(20);
});

test('never more messages a minute than every service takes, and nothing is lost by it', () => {
  const world = new Play(aChannel({ repeatMinutes: null }));
  for (let n = 0; n < 30; n += 1) {
    world.happen(halted({ expansionId: `exp_${n}` }));
    world.decide();
    world.now += 1000;
  }
  expect(world.sent).toHaveLength(mostPerMinute);
  world.pass(2 * minute);
  const said = world.sent.flatMap(({ notice }) => notice.items.map(({ ownerId }) => ownerId));
  expect(new Set(said).size).toBe(30);
  expect(said).toHaveLength(30);
});

test('what nobody acknowledges is said again after its time, and not for ever', () => {
  const world = new Play(aChannel({ repeatMinutes: 30 }));
  world.happen(halted());
  expect(world.news(world.pass(29 * minute))).toEqual(['opened']);
  expect(world.news(world.pass(2 * minute))).toEqual(['again']);
  world.pass(24 * hour);
  expect(world.sent).toHaveLength(1 + mostRepeats);
});

test('an acknowledgement is said once, and ends the repeats', () => {
  const world = new Play(aChannel());
  world.happen(halted());
  world.pass(minute);
  world.acknowledge('inc_1');
  expect(world.news(world.pass(5 * hour))).toEqual(['acknowledged']);
  expect(world.sent.at(-1)!.notice.items[0]!.acknowledged).toMatchObject({ by: 'bob' });
  world.happen(quarantined('a:1'));
  expect(world.news(world.pass(31 * minute))).toEqual(['changed', 'again']);
});

test('what nothing but a person ends is over at the acknowledgement', () => {
  const world = new Play(aChannel());
  world.happen(failed());
  world.pass(minute);
  world.acknowledge('inc_1');
  expect(world.news(world.pass(hour))).toEqual(['over']);
});

test('a channel is told of its topics and its masters alone', () => {
  const world = new Play(aChannel({ topics: ['halted'], masters: ['10.0.0.1'] }), (master) =>
    master.startsWith('10.0.0.1:'),
  );
  world.happen(
    waitsForApproval({ expansionId: 'exp_2' }),
    halted({ expansionId: 'exp_3', master: '10.0.0.2:9221' }),
    halted({ expansionId: 'exp_4', master: null }),
    halted(),
    quarantined('a:1'),
  );
  const [notice, ...others] = world.pass(minute);
  expect(others).toEqual([]);
  expect(notice!.items).toMatchObject([{ ownerId: 'exp_1', problems: [{ topic: 'halted' }] }]);
});

test('what came and went between two looks is said to nobody', () => {
  const world = new Play(aChannel());
  world.happen(waitsForApproval(), goesOn());
  expect(world.pass(hour)).toEqual([]);
});

test('a new channel is told of what is open, and not of what failed before it was made', () => {
  const world = new Play(aChannel({ createdAt: start + minute }));
  world.happen(halted(), failed({ expansionId: 'exp_2' }));
  world.now += 2 * minute;
  expect(world.decide().map(({ items }) => items[0]!.ownerId)).toEqual(['exp_1']);
});

// ------------------------------------------------------------------------------------------------ quiet hours

const quiet: QuietHours = { from: '22:00', to: '08:00', timeZone: 'Asia/Shanghai', breakThrough: ['halted'] };
/** 2023-11-15 06:13:20 in Shanghai is `start`; quiet hours end at 08:00. */
const untilMorning = 2 * hour - 13 * minute - 20_000;

test('quiet hours hold back on the clock of their place, and one summary follows', () => {
  const world = new Play(aChannel({ quiet, repeatMinutes: null }));
  world.happen(waitsForApproval(), failed({ expansionId: 'exp_2' }));
  expect(world.pass(untilMorning)).toEqual([]);
  const morning = world.pass(hour);
  expect(world.news(morning)).toEqual(['quiet_hours']);
  expect(morning[0]!.items.map(({ ownerId, news }) => [ownerId, news])).toEqual([
    ['exp_2', 'opened'],
    ['exp_1', 'opened'],
  ]);
});

test('the summary names what came and went in quiet hours', () => {
  const world = new Play(aChannel({ quiet }));
  world.happen(waitsForApproval());
  world.pass(minute);
  world.happen(goesOn());
  const morning = world.pass(untilMorning);
  expect(morning.map(({ summary, items }) => [summary, items[0]!.news])).toEqual([['quiet_hours', 'over']]);
});

test('halts break through quiet hours, and are said again in them; their end waits for the morning', () => {
  const world = new Play(aChannel({ quiet }));
  world.happen(halted());
  expect(world.news(world.pass(35 * minute))).toEqual(['opened', 'again']);
  world.happen(goesOn());
  expect(world.pass(untilMorning - 36 * minute)).toEqual([]);
  expect(world.news(world.pass(hour))).toEqual(['quiet_hours']);
});

test('on another clock it is day', () => {
  const world = new Play(aChannel({ quiet: { ...quiet, timeZone: 'America/New_York' } }));
  world.happen(waitsForApproval());
  expect(world.news(world.pass(minute))).toEqual(['opened']);
});
