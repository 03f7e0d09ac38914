import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventInput } from '../model/events.ts';
import {
  type Expansion,
  type ExpansionState,
  expansionStates,
  isEnded,
  joinPhases,
} from '../model/expansion.ts';
import type { Look } from '../model/observation.ts';
import type { StoredGuardMaster } from '../model/views/guard.ts';
import type { Store } from '../store/store.ts';

/** What happened to a wake-up of an expansion. */
type WakeUpOutcome = 'worked' | 'held_elsewhere' | 'nothing_to_do' | 'fenced' | 'failed';

/**
 * The service's own figures in Prometheus' form. The counting methods are cheap and never throw. Labels are
 * bounded: nodes appear only while they are in full sync, and at most `maxNodeSeries` of them.
 */
export interface Metrics {
  readonly registry: Registry;
  /** One look at a server, by a worker or by preflight. */
  look(target: 'master' | 'node', outcome: Look['kind'], seconds: number): void;
  /** Events that were just stored: counts them, anomalies by their code, and ended expansions by their state. */
  eventsStored(events: readonly EventInput[]): void;
  wakeUp(outcome: WakeUpOutcome, seconds: number): void;
  /** How late a worker looked, compared with when it meant to. */
  lookDelay(seconds: number): void;
  /** Wake-ups that the reconciler put back. */
  reconciled(count: number): void;
  /** A report of an agent: taken, or refused. */
  agentReport(outcome: 'taken' | 'refused'): void;
  /** The agents that the service knows, how many of them are stale, and when their latest reports came. */
  agents(counts: {
    readonly agents: number;
    readonly stale: number;
    readonly latest: readonly {
      readonly agent: string;
      readonly host: string;
      readonly receivedAt: number;
    }[];
  }): void;
  /** What a guard of this process finds now; null = this process guards it no longer. */
  guard(id: string, masters: readonly StoredGuardMaster[] | null): void;
  http(method: string, route: string, status: number, seconds: number): void;
  eventStreams(open: number): void;
  /** Entries of the trail: written before the answer, after it, or lost. */
  trail(outcome: 'written' | 'late' | 'lost', entries: number): void;
  /** Brings the gauges that are read from the database up to date; says so in a gauge where it cannot be read. */
  refresh(store: Store): Promise<void>;
}

const maxNodeSeries = 200;
const prefix = 'pika_expander_';
const activeStates: readonly ExpansionState[] = expansionStates.filter((state) => !isEnded(state));

export interface MetricsOptions {
  /** Also the process' own figures (memory, event loop); off in tests. */
  readonly processMetrics?: boolean;
}

