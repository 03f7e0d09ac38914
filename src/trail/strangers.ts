import type { NewTrailEntry } from '../model/views/trail.ts';

export interface Strangers {
  /** Whether a refusal of somebody who is not signed in gets an entry of its own; else it is counted. */
  admits(entry: NewTrailEntry): boolean;
  /** An entry for each kind of what was counted, when its time is over. */
  due(now: number): readonly NewTrailEntry[];
}

/** Of one refusal at one address within the time. */
const ownEntries = 10;
/** Of all addresses: an attacker has many. */
const allEntries = 100;
const withinMs = 60_000;

/**
 * Keeps who may do nothing from filling the trail, which nobody can shorten: after some entries within a minute, further
 * refusals are counted, and the minute ends with one entry that says how many they were.
 */
export function createStrangers(): Strangers {
  let since = 0;
  let all = 0;
  const own = new Map<string, number>();
  const counted = new Map<string, { first: NewTrailEntry; times: number }>();

  return {
    admits(entry) {
      const key = `${entry.from.address} ${entry.act} ${entry.outcome.code}`;
      if (own.size === 0) since = entry.at;
      const number = (own.get(key) ?? 0) + 1;
      if (own.has(key) || own.size < allEntries) own.set(key, number);
      all += 1;
      if (number <= ownEntries && all <= allEntries) return true;
      // Those beyond the bound are counted together: of none the address is told.
      const kept = counted.has(key) || counted.size < allEntries ? key : '';
      const before = counted.get(kept);
      const first = kept === '' ? withoutAddress(entry) : entry;
      counted.set(kept, { first: before?.first ?? first, times: (before?.times ?? 0) + 1 });
      return false;
    },
    due(now) {
      if (own.size === 0 || now - since < withinMs) return [];
      const entries = [...counted.values()].map(({ first, times }) => ({ ...first, at: now, times }));
      own.clear();
      counted.clear();
      all = 0;
      return entries;
    },
  };
}

const withoutAddress = (entry: NewTrailEntry): NewTrailEntry => ({
  ...entry,
  from: { ...entry.from, address: null, client: null },
  asked: null,
});
