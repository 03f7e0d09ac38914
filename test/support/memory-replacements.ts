import { replacementHasEnded } from '../../src/model/states.ts';
import type { StoredReplacement } from '../../src/model/views/replacement.ts';
import { toJson } from '../../src/store/json.ts';
import { FencedError } from '../../src/store/leases.ts';
import { masterKey } from '../../src/store/master-key.ts';
import {
  MasterInReplacementError,
  type ReplacementApproval,
  type ReplacementCancel,
  type ReplacementStore,
} from '../../src/store/replacements.ts';
import { type Idempotency, IdempotencyConflictError, NotFoundError } from '../../src/store/store.ts';
import { createMemoryLeases, type LeasedRow, unclaimed } from './memory-leases.ts';
import type { MemoryStore } from './memory-store.ts';

interface Row extends LeasedRow {
  doc: StoredReplacement;
  asked: ReplacementCancel | null;
  approved: ReplacementApproval | null;
  readonly idempotency: Idempotency | null;
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

/** The ReplacementStore in memory, in the same database as this store. */
export function createMemoryReplacements(store: MemoryStore, now: () => number): ReplacementStore {
  const rows = new Map<string, Row>();
  const isOpen = (row: Row): boolean => !replacementHasEnded(row.doc.state);
  const { fenced, leases } = createMemoryLeases('replacement', rows, {
    isOpen,
    oldestFirst: (a, b) => a.doc.createdAt - b.doc.createdAt,
    now,
    reachable: () => store.reachable(),
  });
  const under = (idempotency: Idempotency | null): Row | null => {
    const earlier = idempotency && [...rows.values()].find((row) => row.idempotency?.key === idempotency.key);
    if (!earlier) return null;
    if (earlier.idempotency?.fingerprint === idempotency.fingerprint) return earlier;
    throw new IdempotencyConflictError(`idempotency key ${idempotency.key} was used before`);
  };
  store.setFence('replacement', (lease) => {
    if (!isOpen(fenced(lease))) throw new FencedError(`replacement ${lease.id} has ended`);
  });

  return {
    ...leases,
    async accept(doc, events, idempotency) {
      store.reachable();
      const earlier = under(idempotency);
      if (earlier) return { doc: stored(earlier.doc), replayed: true };
      const key = masterKey(doc.master.address);
      const other = [...rows.values()].find(
        (row) => isOpen(row) && masterKey(row.doc.master.address) === key,
      );
      if (other) throw new MasterInReplacementError(other.doc.id);
      rows.set(doc.id, {
        doc: stored(doc),
        asked: null,
        approved: null,
        ...unclaimed,
        lookAt: now(),
        idempotency,
      });
      store.appendEvents('replacementId', doc.id, events);
      return { doc, replayed: false };
    },
    async acceptedUnder(idempotency) {
      store.reachable();
      const earlier = under(idempotency);
      return earlier && stored(earlier.doc);
    },
    async get(id) {
      store.reachable();
      const row = rows.get(id);
      return row ? { doc: stored(row.doc), asked: row.asked, approved: row.approved } : null;
    },
    async list({ limit }) {
      store.reachable();
      const docs = [...rows.values()].map(({ doc }) => doc).sort((a, b) => b.createdAt - a.createdAt);
      return { items: docs.slice(0, limit).map(stored), nextCursor: null };
    },
    async save(lease, doc, events, lookAgainInMs) {
      store.reachable();
      const row = fenced(lease);
      row.doc = stored(doc);
      row.leaseUntil = now() + lease.leaseMs;
      const wanted = lookAgainInMs === null ? null : now() + lookAgainInMs;
      const isAsked =
        (row.asked !== null && doc.cancel === null) || (row.approved !== null && doc.approval === null);
      row.lookAt = !isOpen(row) ? null : isAsked ? now() : wanted;
      store.appendEvents('replacementId', lease.id, events);
    },
    async cancel(id, cancel) {
      store.reachable();
      const row = rows.get(id);
      if (!row) throw new NotFoundError('replacement', id);
      row.asked ??= stored(cancel);
      row.lookAt = isOpen(row) ? now() : null;
    },
    async approve(id, approval) {
      store.reachable();
      const row = rows.get(id);
      if (!row) throw new NotFoundError('replacement', id);
      row.approved ??= stored(approval);
      row.lookAt = isOpen(row) ? now() : null;
    },
  };
}