/** A set of figures of its own: nothing global, so tests and several services in one process do not mix. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.processMetrics === true) collectDefaultMetrics({ register: registry, prefix });

  const looks = new Histogram({
    name: `${prefix}look_seconds`,
    help: 'Time of one look at a server, by whether it was the master and what came of it.',
    labelNames: ['target', 'outcome'],
    buckets: [0.002, 0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  });
  const events = new Counter({
    name: `${prefix}events_total`,
    help: 'Events stored by this process, by type and level.',
    labelNames: ['type', 'level'],
    registers,
  });
  const anomalies = new Counter({
    name: `${prefix}anomalies_total`,
    help: 'Anomalies seen by this process, by code.',
    labelNames: ['code'],
    registers,
  });
  const wakeUps = new Histogram({
    name: `${prefix}wake_up_seconds`,
    help: 'Time of one turn of a worker on an expansion, by what came of it.',
    labelNames: ['outcome'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 20],
    registers,
  });
  const lookDelays = new Histogram({
    name: `${prefix}look_delay_seconds`,
    help: 'How much later than meant a worker looked at an expansion.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  });
  const reconciled = new Counter({
    name: `${prefix}wake_ups_put_back_total`,
    help: 'Wake-ups that had got lost and were put back by the reconciler.',
    registers,
  });
  const reports = new Counter({
    name: `${prefix}agent_reports_total`,
    help: 'Reports of agents that this process was sent, by whether it took them.',
    labelNames: ['outcome'],
    registers,
  });
  const agents = new Gauge({
    name: `${prefix}agents`,
    help: 'Agents heard of within a day, by whether their reports come.',
    labelNames: ['state'],
    registers,
  });
  const lastReport = new Gauge({
    name: `${prefix}agent_last_report_timestamp_seconds`,
    help: 'When the latest report of an agent came, of the agents heard of within a day that have been silent for longest.',
    labelNames: ['agent', 'host'],
    registers,
  });
  const guarded = new Gauge({
    name: `${prefix}guarded_servers`,
    help: 'Masters and slaves that guards of this process look at.',
    labelNames: ['role'],
    registers,
  });
  const findings = new Gauge({
    name: `${prefix}guard_findings`,
    help: 'What guards of this process find wrong now, by code and level.',
    labelNames: ['code', 'level'],
    registers,
  });
  const guards = new Map<string, readonly StoredGuardMaster[]>();
  const requests = new Histogram({
    name: `${prefix}http_request_seconds`,
    help: 'Time of HTTP requests, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 15],
    registers,
  });
  const trail = new Counter({
    name: `${prefix}trail_entries_total`,
    help: 'Entries of the trail by this process: written before the answer, late, or lost.',
    labelNames: ['outcome'],
    registers,
  });
  const streams = new Gauge({ name: `${prefix}event_streams`, help: 'Open event streams.', registers });

  const storeUp = new Gauge({
    name: `${prefix}database_up`,
    help: '1 if the database answered when these figures were read; the gauges below are stale at 0.',
    registers,
  });
  const expansions = new Gauge({
    name: `${prefix}expansions`,
    help: 'Expansions that have not ended, by state.',
    labelNames: ['state'],
    registers,
  });
  const joins = new Gauge({
    name: `${prefix}joins`,
    help: 'Nodes of expansions that have not ended, by phase.',
    labelNames: ['phase'],
    registers,
  });
  const frozen = new Gauge({
    name: `${prefix}frozen`,
    help: '1 while the global stop is on.',
    registers,
  });
  const due = new Gauge({
    name: `${prefix}expansions_due`,
    help: 'Expansions that are due for a look and that no worker holds (at most 200 are counted).',
    registers,
  });
  const unattended = new Gauge({
    name: `${prefix}expansions_unattended`,
    help: 'Expansions that are due and that no worker holds: their worker has died, or no worker holds any (at most 200 are counted).',
    registers,
  });
  const atWork = new Gauge({
    name: `${prefix}expansions_at_work`,
    help: 'Expansions that workers hold.',
    registers,
  });
  const healthLevel = new Gauge({
    name: `${prefix}health_level`,
    help: "Share of the bandwidth that may be used for the sake of the master's health, 0 to 1.",
    labelNames: ['expansion'],
    registers,
  });
  const healthFigure = new Gauge({
    name: `${prefix}health_figure`,
    help: "A watched figure of the master's health.",
    labelNames: ['expansion', 'what'],
    registers,
  });
  const healthLimit = new Gauge({
    name: `${prefix}health_limit`,
    help: 'The limit of a watched figure.',
    labelNames: ['expansion', 'what'],
    registers,
  });
  const nodeLabels = ['expansion', 'node'] as const;
  const nodeGauge = (name: string, help: string) =>
    new Gauge({ name: `${prefix}node_${name}`, help, labelNames: nodeLabels, registers });
  const perNode = {
    receivedBytes: nodeGauge('received_bytes', 'Bytes of the snapshot that the node has received.'),
    snapshotBytes: nodeGauge('snapshot_bytes', 'Size of the snapshot that the node is to receive.'),
    bytesPerSecond: nodeGauge('bytes_per_second', 'Rate at which the node receives.'),
    remainingSeconds: nodeGauge('remaining_seconds', 'Estimated time until the transfer is done.'),
    lagBytes: nodeGauge('lag_bytes', 'Bytes of binlog between the master and the node.'),
  };
  const filesOf = {
    copied: nodeGauge('files_copied', 'Files of the dump that came, as the log of the node tells it.'),
    listed: nodeGauge('files_listed', 'Files of the dump that is copied, as the log of the node tells it.'),
  };

  function showNodes(active: readonly Expansion[]): void {
    for (const gauge of Object.values({ ...perNode, ...filesOf })) gauge.reset();
    const syncing = active
      .flatMap((expansion) => expansion.joins.map((join) => ({ expansion, join })))
      .filter(({ join: { progress } }) => progress.receivedBytes !== null || progress.lagBytes !== null)
      .slice(0, maxNodeSeries);
    for (const { expansion, join } of syncing) {
      const labels = { expansion: expansion.id, node: join.target.name };
      for (const [field, gauge] of Object.entries(perNode)) {
        const value = join.progress[field as keyof typeof perNode];
        if (value !== null) gauge.set(labels, value);
      }
      const { files } = join.progress;
      if (files) filesOf.copied.set(labels, files.copied);
      if (files?.listed != null) filesOf.listed.set(labels, files.listed);
    }
  }

  function showHealth(active: readonly Expansion[]): void {
    for (const gauge of [healthLevel, healthFigure, healthLimit]) gauge.reset();
    for (const { id, health } of active.slice(0, maxNodeSeries)) {
      if (health === null) continue;
      healthLevel.set({ expansion: id }, health.level);
      for (const { what, value, limit } of health.readings) {
        healthFigure.set({ expansion: id, what }, value);
        healthLimit.set({ expansion: id, what }, limit);
      }
    }
  }

  return {
    registry,
    look: (target, outcome, seconds) => looks.observe({ target, outcome }, seconds),
    eventsStored(stored) {
      for (const event of stored) {
        events.inc({ type: event.type, level: event.level });
        if (event.type === 'node.anomaly') anomalies.inc({ code: event.data.code });
      }
    },
    wakeUp: (outcome, seconds) => wakeUps.observe({ outcome }, seconds),
    lookDelay: (seconds) => lookDelays.observe(Math.max(0, seconds)),
    reconciled: (count) => reconciled.inc(count),
    agentReport: (outcome) => reports.inc({ outcome }),
    agents(counts) {
      agents.set({ state: 'reporting' }, counts.agents - counts.stale);
      agents.set({ state: 'stale' }, counts.stale);
      lastReport.reset();
      for (const { agent, host, receivedAt } of counts.latest.slice(0, maxNodeSeries))
        lastReport.set({ agent, host }, receivedAt / 1000);
    },
    guard(id, masters) {
      if (masters === null) guards.delete(id);
      else guards.set(id, masters);
      const all = [...guards.values()].flat();
      guarded.set({ role: 'master' }, all.length);
      guarded.set(
        { role: 'slave' },
        all.reduce((sum, { slaves }) => sum + slaves.length, 0),
      );
      findings.reset();
      for (const { reason, level } of all.flatMap((master) => master.findings))
        findings.inc({ code: reason.code, level });
    },
    http: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    trail: (outcome, entries) => trail.inc({ outcome }, entries),
    eventStreams: (open) => streams.set(open),

    async refresh(store) {
      try {
        const [active, freeze, dueIds, unattendedIds, held] = await Promise.all([
          activeExpansions(store),
          store.freezeState(),
          store.due(200),
          store.unattended(200),
          store.held(),
        ]);
        for (const state of activeStates) {
          expansions.set({ state }, active.filter((expansion) => expansion.state === state).length);
        }
        const allJoins = active.flatMap((expansion) => expansion.joins);
        for (const phase of joinPhases) {
          joins.set({ phase }, allJoins.filter((join) => join.phase === phase).length);
        }
        showNodes(active);
        showHealth(active);
        frozen.set(freeze.frozen ? 1 : 0);
        due.set(dueIds.length);
        unattended.set(unattendedIds.length);
        atWork.set(held);
        storeUp.set(1);
      } catch {
        // Figures must come even when the database is away; this one says that it is.
        storeUp.set(0);
      }
    },
  };
}

async function activeExpansions(store: Store): Promise<readonly Expansion[]> {
  const found: Expansion[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.list({
      states: activeStates,
      limit: 200,
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
