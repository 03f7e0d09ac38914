import type { EventInput } from '../../src/model/events.ts';
import type { Control, Expansion, Join } from '../../src/model/expansion.ts';
import type { Look } from '../../src/model/observation.ts';
import { grantSlots, type Slot } from '../../src/model/slots.ts';
import type { EventOwner, StoredEvent } from '../../src/model/views/event.ts';
import type { Observation } from '../../src/model/views/observation.ts';
import type { Freeze } from '../../src/model/views/service.ts';
import {
  changedJoins,
  decodeCursor,
  docChanged,
  docOf,
  type ExpansionDoc,
  encodeCursor,
  eventOwners,
  hasEnded,
  lockedAddresses,
  searchText,
  summaryOf,
} from '../../src/store/expansion-rows.ts';
import { freezeEvent, unfreezeEvent } from '../../src/store/freeze.ts';
import { toJson } from '../../src/store/json.ts';
import type { Lease } from '../../src/store/leases.ts';
import { addressKey, masterKey } from '../../src/store/master-key.ts';
import {
  AlreadyFrozenError,
  IdempotencyConflictError,
  NodeInUseError,
  NotFoundError,
  plansOfEach,
  type Store,
  type StoredPlan,
  StoreUnavailableError,
  type Within,
} from '../../src/store/store.ts';
import { createMemoryLeases, type LeasedRow, unclaimed } from './memory-leases.ts';

export interface MemoryStoreOptions {
  /** Milliseconds since the epoch; plays the database's clock. */
  readonly now: () => number;
  /** As in the real store: at most about one and a half times as many are kept per node. */
  readonly observationsPerNode?: number;
}

/** The Store in memory, with the same outcomes as the one on PostgreSQL (test/store/contract.ts runs on both). */
export interface MemoryStore extends Store {
  /** While true, every method throws StoreUnavailableError. */
  setUnavailable(unavailable: boolean): void;
  /** Throws while `setUnavailable`; for the stores that share this one's database. */
  reachable(): void;
  /** Stores events of something else among those of the expansions. */
  appendEvents(owner: EventOwner, id: string, events: readonly EventInput[]): void;
  /** Expansions that hold masters under any of these keys. */
  lockedBy(keys: readonly string[]): readonly string[];
  /** Gives it what throws when the lease of what an expansion is part of is not held any more. */
  setFence(of: Within['of'], check: (lease: Lease) => void): void;
}

interface Idempotency {
  readonly key: string;
  readonly fingerprint: string;
}

interface Row extends LeasedRow {
  doc: ExpansionDoc;
  joins: (() => Join)[];
  search: string;
  controls: Control[];
  seenControls: Set<string>;
  idempotency: Idempotency | null;
}

/** Most are never read: the simulation alone keeps tens of thousands. */
type KeptLook = Omit<Observation, 'look'> & { readonly json: string };

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;
/** The same of what is saved often and seldom read: parsed when it is read. */
function storedText<T>(value: T): () => T {
  const text = toJson(value);
  let parsed: T | undefined;
  return () => (parsed ??= JSON.parse(text) as T);
}
const newestFirst = (a: ExpansionDoc, b: ExpansionDoc) =>
  b.acceptedAt - a.acceptedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
