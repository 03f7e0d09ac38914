import { inBatches } from '../../src/core/plan/batches.ts';
import { controlProblem } from '../../src/core/steps/controls.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import { noProgress } from '../../src/core/steps/progress.ts';
import type { Capabilities } from '../../src/model/capabilities.ts';
import { type CauseCode, causes } from '../../src/model/causes.ts';
import type { ComparisonReport } from '../../src/model/comparison.ts';
import { type Diagnosis, type SignCode, sign } from '../../src/model/diagnosis.ts';
import { type AnomalyRecord, type Evidence, ruleNames } from '../../src/model/evidence.ts';
import {
  type Attempt,
  type ControlVerb,
  type Expansion,
  type ExpansionState,
  type Intent,
  isActive,
  isEnded,
  isSettled,
  type Join,
  type JoinPhase,
  type JoinTarget,
  type NodeTarget,
  type Problem,
} from '../../src/model/expansion.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Forecast, ForecastRange } from '../../src/model/forecast.ts';
import type { Address, DbState, ListedSlave, Look } from '../../src/model/observation.ts';
import { type PolicyInput, resolvePolicy } from '../../src/model/policy.ts';
import { nobody } from '../../src/model/text.ts';
import type { AgentView } from '../../src/model/views/agent.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import type { NodeDetail } from '../../src/model/views/expansion.ts';
import type { Hold } from '../../src/model/views/hold.ts';
import type { Observation } from '../../src/model/views/observation.ts';
import type { Freeze } from '../../src/model/views/service.ts';
import { anAgent, troubledAgent } from '../support/agents.ts';
import { said } from '../support/said.ts';

/**
 * A service that only exists for the dashboard's tests: expansions that go through their phases by a script, in a
 * time that the test drives. It speaks the API's shapes, and decides nothing by itself.
 */
export type Fault = 'superseded' | 'superseded_once' | 'slow_attach';

export interface Script {
  readonly master: string;
  readonly nodes: readonly string[];
  readonly label?: string;
  readonly policy?: PolicyInput;
  readonly version?: string;
  readonly snapshotBytes?: number;
  readonly bytesPerSecond?: number;
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly requestedBy?: string;
}

interface Play {
  readonly script: Required<Omit<Script, 'label' | 'policy'>>;
  readonly batches: readonly (readonly string[])[];
}

/** Milliseconds that each phase takes; the transfer takes as long as its bytes. */
const durations: Readonly<Partial<Record<JoinPhase, number>>> = {
  preflight: 400,
  attaching: 700,
  snapshotting: 1_300,
  swapping: 900,
  catching_up: 2_200,
  verifying: 3_000,
};

const order: readonly JoinPhase[] = [
  'preflight',
  'attaching',
  'snapshotting',
  'transferring',
  'swapping',
  'catching_up',
  'verifying',
  'verified',
];

const lookEveryMs = 1_000;

export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

export function address(name: string): Address {
  const at = name.lastIndexOf(':');
  return { host: name.slice(0, at), port: Number(name.slice(at + 1)) };
}

export const nodeTarget = (name: string): NodeTarget => ({
  name,
  address: address(name),
  seenAs: address(name),
  credential: null,
});

const joinTarget = (name: string): JoinTarget => ({
  ...nodeTarget(name),
  overwriteData: false,
  repoint: false,
});

export function capabilitiesOf(version: string): Capabilities {
  const buggy = version.startsWith('3.5.4') || version.startsWith('3.3');
  return {
    version,
    family: version.startsWith('4') ? '4.0' : '3.5',
    maxConcurrentFullSyncs: buggy ? 1 : 16,
    opensSupersededCopy: buggy,
    reusesDump: !buggy,
    hasReplicationId: true,
    hasEligibleFlag: !buggy,
    hasLastSave: true,
    showsFullSyncing: true,
    hasReplByteCounters: true,
    hasRocksdbSizes: true,
    infoDataIsCostly: false,
    hasStreams: !buggy,
    keyUnderSeveralTypes: buggy,
    canProveFullSync: true,
    slaveOf: [],
    upgrade: buggy ? 'to_3_5_5' : null,
    isRelease: true,
    reasons: buggy
      ? { maxConcurrentFullSyncs: 'next_slave_replaces_dump', opensSupersededCopy: 'opens_partial_copy' }
      : { reusesDump: 'shares_finished_dump' },
  };
}

