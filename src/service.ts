import { availableParallelism, hostname } from 'node:os';
import type { Server as TlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { type Admission, createAdmission } from './admission/admission.ts';
import { idMaker, type NewId } from './admission/ids.ts';
import { createJobDoor } from './admission/job-door.ts';
import { isOn, type Place } from './admission/may-act.ts';
import { createReplacementAdmission } from './admission/replacement.ts';
import { buildApi, buildWorkerApi, packageVersion } from './api/app.ts';
import type { ApiOptions } from './api/parts.ts';
import { agentRoutes } from './api/routes/agents.ts';
import { auditRoutes } from './api/routes/audits.ts';
import { channelRoutes } from './api/routes/channels.ts';
import { comparisonRoutes } from './api/routes/comparisons.ts';
import { evidenceRoutes } from './api/routes/evidence.ts';
import { guardRoutes, mostGuards } from './api/routes/guards.ts';
import { holdRoutes, mostHolds } from './api/routes/holds.ts';
import { nodeRoutes } from './api/routes/nodes.ts';
import { questionRoutes } from './api/routes/questions.ts';
import { recordingRoutes } from './api/routes/recording.ts';
import { replacementRoutes } from './api/routes/replacements.ts';
import { trailRoutes } from './api/routes/trail.ts';
import { webhookRoutes } from './api/routes/webhooks.ts';
import { workerRoutes } from './api/routes/workers.ts';
import { comparisonsThatWait } from './compare/threaded.ts';
import { createConnectors, resolveName } from './connectors/connectors.ts';
import { createPikaEngine } from './engines/pika/index.ts';
import { newPrivateKey, readSigningKey, type SigningKey } from './evidence/signing-key.ts';
import { together } from './model/hooks.ts';
import { createFigureReader } from './net/figure.ts';
import { createPersonSignIn } from './net/oidc.ts';
import { createSender } from './net/send.ts';
import { type Notifier, startNotifier } from './notices/notifier.ts';
import { createNoticeSender } from './notices/send.ts';
import { asksForSignIn, type Config, isLoopback } from './platform/config.ts';
import { crashAsOrdered } from './platform/crash.ts';
import type { AtCrashPoint } from './platform/crash-points.ts';
import type { Log } from './platform/log.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import type { OidcConfig } from './platform/oidc.ts';
import { watchRoom } from './platform/room.ts';
import { hideSecrets } from './platform/secrets.ts';
import { sleep } from './platform/sleep.ts';
import { keepTls } from './platform/tls.ts';
import { openDoorbell } from './queue/bullmq-doorbell.ts';
import { openQueueBackend, type QueueBackend } from './queue/connection.ts';
import { type Doorbell, type DoorbellWorker, type KindName, upTo } from './queue/doorbell.ts';
import { openQueueEntrance } from './queue/entrance.ts';
import { type ExaminedStores, type OpenedStore, openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { tracedJob } from './trail/job.ts';
import { startAct, startEntry, startObject } from './trail/start.ts';
import { bySelf, createTrail, type Trail } from './trail/writer.ts';
import { createWebhookHooks } from './webhooks/ask.ts';
import { startDispatcher } from './webhooks/dispatcher.ts';
import { keepAgents } from './work/agents.ts';
import { createAuditHandler } from './work/audit/handler.ts';
import { type Campaigns, openCampaigns } from './work/campaign/open.ts';
import { watchEnds } from './work/comparison/ends.ts';
import { createComparisonHandler } from './work/comparison/handler.ts';
import { createCompare } from './work/expansion/compare.ts';
import { realClock } from './work/expansion/observer.ts';
import { createWorker } from './work/expansion/worker.ts';
import { createGuardHandler } from './work/guard/handler.ts';
import { createHoldHandler } from './work/hold/handler.ts';
import { createNodeReady } from './work/node-ready.ts';
import { startPruning } from './work/prune.ts';
import { createReplacementHandler } from './work/replacement/handler.ts';
import { examineRestore } from './work/restored.ts';
import { startKind } from './work/shell.ts';

/** A running service. */
export interface Service {
  /** Where its API listens, as `http://host:port`. */
  readonly url: string;
  readonly store: Store;
  /** Hands unfinished work over and gives everything back; other processes go on with it. */
  close(): Promise<void>;
}

/** In one process; its event loop sets the limit before. */
const mostExpansions = 2000;
/** In one process: each can fill a core, and both of its servers. Beside them, so many that mostly wait for their servers. */
const comparisonsAtOnce = Math.max(2, availableParallelism());
const mostComparisonsThatWait = 32;
/** Campaigns only wait for their expansions, so one process can hold many. */
const campaignsAtOnce = 64;
/** Replacements mostly wait for expansions, hooks and readers. */
const replacementsAtOnce = 64;
/** Audits mostly wait for their comparisons. */
const auditsAtOnce = 8;
const webhookTimeoutMs = 10_000;
const figureTimeoutMs = 1500;

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly opened: OpenedStore;
  readonly signingKey: SigningKey;
  readonly trail: Trail;
  readonly queue: QueueBackend;
  readonly doorbells: Readonly<Record<KindName, Doorbell>>;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly campaigns: Campaigns;
  readonly engine: ReturnType<typeof createPikaEngine>;
  readonly newId: NewId;
  readonly crashPoint: AtCrashPoint;
}

type Closer = () => Promise<unknown>;

/**
 * Puts the service together and starts it: database, queue, API, and, unless its role is `api`, the work. Throws when
 * a part cannot be used, or `signal` breaks it off, after giving back what was opened already.
 */
export async function openService(config: Config, log: Log, signal?: AbortSignal): Promise<Service> {
  const closers: Closer[] = [];
  /** Last opened, first closed; a part that fails to close does not keep the others open. */
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) =>
        log.warn({ err: error }, 'a part of the service did not close well'),
      );
    }
  };
  try {
    const parts = await openParts(config, log, closers, signal);
    await tellOfStart(parts);
    await seeToRestore(parts.opened, config, log, true);
    const app = await openApi(parts);
    closers.push(() => app.close());
    const kept = keepAgents({
      agents: parts.opened.agents,
      metrics: parts.metrics,
      now: Date.now,
      sleep,
      log,
    });
    closers.push(kept.close);
    const notifier = notifierOf(parts);
    closers.push(() => notifier.close());
    signal?.throwIfAborted();
    const url = await app.listen({
      ...config.listen,
      listenTextResolver: (address) => `listening at ${address}`,
    });
    if (config.tls !== null) {
      const { files, pair } = config.tls;
      const kept = keepTls(app.server as unknown as TlsServer, files, pair, { log, now: Date.now });
      closers.push(async () => kept.close());
    }
    if (isInClear(config))
      log.warn(
        { host: config.listen.host },
        'tokens cross the network in clear: set PIKA_EXPANDER_TLS_CERT_FILE and PIKA_EXPANDER_TLS_KEY_FILE, or let a reverse proxy speak TLS (PIKA_EXPANDER_TRUST_PROXY)',
      );
    signal?.throwIfAborted();
    if (config.role !== 'api') {
      const work = startWork(parts);
      closers.push(work.close);
      await work.ready();
    }
    return { url, store: parts.opened.store, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether other machines send tokens here without TLS, as far as is known: a proxy before the service speaks it. */
const isInClear = ({ tls, trustProxy, listen, tokens }: Config): boolean =>
  tls === null && trustProxy === 0 && asksForSignIn(tokens) && !isLoopback(listen.host);

async function openParts(
  config: Config,
  log: Log,
  closers: Closer[],
  signal: AbortSignal | undefined,
): Promise<Parts> {
  const place =
    config.databaseUrl === null ? { dataDir: config.dataDir } : { databaseUrl: config.databaseUrl };
  const opened = await openStore(place, {
    signal,
    onNotice: (text) => log.warn(text),
    onFailover: (stores, { wasSynchronous }) => seeToRestore(stores, config, log, wasSynchronous),
  });
  closers.push(() => opened.close());
  signal?.throwIfAborted();
  await opened.store.migrate();
  signal?.throwIfAborted();
  const signingKey = config.signingKey ?? readSigningKey(await opened.keepSigningKey(newPrivateKey()));

  const queue = await openQueueBackend(
    config.redisUrl === null
      ? { postgres: opened.postgres }
      : { redisUrl: config.redisUrl, redisTls: config.redisTls },
  );
  const openBell = (name: KindName): Doorbell => {
    const bell = openDoorbell(queue, {
      name: `${name}-wake-ups`,
      onTrouble: troubleOf(log, `the queue of ${name}s`),
    });
    closers.push(() => bell.close());
    return bell;
  };
  const doorbells = {
    expansion: openBell('expansion'),
    comparison: openBell('comparison'),
    campaign: openBell('campaign'),
    audit: openBell('audit'),
    guard: openBell('guard'),
    hold: openBell('hold'),
    replacement: openBell('replacement'),
  };

  const metrics = createMetrics({ processMetrics: true });
  const trail = createTrail({
    store: opened.trail,
    log,
    now: Date.now,
    sleep,
    counted: (outcome, count) => metrics.trail(outcome, count),
  });
  closers.push(() => trail.close());
  const newId = idMaker(Date.now);
  const engine = createPikaEngine({ secrets: config.secrets, knowledge: config.knowledge });
  const crashPoint = crashAsOrdered(config.crashAt);
  const admission = createAdmission({
    store: opened.store,
    doorbell: doorbells.expansion,
    engine,
    credentials: config.credentials,
    agents: opened.agents,
    holds: opened.holds,
    now: Date.now,
    newId,
    limits: config.limits,
    outgoing: config.outgoing,
    fourEyes: config.fourEyes,
    isProtected: protectedBy(config),
    perNodeHost: config.slots.perNodeHost,
    onLook: (target, look) => metrics.look(target, look.kind, 'tookMs' in look ? look.tookMs / 1000 : 0),
    onEvents: (events) => metrics.eventsStored(events),
    onDoorbellFailure: (expansionId, error) =>
      log.warn(
        { err: error, expansionId },
        'a worker could not be woken; the expansion is found a little later',
      ),
    crashPoint,
  });
  const campaigns = openCampaigns({
    config,
    log,
    store: opened.store,
    campaigns: opened.campaigns,
    doorbells,
    metrics,
    admission,
    newId,
    sleep,
    crashPoint,
  });
  await Promise.all(Object.values(doorbells).map((bell) => bell.ping()));
  return {
    config,
    log,
    opened,
    signingKey,
    trail,
    queue,
    doorbells,
    metrics,
    admission,
    campaigns,
    engine,
    newId,
    crashPoint,
  };
}

/** Into the trail: which process has started, and which of its settings are new. */
async function tellOfStart({ config, opened, signingKey, trail }: Parts): Promise<void> {
  const host = hostname();
  const before = await opened.trail.list({ act: startAct, object: startObject(config, host), limit: 1 });
  const started = { at: Date.now(), host, version: packageVersion(), last: before.items[0] ?? null };
  await trail.add(startEntry(config, signingKey, started));
}

/** Before anything works on what the database says: it may have come back at an older point. */
async function seeToRestore(
  { restores, store, campaigns, trail }: ExaminedStores,
  { databaseReplication }: Config,
  log: Log,
  wasSynchronous: boolean,
): Promise<void> {
  const complete = databaseReplication === 'synchronous' && wasSynchronous;
  const examined = await examineRestore({ restores, complete, store, campaigns, now: Date.now, log });
  if (examined === null) return;
  const act = examined.cause === 'restore' ? 'restored' : 'failed_over';
  const entry = { act, object: null, asked: null, before: null, after: examined, times: 1 };
  await trail.append([{ ...bySelf, ...entry, at: Date.now() }]);
}

function openApi(parts: Parts): Promise<FastifyInstance> {
  const { config, log, opened, doorbells, metrics, admission, newId } = parts;
  const options: ApiOptions = {
    store: opened.store,
    news: opened.news,
    doorbell: doorbells.expansion,
    admission,
    log,
    metrics,
    now: Date.now,
    newId,
    limits: config.limits,
    tokens: config.tokens,
    fourEyes: config.fourEyes,
    trail: parts.trail,
    hideSecrets: hideSecrets(config.secrets),
    identities: opened.identities,
    ...(config.oidc === null ? {} : { people: peopleOf(config.oidc, parts) }),
    trustProxy: config.trustProxy,
    tls: config.tls?.pair ?? null,
    readiness: [
      { name: 'database', check: () => opened.store.ping() },
      { name: 'queue', check: () => doorbells.expansion.ping() },
    ],
    dashboardDir: fileURLToPath(new URL('../dist/dashboard/', import.meta.url)),
    shedLoad: true,
    routes: [
      webhookRoutes(opened.webhooks, config.outgoing),
      channelRoutes({
        channels: opened.channels,
        send: noticeSenderOf(config),
        allowed: config.outgoing,
      }),
      questionRoutes({ webhooks: opened.webhooks, doorbells }),
      trailRoutes(opened.trail, parts.signingKey),
      agentRoutes(opened.agents),
      workerRoutes(packageVersion(), doorbells.expansion),
      nodeRoutes(
        createNodeReady({
          verdicts: opened.verdicts,
          engine: parts.engine,
          credentials: config.credentials,
          resolve: resolveName,
          now: Date.now,
        }),
      ),
      recordingRoutes(hideSecrets(config.secrets)),
      evidenceRoutes({
        key: parts.signingKey,
        version: packageVersion(),
        hideSecrets: hideSecrets(config.secrets),
      }),
      parts.campaigns.routes,
      comparisonRoutes({
        comparisons: opened.comparisons,
        doorbell: doorbells.comparison,
        credentials: config.credentials,
      }),
      auditRoutes({
        audits: opened.audits,
        doorbell: doorbells.audit,
        credentials: config.credentials,
      }),
      guardRoutes({
        guards: opened.guards,
        audits: opened.audits,
        doorbell: doorbells.guard,
        credentials: config.credentials,
      }),
      holdRoutes({
        holds: opened.holds,
        store: opened.store,
        doorbell: doorbells.hold,
        credentials: config.credentials,
      }),
      replacementRoutes({
        replacements: opened.replacements,
        admission: createReplacementAdmission({
          replacements: opened.replacements,
          store: opened.store,
          audits: opened.audits,
          admission,
          engine: parts.engine,
          credentials: config.credentials,
          limits: config.limits,
          fourEyes: config.fourEyes,
          now: Date.now,
          newId,
          onEvents: (events) => metrics.eventsStored(events),
        }),
        doorbell: doorbells.replacement,
      }),
    ],
  };
  return config.role === 'worker' ? buildWorkerApi(options) : buildApi(options);
}

const protectedBy =
  ({ protectedNodes }: Config) =>
  (node: Place): boolean =>
    isOn(protectedNodes, node);

function peopleOf(
  config: OidcConfig,
  { config: { outgoing }, log }: Parts,
): NonNullable<ApiOptions['people']> {
  const signIn = createPersonSignIn(config, {
    wayOut: { allowed: outgoing },
    now: Date.now,
    onTrouble: (error) =>
      log.warn({ err: error, issuer: config.issuer }, 'a sign-in with the identity provider failed'),
  });
  return { config, signIn };
}

/** Everything that acts: expansions, comparisons, campaigns, audits, guards, holds, replacements, the queue's jobs, webhooks. */
function startWork(parts: Parts): DoorbellWorker {
  const { config, log, opened, queue, doorbells, metrics, admission, newId, crashPoint } = parts;
  const wayOut = { allowed: config.outgoing };
  const send = createSender({ timeoutMs: webhookTimeoutMs, now: Date.now, wayOut });
  const hooks = together([
    createWebhookHooks({
      store: opened.webhooks,
      send,
      now: Date.now,
      newId,
      onTrouble: troubleOf(log, "a webhook's answer"),
    }),
    createConnectors(config.connectors, {
      wayOut,
      secrets: config.secrets,
      now: Date.now,
      withdraw: ({ operation, master }, node) =>
        opened.verdicts.withdraw(node, master, operation.id, Date.now()),
    }),
  ]);
  const kind = (name: KindName) => ({ name, news: opened.news, queue, doorbell: doorbells[name], log });
  const comparison = startKind({
    ...kind('comparison'),
    store: opened.comparisons,
    handler: createComparisonHandler({
      comparisons: opened.comparisons,
      credentials: config.credentials,
      secrets: config.secrets,
      log,
      now: Date.now,
      sleep,
      crashPoint,
    }),
    room: upTo(comparisonsAtOnce, () => Math.min(mostComparisonsThatWait, comparisonsThatWait())),
  });
  const room = watchRoom(mostExpansions);
  const ends = watchEnds(opened.news, sleep);
  const worker = createWorker({
    store: { ...opened.store, save: (...args) => room.stores(opened.store.save(...args)) },
    engine: parts.engine,
    credentials: config.credentials,
    agents: opened.agents,
    compare: createCompare({
      credentials: config.credentials,
      comparisons: opened.comparisons,
      doorbell: comparison,
      ends,
      now: Date.now,
      sleep,
      crashPoint,
    }),
    hooks,
    holds: opened.holds,
    slots: config.slots,
    isProtected: protectedBy(config),
    readFigure: createFigureReader(figureTimeoutMs, wayOut),
    mayBegin: room.begin,
    log,
    metrics,
    crashPoint,
  });
  const audit = createAuditHandler({
    audits: opened.audits,
    comparisons: opened.comparisons,
    store: opened.store,
    engine: parts.engine,
    credentials: config.credentials,
    doorbell: comparison,
    lookTimeoutMs: config.limits.lookTimeoutMs,
    log,
    now: Date.now,
    sleep,
    onEvents: (events) => metrics.eventsStored(events),
    crashPoint,
  });
  const guard = createGuardHandler({
    guards: opened.guards,
    audits: opened.audits,
    engine: parts.engine,
    credentials: config.credentials,
    doorbell: doorbells.audit,
    metrics,
    lookTimeoutMs: config.limits.lookTimeoutMs,
    log,
    now: Date.now,
    sleep,
  });
  const hold = createHoldHandler({
    holds: opened.holds,
    store: opened.store,
    engine: parts.engine,
    credentials: config.credentials,
    metrics,
    lookTimeoutMs: config.limits.lookTimeoutMs,
    log,
    now: Date.now,
    sleep,
    crashPoint,
  });
  const replacement = createReplacementHandler({
    replacements: opened.replacements,
    store: opened.store,
    audits: opened.audits,
    admission,
    engine: parts.engine,
    credentials: config.credentials,
    doorbell: doorbells.expansion,
    hooks,
    log,
    clock: realClock,
    metrics,
    crashPoint,
  });
  const kinds = [
    startKind({
      ...kind('expansion'),
      store: opened.store,
      handler: worker.onWakeUp,
      room,
      onReconciled: () => metrics.reconciled(1),
    }),
    comparison,
    startKind({
      ...kind('campaign'),
      store: opened.campaigns,
      handler: parts.campaigns.handler,
      room: upTo(campaignsAtOnce),
    }),
    startKind({
      ...kind('audit'),
      store: opened.audits,
      handler: audit,
      room: upTo(auditsAtOnce),
    }),
    startKind({
      ...kind('guard'),
      store: opened.guards,
      handler: guard,
      room: upTo(mostGuards),
    }),
    startKind({
      ...kind('hold'),
      store: opened.holds,
      handler: hold,
      room: upTo(mostHolds),
    }),
    startKind({
      ...kind('replacement'),
      store: opened.replacements,
      handler: replacement,
      room: upTo(replacementsAtOnce),
    }),
  ];
  const dispatcher = startDispatcher({
    store: opened.webhooks,
    news: opened.news,
    send,
    sleep,
    now: Date.now,
    random: Math.random,
    onTrouble: troubleOf(log, 'the sending of webhooks'),
    crashPoint,
  });
  const { tokens, limits } = config;
  const door = createJobDoor({ ...opened, tokens, maxBodyBytes: limits.maxBodyBytes, now: Date.now });
  const traced = { trail: parts.trail, now: Date.now, hideSecrets: hideSecrets(config.secrets) };
  const entrance = openQueueEntrance(queue.forWorkers, {
    expand: (data, jobId, key) =>
      tracedJob(traced, data, key, async (letIn) => {
        const { requester, payload } = await door(jobId, data, key);
        letIn({ name: requester.name, role: requester.rights?.role ?? null }, payload);
        return admission.expand(payload, requester, key);
      }),
    get: (id) => opened.store.get(id),
    sleep,
    onTrouble: (jobId, error) =>
      log.warn({ err: error, jobId }, 'a job of the queue met trouble; it is tried again'),
    crashPoint,
  });
  const beside = [dispatcher, room, ends, ...pruning(parts)];
  const answering = [...kinds, entrance];
  return {
    async ready() {
      await Promise.all(answering.map((each) => each.ready()));
    },
    async close() {
      await Promise.all([...answering, ...beside].map((each) => each.close()));
    },
  };
}

const noticeSenderOf = ({ outgoing }: Config) =>
  createNoticeSender({ timeoutMs: webhookTimeoutMs, now: Date.now, wayOut: { allowed: outgoing } });

/** In every process, also of the API: where no worker lives, somebody has to say so. */
function notifierOf({ config, log, opened, newId }: Parts): Notifier {
  return startNotifier({
    store: opened.channels,
    news: opened.news,
    send: noticeSenderOf(config),
    sleep,
    now: Date.now,
    newId,
    link: config.oidc === null ? null : `${config.oidc.publicUrl}/channels`,
    onTrouble: troubleOf(log, 'the notices of channels'),
  });
}

function pruning({ config, log, opened }: Parts): readonly { close(): Promise<void> }[] {
  const keep = {
    endedDays: config.keepEndedDays,
    looksDays: config.keepLooksDays,
    guardEventsDays: config.keepGuardEventsDays,
  };
  if (Object.values(keep).every((days) => days === null)) return [];
  return [startPruning({ ended: opened.ended, store: opened.store, keep, now: Date.now, sleep, log })];
}

function troubleOf(log: Log, what: string): (error: unknown) => void {
  return (error) => log.warn({ err: error }, `trouble with ${what}; it is tried again`);
}
