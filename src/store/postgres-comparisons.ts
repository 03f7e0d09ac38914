import { type Difference, mostListedDifferences } from '../model/comparison.ts';
import { comparisonHasEnded } from '../model/states.ts';
import type { ComparisonControl, StoredDifference } from '../model/views/comparison.ts';
import type { ComparisonChange, ComparisonStore, StoredComparison } from './comparisons.ts';
import { Conditions } from './conditions.ts';
import type { Database, Queryable, Row } from './database.ts';
import { storableText, toJson } from './json.ts';
import type { Lease } from './leases.ts';
import { newestFirst } from './newest-first.ts';
import { createLeases, heldBy, type LeasedTable, leaseValues, lostLease } from './postgres-leases.ts';
import { NotFoundError } from './store.ts';
import { type DocumentKind, type Stored, stamp, upgrade } from './upgrades.ts';

export interface ComparisonStoreOptions {
  /** Differences kept per comparison; further ones are only counted. */
  readonly differencesPerComparison?: number;
}

type ComparisonRow = Omit<StoredComparison, 'join'> & {
  expansionId: string | null;
  node: string | null;
} & Row;

const columns = `id, expansion_id as "expansionId", node, state, state_reason as "stateReason",
  left_target as "left", right_target as "right", spec, cursor, progress, report, problem,
  pending_control as "pendingControl", differences_total as "differencesTotal",
  differences_stored as "differencesStored", requested_by as "requestedBy", created_at as "createdAt",
  started_at as "startedAt", ended_at as "endedAt"`;
const unended = "state in ('pending', 'running', 'paused')";

/** The ComparisonStore on PostgreSQL. */
export function createPostgresComparisons(
  database: Database,
  options: ComparisonStoreOptions = {},
): ComparisonStore {
  const keep = options.differencesPerComparison ?? mostListedDifferences;

  const get = async (id: string): Promise<StoredComparison | null> => {
    const [row] = await database.query<ComparisonRow>(
      `select ${columns} from comparisons where id = $1`,
      [id],
      'comparison',
    );
    return row ? comparisonOf(row) : null;
  };

  return {
    ...createLeases(database, leases),
    get,

    async create(comparison) {
      const [created] = await database.query<ComparisonRow>(
        `insert into comparisons
           (id, expansion_id, node, state, left_target, right_target, spec, requested_by, created_at, look_at)
         values ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, clock_timestamp())
         on conflict (id) do nothing returning ${columns}`,
        [
          comparison.id,
          comparison.join?.expansionId ?? null,
          comparison.join?.node ?? null,
          toJson(comparison.left),
          toJson(comparison.right),
          documentJson('comparison_spec', comparison.spec),
          storableText(comparison.requestedBy),
          comparison.createdAt,
        ],
        'create_comparison',
      );
      const stored = created ? comparisonOf(created) : await get(comparison.id);
      if (!stored) throw new NotFoundError('comparison', comparison.id);
      return stored;
    },

    async list(filter) {
      const where = new Conditions();
      if (filter.states) where.add((p) => `state = any (${p}::text[])`, filter.states);
      if (filter.expansionId) where.add((p) => `expansion_id = ${p}`, filter.expansionId);
      return newestFirst(database, `select ${columns} from comparisons`, filter, comparisonOf, where);
    },

    async save(lease, change) {
      const update = updateOf(lease, change);
      const differences = change.differences ?? [];
      const advance = async (client: Pick<Database, 'query'>) => {
        const [row] = await client.query<{ pendingControl: ComparisonControl | null; stored: number }>(
          update.sql,
          update.values,
          update.name,
        );
        if (!row) throw lostLease(leases, lease);
        return row;
      };
      if (differences.length === 0) return (await advance(database)).pendingControl;
      return database.transaction(async (client) => {
        const { stored, pendingControl } = await advance(client);
        const kept = differences.slice(0, Math.max(0, keep - stored));
        if (kept.length > 0) await addDifferences(client, lease.id, stored, kept);
        return pendingControl;
      });
    },

    async control(id, control) {
      const rows = await database.query(
        `update comparisons
         set pending_control = $2, look_at = clock_timestamp() where id = $1 and ${unended} returning 1`,
        [id, toJson(control)],
      );
      if (rows.length === 0 && !(await get(id))) throw new NotFoundError('comparison', id);
    },

    async differences(id, filter) {
      const rows = await database.query<{ seq: number; doc: Stored<Difference> }>(
        'select seq, doc from differences where comparison_id = $1 and seq > $2::bigint order by seq limit $3',
        [id, filter.afterSeq, filter.limit],
      );
      return rows.map(({ seq, doc }): StoredDifference => ({ ...upgrade('difference', doc), seq }));
    },
  };
}