export class MockWorld {
  now: number;
  expansions: Expansion[] = [];
  events: StoredEvent[] = [];
  observations: Observation[] = [];
  readonly holds: Hold[] = [];
  freeze: Freeze = { frozen: false, reason: null, by: null, since: null };
  oldSlaves = new Map<string, readonly ListedSlave[]>();
  #plays = new Map<string, Play>();
  #seq = 0;
  #observationSeq = 0;
  #ids = 0;
  readonly #listeners = new Set<() => void>();

  /** What agents tell, by node. */
  readonly hosts = new Map<string, NodeDetail['hosts']>();
  agents: readonly AgentView[] = [];

  constructor(now: number) {
    this.now = now;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  get(id: string): Expansion | null {
    return this.expansions.find((expansion) => expansion.id === id) ?? null;
  }

  play(id: string): Play {
    return this.#plays.get(id)!;
  }

  add(script: Script): Expansion {
    this.#ids += 1;
    const full: Play['script'] = {
      version: '3.5.4',
      snapshotBytes: 512 * MiB,
      bytesPerSecond: 40 * MiB,
      faults: {},
      requestedBy: 'mira',
      ...script,
    };
    const expansion = newExpansion({
      id: `exp_${this.#ids.toString(36).padStart(6, '0')}`,
      master: nodeTarget(script.master),
      nodes: script.nodes.map(joinTarget),
      policy: resolvePolicy(script.policy),
      label: script.label ?? null,
      requestedBy: full.requestedBy,
      via: 'rest',
      now: this.now,
    });
    const wish = expansion.policy.batchSize === 'auto' ? 4 : expansion.policy.batchSize;
    const size = capabilitiesOf(full.version).opensSupersededCopy ? 1 : Math.min(wish, script.nodes.length);
    this.#plays.set(expansion.id, { script: full, batches: inBatches(script.nodes, size) });
    this.expansions.push(expansion);
    this.say(
      expansion.id,
      'expansion.accepted',
      `accepted from ${full.requestedBy}: ${script.nodes.length} nodes for ${script.master}`,
    );
    return expansion;
  }

  say(
    id: string,
    type: string,
    text: string,
    more: { node?: string; level?: StoredEvent['level']; data?: Record<string, unknown> } = {},
  ): void {
    this.#seq += 1;
    this.events.push({
      seq: this.#seq,
      expansionId: id,
      type,
      at: this.now,
      node: more.node ?? null,
      level: more.level ?? 'info',
      text,
      data: more.data ?? {},
    });
  }

  patch(id: string, change: Partial<Expansion>): Expansion {
    const index = this.expansions.findIndex((expansion) => expansion.id === id);
    const next = { ...this.expansions[index]!, ...change };
    this.expansions[index] = next;
    return next;
  }

  patchJoin(id: string, name: string, change: Partial<Join>): void {
    const expansion = this.get(id)!;
    this.patch(id, {
      joins: expansion.joins.map((join) => (join.target.name === name ? { ...join, ...change } : join)),
    });
  }

  join(id: string, name: string): Join {
    return this.get(id)!.joins.find((join) => join.target.name === name)!;
  }

  enterState(id: string, state: ExpansionState, reason: string, problem: Problem | null = null): void {
    this.patch(id, {
      state,
      stateSince: this.now,
      stateReason: said(reason),
      problem,
      endedAt: isEnded(state) ? this.now : null,
      pendingControl: null,
    });
    const level = state === 'halted' || state === 'failed' ? 'error' : 'info';
    this.say(id, `expansion.${state}`, reason, { level });
  }

  enterPhase(
    id: string,
    name: string,
    phase: JoinPhase,
    text: string = phase,
    level: StoredEvent['level'] = 'info',
  ): void {
    const join = this.join(id, name);
    const attempt = join.attempts.length;
    this.patchJoin(id, name, {
      phase,
      phaseSince: this.now,
      phases: [...join.phases, { phase, at: this.now, attempt }],
      waitingFor: phase === 'snapshotting' ? said('the master’s dump (bgsave)') : null,
    });
    this.say(id, 'node.phase', `${name}: ${text}`, {
      node: name,
      level,
      data: { from: join.phase, to: phase, attempt },
    });
  }

  /** Lets `ms` pass in steps of at most 250 ms. */
  advance(ms: number): void {
    for (let left = ms; left > 0; left -= 250) {
      this.now += Math.min(250, left);
      for (const expansion of this.expansions) this.#step(expansion.id, Math.min(250, left));
    }
    this.changed();
  }

  /** Runs one expansion until it rests (ended, or waiting for a person). */
  runToRest(id: string): Expansion {
    for (let turns = 0; turns < 100_000; turns += 1) {
      const { state } = this.get(id)!;
      if (state !== 'pending' && state !== 'running') break;
      this.now += 250;
      this.#step(id, 250);
    }
    return this.get(id)!;
  }

  /** Applies a control as the service would; the problem when it does not fit. */
  control(id: string, verb: ControlVerb, node: string | null, reason: string, by: string): Problem | null {
    const problem = controlProblem(this.get(id)!, verb, node);
    if (problem !== null) return problem.asProblem(this.now);
    this.say(id, `control.${verb}`, `${verb} by ${by}: ${reason}`, node === null ? {} : { node });
    switch (verb) {
      case 'pause':
        this.enterState(id, 'paused', `Paused by ${by}: ${reason}`);
        break;
      case 'resume':
        this.enterState(id, 'running', `Resumed by ${by}: ${reason}`);
        break;
      case 'approve':
        this.patch(id, { approvedThroughBatch: this.get(id)!.currentBatch });
        this.enterState(id, 'running', `Batch approved by ${by}: ${reason}`);
        break;
      case 'cancel':
        for (const join of this.get(id)!.joins) {
          if (!isSettled(join.phase)) this.enterPhase(id, join.target.name, 'cancelled', 'cancelled');
        }
        this.enterState(id, 'cancelled', `Cancelled by ${by}: ${reason}`);
        break;
      case 'skip':
        this.enterPhase(id, node!, 'skipped', `skipped by ${by}: ${reason}`);
        this.#goOn(id);
        break;
      case 'retry': {
        this.patchJoin(id, node!, {
          problem: null,
          attemptsAllowed: this.join(id, node!).attemptsAllowed + 1,
        });
        const faults = { ...this.play(id).script.faults };
        delete faults[node!];
        this.#plays.set(id, { ...this.play(id), script: { ...this.play(id).script, faults } });
        this.enterPhase(id, node!, 'preflight', `retried by ${by}: ${reason}`);
        this.#goOn(id);
        break;
      }
    }
    this.changed();
    return null;
  }

  #goOn(id: string): void {
    if (this.get(id)!.state === 'halted')
      this.enterState(id, 'running', 'The node that stopped it was dealt with.');
  }

