import type { HoldState } from '../../src/model/states.ts';
import type { StoredHoldDoc } from '../../src/model/views/hold.ts';
import type { HoldStore, StoredHold } from '../../src/store/holds.ts';
import { toJson } from '../../src/store/json.ts';
import { createMemoryLeases, type LeasedRow, unclaimed } from './memory-leases.ts';
import type { MemoryStore } from './memory-store.ts';

interface Row extends LeasedRow {
  doc: StoredHoldDoc;
  keys: readonly string[];
  state: HoldState;
  until: number;
  ended: boolean;
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

/** The HoldStore in memory, with the same outcomes as the one on PostgreSQL (test/store/holds.test.ts runs on both). */
export function createMemoryHolds(store: MemoryStore, now: () => number): HoldStore {
  const rows = new Map<string, Row>();
  const isActive = (row: Row): boolean => !row.ended && row.until > now();
  const overlap = (a: Row, b: Row): boolean => a.keys.some((key) => b.keys.includes(key));
  const oldestFirst = (a: Row, b: Row): number =>
    a.doc.createdAt - b.doc.createdAt || (a.doc.id < b.doc.id ? -1 : 1);
  const viewOf = (row: Row): StoredHold => ({
    doc: stored(row.doc),
    keys: row.keys,
    state: !row.ended && !isActive(row) ? 'expired' : row.state,
    until: row.until,
    leftMs: Math.max(0, row.until - now()),
  });
  const heldBy = ({ doc, until }: Row) => ({ hold: doc.id, by: doc.requestedBy, why: doc.reason, until });
  const reachable = () => store.reachable();
  const { fenced, leases } = createMemoryLeases('hold', rows, {
    isOpen: (row) => !row.ended,
    oldestFirst,
    now,
    reachable,
  });

  return {
    ...leases,
    async create({ doc, keys, forMs }, events) {
      reachable();
      const until = now() + forMs;
      const row = { doc: stored(doc), keys, until, state: 'waiting' as const, ended: false };
      rows.set(doc.id, { ...row, ...unclaimed });
      store.appendEvents('holdId', doc.id, events(until));
    },
    async get(id) {
      reachable();
      const row = rows.get(id);
      return row ? viewOf(row) : null;
    },
    async list({ limit, active = false }) {
      reachable();
      const all = [...rows.values()].filter((row) => !active || isActive(row)).sort(oldestFirst);
      return { items: all.reverse().slice(0, limit).map(viewOf), nextCursor: null };
    },
    async active() {
      reachable();
      const all = [...rows.values()].filter(isActive).sort(oldestFirst);
      return all.map((row) => ({ ...heldBy(row), keys: row.keys }));
    },
    async expansionsOn(keys) {
      reachable();
      return store.lockedBy(keys);
    },
    async addKeys(lease, keys) {
      reachable();
      const row = fenced(lease);
      row.keys = [...new Set([...row.keys, ...keys])];
      row.leaseUntil = now() + lease.leaseMs;
    },
    async save(lease, doc, state, events) {
      reachable();
      const row = fenced(lease);
      if (!isActive(row)) return { outcome: 'over' };
      const other = [...rows.values()].find(
        (each) => each !== row && isActive(each) && each.state === 'safe' && overlap(each, row),
      );
      if (state === 'safe' && other) return { outcome: 'other_first', other: heldBy(other) };
      row.doc = stored(doc);
      row.state = state;
      row.leaseUntil = now() + lease.leaseMs;
      store.appendEvents('holdId', lease.id, events);
      return { outcome: 'stored' };
    },
    async expire(lease, events) {
      reachable();
      const row = fenced(lease);
      if (row.ended || row.until > now()) return false;
      row.state = 'expired';
      row.ended = true;
      row.doc = { ...row.doc, endedAt: row.until, safeSince: null, waitingFor: null };
      store.appendEvents('holdId', lease.id, events);
      return true;
    },
    async extend(id, forMs, events) {
      reachable();
      const row = rows.get(id);
      if (!row || !isActive(row)) return false;
      row.until = now() + forMs;
      store.appendEvents('holdId', id, events(row.until));
      return true;
    },
    async end(id, { at, ...end }, events) {
      reachable();
      const row = rows.get(id);
      if (!row || !isActive(row)) return false;
      row.state = 'ended';
      row.ended = true;
      row.doc = { ...row.doc, endedAt: at, safeSince: null, waitingFor: null, end };
      store.appendEvents('holdId', id, events);
      return true;
    },
  };
}
