import type { Queryable } from './database.ts';
import { StoreUnavailableError } from './store.ts';

/** One history of the writes of a database. Each promotion of a standby begins another, with a higher timeline. */
export interface Lineage {
  /** Of the cluster of servers; a database that was dumped and restored elsewhere has another. */
  readonly system: string;
  readonly timeline: number;
}

interface SeenLineage extends Lineage {
  /** Whether a commit waits for a standby, as this session sees it. */
  readonly synchronous: boolean;
}

/** The server is a standby: what it holds may be old, and it takes no writes. */
class StandbyError extends StoreUnavailableError {
  constructor() {
    super('the database cannot be reached now: this server is a standby that is not promoted');
  }
}

/** Of the server at the other end; null = it does not tell. Throws StoreUnavailableError for a standby. */
export async function lineageOf(client: Queryable): Promise<SeenLineage | null> {
  const [seen] = await client.query<{ standby: boolean; told: boolean }>(
    `select pg_is_in_recovery() as standby,
       has_function_privilege('pg_control_system()', 'execute')
         and has_function_privilege('pg_walfile_name(pg_lsn)', 'execute') as told`,
  );
  if (seen!.standby) throw new StandbyError();
  if (!seen!.told) return null;
  try {
    // That of the control file is still the old one for a while after a promotion.
    const [row] = await client.query<{ system: string; timeline: number; synchronous: boolean }>(
      `select system_identifier::text as system,
         ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer as timeline,
         current_setting('synchronous_standby_names') <> ''
           and current_setting('synchronous_commit') not in ('off', 'local') as synchronous
       from pg_control_system()`,
    );
    return row!;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    return null;
  }
}

export const isSameLineage = (one: Lineage, other: Lineage): boolean =>
  one.system === other.system && one.timeline === other.timeline;

/** Looks at each new connection before its first use. */
export interface LineageGate {
  /** Throws StoreUnavailableError where the connection may not be used. */
  check(client: Queryable): Promise<void>;
}

/**
 * Lets a connection through when it leads to the history that this process has begun with. Before one leads to a later history,
 * `settle` has to see to what may be lost; whatever it throws, the next connection asks it again.
 */
export function createLineageGate(
  settle: (failover: {
    /** false = the last connection to the history before saw commits that waited for no standby. */
    readonly wasSynchronous: boolean;
  }) => Promise<void>,
): LineageGate {
  let known: SeenLineage | null = null;
  let settling: Promise<void> | null = null;

  async function settleAs(found: SeenLineage, before: SeenLineage): Promise<void> {
    try {
      await settle({ wasSynchronous: before.synchronous });
    } catch (error) {
      throw new StoreUnavailableError(
        `the database has failed over, and what was open cannot be looked through yet: ${(error as Error).message}`,
        { cause: error },
      );
    }
    known = found;
  }

  return {
    async check(client) {
      const found = await lineageOf(client);
      if (found === null) return;
      if (known === null || isSameLineage(known, found)) {
        known = found;
        return;
      }
      if (found.system === known.system && found.timeline < known.timeline)
        throw new StoreUnavailableError(
          `the database cannot be reached now: this server is an old primary (timeline ${found.timeline}, not ${known.timeline})`,
        );
      settling ??= settleAs(found, known).finally(() => {
        settling = null;
      });
      await settling;
    },
  };
}