  #step(id: string, ms: number): void {
    const expansion = this.get(id)!;
    if (expansion.state === 'pending') {
      this.#begin(id);
      return;
    }
    if (expansion.state !== 'running') return;
    const batch = expansion.currentBatch;
    const joins = expansion.joins.filter((join) => join.batch === batch);
    for (const join of joins) this.#stepJoin(id, join.target.name, ms);
    this.#look(id);
    if (joins.every((join) => isSettled(this.join(id, join.target.name).phase))) this.#nextBatch(id);
  }

  #begin(id: string): void {
    const { script, batches } = this.play(id);
    const forced = capabilitiesOf(script.version).opensSupersededCopy;
    const expansion = this.get(id)!;
    this.patch(id, {
      startedAt: this.now,
      capabilities: capabilitiesOf(script.version),
      batchSize: batches[0]?.length ?? 1,
      batchSizeReason: said(
        forced
          ? `On ${script.version} (the master) at most 1 full sync of one master may run at a time.`
          : 'Chosen by the service: together they share one dump.',
      ),
      batchCount: batches.length,
      joins: expansion.joins.map((join) => ({
        ...join,
        batch: batches.findIndex((batch) => batch.includes(join.target.name)),
      })),
      findings: findingsFor(script.nodes.slice(0, 1)),
    });
    this.enterState(id, 'running', `Preflight passed; batch 1 of ${batches.length} begins.`);
    this.say(id, 'batch.started', `batch 1 of ${batches.length}: ${batches[0]?.join(', ')}`);
  }

  #nextBatch(id: string): void {
    const expansion = this.get(id)!;
    const next = expansion.currentBatch + 1;
    if (next >= (expansion.batchCount ?? 0)) {
      const verified = expansion.joins.filter((join) => join.phase === 'verified').length;
      this.enterState(id, 'succeeded', `${verified} of ${expansion.joins.length} nodes are verified.`);
      return;
    }
    if (this.freeze.frozen) return;
    this.patch(id, { currentBatch: next });
    const names = this.play(id).batches[next]!.join(', ');
    this.say(id, 'batch.next', `next is batch ${next + 1} of ${expansion.batchCount}: ${names}`);
    if (expansion.policy.approval === 'each_batch' && expansion.approvedThroughBatch < next) {
      this.enterState(
        id,
        'awaiting_approval',
        `Batch ${next + 1} of ${expansion.batchCount} (${names}) waits for an approval.`,
      );
    }
  }

  #stepJoin(id: string, name: string, ms: number): void {
    const join = this.join(id, name);
    if (join.phase === 'waiting') {
      this.enterPhase(id, name, 'preflight', 'is looked at once more');
      return;
    }
    if (!isActive(join.phase)) return;
    if (join.phase === 'transferring') {
      this.#transfer(id, join, ms);
      return;
    }
    const lag =
      join.phase === 'catching_up' ? Math.max(0, 9 * MiB * (1 - (this.now - join.phaseSince) / 2_000)) : null;
    if (lag !== null)
      this.patchJoin(id, name, {
        progress: {
          ...join.progress,
          bytesPerSecond: null,
          remainingSeconds: null,
          lagBytes: Math.round(lag),
        },
      });
    if (this.now - join.phaseSince < (durations[join.phase] ?? 0)) return;
    this.#nextPhase(id, this.join(id, name));
  }

  #nextPhase(id: string, join: Join): void {
    const name = join.target.name;
    const next = order[order.indexOf(join.phase) + 1]!;
    if (next === 'attaching') this.#attach(id, join, join.attempts.length > 0);
    this.enterPhase(id, name, next, phaseWords[next] ?? next);
    if (next === 'transferring') {
      this.patchJoin(id, name, {
        progress: { ...noProgress, snapshotBytes: this.play(id).script.snapshotBytes, receivedBytes: 0 },
      });
    }
    if (next === 'verified') this.#verified(id, name);
  }

  #attach(id: string, join: Join, again: boolean): void {
    const number = join.attempts.length + 1;
    const intent = (command: Intent['command'], reason: string): Intent => ({
      id: `${join.target.name}-${number}-${command.kind}`,
      command,
      reason: said(reason),
      savedAt: this.now,
      epoch: 1,
      endedAt: this.now,
      outcome: 'ok',
      reply: 'OK',
    });
    const attempt: Attempt = {
      number,
      kind: again ? 'reattach' : 'attach',
      startedAt: this.now,
      endedAt: null,
      outcome: null,
      step: 'syncing',
      detachedAt: again ? this.now - 4_000 : null,
      intents: [
        ...(again
          ? [intent({ kind: 'slaveof_no_one' }, 'the copy is spoilt; the node is detached first')]
          : []),
        intent(
          { kind: 'slaveof', master: this.get(id)!.master.seenAs, force: again },
          again ? 'a full sync anew' : 'the node joins',
        ),
      ],
      tracker: null,
      catchUp: null,
    };
    this.patchJoin(id, join.target.name, { attempts: [...join.attempts, attempt] });
    this.say(id, 'node.attempt', `${join.target.name}: attempt ${number} of ${join.attemptsAllowed} begins`, {
      node: join.target.name,
      data: { attempt: number, of: join.attemptsAllowed, kind: again ? 'reattach' : 'attach' },
    });
    this.say(id, 'node.command', `${join.target.name}: SLAVEOF ${this.get(id)!.master.name} -> OK`, {
      node: join.target.name,
      data: { command: `SLAVEOF ${this.get(id)!.master.name}`, reply: 'OK', outcome: 'ok' },
    });
  }

  #transfer(id: string, join: Join, ms: number): void {
    const { script } = this.play(id);
    const name = join.target.name;
    const wobble = 1 + 0.22 * Math.sin(this.now / 900 + join.index);
    const rate = script.bytesPerSecond * wobble;
    const received = Math.min(script.snapshotBytes, (join.progress.receivedBytes ?? 0) + (rate * ms) / 1000);
    this.patchJoin(id, name, {
      progress: {
        snapshotBytes: script.snapshotBytes,
        receivedBytes: Math.round(received),
        bytesPerSecond: Math.round(rate),
        remainingSeconds: Math.ceil((script.snapshotBytes - received) / rate),
        lagBytes: null,
      },
    });
    const fault = script.faults[name];
    const spoilt = fault === 'superseded' || (fault === 'superseded_once' && join.attempts.length === 1);
    if (spoilt && received > script.snapshotBytes * 0.45) {
      this.#spoil(id, name);
      return;
    }
    if (received >= script.snapshotBytes) this.#nextPhase(id, this.join(id, name));
  }

  #spoil(id: string, name: string): void {
    const join = this.join(id, name);
    const anomaly: AnomalyRecord = {
      code: 'snapshot_superseded',
      at: this.now,
      attempt: join.attempts.length,
      text: 'LASTSAVE on the master changed while the node was copying: a newer dump was made.',
      facts: {
        by: 'later_dump',
        laterDumps: 1,
        receivedBytes: join.progress.receivedBytes,
        snapshotBytes: join.progress.snapshotBytes,
      },
      remedy: 'reattach',
    };
    this.patchJoin(id, name, {
      anomalies: [...join.anomalies, anomaly],
      diagnosis: diagnosisOf(anomaly),
      attempts: join.attempts.map((attempt, index) =>
        index === join.attempts.length - 1
          ? { ...attempt, endedAt: this.now, outcome: 'failed' as const }
          : attempt,
      ),
      progress: { ...join.progress, bytesPerSecond: null, remainingSeconds: null },
    });
    this.say(id, 'node.anomaly', `${name}: A newer dump replaced the one being copied. ${anomaly.text}`, {
      node: name,
      level: 'warning',
      data: { code: anomaly.code, ...anomaly.facts },
    });
    const more = join.attempts.length < join.attemptsAllowed;
    if (more) this.enterPhase(id, name, 'preflight', 'will be attached anew', 'warning');
    else this.#quarantine(id, name);
  }

  #quarantine(id: string, name: string): void {
    const text = `${name} may hold partial data: its snapshot was superseded in each of ${this.join(id, name).attempts.length} attempts.`;
    const problem: Problem = {
      code: 'node_quarantined',
      text,
      nextSteps: [
        'Find what makes dumps on this master: a nightly BGSAVE, or another tool that adds slaves.',
        `Then retry ${name}, or skip it; the nodes after it wait until then.`,
      ],
      at: this.now,
    };
    this.patchJoin(id, name, { problem, evidence: evidenceOf(this.join(id, name), this.now, false) });
    this.enterPhase(id, name, 'quarantined', 'is quarantined', 'error');
    this.enterState(id, 'halted', text, problem);
  }

  #verified(id: string, name: string): void {
    const join = this.join(id, name);
    this.patchJoin(id, name, {
      evidence: evidenceOf(join, this.now, true),
      comparison: { id: `cmp_${id}_${join.index}`, report: reportOf(this.now) },
      progress: { ...join.progress, bytesPerSecond: null, remainingSeconds: null, lagBytes: 0 },
      attempts: join.attempts.map((attempt, index) =>
        index === join.attempts.length - 1
          ? { ...attempt, endedAt: this.now, outcome: 'verified' as const }
          : attempt,
      ),
    });
    this.say(id, 'node.compared', `${name}: 4,000 keys compared by value, none differs`, { node: name });
    this.say(id, 'node.verified', `${name} is verified`, { node: name });
  }

  /** Stores what the master and the nodes at work say, once a second. */
  #look(id: string): void {
    if (this.now % lookEveryMs >= 250) return;
    const expansion = this.get(id)!;
    const active = expansion.joins.filter((join) => isActive(join.phase));
    const listed = active
      .filter((join) => join.phase !== 'preflight')
      .map(
        (join): ListedSlave => ({
          ip: join.target.seenAs.host,
          port: join.target.seenAs.port,
          lag: {
            db0:
              join.phase === 'catching_up'
                ? (join.progress.lagBytes ?? 0)
                : join.phase === 'verifying'
                  ? 0
                  : 'full syncing',
          },
        }),
      );
    this.#observe(
      id,
      expansion.master.name,
      masterLook(this, expansion, [...(this.oldSlaves.get(expansion.master.name) ?? []), ...listed]),
    );
    for (const join of active) this.#observe(id, join.target.name, slaveLook(this.now, expansion, join));
  }

  #observe(id: string, node: string, look: Look): void {
    this.#observationSeq += 1;
    this.observations.push({ seq: this.#observationSeq, expansionId: id, node, at: this.now, look });
  }
}

