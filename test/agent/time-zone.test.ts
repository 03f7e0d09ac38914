import { expect, test } from 'vitest';
import { LogClock } from '../../src/agent/time-zone.ts';

const noon = Date.UTC(2026, 10, 28, 12);
const hour = 3_600_000;

test.each([
  ['Asia/Shanghai', 8],
  [':Asia/Shanghai', 8],
  ['/usr/share/zoneinfo/Asia/Shanghai', 8],
  ['CST-8', 8],
  ['<+0530>-5:30', 5.5],
  ['EST5', -5],
  ['UTC0', 0],
  ['', 0],
  ['America/New_York', -5],
])('a log in the zone %j is %d hours ahead', (zone, hours) => {
  expect(new LogClock(zone).toUtc(noon)).toBe(noon - hours * hour);
});

test('follows summer time', () => {
  const clock = new LogClock('Europe/Berlin');
  expect(clock.toUtc(Date.UTC(2026, 6, 1, 12))).toBe(Date.UTC(2026, 6, 1, 10));
  expect(clock.toUtc(Date.UTC(2026, 11, 1, 12))).toBe(Date.UTC(2026, 11, 1, 11));
});

test('a zone that nobody knows is that of this host, until the file shows another one', () => {
  const clock = new LogClock('No/Such_Zone');
  clock.check(noon + 8 * hour, noon + 300);
  expect(clock.toUtc(noon + 8 * hour)).toBe(noon);
});

test('a file that was touched long after its last line changes nothing', () => {
  const clock = new LogClock('UTC0');
  clock.check(noon, noon + 7 * 60_000);
  clock.check(noon, noon + 40 * 24 * hour);
  expect(clock.toUtc(noon)).toBe(noon);
});
