import type { FastifyInstance } from 'fastify';
import { type AdmissionParts, createAdmission } from '../../src/admission/admission.ts';
import { idMaker } from '../../src/admission/ids.ts';
import { buildApi } from '../../src/api/app.ts';
import type { ApiOptions } from '../../src/api/parts.ts';
import type { Credential, Engine, LookOptions } from '../../src/engines/engine.ts';
import { capabilitiesOf } from '../../src/engines/pika/capabilities.ts';
import { builtIn } from '../../src/engines/pika/knowledge.ts';
import { formatAddress, type Look, type LookSection } from '../../src/model/observation.ts';
import type { NewTrailEntry } from '../../src/model/views/trail.ts';
import { type AccessToken, credentialSource, defaultLimits, type Limits } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { hideSecrets } from '../../src/platform/secrets.ts';
import type { Doorbell } from '../../src/queue/doorbell.ts';
import { aMaster, aNode, type ServerChanges } from '../core/plan/preflight-support.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { strictAnswers } from './strict-answers.ts';

export const operator: AccessToken = { name: 'ops', role: 'operator', token: 'operator-token-of-the-tests' };
export const admin: AccessToken = { name: 'root', role: 'admin', token: 'admin-token-of-the-tests' };
export const viewer: AccessToken = { name: 'wall', role: 'viewer', token: 'viewer-token-of-the-tests' };
export const bearer = (token: AccessToken) => ({ authorization: `Bearer ${token.token}` });

export const masterName = '10.0.0.1:9221';
export const nodeName = '10.0.0.2:9221';

/** A small world of servers that answer as they are told, and that remember how they were logged in to. */
export interface FakeEngine extends Engine {
  /** What each look asked for. */
  readonly looks: { readonly address: string; readonly sections: readonly LookSection[] }[];
  readonly logins: { readonly address: string; readonly credential: Credential | null }[];
  /** Every server not named here is a healthy empty node. */
  set(address: string, look: Look): void;
  open(): number;
}

export const healthyMaster = (changes: ServerChanges = {}): Look => aMaster(changes, masterName).look;
export const healthyNode = (name: string, changes: ServerChanges = {}): Look => aNode(name, changes).look;

export function fakeEngine(): FakeEngine {
  const answers = new Map<string, Look>([[masterName, healthyMaster()]]);
  const logins: { address: string; credential: Credential | null }[] = [];
  const looks: { address: string; sections: readonly LookSection[] }[] = [];
  let connections = 0;
  return {
    kind: 'fake',
    looks,
    logins,
    set: (address, look) => answers.set(address, look),
    open: () => connections,
    capabilities: capabilitiesOf,
    objectionToFollow: async () => null,
    knowledge: builtIn,
    connect(target, credential) {
      const address = formatAddress(target.address);
      logins.push({ address, credential });
      connections += 1;
      return {
        look: async ({ sections }: LookOptions) => {
          looks.push({ address, sections });
          return answers.get(address) ?? healthyNode(address);
        },
        command: async () => {
          throw new Error('admission must never send a command to a node');
        },
        workers: async () => 1,
        ping: async () => 1,
        close: () => {
          connections -= 1;
        },
      };
    },
  };
}

export interface RungDoorbell extends Doorbell {
  readonly rings: string[];
  fail(error: Error | null): void;
}

export function fakeDoorbell(): RungDoorbell {
  const rings: string[] = [];
  let failure: Error | null = null;
  const act = async () => {
    if (failure !== null) throw failure;
  };
  const ring = async (expansionId: string) => {
    await act();
    rings.push(expansionId);
  };
  return {
    rings,
    fail: (error) => {
      failure = error;
    },
    ring,
    ringAgain: ring,
    ping: act,
    workers: async () => 1,
    close: async () => {},
  };
}

export interface TestApi {
  readonly app: FastifyInstance;
  readonly store: MemoryStore;
  readonly engine: FakeEngine;
  readonly doorbell: RungDoorbell;
  readonly metrics: Metrics;
  /** Every line that was logged. */
  readonly logLines: string[];
  readonly clock: { now: number };
  /** What was given to the trail. */
  readonly entries: readonly NewTrailEntry[];
}

export interface TestApiOptions {
  readonly tokens?: readonly AccessToken[];
  readonly credentials?: ReadonlyMap<string, Credential>;
  readonly limits?: Partial<Limits>;
  readonly api?: Partial<ApiOptions>;
  readonly admission?: Partial<AdmissionParts>;
}

/** The API over a store in memory and servers that only pretend. Close `app` after the test. */
export async function testApi(options: TestApiOptions = {}): Promise<TestApi> {
  const clock = { now: Date.UTC(2026, 10, 22, 12) };
  const now = () => clock.now;
  const store = createMemoryStore({ now });
  const engine = fakeEngine();
  const doorbell = fakeDoorbell();
  const metrics = createMetrics();
  const tokens = options.tokens ?? [];
  const credentials = options.credentials ?? new Map<string, Credential>();
  const secrets = [
    ...tokens.map((token) => token.token),
    ...[...credentials.values()].flatMap((credential) => credential.password ?? []),
  ];
  const logLines: string[] = [];
  const log = createLog({
    level: 'trace',
    secrets,
    destination: { write: (line) => void logLines.push(line) },
  });
  const limits: Limits = { ...defaultLimits, requestsPerMinute: 0, ...options.limits };
  const newId = idMaker(now);
  const admission = createAdmission({
    store,
    doorbell,
    engine,
    credentials: credentialSource(credentials),
    now,
    sleep: async () => {},
    newId,
    limits,
    ...options.admission,
  });
  const entries: NewTrailEntry[] = [];
  const trail = {
    add: async (entry: NewTrailEntry) => entries.push(entry),
    close: async () => {},
  };
  const app = await buildApi({
    store,
    doorbell,
    admission,
    log,
    metrics,
    now,
    newId,
    limits,
    tokens,
    trail,
    hideSecrets: hideSecrets(secrets),
    identities: createMemoryIdentities(),
    trustProxy: 0,
    tls: null,
    readiness: [
      { name: 'database', check: () => store.ping() },
      { name: 'queue', check: () => doorbell.ping() },
    ],
    dashboardDir: null,
    shedLoad: false,
    serializer: strictAnswers,
    ...options.api,
  });
  return { app, store, engine, doorbell, metrics, logLines, clock, entries };
}

export const goodRequest = { master: masterName, nodes: [nodeName] };

/** What the store holds, to show that a refused request left nothing behind. */
export async function stored(store: MemoryStore) {
  const expansions = (await store.list({ limit: 200 })).items;
  const events = await store.events({ afterSeq: 0, limit: 1000 });
  return { expansions: expansions.length, events: events.length };
}