const phaseWords: Readonly<Partial<Record<JoinPhase, string>>> = {
  attaching: 'SLAVEOF was sent',
  snapshotting: 'the master makes its dump',
  transferring: 'the dump is being copied',
  swapping: 'the copy is complete and takes the place of the old data',
  catching_up: 'the binlog since the dump is being applied',
  verifying: 'the data are being compared',
  verified: 'every rule holds',
};

const dbStates: Readonly<Partial<Record<JoinPhase, DbState>>> = {
  attaching: 'TryDBSync',
  snapshotting: 'WaitReply',
  transferring: 'WaitDBSync',
  swapping: 'TryConnect',
};

const binlogAt = (now: number) => ({ db0: { file: 112, offset: Math.floor((now / 10) % 10_000_000) } });

const nodeServer = (version: string) => ({
  reportedVersion: version,
  processId: 4711,
  uptimeSeconds: 86_400,
  runId: 'f3a1c0de'.repeat(5),
  tcpPort: 9221,
});

const quiet = {
  bgsaving: false,
  scanningKeyspace: false,
  compacting: false,
  opsPerSecond: 5200,
  replOutputBytes: null,
  commandsProcessed: 91_000_000,
};

function masterLook(world: MockWorld, expansion: Expansion, slaves: readonly ListedSlave[]): Look {
  return {
    kind: 'answered',
    at: world.now,
    tookMs: 1,
    facts: {
      server: nodeServer(expansion.capabilities?.version ?? '3.5.4'),
      replication: {
        role: 'master',
        replicationId: '9d1f'.repeat(12),
        masterHost: null,
        masterPort: null,
        linkStatus: null,
        dbStates: {},
        slaves,
        connectedSlaves: slaves.length,
        binlog: binlogAt(world.now),
        safetyPurgeFile: { db0: null },
        eligibleForMasterElection: null,
        hasConnectStatus: false,
      },
      stats: { ...quiet, replInputBytes: 0 },
      lastSaveUnixSeconds: Math.floor(world.now / 1000) - 20,
    },
  };
}

