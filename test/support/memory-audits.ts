import { defaultSpec } from '../../src/compare/spec.ts';
import { countsOf, newServer } from '../../src/core/audit/audit.ts';
import { judgement } from '../../src/model/audit-texts.ts';
import type { NodeTarget } from '../../src/model/targets.ts';
import type { StoredAuditDoc, StoredAuditServer } from '../../src/model/views/audit.ts';
import type { AuditCancel, AuditStore, StoredAudit } from '../../src/store/audits.ts';

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
