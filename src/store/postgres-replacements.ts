import { replacementHasEnded } from '../model/states.ts';
import type { StoredReplacement } from '../model/views/replacement.ts';
import type { Database, Queryable } from './database.ts';
import { appendEvents } from './expansion-rows.ts';
import { toJson } from './json.ts';
import type { Lease } from './leases.ts';
import { masterKey } from './master-key.ts';
import { newestFirst } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import {
  MasterInReplacementError,
  type ReplacementApproval,
  type ReplacementCancel,
  type ReplacementStore,
} from './replacements.ts';
import { type Idempotency, IdempotencyConflictError, NotFoundError } from './store.ts';
import { type Stored, stamp, upgrade } from './upgrades.ts';

type Row = {
  doc: Stored<StoredReplacement>;
  cancel: ReplacementCancel | null;
  approval: ReplacementApproval | null;
};

const leases: LeasedTable = {
  table: 'replacements',
  row: 'replacement',
  unended: 'not ended',
  since: 'created_at',
};

const docOf = ({ doc }: Pick<Row, 'doc'>): StoredReplacement => upgrade('replacement', doc);

/** The ReplacementStore on PostgreSQL. */
export function createPostgresReplacements(database: Database): ReplacementStore {
  async function ask(column: 'cancel' | 'approval', id: string, asked: object): Promise<void> {
    const rows = await database.query(
      `update replacements set ${column} = coalesce(${column}, $2::jsonb),
         look_at = case when ended then null else clock_timestamp() end
       where id = $1 returning 1`,
      [id, toJson(asked)],
    );
    if (rows.length === 0) throw new NotFoundError('replacement', id);
  }

  return {
    ...createLeases(database, leases),

    async accept(doc, events, idempotency) {
      const key = masterKey(doc.master.address);
      return database.transaction(async (client) => {
        const inserted = await client.query(
          `insert into replacements (id, state, doc, master_key, created_at, look_at, idempotency_key, fingerprint)
           values ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7)
           on conflict do nothing returning 1`,
          [
            doc.id,
            doc.state,
            toJson(stamp('replacement', doc)),
            key,
            doc.createdAt,
            idempotency?.key ?? null,
            idempotency?.fingerprint ?? null,
          ],
        );
        if (inserted.length === 0) {
          const earlier = idempotency && (await acceptedUnder(client, idempotency));
          if (earlier) return { doc: earlier, replayed: true };
          const [other] = await client.query<{ id: string }>(
            'select id from replacements where master_key = $1 and not ended',
            [key],
          );
          throw new MasterInReplacementError(other?.id ?? '');
        }
        await appendEvents(client, 'replacementId', doc.id, events);
        return { doc, replayed: false };
      });
    },

    async acceptedUnder(idempotency) {
      return acceptedUnder(database, idempotency);
    },

    async get(id) {
      const [row] = await database.query<Row>(
        'select doc, cancel, approval from replacements where id = $1',
        [id],
        'get_replacement',
      );
      return row ? { doc: docOf(row), asked: row.cancel, approved: row.approval } : null;
    },

    async list(filter) {
      return newestFirst(database, 'select doc from replacements', filter, docOf);
    },

    async save(lease, doc, events, lookAgainInMs) {
      await database.transaction(async (client) => {
        const rows = await client.query(
          `update replacements set doc = $4, state = $5, ended = $6,
             lease_until = clock_timestamp() + $7 * interval '1 millisecond',
             look_at = case when $6 then null
               when cancel is not null and $9 or approval is not null and $10 then clock_timestamp()
               else clock_timestamp() + $8::double precision * interval '1 millisecond' end
           where ${heldBy} returning 1`,
          [
            ...leaseValues(lease),
            toJson(stamp('replacement', doc)),
            doc.state,
            replacementHasEnded(doc.state),
            lease.leaseMs,
            lookAgainInMs,
            doc.cancel === null,
            doc.approval === null,
          ],
        );
        if (rows.length === 0) throw lostLease(leases, lease);
        await appendEvents(client, 'replacementId', lease.id, events);
      });
    },

    cancel: (id, cancel) => ask('cancel', id, cancel),
    approve: (id, approval) => ask('approval', id, approval),
  };
}

/**
 * Within a transaction: nobody else can take the replacement over before its end. Throws FencedError when somebody has
 * taken it already, so that a worker that was away cannot add its nodes any more.
 */
export async function holdReplacement(client: Queryable, lease: Lease): Promise<void> {
  const rows = await client.query(
    `select 1 from replacements where ${heldBy} and not ended for share`,
    leaseValues(lease),
  );
  if (rows.length === 0) throw lostLease(leases, lease);
}

async function acceptedUnder(client: Queryable, idempotency: Idempotency): Promise<StoredReplacement | null> {
  const [row] = await client.query<Pick<Row, 'doc'> & { fingerprint: string }>(
    'select doc, fingerprint from replacements where idempotency_key = $1',
    [idempotency.key],
  );
  if (!row) return null;
  if (row.fingerprint === idempotency.fingerprint) return docOf(row);
  throw new IdempotencyConflictError(
    `idempotency key ${idempotency.key} was used before, by replacement ${row.doc.id}, with another request`,
  );
}