function slaveLook(now: number, expansion: Expansion, join: Join): Look {
  const state = dbStates[join.phase];
  return {
    kind: 'answered',
    at: now,
    tookMs: join.phase === 'swapping' ? 840 : 1,
    facts: {
      server: nodeServer(expansion.capabilities?.version ?? '3.5.4'),
      replication: {
        role: join.phase === 'preflight' ? 'master' : 'slave',
        replicationId: '9d1f'.repeat(12),
        masterHost: expansion.master.seenAs.host,
        masterPort: expansion.master.seenAs.port,
        linkStatus: state === undefined && join.phase !== 'preflight' ? 'up' : 'down',
        dbStates: state === undefined ? {} : { db0: state },
        slaves: [],
        connectedSlaves: 0,
        binlog: binlogAt(now),
        safetyPurgeFile: { db0: null },
        eligibleForMasterElection: null,
        hasConnectStatus: false,
      },
      stats: { ...quiet, opsPerSecond: 0, replInputBytes: join.progress.receivedBytes ?? 0 },
    },
  };
}

const ruleTexts: Readonly<Record<(typeof ruleNames)[number], string>> = {
  full_sync_seen: 'db0 was seen in full sync for 13 s and took over the offset of the snapshot.',
  bytes_received: '537 MB were received for a snapshot of 536 MB.',
  single_snapshot: 'LASTSAVE of the master did not change while the node was copying.',
  files_complete: 'The node opened exactly the 54 table files of the dump (536 MB), each with its size.',
  role_and_link: 'The node is a slave of the intended master, the link is up, every DB is connected.',
  listed_by_master: 'The master lists the node in binlog sync on db0.',
  offset_passed: 'The node has passed 112:4,201,337, the master’s offset when it came up.',
  data_agrees: '4,000 keys (0.4 % of about 1,000,000) were compared by value; none differs.',
  stable: 'All of it held in 3 looks in a row.',
};

