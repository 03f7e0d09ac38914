/**
 * Chaos on the real parts: expansions on simulated nodes over TCP, carried out by the service's own processes on a real
 * Redis and a real PostgreSQL, which are killed, emptied and cut off in the middle of full syncs. An observer that sees only
 * the nodes, and what clients are told, judges the promises.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import { until } from '../support/until.ts';
import {
  type Client,
  createClient,
  createProducer,
  type Producer,
  RefusedError,
  type Told,
} from './client.ts';
import { drawFaults, type Fault, type FaultKind, faultKinds } from './faults.ts';
import type { Asked, Entry } from './history.ts';
import { judge, type Violation } from './judge.ts';
import { type Nodes, startNodes } from './nodes-process.ts';
import { type Parts, startParts } from './parts.ts';
import type { SitePlan } from './site.ts';
import { renderTimeline } from './timeline.ts';
import type { Unit } from './unit.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** At least so many; more are asked for until every kind of fault has been there. */
  readonly expansions: number;
  readonly nodesPerExpansion: number;
  readonly workers: number;
  /** Masters that are worked on at the same time. */
  readonly lanes: number;
  readonly transferMs: readonly [number, number];
  /** Between two faults. */
  readonly gapMs: readonly [number, number];
  /** How long faults go on: until each kind has been there once, or until all expansions have ended. */
  readonly faults: 'each once' | 'to the end';
  readonly unreachableMs: number;
  /** How long a stopped worker stands still; longer than a lease. */
  readonly stoppedMs: number;
  /** The run ends by itself after this; what has not ended then has not been kept. */
  readonly limitMs: number;
  /** Ends the run early; what has not ended then has not been kept. */
  readonly signal?: AbortSignal;
  /** Breaks a promise on purpose: the run must notice. */
  readonly sabotage?: Sabotage;
  readonly tell: (text: string) => void;
  /** Everything that the service's processes print. */
  readonly onOutput?: (part: string, text: string) => void;
}

export const sabotages = [
  'early_slaveof',
  'second_slaveof',
  'foreign_node',
  'kept_setting',
  'lost_keys',
] as const;
export type Sabotage = (typeof sabotages)[number];

export interface ChaosReport {
  readonly seed: number;
  readonly expansions: number;
  /** How many ended in which state. */
  readonly ends: Readonly<Record<string, number>>;
  readonly nodesAsked: number;
  readonly nodesVerified: number;
  /** Nodes whose data the observer compared with the master's at the end, and how many differed. */
  readonly nodesCompared: number;
  readonly nodesDiffering: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly slaveofs: number;
  /** Nodes that were attached more than once, after a detach. */
  readonly nodesAttachedAgain: number;
  /** How often an operator had to decide about a node. */
  readonly operatorSteps: number;
  /** Full syncs whose worker was killed or stopped, until another one looked at the node. */
  readonly takeovers: number;
  readonly longestTakeoverMs: number;
  readonly requestsSent: number;
  readonly requestsSentAgain: number;
  readonly requestsRepeated: number;
  readonly requestsByQueue: number;
  /** Starts of the service's processes beyond the first. */
  readonly restarts: number;
  /** Processes that SIGTERM did not end with 0 at the end. */
  readonly unclean: readonly string[];
  readonly wallMs: number;
  readonly violations: readonly Violation[];
  /** Timelines of the first violations, for people. */
  readonly timelines: readonly string[];
}