const leases: LeasedTable = {
  table: 'comparisons',
  row: 'comparison',
  unended,
  since: 'created_at',
};

function comparisonOf(row: ComparisonRow): StoredComparison {
  const { expansionId, node, ...comparison } = row;
  return {
    ...comparison,
    join: expansionId && node ? { expansionId, node } : null,
    stateReason: document('comparison_reason', row.stateReason),
    spec: document('comparison_spec', row.spec),
    cursor: document('comparison_cursor', row.cursor),
    progress: document('comparison_progress', row.progress),
    report: document('comparison_report', row.report),
    problem: document('comparison_problem', row.problem),
  } as StoredComparison;
}

/** A column that holds a document or nothing. */
const documentJson = (kind: DocumentKind, doc: unknown): string | null =>
  doc === null ? null : toJson(stamp(kind, doc as object));
const document = (kind: DocumentKind, stored: unknown): unknown =>
  stored === null ? null : upgrade(kind, stored as Stored<object>);

/** One UPDATE that sets what the change names, under the lease's fence. */
function updateOf(lease: Lease, change: ComparisonChange) {
  const values: unknown[] = leaseValues(lease);
  const bind = (value: unknown) => `$${values.push(value)}`;
  const json = (kind: DocumentKind, value: unknown) =>
    value === undefined ? undefined : documentJson(kind, value);
  const columnsToSet: readonly (readonly [string, unknown])[] = [
    ['state', change.state],
    ['state_reason', json('comparison_reason', change.stateReason)],
    ['started_at', change.startedAt],
    ['ended_at', change.endedAt],
    ['cursor', json('comparison_cursor', change.cursor)],
    ['progress', json('comparison_progress', change.progress)],
    ['report', json('comparison_report', change.report)],
    ['problem', json('comparison_problem', change.problem)],
  ];
  const given = columnsToSet.filter(([, value]) => value !== undefined);
  const ends = change.state !== undefined && comparisonHasEnded(change.state);
  // Only what the text uses may be bound: PostgreSQL refuses a parameter whose type nothing tells.
  const control = ends
    ? 'null'
    : change.appliedControl
      ? `nullif(pending_control, ${bind(toJson(change.appliedControl))}::jsonb)`
      : 'pending_control';
  const wanted =
    ends || change.lookAgainInMs === undefined
      ? 'look_at'
      : `clock_timestamp() + ${bind(change.lookAgainInMs)}::double precision * interval '1 millisecond'`;
  const assignments = [
    ...given.map(([column, value]) => `${column} = ${bind(value)}`),
    `pending_control = ${control}`,
    `look_at = ${ends ? 'null' : `case when ${control} is not null then clock_timestamp() else ${wanted} end`}`,
    change.differencesTotal === undefined
      ? `differences_total = differences_total + ${bind(change.differences?.length ?? 0)}::bigint`
      : `differences_total = greatest(differences_total, ${bind(change.differencesTotal)}::bigint)`,
    `lease_until = clock_timestamp() + ${bind(lease.leaseMs)} * interval '1 millisecond'`,
  ];
  const sql = `update comparisons set ${assignments.join(', ')} where ${heldBy}
    returning pending_control as "pendingControl", differences_stored as "stored"`;
  return { sql, values, name: nameOfSave(sql) };
}

const saves = new Map<string, string>();

/** There are as many texts as there are sets of columns that change together: few. */
function nameOfSave(sql: string): string {
  const name = saves.get(sql) ?? `save_comparison_${saves.size}`;
  saves.set(sql, name);
  return name;
}

async function addDifferences(
  client: Queryable,
  comparisonId: string,
  stored: number,
  differences: readonly Difference[],
): Promise<void> {
  await client.query(
    `insert into differences (comparison_id, seq, doc)
     select $1, $2::integer + d.position, d.doc from jsonb_array_elements($3::jsonb) with ordinality as d (doc, position)`,
    [comparisonId, stored, toJson(differences.map((each) => stamp('difference', each)))],
  );
  await client.query('update comparisons set differences_stored = $2 where id = $1', [
    comparisonId,
    stored + differences.length,
  ]);
}