function evidenceOf(join: Join, now: number, good: boolean): Evidence {
  return {
    verdict: good ? 'verified' : 'not_verified',
    at: now,
    attempt: join.attempts.length,
    rules: ruleNames.map((rule) => {
      const failing = !good && (rule === 'bytes_received' || rule === 'single_snapshot');
      const open = !good && !failing && rule !== 'full_sync_seen';
      return {
        rule,
        holds: good ? true : failing ? false : open ? null : true,
        text: failing
          ? 'Another dump was made before the copy ended; what the node holds is partial.'
          : open
            ? 'Not judged: the full sync was not complete.'
            : ruleTexts[rule],
        facts: {
          receivedBytes: join.progress.receivedBytes,
          snapshotBytes: join.progress.snapshotBytes,
          attempt: join.attempts.length,
        },
        at: now,
      };
    }),
  };
}

export function reportOf(now: number, different = false): ComparisonReport {
  return {
    depth: 'sample',
    verdict: different ? 'different' : 'equal',
    reason: different ? '3 keys differ in 3 rounds.' : null,
    startedAt: now - 2_700,
    endedAt: now,
    lookedAtKeys: 4000,
    lookedAtKeysByType: { string: 1000, hash: 1000, set: 1000, zset: 1000 },
    estimatedKeys: 1_000_000,
    share: 0.004,
    smallestLossFound: 0.00115,
    differencesTotal: different ? 3 : 0,
    differencesByKind: different ? { missing: 2, value: 1 } : {},
    examples: different
      ? [
          {
            db: 0,
            key: 'user:1001',
            type: 'hash',
            kind: 'missing',
            left: '12 fields',
            right: null,
            rounds: 3,
          },
          {
            db: 0,
            key: 'user:1002',
            type: 'hash',
            kind: 'missing',
            left: '9 fields',
            right: null,
            rounds: 3,
          },
          {
            db: 0,
            key: 'cart:77',
            type: 'string',
            kind: 'value',
            left: '"3 items"',
            right: '"2 items"',
            rounds: 3,
          },
        ]
      : [],
    rounds: 3,
    settledByRecheck: 7,
    counts: null,
  };
}