/** Runs until every expansion has ended and every kind of fault was there, or the limit has come. Leaves nothing behind. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const run = new ChaosRun(options);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

interface Followed {
  readonly asked: Asked;
  readonly body: object;
  readonly via: 'rest' | 'queue';
  id: string | null;
  ended: boolean;
}

const shownTimelines = 4;
const watchEveryMs = 600;
const producerEveryMs = 1500;
/** An operator tries a halted node once more, then leaves it out. */
const operatorRetries = 1;

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #startedAt = Date.now();
  readonly #aborter = new AbortController();
  readonly #entries: Entry[] = [];
  readonly #followed: Followed[] = [];
  readonly #syncing = new Map<string, readonly string[]>();
  readonly #verified = new Set<string>();
  /** What the operator did about a node: how often, and about which failure last. */
  readonly #helped = new Map<string, { readonly times: number; readonly failedAt: number }>();
  readonly #faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  readonly #told: { readonly at: number; readonly who: string; readonly text: string }[] = [];
  readonly #takeovers: number[] = [];
  readonly #background: Promise<unknown>[] = [];
  /** Workers that stand still. */
  readonly #stopped = new Set<Unit>();
  readonly #tails = new Map<string, string>();
  readonly #password: string;
  #nodes: Nodes | null = null;
  #parts: Parts | null = null;
  #client: Client | null = null;
  #producer: Producer | null = null;
  #sites = 0;
  #asking = 0;
  #repeated = 0;
  #differing = 0;
  #operatorSteps = 0;
  #lanesDone = false;
  #secretFound = false;
  #sabotaged = false;
  #failure: Error | null = null;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = createRandom(`chaos ${options.seed}`);
    this.#password = `nodes-${this.#random.hex(20)}`;
  }

  async run(): Promise<ChaosReport> {
    const { seed, limitMs } = this.#options;
    const limit = setTimeout(() => this.#stop(`the limit of ${limitMs / 1000} s has come`), limitMs);
    const { signal } = this.#options;
    signal?.addEventListener('abort', () => this.#stop('told to stop'), { once: true });
    if (signal?.aborted) this.#stop('told to stop');
    try {
      await this.#start();
      const parts = [this.#lanes(), this.#watch(), this.#doFaults()];
      await Promise.all(parts.map((part) => part.catch(this.#fail)));
      await Promise.all(this.#background);
      if (!this.#aborter.signal.aborted) await this.#readAll().catch(this.#fail);
    } finally {
      clearTimeout(limit);
    }
    if (this.#failure !== null) throw this.#failure;
    const violations = judge({ asked: this.#followed.map(({ asked }) => asked), entries: this.#entries });
    const timelines = await this.#timelines(violations);
    const { starts } = this.#restarts();
    const unclean = (await this.#parts?.stop()) ?? [];
    return { ...this.#figures(), seed, restarts: starts, unclean, violations, timelines };
  }

  async close(): Promise<void> {
    this.#aborter.abort();
    await this.#producer?.close();
    await this.#parts?.stop();
    await this.#nodes?.stop();
  }

  /** A defect of the run itself; what follows from its end is none. */
  readonly #fail = (error: unknown): void => {
    if (this.#aborter.signal.aborted) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#stop(`cannot go on: ${this.#failure.message}`);
  };

  #inBackground(work: Promise<unknown>): void {
    this.#background.push(work.catch(this.#fail));
  }

  #stop(why: string): void {
    if (this.#aborter.signal.aborted) return;
    this.#say('chaos', why);
    this.#aborter.abort();
  }

  async #start(): Promise<void> {
    const { seed, workers } = this.#options;
    this.#nodes = await startNodes(`chaos ${seed}`, (entry) => this.#note(entry));
    const nodes = this.#nodes;
    this.#parts = await startParts({
      workers,
      password: this.#password,
      onOutput: (part, text) => {
        this.#options.onOutput?.(part, text);
        this.#scan(`the log of ${part}`, text);
      },
      onPids: (pids) => void nodes.ask('guard', pids).catch(() => undefined),
    });
    this.#client = createClient({
      url: this.#parts.url,
      signal: this.#aborter.signal,
      onText: (where, text) => this.#scan(where, text),
    });
    this.#producer = createProducer(this.#parts.redis.port);
    this.#say('chaos', `${workers} workers and the API are up`);
  }

  // ---- what is asked for

  async #lanes(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.lanes }, () => this.#lane()));
    this.#lanesDone = true;
  }

  async #lane(): Promise<void> {
    while (this.#wantsMore()) await this.#site(this.#drawSite());
  }

  #wantsMore(): boolean {
    if (this.#aborter.signal.aborted) return false;
    return this.#followed.length < this.#options.expansions || this.#missing().length > 0;
  }

  #missing(): readonly FaultKind[] {
    return faultKinds.filter((kind) => this.#faults[kind] === 0);
  }

  #drawSite(): SitePlan {
    const random = this.#random;
    const { nodesPerExpansion, transferMs } = this.#options;
    this.#sites += 1;
    const left = this.#options.expansions - this.#followed.length;
    const two = left >= 2 && random.next() < 0.5;
    return {
      id: `s${this.#sites}`,
      version: random.next() < 0.7 ? '3.5.4' : random.pick(['3.5.5', '4.0.1'] as const),
      expansions: two ? [nodesPerExpansion, nodesPerExpansion] : [nodesPerExpansion],
      withData: random.next() < 0.3 ? ['1.2'] : [],
      transferMs: random.within(transferMs),
      writesPerSecond: random.int(2, 15),
      password: this.#password,
    };
  }

  async #site(plan: SitePlan): Promise<void> {
    const reserved = plan.expansions.map((_, e) => this.#reserve(`${plan.id}-${e + 1}`));
    const { master, nodes, throttle } = await this.#nodes!.ask('open', plan);
    const followed = plan.expansions.map((_, e) =>
      this.#ask(plan, e, master, nodes[e]!, throttle, reserved[e]!),
    );
    await Promise.all(followed.map((each) => this.#send(each)));
    await until(() => followed.every(({ ended }) => ended) || this.#aborter.signal.aborted, {
      withinMs: this.#options.limitMs,
      what: `the expansions of ${plan.id} to end`,
    });
    if (this.#aborter.signal.aborted) return;
    for (const [node, truth] of await this.#nodes!.ask('close', plan.id)) {
      this.#note({ kind: 'left', at: Date.now(), node, truth, ownThrottle: String(throttle) });
      const { missing, different, foreign } = truth;
      if (this.#verified.has(node) && (missing !== 0 || different !== 0 || foreign !== 0))
        this.#differing += 1;
    }
  }

  /** Its place in the count, so that no lane asks for one too many while nodes are being made. */
  #reserve(key: string): Followed {
    const asked = { key, master: '', nodes: [], together: 1 };
    const followed: Followed = { asked, body: {}, via: 'rest', id: null, ended: false };
    this.#followed.push(followed);
    return followed;
  }

  #ask(
    plan: SitePlan,
    e: number,
    master: string,
    names: readonly string[],
    throttle: number,
    reserved: Followed,
  ): Followed {
    const random = this.#random;
    const together = plan.version === '3.5.4' ? 1 : 3;
    const { key } = reserved.asked;
    const nodes = names.map((name, n) => ({
      name,
      overwriteData: plan.withData.includes(`${e + 1}.${n + 1}`),
    }));
    const body = {
      master,
      nodes: nodes.map(({ name, overwriteData }) =>
        overwriteData ? { address: name, overwriteData } : name,
      ),
      policy: {
        batchSize: together,
        lookIntervalMs: 200,
        stableLooks: 2,
        ...(random.next() < 0.4 ? { bandwidthBytesPerSecond: Math.round(throttle * together * 0.7) } : {}),
        verify: { depth: random.next() < 0.3 ? 'full' : 'sample', samplePerType: 80 },
      },
      label: key,
    };
    const via = random.next() < 0.3 ? 'queue' : 'rest';
    const followed: Followed = { asked: { key, master, nodes, together }, body, via, id: null, ended: false };
    this.#followed[this.#followed.indexOf(reserved)] = followed;
    return followed;
  }

  async #send(followed: Followed): Promise<void> {
    const { body, asked, via } = followed;
    this.#say(
      'client',
      `asks for ${asked.key} by ${via}: ${asked.nodes.length} nodes, ${asked.together} at a time`,
    );
    if (via === 'rest') {
      await this.#post(followed);
      return;
    }
    while (followed.id === null && !this.#aborter.signal.aborted) {
      await this.#producer!.add(body, asked.key).catch(() => undefined);
      await delay(producerEveryMs);
      const found = (await this.#client!.all(asked.key)).find(({ label }) => label === asked.key);
      if (found !== undefined) this.#accepted(followed, found.id);
    }
  }

  async #post(followed: Followed): Promise<void> {
    const { key } = followed.asked;
    this.#asking += 1;
    try {
      this.#accepted(followed, await this.#client!.expand(followed.body, key));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#note({ kind: 'refused', at: Date.now(), key, text: error.message });
      // What was refused never ends.
      followed.ended ||= followed.id === null;
    } finally {
      this.#asking -= 1;
    }
  }

  #accepted(followed: Followed, expansionId: string): void {
    followed.id ??= expansionId;
    this.#note({ kind: 'accepted', at: Date.now(), key: followed.asked.key, expansionId });
  }

  /** A client that is not sure whether its request arrived sends it again. */
  #repeatOne(): void {
    const known = this.#followed.filter(({ id, via }) => id !== null && via === 'rest');
    if (known.length === 0) return;
    this.#repeated += 1;
    this.#inBackground(this.#post(this.#random.pick(known)));
  }

  // ---- what is told

  async #watch(): Promise<void> {
    while (!this.#lanesDone && !this.#aborter.signal.aborted) {
      await delay(watchEveryMs);
      const open = await this.#client!.open().catch(this.#orAborted);
      if (open === null) return;
      for (const told of open) await this.#take(told);
      const ids = new Set(open.map(({ id }) => id));
      const gone = this.#followed.filter(({ id, ended }) => id !== null && !ended && !ids.has(id));
      for (const followed of gone) await this.#end(followed);
    }
  }

  /** null = the run has ended. */
  readonly #orAborted = (error: unknown): null => {
    if (this.#aborter.signal.aborted) return null;
    throw error;
  };

  async #take(told: Told): Promise<void> {
    for (const { target, phase, phaseSince } of told.joins) {
      const { name } = target;
      if (phase === 'skipped') this.#note({ kind: 'skipped', at: Date.now(), node: name });
      if (phase !== 'verified' || this.#verified.has(name)) continue;
      this.#verified.add(name);
      const truth = await this.#nodes!.ask('truth', name);
      this.#note({ kind: 'verified', at: Date.now(), node: name, saidAt: phaseSince, truth });
      await this.#sabotageAfter(name);
    }
    if (told.state === 'halted') await this.#help(told);
  }

  async #end(followed: Followed): Promise<void> {
    const text = await this.#client!.get(`/v1/expansions/${followed.id}`).catch(this.#orAborted);
    if (text === null) return;
    const told = JSON.parse(text) as Told;
    if (told.endedAt === null) return;
    await this.#take(told);
    const { key } = followed.asked;
    this.#note({ kind: 'ended', at: Date.now(), key, state: told.state, saidAt: told.endedAt });
    this.#say('client', `${key} has ended: ${told.state}, ${told.stateReason?.text}`);
    followed.ended = true;
  }

  /** What a sensible operator does about a halted expansion. */
  async #help({ id, joins, stateReason }: Told): Promise<void> {
    for (const { target, phase, phaseSince } of joins) {
      if (phase !== 'failed' && phase !== 'quarantined') continue;
      const { times, failedAt } = this.#helped.get(target.name) ?? { times: 0, failedAt: null };
      // A worker has yet to carry out what was decided.
      if (failedAt === phaseSince) continue;
      this.#helped.set(target.name, { times: times + 1, failedAt: phaseSince });
      const verb = times < operatorRetries ? 'retry' : 'skip';
      this.#operatorSteps += 1;
      this.#say('operator', `${verb} ${target.name}: ${stateReason?.text}`);
      await this.#client!.steer(id, target.name, verb).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
      });
    }
  }

  /** Everything that the service would tell anybody, read once. */
  async #readAll(): Promise<void> {
    const all = await this.#client!.all();
    const expansions = all.map(({ id, label }) => ({ id, key: label }));
    this.#note({ kind: 'stored', at: Date.now(), expansions });
    for (const { id } of all) {
      await this.#client!.get(`/v1/expansions/${id}/evidence`);
      await this.#client!.get(`/v1/expansions/${id}/events?limit=1000`);
    }
  }

  #scan(where: string, text: string): void {
    const tail = this.#tails.get(where) ?? '';
    if (where.startsWith('the log')) this.#tails.set(where, text.slice(-this.#password.length));
    if (this.#secretFound || !(tail + text).includes(this.#password)) return;
    this.#secretFound = true;
    this.#note({ kind: 'secret', at: Date.now(), where });
  }

  #note(entry: Entry): void {
    this.#entries.push(entry);
    if (entry.kind !== 'full_syncs') return;
    this.#syncing.set(entry.master, entry.nodes);
    if (entry.nodes.length > 0) this.#sabotageDuring(entry.master, entry.nodes[0]!);
  }

  #say(who: string, text: string): void {
    const at = Date.now();
    this.#told.push({ at, who, text });
    this.#options.tell(
      `${((at - this.#startedAt) / 1000).toFixed(1).padStart(7)} s  ${who.padEnd(9)} ${text}`,
    );
  }

  // ---- faults

  async #doFaults(): Promise<void> {
    let repaired: Promise<unknown> = Promise.resolve();
    for (const fault of drawFaults(this.#options.seed, this.#options.gapMs)) {
      if (fault.alone) await repaired;
      await delay(fault.afterMs);
      if (this.#options.faults === 'each once' && this.#missing().length === 0) break;
      if (!(await this.#inTheMiddle())) break;
      this.#say('fault', fault.kind);
      this.#faults[fault.kind] += 1;
      repaired = this.#inject(fault).catch(this.#fail);
      this.#inBackground(repaired);
    }
    await repaired;
  }

  /** Waits until some node is in full sync; false = all is over. */
  async #inTheMiddle(): Promise<boolean> {
    const over = (): boolean => this.#lanesDone || this.#aborter.signal.aborted;
    await until(() => over() || this.#syncingNow().length > 0, { withinMs: this.#options.limitMs });
    return !over();
  }

  #syncingNow(): readonly string[] {
    return [...this.#syncing.values()].flat();
  }

  /** Resolves when what was broken works again. */
  async #inject({ kind, share, cut }: Fault): Promise<void> {
    const parts = this.#parts!;
    const { unreachableMs, stoppedMs } = this.#options;
    switch (kind) {
      case 'worker killed': {
        const worker = await this.#victim(share);
        worker.signal('SIGKILL');
        await until(() => worker.pid !== null, { what: `${worker.name} to be started again` });
        return;
      }
      case 'worker stopped and let go on': {
        const worker = await this.#victim(share);
        worker.signal('SIGSTOP');
        this.#stopped.add(worker);
        const goOn = (): void => {
          this.#stopped.delete(worker);
          worker.signal('SIGCONT');
        };
        this.#inBackground(this.#pause(stoppedMs).then(goOn));
        return;
      }
      case 'API killed':
        this.#repeatOne();
        // Best while it is answering somebody.
        await until(() => this.#asking > 0, { withinMs: 2000 }).catch(() => undefined);
        parts.api.signal('SIGKILL');
        await until(() => parts.ready(), { withinMs: 120_000, what: 'the API to be back' });
        return;
      case 'Redis killed':
        return parts.redis.killAndRestart('kept');
      case 'Redis emptied':
        return parts.redis.flushAll();
      case 'Redis restarted without its data':
        return parts.redis.killAndRestart('lost');
      case 'Redis unreachable':
        await parts.toRedis.cut(cut);
        await this.#pause(unreachableMs);
        return parts.toRedis.mend();
      case 'PostgreSQL killed':
        this.#repeatOne();
        parts.killPostgres();
        return parts.postgresAnswers();
      case 'PostgreSQL unreachable':
        this.#repeatOne();
        await parts.toPostgres.cut(cut);
        await this.#pause(unreachableMs);
        return parts.toPostgres.mend();
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#aborter.signal }).catch(() => undefined);
  }

  /** A worker that is in the middle of a full sync, if any is; from now on it is waited for its successor. */
  async #victim(share: number) {
    const workers = this.#parts!.workers.filter((each) => each.pid !== null && !this.#stopped.has(each));
    const syncing = new Set(this.#syncingNow());
    const found = await Promise.all(
      workers.map(async (worker) => {
        const ids = await this.#parts!.leasedBy(worker.pid ?? 0);
        const busy = this.#followed.filter(
          ({ id, asked }) =>
            id !== null && ids.includes(id) && asked.nodes.some(({ name }) => syncing.has(name)),
        );
        return { worker, busy };
      }),
    );
    const best = found.filter(({ busy }) => busy.length > 0);
    const candidates = best.length > 0 ? best : found;
    const { worker, busy } = candidates[Math.floor(share * candidates.length)]!;
    this.#say(
      'fault',
      `   (it is ${worker.name}, at work on ${busy.map(({ asked }) => asked.key).join(', ') || 'nothing'})`,
    );
    for (const each of busy) this.#inBackground(this.#timeTakeover(each));
    return worker;
  }

  async #timeTakeover(followed: Followed): Promise<void> {
    const since = Date.now();
    const names = followed.asked.nodes.map(({ name }) => name);
    const over = until(() => followed.ended || this.#aborter.signal.aborted, {
      withinMs: this.#options.limitMs,
    }).then(() => null);
    const at = await Promise.race([this.#nodes!.ask('firstCommand', names, since), over]);
    if (at !== null) this.#takeovers.push(at - since);
  }

  // ---- promises broken on purpose

  #sabotageDuring(master: string, syncing: string): void {
    const { sabotage } = this.#options;
    if (this.#sabotaged || sabotage === undefined) return;
    const place = this.#followed.find(({ asked }) => asked.nodes.some(({ name }) => name === syncing));
    const last = place?.asked.nodes.at(-1)?.name;
    const [host, port] = master.split(':') as [string, string];
    const slaveof = ['SLAVEOF', host, port, 'force'];
    if (sabotage === 'early_slaveof' && last !== undefined && last !== syncing) this.#meddle(last, slaveof);
    if (sabotage === 'second_slaveof') this.#meddle(syncing, slaveof);
    if (sabotage === 'foreign_node') this.#meddle(master, ['SET', 'of-somebody-else', 'value']);
  }

  async #sabotageAfter(verified: string): Promise<void> {
    const { sabotage } = this.#options;
    if (this.#sabotaged) return;
    if (sabotage === 'kept_setting')
      this.#meddle(verified, ['CONFIG', 'SET', 'throttle-bytes-per-second', '1234567']);
    if (sabotage !== 'lost_keys') return;
    this.#sabotaged = true;
    await this.#nodes!.ask('rob', verified);
  }

  #meddle(node: string, command: readonly string[]): void {
    this.#sabotaged = true;
    this.#say('sabotage', `${command.join(' ')} on ${node}`);
    this.#inBackground(this.#nodes!.ask('meddle', node, command));
  }

  // ---- results

  #restarts(): { readonly starts: number } {
    const units = this.#parts === null ? [] : [this.#parts.api, ...this.#parts.workers];
    return { starts: units.reduce((total, unit) => total + unit.starts - 1, 0) };
  }

  async #timelines(violations: readonly Violation[]): Promise<readonly string[]> {
    const timelines: string[] = [];
    for (const violation of violations.slice(0, shownTimelines)) {
      const asked = this.#followed
        .map((each) => each.asked)
        .find(
          ({ master, nodes }) =>
            master === violation.node || nodes.some(({ name }) => name === violation.node),
        );
      const names = [violation.node, asked?.master].filter((name) => name != null);
      const log = await this.#nodes!.ask('log', [...new Set(names)]).catch(() => []);
      timelines.push(
        renderTimeline({
          violation,
          names,
          entries: this.#entries,
          log,
          told: this.#told,
          key: asked?.key ?? null,
        }),
      );
    }
    return timelines;
  }

  #figures() {
    const of = <K extends Entry['kind']>(kind: K) =>
      this.#entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
    const ends: Record<string, number> = {};
    for (const { state } of of('ended')) ends[state] = (ends[state] ?? 0) + 1;
    const attaches = of('command').filter(
      ({ words, reply }) => /^slaveof (?!no one$)/i.test(words) && reply === 'OK',
    );
    const perNode = new Map<string, number>();
    for (const { node } of attaches) perNode.set(node, (perNode.get(node) ?? 0) + 1);
    return {
      expansions: this.#followed.length,
      ends,
      nodesAsked: this.#followed.reduce((total, { asked }) => total + asked.nodes.length, 0),
      nodesVerified: this.#verified.size,
      nodesCompared: of('left').filter(({ node }) => this.#verified.has(node)).length,
      nodesDiffering: this.#differing,
      faults: this.#faults,
      slaveofs: attaches.length,
      nodesAttachedAgain: [...perNode.values()].filter((times) => times > 1).length,
      operatorSteps: this.#operatorSteps,
      takeovers: this.#takeovers.length,
      longestTakeoverMs: Math.max(0, ...this.#takeovers),
      requestsSent: this.#client?.sent ?? 0,
      requestsSentAgain: this.#client?.sentAgain ?? 0,
      requestsRepeated: this.#repeated,
      requestsByQueue: this.#followed.filter(({ via }) => via === 'queue').length,
      wallMs: Date.now() - this.#startedAt,
    };
  }
}
