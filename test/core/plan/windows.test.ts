import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTimeZone, windowState } from '../../../src/core/plan/windows.ts';
import type { TimeWindow } from '../../../src/model/policy.ts';
import { because } from '../../../src/model/reasons.ts';

const at = (iso: string): number => Date.parse(iso);
const window = (from: string, to: string, more: Partial<TimeWindow> = {}): TimeWindow => ({
  days: [],
  from,
  to,
  timeZone: 'UTC',
  ...more,
});

describe('time windows', () => {
  test('without any, everything is open', () => {
    expect(windowState([], 0)).toEqual({ open: true, opensAt: null, closesAt: null });
  });

  test('say when they are open, when the open one ends and when the next begins', () => {
    const night = [window('22:00', '23:30')];
    expect(windowState(night, at('2026-11-22T22:00:00Z'))).toEqual({
      open: true,
      opensAt: null,
      closesAt: at('2026-11-22T23:30:00Z'),
    });
    expect(windowState(night, at('2026-11-22T23:30:00Z'))).toEqual({
      open: false,
      opensAt: at('2026-11-23T22:00:00Z'),
      closesAt: null,
    });
  });

  test('that end before they begin run past midnight', () => {
    const night = [window('22:00', '06:00')];
    expect(windowState(night, at('2026-11-23T05:59:00Z')).closesAt).toBe(at('2026-11-23T06:00:00Z'));
    expect(windowState(night, at('2026-11-23T06:00:00Z')).opensAt).toBe(at('2026-11-23T22:00:00Z'));
  });

  test('count their days by the day on which they begin', () => {
    const saturday = [window('22:00', '06:00', { days: ['sat'] })];
    expect(windowState(saturday, at('2026-11-22T03:00:00Z')).open).toBe(true);
    expect(windowState(saturday, at('2026-11-22T23:00:00Z'))).toMatchObject({
      open: false,
      opensAt: at('2026-11-28T22:00:00Z'),
    });
  });

  test('are read on the clock of their place', () => {
    const shanghai = [window('02:00', '05:00', { timeZone: 'Asia/Shanghai' })];
    expect(windowState(shanghai, at('2026-11-22T18:00:00Z')).open).toBe(true);
    expect(windowState(shanghai, at('2026-11-22T17:59:00Z')).opensAt).toBe(at('2026-11-22T18:00:00Z'));
    const opens = because('window_opens', { at: at('2026-11-22T18:00:00Z'), timeZone: 'Asia/Shanghai' });
    expect(opens.text).toBe('the next time window opens at Mon 23 Nov 02:00 (Asia/Shanghai)');
  });

  test.each([
    ['summer time begins', '2026-03-29T04:00:00Z', '2026-03-29T08:00:00Z', '2026-03-30T02:00:00Z'],
    ['it ends', '2026-10-25T04:00:00Z', '2026-10-25T09:00:00Z', '2026-10-26T03:00:00Z'],
  ])('keep to the clock on the day on which %s', (_when, before, ten, next) => {
    const morning = [window('10:00', '11:00', { timeZone: 'Europe/Berlin' })];
    expect(windowState(morning, at(before)).opensAt).toBe(at(ten));
    expect(windowState([window('04:00', '05:00', { timeZone: 'Europe/Berlin' })], at(ten)).opensAt).toBe(
      at(next),
    );
  });

  test('that begin in the hour which summer time skips begin an hour later, not never', () => {
    const skipped = [window('02:30', '04:00', { timeZone: 'Europe/Berlin' })];
    expect(windowState(skipped, at('2026-03-29T00:00:00Z')).opensAt).toBe(at('2026-03-29T01:30:00Z'));
  });

  test('a closed one always tells when it opens, and is open then', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
    const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe'];
    fc.assert(
      fc.property(
        clock,
        clock,
        fc.constantFrom(...zones),
        fc.subarray(['mon', 'wed', 'sun'] as const),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
        (from, to, timeZone, days, now) => {
          const windows = [window(from, to, { timeZone, days })];
          const state = windowState(windows, now);
          if (state.open) {
            expect(state.closesAt).toBeGreaterThan(now);
            return;
          }
          expect(state.opensAt).toBeGreaterThan(now);
          expect(windowState(windows, state.opensAt!).open).toBe(true);
          expect(windowState(windows, state.opensAt! - 60_000).open).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('unknown zones are told from known ones', () => {
    expect([isTimeZone('Europe/Berlin'), isTimeZone('UTC'), isTimeZone('Mars/Olympus')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
