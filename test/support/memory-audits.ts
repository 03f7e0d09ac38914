import { defaultSpec } from '../../src/compare/spec.ts';
import { countsOf, newServer } from '../../src/core/audit/audit.ts';
import { judgement } from '../../src/model/audit-texts.ts';
import { auditHasEnded } from '../../src/model/states.ts';
import type { NodeTarget } from '../../src/model/targets.ts';
import type { StoredAuditDoc, StoredAuditServer } from '../../src/model/views/audit.ts';
import type { AuditCancel, AuditStore, ProvenSlave, StoredAudit } from '../../src/store/audits.ts';
import { toJson } from '../../src/store/json.ts';
import { masterKey } from '../../src/store/master-key.ts';
import { NotFoundError } from '../../src/store/store.ts';
import { createMemoryLeases, type LeasedRow, unclaimed } from './memory-leases.ts';
import type { MemoryStore } from './memory-store.ts';

/** As much of an audit store as routes use. */
export class MemoryAudits implements Pick<AuditStore, 'create' | 'get' | 'list' | 'cancel' | 'knownMasters'> {
  readonly rows = new Map<string, StoredAudit>();
  masters: readonly NodeTarget[] = [];

  async create(audit: StoredAudit) {
    this.rows.set(audit.doc.id, audit);
  }
  async get(id: string) {
    return this.rows.get(id) ?? null;
  }
  async list({ limit }: { readonly limit: number }) {
    const items = [...this.rows.values()].map(({ doc }) => doc).toReversed();
    return { items: items.slice(0, limit), nextCursor: null };
  }
  async cancel(id: string, cancel: AuditCancel) {
    this.change(id, { cancel });
  }
  async knownMasters() {
    return this.masters;
  }
  change(id: string, doc: Partial<StoredAuditDoc>, more: readonly StoredAuditServer[] = []) {
    const row = this.rows.get(id)!;
    this.rows.set(id, { doc: { ...row.doc, ...doc }, servers: [...row.servers, ...more] });
  }
}

interface Row extends LeasedRow {
  audit: StoredAudit;
  cancel: AuditCancel | null;
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

/**
 * The AuditStore in memory, in the same database as this store. `provenOf` tells what expansions of before have proven, besides
 * those in the store.
 */
export function createMemoryAudits(
  store: MemoryStore,
  now: () => number,
  provenBefore: readonly ProvenSlave[] = [],
): AuditStore {
  const rows = new Map<string, Row>();
  const isOpen = ({ audit }: Row): boolean => !auditHasEnded(audit.doc.state);
  const { fenced, leases } = createMemoryLeases('audit', rows, {
    isOpen,
    oldestFirst: (a, b) => a.audit.doc.createdAt - b.audit.doc.createdAt,
    now,
    reachable: () => store.reachable(),
  });
  const newestFirst = (a: ProvenSlave, b: ProvenSlave): number => b.wholeAt.at - a.wholeAt.at;
  return {
    ...leases,
    async create(audit) {
      store.reachable();
      rows.set(audit.doc.id, { audit: stored(audit), cancel: null, ...unclaimed, lookAt: now() });
    },
    async get(id) {
      store.reachable();
      const row = rows.get(id);
      if (row === undefined) return null;
      const { doc, servers } = stored(row.audit);
      return { doc: { ...doc, cancel: row.cancel }, servers };
    },
    async list({ limit }) {
      store.reachable();
      const docs = [...rows.values()].map(({ audit }) => audit.doc).toReversed();
      return { items: docs.slice(0, limit).map(stored), nextCursor: null };
    },
    async save(lease, doc, servers, lookAgainInMs, events = []) {
      store.reachable();
      const row = fenced(lease);
      const kept = new Map(row.audit.servers.map((server) => [server.index, server]));
      for (const { server } of servers) kept.set(server.index, stored(server));
      row.audit = { doc: stored(doc), servers: [...kept.values()].sort((a, b) => a.index - b.index) };
      row.leaseUntil = now() + lease.leaseMs;
      row.lookAt = isOpen(row) ? now() + lookAgainInMs : null;
      store.appendEvents('auditId', lease.id, events);
      return row.cancel;
    },
    async cancel(id, cancel) {
      store.reachable();
      const row = rows.get(id);
      if (row === undefined) throw new NotFoundError('audit', id);
      row.cancel ??= stored(cancel);
      row.lookAt = isOpen(row) ? now() : null;
    },
    async knownMasters() {
      store.reachable();
      return [];
    },
    async provenOf(master, limit) {
      const key = masterKey(master.address);
      const { items } = await store.list({ limit: 200 });
      const proven = items
        .filter((expansion) => masterKey(expansion.master.address) === key)
        .flatMap(({ id, joins }) =>
          joins
            .filter(({ phase }) => phase === 'verified')
            .map(({ target: { name, address, seenAs, credential }, phaseSince: at }) => ({
              slave: { name, address, seenAs, credential },
              wholeAt: { at, by: id },
            })),
        );
      const all = [...proven, ...provenBefore].sort(newestFirst);
      return [...new Map(all.toReversed().map((each) => [each.slave.name, each])).values()]
        .sort(newestFirst)
        .slice(0, limit);
    },
    async lastWhole(slaves, master) {
      store.reachable();
      const of = masterKey(master.address);
      const found = [...rows.values()].flatMap(({ audit: { doc, servers } }) =>
        servers.flatMap(({ verdict, target, judgedAt, master: index }) =>
          verdict === 'whole' && index !== null && masterKey(servers[index]!.target.address) === of
            ? [{ place: masterKey(target.address), at: judgedAt!, by: doc.id }]
            : [],
        ),
      );
      found.sort((a, b) => b.at - a.at);
      return slaves.map(({ address }) => {
        const last = found.find(({ place }) => place === masterKey(address));
        return last ? { at: last.at, by: last.by } : null;
      });
    },
  };
}

export const targetAt = (name: string): NodeTarget => {
  const address = { host: name.split(':')[0]!, port: Number(name.split(':')[1]) };
  return { name, address, seenAs: address, credential: null };
};

/** An audit of one master, as it is asked for. */
export function anAudit(id: string): StoredAudit {
  const servers = [{ index: 0, ...newServer(targetAt('10.0.0.1:9221'), null, null) }];
  const doc: StoredAuditDoc = {
    id,
    state: 'pending',
    requestedBy: 'test',
    createdAt: 1,
    startedAt: null,
    endedAt: null,
    spec: defaultSpec,
    maxRunning: 2,
    maxRunningPerHost: 1,
    slaves: [],
    counts: countsOf(servers, 0),
    cancel: null,
  };
  return { doc, servers };
}

/** A slave of the first server of an audit that was found damaged. */
export const damagedSlave = (index: number, name: string): StoredAuditServer => ({
  index,
  target: targetAt(name),
  master: 0,
  listedAs: name,
  state: 'judged',
  version: '3.5.4',
  role: 'slave',
  captured: { at: 1, binlog: { db0: { file: 3, offset: 500 } } },
  comparisonId: `cmp_${index}`,
  examples: [
    { db: 0, key: 'user:1', type: 'string', kind: 'missing', left: '3 bytes', right: null, rounds: 3 },
  ],
  findings: [],
  ...judgement(
    'data_differ',
    { slave: name, master: '10.0.0.1:9221' },
    { lookedAtKeys: 9, share: 1, smallestLossFound: 0, because: null, ownSlaves: 0 },
  ),
  judgedAt: 2,
  wholeAt: { at: 1, by: 'exp_1' },
});