const oldestFirst = (a: ExpansionDoc, b: ExpansionDoc) => newestFirst(b, a);

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const { now } = options;
  const observationsPerNode = options.observationsPerNode ?? 1000;
  const rows = new Map<string, Row>();
  const events: StoredEvent[] = [];
  const owners = Object.keys(eventOwners) as EventOwner[];
  const observations = new Map<string, KeptLook[]>();
  const nodeLocks = new Map<string, string>();
  const masterLocks = new Map<string, string>();
  const slots = new Map<string, readonly Slot[]>();
  const plans = new Map<string, StoredPlan & { readonly requestedBy: string }>();
  let freezeNow: Freeze = { frozen: false, reason: null, by: null, since: null };
  let observationSeq = 0;
  let unavailable = false;
  const fences = new Map<Within['of'], (lease: Lease) => void>();

  const reachable = () => {
    if (unavailable) throw new StoreUnavailableError('the database cannot be reached (made so by the test)');
  };
  const expansionOf = (row: Row): Expansion => ({ ...row.doc, joins: row.joins.map((join) => join()) });
  const { fenced, leases } = createMemoryLeases('expansion', rows, {
    isOpen: ({ doc }) => !hasEnded(doc),
    oldestFirst: (a, b) => oldestFirst(a.doc, b.doc),
    now,
    reachable,
  });
  const sameRequest = (earlier: Row, idempotency: Idempotency): Row => {
    if (earlier.idempotency?.fingerprint === idempotency.fingerprint) return earlier;
    throw new IdempotencyConflictError(
      `idempotency key ${idempotency.key} was used before, by expansion ${earlier.doc.id}, with another request`,
    );
  };
  const watchers = new Set<(owner: string | null) => void>();
  const tell = (owner: string) => {
    for (const watcher of watchers) watcher(owner);
  };
  const append = (expansionId: string, inputs: readonly EventInput[]) => {
    for (const input of inputs) events.push({ ...stored(input), expansionId, seq: events.length + 1 });
    if (inputs.length > 0) tell(expansionId);
  };
  const observe = (expansionId: string, node: string, look: Look) => {
    const key = JSON.stringify([expansionId, node]);
    const kept = observations.get(key) ?? [];
    kept.push({ seq: ++observationSeq, expansionId, node, at: look.at, json: toJson(look) });
    observations.set(key, thinned(kept, observationsPerNode));
  };
  const unlock = (locks: Map<string, string>, expansionId: string) => {
    for (const [key, holder] of locks) if (holder === expansionId) locks.delete(key);
  };
  const running = () => [...rows.values()].filter((row) => !hasEnded(row.doc));

  return {
    ...leases,
    setUnavailable(to) {
      unavailable = to;
    },
    reachable,
    appendEvents(owner, id, inputs) {
      for (const input of inputs)
        events.push({ ...stored(input), expansionId: null, [owner]: id, seq: events.length + 1 });
      if (inputs.length > 0) tell(id);
    },
    lockedBy(keys) {
      return [...new Set(keys.flatMap((key) => masterLocks.get(key) ?? []))];
    },
    setFence(of, check) {
      fences.set(of, check);
    },

    async migrate() {
      reachable();
    },
    async close() {},
    async ping() {
      reachable();
    },

    async accept(expansion, firstEvents, idempotency, within) {
      reachable();
      if (within) fences.get(within.of)!(within.lease);
      const earlier =
        idempotency && [...rows.values()].find((row) => row.idempotency?.key === idempotency.key);
      if (earlier) return { expansion: expansionOf(sameRequest(earlier, idempotency)), replayed: true };
      const locked = lockedAddresses(expansion);
      const uses = [...locked].flatMap(([key, node]) => {
        const holder = nodeLocks.get(key);
        return holder ? [{ node, expansionId: holder }] : [];
      });
      if (uses.length > 0) throw new NodeInUseError(distinct(uses));
      if (rows.has(expansion.id)) throw new Error(`there is an expansion ${expansion.id} already`);
      for (const key of locked.keys()) nodeLocks.set(key, expansion.id);
      const row: Row = {
        doc: stored(docOf(expansion)),
        joins: expansion.joins.map(storedText),
        search: searchText(expansion),
        ...unclaimed,
        lookAt: now(),
        controls: [],
        seenControls: new Set(),
        idempotency,
      };
      rows.set(expansion.id, row);
      append(expansion.id, firstEvents);
      return { expansion: expansionOf(row), replayed: false };
    },

    async acceptedUnder(idempotency) {
      reachable();
      const earlier = [...rows.values()].find((row) => row.idempotency?.key === idempotency.key);
      return earlier ? expansionOf(sameRequest(earlier, idempotency)) : null;
    },

    async get(id) {
      reachable();
      const row = rows.get(id);
      return row ? expansionOf(row) : null;
    },

    async summaries(filter) {
      const { items, nextCursor } = await this.list(filter);
      return { items: items.map(summaryOf), nextCursor };
    },
    async list(filter) {
      reachable();
      const search = filter.search?.toLowerCase();
      const after = decodeCursor(filter.cursor);
      const matching = [...rows.values()]
        .filter((row) => !filter.states || filter.states.includes(row.doc.state))
        .filter((row) => !filter.master || masterKey(row.doc.master.address) === addressKey(filter.master))
        .filter((row) => !search || row.search.includes(search))
        .sort((a, b) => newestFirst(a.doc, b.doc))
        .filter(
          ({ doc }) =>
            !after || doc.acceptedAt < after.at || (doc.acceptedAt === after.at && doc.id < after.id),
        );
      const items = matching.slice(0, filter.limit).map(expansionOf);
      const last = matching.length > filter.limit ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ at: last.acceptedAt, id: last.id }) : null };
    },

    async events(filter) {
      reachable();
      return events
        .slice(Math.max(0, filter.afterSeq))
        .filter((event) => owners.every((field) => !filter[field] || event[field] === filter[field]))
        .filter((event) => !filter.types || filter.types.includes(event.type))
        .filter((event) => !filter.node || event.node === filter.node)
        .slice(0, filter.limit);
    },

    watchEvents(onNews) {
      watchers.add(onNews);
      queueMicrotask(() => onNews(null));
      return {
        async close() {
          watchers.delete(onNews);
        },
      };
    },

    async lastSeq() {
      reachable();
      return events.length;
    },

    async observations(filter) {
      reachable();
      return [...observations.values()]
        .flat()
        .filter((seen) => seen.expansionId === filter.expansionId && seen.seq > filter.afterSeq)
        .filter((seen) => !filter.node || seen.node === filter.node)
        .sort((a, b) => a.seq - b.seq)
        .slice(0, filter.limit)
        .map(({ json, ...seen }) => ({ ...seen, look: JSON.parse(json) }));
    },

    async nodesInUse(addresses) {
      reachable();
      return addresses.flatMap((node) => {
        const expansionId = nodeLocks.get(addressKey(node));
        return expansionId ? [{ node, expansionId }] : [];
      });
    },

    async onMaster(key) {
      reachable();
      return running()
        .filter((row) => masterKey(row.doc.master.address) === key)
        .filter(({ doc: { state, startAt = 0 } }) => state !== 'pending' || startAt <= now())
        .sort((a, b) => oldestFirst(a.doc, b.doc))
        .map((row) => ({ id: row.doc.id, state: row.doc.state }));
    },

    async lastOnMaster(key) {
      reachable();
      const [last] = [...rows.values()]
        .map(({ doc }) => doc)
        .filter((doc) => masterKey(doc.master.address) === key && doc.startedAt !== null)
        .flatMap(({ id, endedAt }) => (endedAt === null ? [] : [{ id, endedAt }]))
        .sort((a, b) => b.endedAt - a.endedAt);
      return last ?? null;
    },

    async unattended(limit) {
      const isWorkedOn = (await leases.held()) > 0;
      const due = await leases.due(Number.POSITIVE_INFINITY);
      return due.filter((id) => rows.get(id)!.owner !== null || !isWorkedOn).slice(0, limit);
    },

    async addControl(expansionId, control) {
      reachable();
      const row = rows.get(expansionId);
      if (!row) throw new NotFoundError('expansion', expansionId);
      if (row.seenControls.has(control.id)) return;
      row.seenControls.add(control.id);
      row.controls.push(stored(control));
      row.lookAt = now();
    },

    async pendingControls(expansionId) {
      reachable();
      return [...(rows.get(expansionId)?.controls ?? [])];
    },

    async orders() {
      reachable();
      const withControls = [...rows].flatMap(([id, row]) =>
        !hasEnded(row.doc) && row.controls.length > 0 ? [id] : [],
      );
      return { freeze: freezeNow, withControls };
    },

    async lockMaster(lease, keys) {
      reachable();
      fenced(lease);
      const heldBy = keys
        .map((key) => masterLocks.get(key))
        .find((holder) => holder !== undefined && holder !== lease.id);
      if (heldBy) return { heldBy };
      for (const key of keys) masterLocks.set(key, lease.id);
      return true;
    },

    async syncSlots(lease, request) {
      reachable();
      fenced(lease);
      const others = [...slots].flatMap(([id, own]) => (id === lease.id ? [] : own));
      const granted = grantSlots(others, request.held, request.wanted, request.limits);
      slots.set(lease.id, granted.slots);
      return { refused: granted.refused, others };
    },

    async save(lease, before, after, extra) {
      reachable();
      const row = fenced(lease);
      if (docChanged(before, after)) row.doc = stored(docOf(after));
      for (const join of changedJoins(before, after)) row.joins[join.index] = storedText(join);
      append(lease.id, extra.events);
      for (const { node, look } of extra.observations ?? []) observe(lease.id, node, look);
      row.controls = row.controls.filter((control) => !extra.appliedControls?.includes(control.id));
      const wanted = extra.lookAgainInMs === null ? null : now() + extra.lookAgainInMs;
      row.lookAt = row.controls.length > 0 ? now() : wanted;
      row.leaseUntil = now() + lease.leaseMs;
      if (!hasEnded(row.doc)) return;
      row.lookAt = null;
      unlock(nodeLocks, lease.id);
      unlock(masterLocks, lease.id);
      slots.delete(lease.id);
    },

    async freeze(order) {
      reachable();
      if (freezeNow.frozen) throw new AlreadyFrozenError(freezeNow);
      freezeNow = { frozen: true, reason: order.reason, by: order.by, since: now() };
      for (const { doc } of running()) append(doc.id, [{ ...freezeEvent(order), at: now() }]);
      return freezeNow;
    },

    async unfreeze(order) {
      reachable();
      const told = freezeNow.frozen ? running() : [];
      freezeNow = { frozen: false, reason: null, by: null, since: null };
      for (const { doc } of told) append(doc.id, [{ ...unfreezeEvent(order), at: now() }]);
      return freezeNow;
    },

    async freezeState() {
      reachable();
      return freezeNow;
    },

    async savePlan(plan, requestedBy) {
      reachable();
      plans.delete(plan.id);
      plans.set(plan.id, { ...stored(plan), requestedBy });
      const own = [...plans.values()].filter((each) => each.requestedBy === requestedBy);
      for (const { id } of own.slice(0, -plansOfEach)) plans.delete(id);
    },

    async plansOf(requestedBy, limit) {
      const own = [...plans.values()].filter((each) => each.requestedBy === requestedBy);
      return own
        .toReversed()
        .slice(0, limit)
        .map(({ requestedBy: _, ...plan }) => plan);
    },

    async getPlan(id) {
      reachable();
      const { requestedBy: _, ...plan } = plans.get(id) ?? { id: '' };
      return plan.id === '' ? null : (plan as StoredPlan);
    },
  };
}

/** Once half as many again as permitted are there, every second one of the older ones goes. */
function thinned(kept: KeptLook[], permitted: number): KeptLook[] {
  if (kept.length <= permitted * 1.5) return kept;
  const recent = kept.length - Math.floor(permitted / 2);
  return kept.filter((_, at) => at >= recent || at % 2 === 0);
}

function distinct(uses: readonly { node: string; expansionId: string }[]) {
  return [...new Map(uses.map((use) => [`${use.node} ${use.expansionId}`, use])).values()];
}