function findingsFor(nodes: readonly string[]): readonly Finding[] {
  return nodes.map((node) => ({
    code: 'node_seen_by_name',
    severity: 'info' as const,
    node,
    text: 'The node answered in 1 ms and holds no keys.',
    nextStep: '',
  }));
}

/** What the mock expects of an expansion. */
export function forecastOf(nodes: readonly string[], batchSize: number): Forecast {
  const around = (expected: number): ForecastRange => ({
    low: expected * 0.8,
    expected,
    high: expected * 1.2,
  });
  const batches = inBatches(nodes, batchSize);
  return {
    secondsPerNode: around(38),
    secondsTotal: around(38 * batches.length),
    bytesPerNode: around(1.4 * GiB),
    snapshotBytesByDatabase: { db0: Math.round(1.4 * GiB) },
    nodes: [],
    batches: batches.map((names, batch) => ({
      batch,
      nodes: names,
      startSeconds: around(38 * batch),
      seconds: around(38),
      dump: 'new' as const,
      binlogBytes: around(46 * MiB),
    })),
    binlog: {
      writeBytesPerSecond: 1.2 * MiB,
      duringBatchBytes: around(46 * MiB),
      keptBytes: 1000 * MiB,
      keptFiles: 10,
      neededFiles: null,
      sparedDuringSync: true,
    },
    masterDiskBytes: around(0.2 * GiB),
    learntFrom: 0,
    basis: 'Snapshot size by INFO rocksdb; rate by the throttle of the nodes.',
  };
}

