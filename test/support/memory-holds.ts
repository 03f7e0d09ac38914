import type { HoldState } from '../../src/model/states.ts';
import type { StoredHoldDoc } from '../../src/model/views/hold.ts';
import type { HoldStore, StoredHold } from '../../src/store/holds.ts';
import { toJson } from '../../src/store/json.ts';
import { FencedError, type Lease } from '../../src/store/leases.ts';
import type { MemoryStore } from './memory-store.ts';

interface Row {
  doc: StoredHoldDoc;
  keys: readonly string[];
  state: HoldState;
  until: number;
  ended: boolean;
  epoch: number;
  owner: string | null;
  leaseUntil: number;
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

/** The HoldStore in memory, with the same outcomes as the one on PostgreSQL (test/store/holds.test.ts runs on both). */
export function createMemoryHolds(store: MemoryStore, now: () => number): HoldStore {
  const rows = new Map<string, Row>();
  const isActive = (row: Row): boolean => !row.ended && row.until > now();
  const isHeld = (row: Row): boolean => row.owner !== null && row.leaseUntil > now();
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
  const fenced = (lease: Lease): Row => {
    const row = rows.get(lease.id);
    if (row && row.epoch === lease.epoch && row.owner === lease.owner) return row;
    throw new FencedError(`lease ${lease.epoch} of ${lease.owner} on hold ${lease.id} was lost`);
  };
  const reachable = () => store.reachable();

  return {
    async create({ doc, keys, forMs }, events) {
      reachable();
      const until = now() + forMs;
      const row = { doc: stored(doc), keys, until, state: 'waiting' as const, ended: false };
      rows.set(doc.id, { ...row, epoch: 0, owner: null, leaseUntil: 0 });
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
    async claim(id, owner, leaseMs) {
      reachable();
      const row = rows.get(id);
      if (!row || row.ended || isHeld(row)) return null;
      row.epoch += 1;
      row.owner = owner;
      row.leaseUntil = now() + leaseMs;
      return { id, owner, epoch: row.epoch, leaseMs };
    },
    async renew(lease) {
      reachable();
      fenced(lease).leaseUntil = now() + lease.leaseMs;
    },
    async release(lease) {
      reachable();
      const row = rows.get(lease.id);
      if (row?.epoch === lease.epoch && row.owner === lease.owner) row.owner = null;
    },
    async due(limit) {
      reachable();
      const due = [...rows].filter(([, row]) => !row.ended && !isHeld(row));
      return due.slice(0, limit).map(([id]) => id);
    },
  };
}
