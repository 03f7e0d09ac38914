import type { AgentStore } from './agents.ts';
import type { AuditStore } from './audits.ts';
import type { CampaignStore } from './campaigns.ts';
import type { ChannelStore } from './channels.ts';
import type { ComparisonStore } from './comparisons.ts';
import { type Database, openDatabase, type PostgresConnection } from './database.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import { createEndedRecords, type EndedRecords } from './ended.ts';
import type { GuardStore } from './guards.ts';
import type { HoldStore } from './holds.ts';
import type { IdentityStore } from './identities.ts';
import { createLineageGate } from './lineage.ts';
import { type News, newsOf } from './news.ts';
import { createPostgresAgents } from './postgres-agents.ts';
import { createPostgresAudits } from './postgres-audits.ts';
import { createPostgresCampaigns } from './postgres-campaigns.ts';
import { createPostgresChannels } from './postgres-channels.ts';
import { createPostgresComparisons } from './postgres-comparisons.ts';
import { createPostgresGuards } from './postgres-guards.ts';
import { createPostgresHolds } from './postgres-holds.ts';
import { createPostgresIdentities } from './postgres-identities.ts';
import { createPostgresReplacements } from './postgres-replacements.ts';
import { createPostgresStore } from './postgres-store.ts';
import { createPostgresTrail } from './postgres-trail.ts';
import { createPostgresVerdicts } from './postgres-verdicts.ts';
import { createPostgresWebhooks } from './postgres-webhooks.ts';
import type { ReplacementStore } from './replacements.ts';
import { createRestores, type Restores } from './restore.ts';
import { keepSigningKey } from './signing-key.ts';
import type { Store } from './store.ts';
import type { TrailStore } from './trail.ts';
import type { VerdictStore } from './verdicts.ts';
import type { WebhookStore } from './webhooks.ts';

export type StorePlace =
  | { readonly databaseUrl: string }
  /** An embedded PostgreSQL in this folder; one process only. */
  | { readonly dataDir: string };

export interface OpenedStore {
  readonly store: Store;
  readonly comparisons: ComparisonStore;
  readonly webhooks: WebhookStore;
  readonly channels: ChannelStore;
  readonly campaigns: CampaignStore;
  readonly agents: AgentStore;
  readonly audits: AuditStore;
  readonly guards: GuardStore;
  readonly verdicts: VerdictStore;
  readonly holds: HoldStore;
  readonly replacements: ReplacementStore;
  readonly trail: TrailStore;
  readonly identities: IdentityStore;
  readonly restores: Restores;
  readonly ended: EndedRecords;
  readonly news: News;
  /** The private key (PEM) of all processes; the offered one where none is stored yet. */
  readonly keepSigningKey: (offered: string) => Promise<string>;
  /** The same database, for a queue without Redis. */
  readonly postgres: PostgresConnection;
  readonly embedded: boolean;
  /** Closes the connections and stops an embedded server: last of all, after the queue. */
  readonly close: () => Promise<void>;
}

/** What reaches the database whatever its history. */
export type ExaminedStores = Pick<OpenedStore, 'store' | 'campaigns' | 'restores' | 'trail'>;

export interface OpenStoreOptions {
  /**
   * Called when another server answers, which may lack the last writes of the one before: a standby was promoted. Nothing else is
   * read or written through the opened store before it has resolved.
   */
  readonly onFailover?: (
    stores: ExaminedStores,
    failover: { readonly wasSynchronous: boolean },
  ) => Promise<void>;
  /** Called, with a text for people, when a connection broke or the embedded server restarts. */
  readonly onNotice?: (text: string) => void;
  readonly maxConnections?: number;
  /** Breaks off the start of an embedded server. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to the database, or starts the embedded one. The caller runs `store.migrate()` before anything else.
 * Throws EmbeddedPostgresError when the embedded one cannot be used; a database at a URL that cannot be reached
 * shows itself as StoreUnavailableError of the first call.
 */
export async function openStore(place: StorePlace, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  const notice = (text: string) => options.onNotice?.(text);
  const server =
    'dataDir' in place
      ? await startEmbeddedPostgres({ dataDir: place.dataDir, onNotice: notice, signal: options.signal })
      : null;
  const postgres = server
    ? server.connection
    : { connectionString: (place as { databaseUrl: string }).databaseUrl };
  const onConnectionError = (error: Error) =>
    notice(`a connection to the database was lost: ${error.message}`);
  const { onFailover } = options;
  const outside = openDatabase({ connection: postgres, maxConnections: 2, onConnectionError });
  const gate = onFailover && createLineageGate((failover) => onFailover(storesToExamine(outside), failover));
  const database = openDatabase({
    connection: postgres,
    ...(options.maxConnections ? { maxConnections: options.maxConnections } : {}),
    onConnectionError,
    ...(gate ? { onConnected: gate.check } : {}),
  });
  return {
    store: createPostgresStore(database),
    comparisons: createPostgresComparisons(database),
    webhooks: createPostgresWebhooks(database),
    channels: createPostgresChannels(database),
    campaigns: createPostgresCampaigns(database),
    agents: createPostgresAgents(database),
    audits: createPostgresAudits(database),
    guards: createPostgresGuards(database),
    verdicts: createPostgresVerdicts(database),
    holds: createPostgresHolds(database),
    replacements: createPostgresReplacements(database),
    trail: createPostgresTrail(database),
    identities: createPostgresIdentities(database),
    restores: createRestores(database),
    ended: createEndedRecords(database),
    news: newsOf(database),
    keepSigningKey: (offered) => keepSigningKey(database, offered),
    postgres,
    embedded: server !== null,
    async close() {
      await database.close();
      await outside.close();
      await server?.stop();
    },
  };
}

const storesToExamine = (database: Database): ExaminedStores => ({
  store: createPostgresStore(database),
  campaigns: createPostgresCampaigns(database),
  restores: createRestores(database),
  trail: createPostgresTrail(database),
});