/** A world as an operator may find it: one halted, one waiting, two running, and a history. */
export function populatedWorld(now: number): MockWorld {
  const world = new MockWorld(now - 6 * 3_600_000);
  world.agents = [anAgent('pika-31', now), troubledAgent('pika-32', now)];
  const slave = (ip: string, lag: number): ListedSlave => ({ ip, port: 9221, lag: { db0: lag } });
  for (const [master, slaves] of [
    ['10.20.0.10:9221', [slave('10.20.0.11', 0), slave('10.20.0.12', 4_210)]],
    ['10.20.1.10:9221', [slave('10.20.1.11', 0)]],
    ['10.20.2.10:9221', [slave('10.20.2.11', 0), slave('10.20.2.12', 0), slave('10.20.2.13', 88_000)]],
  ] as const) {
    world.oldSlaves.set(master, slaves);
  }
  const history = (label: string, master: string, count: number, more: Partial<Script> = {}): Expansion => {
    const base = master.slice(0, master.lastIndexOf('.'));
    const nodes = Array.from({ length: count }, (_, index) => `${base}.${100 + index}:9221`);
    const { id } = world.add({ label, master, nodes, version: '4.0.1', ...more });
    world.runToRest(id);
    world.now += 300_000;
    return world.get(id)!;
  };
  history('Readers for the sale', '10.20.5.10:9221', 4);
  history('Replace two hosts in hall B', '10.20.6.10:9221', 2, { version: '3.5.4' });
  history('Session cache', '10.20.7.10:9221', 8, { snapshotBytes: 2 * GiB, bytesPerSecond: 160 * MiB });
  const cancelled = world.add({
    label: 'Wrong master',
    master: '10.20.8.10:9221',
    nodes: ['10.20.8.20:9221', '10.20.8.21:9221'],
  });
  world.advance(3_000);
  world.control(cancelled.id, 'cancel', null, 'the other data centre was meant', 'jonas');

  world.now = now - 26 * 60_000;
  const halted = world.add({
    label: 'Second data centre',
    master: '10.20.0.10:9221',
    nodes: [
      '10.20.0.21:9221',
      '10.20.0.22:9221',
      '10.20.0.23:9221',
      '10.20.0.24:9221',
      '10.20.0.25:9221',
      '10.20.0.26:9221',
    ],
    faults: { '10.20.0.22:9221': 'superseded_once', '10.20.0.23:9221': 'superseded' },
    bytesPerSecond: 26 * MiB,
  });
  world.runToRest(halted.id);
  world.now = Math.max(world.now, now - 9 * 60_000);
  const waiting = world.add({
    label: 'Readers for the shop, stage 2',
    master: '10.20.1.10:9221',
    nodes: ['10.20.1.21:9221', '10.20.1.22:9221', '10.20.1.23:9221'],
    policy: { approval: 'each_batch' },
    requestedBy: 'jonas',
  });
  world.runToRest(waiting.id);
  world.now = Math.max(world.now, now - 90_000);
  const running = world.add({
    label: 'More readers for the catalogue',
    master: '10.20.2.10:9221',
    nodes: Array.from({ length: 6 }, (_, index) => `10.20.2.${21 + index}:9221`),
    snapshotBytes: Math.round(1.4 * GiB),
    bytesPerSecond: 56 * MiB,
  });
  world.patch(running.id, { forecast: forecastOf(world.play(running.id).batches.flat(), 1) });
  while (world.now < now) world.advance(Math.min(250, now - world.now));
  return world;
}

/** 200 nodes, and a log of at least `events` lines. */
export function bigWorld(now: number, events: number): MockWorld {
  const world = new MockWorld(now - 1_500_000);
  const nodes = Array.from(
    { length: 200 },
    (_, index) => `10.30.${1 + Math.floor(index / 100)}.${1 + (index % 100)}:9221`,
  );
  const { id } = world.add({
    label: 'A whole rack',
    master: '10.30.0.1:9221',
    nodes,
    version: '4.0.1',
    policy: { batchSize: 8 },
    snapshotBytes: 9 * GiB,
    bytesPerSecond: 120 * MiB,
  });
  while (world.now < now) world.advance(Math.min(1000, now - world.now));
  while (world.events.length < events) {
    const node = nodes[world.events.length % nodes.length]!;
    world.say(id, 'node.waiting', `${node} waits: its turn (line ${world.events.length})`, { node });
  }
  return world;
}

/** As the service would write it: stored in English, the likeliest cause first. */
const diagnosisOf = ({ at, attempt, code }: AnomalyRecord): Diagnosis => {
  const cause = (name: CauseCode, speaksFor: readonly SignCode[], speaksAgainst: readonly SignCode[]) => ({
    code: name,
    facts: {},
    text: causes[name].title.en({}, nobody),
    speaksFor: speaksFor.map((each) => sign(each)),
    speaksAgainst: speaksAgainst.map((each) => sign(each)),
    wouldTell: causes[name].wouldTell.en({}, nobody),
    copyHelps: causes[name].copyHelps,
  });
  return {
    at,
    attempt,
    symptom: code,
    causes: [
      cause('snapshot_superseded', ['newer_dump_seen', 'more_than_snapshot'], []),
      cause('dump_failed', ['no_file'], ['newer_dump_seen']),
    ],
    remedy: { kind: 'reattach' },
  };
};
