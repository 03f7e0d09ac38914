import type { ComparisonReport, Difference, KeyType } from '../model/comparison.ts';
import { faultSays, note, progressSays } from '../model/comparison-texts.ts';
import { formatAddress } from '../model/observation.ts';
import type { Said } from '../model/text.ts';
import type { ComparisonProgress as StoredProgress } from '../model/views/comparison.ts';
import { inTurns } from '../platform/in-turns.ts';
import { ProtocolError } from '../resp/reader.ts';
import type { Comparer } from './comparer.ts';
import { Settler } from './judge/settle.ts';
import { emptyTally, reportOf, Tally, type TallyState } from './judge/tally.ts';
import { watchServers } from './load-guard.ts';
import { type Clock, Pace, systemClock } from './pace.ts';
import { Pair, type SideName } from './pair.ts';
import { MemberPortions } from './portion.ts';
import type { ComparisonSpec, Endpoint } from './spec.ts';
import { settleAll } from './walk/collections.ts';
import { type CountsResult, compareCounts } from './walk/counts.ts';
import { estimateKeys, meanKeyBytes } from './walk/estimate.ts';
import { type RangeType, RangeWalk, rangeTypes } from './walk/pika-walk.ts';
import { RedisWalk } from './walk/redis-walk.ts';
import { samplePika, sampleRedis } from './walk/sample.ts';
import { compareStreams } from './walk/streams.ts';
import { holdsNothingForeign, readMarks, type WriteMark } from './walk/write-marks.ts';
import {
  assertSameServer,
  type Identity,
  listDbs,
  readServer,
  redisKeyspace,
  type ServerFacts,
} from './wire/server.ts';
import { WireConnection, WireError } from './wire/wire.ts';

/** One piece of a comparison. Those of depth full can be left and taken up again inside; the others only at their ends. */
type Step =
  | { readonly kind: 'counts' }
  | { readonly kind: 'sample'; readonly db: number }
  | { readonly kind: 'range'; readonly db: number; readonly type: RangeType }
  | { readonly kind: 'streams'; readonly db: number }
  | { readonly kind: 'scan'; readonly db: number; readonly side: SideName };

/** The progress of a comparison, as plain JSON. The comparison goes on from it after a pause or a kill, and counts no key twice. */
export interface RunState {
  readonly steps: readonly Step[];
  readonly step: number;
  /** How far the walk of this step has come: a key in base64, or a cursor; null = at its beginning. */
  readonly from: string | null;
  readonly tally: TallyState;
  readonly identities: { readonly left: Identity; readonly right: Identity };
  readonly estimatedKeys: number | null;
  readonly counts: CountsResult | null;
  readonly startedAt: number;
  /** How long it has run, pauses left out; absent = an earlier release has stored it. */
  readonly ranMs?: number;
}

/**
 * What was reached: everything up to `state` is judged, and `differences` are those since the checkpoint before, as far as
 * they are listed.
 */
export interface Checkpoint {
  readonly state: RunState;
  readonly differences: readonly Difference[];
}

/** How far it is, as the engine tells it. */
export type ComparisonProgress = Required<Omit<StoredProgress, 'said' | 'faultSince'>>;

export interface RunOptions {
  /** The master, or the first of two servers. */
  readonly left: Endpoint;
  readonly right: Endpoint;
  readonly spec: ComparisonSpec;
  /** Where an earlier run stood; null or absent = from the beginning. */
  readonly resume?: RunState | null;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ComparisonProgress) => void;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  readonly clock?: Clock;
  /** 0 to 1; chooses the sample. */
  readonly random?: () => number;
}

const checkpointEveryMs = 2000;
const progressEveryMs = 500;
const keyScanTimeoutMs = 600_000;

/** How a run ended: with a report, or held up by a server in a way that may pass. */
export interface RunResult {
  readonly report: ComparisonReport;
  /** The fault behind an inconclusive report; null = none. */
  readonly fault: WireError | null;
  /** Found since the last checkpoint. */
  readonly differences: readonly Difference[];
}

/**
 * Compares the data of two servers in this thread. Never throws for a server's fault (see compareNodes); throws only what
 * is a defect of this program.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  return new Run(options).result();
}

class Run {
  readonly #options: RunOptions;
  readonly #spec: ComparisonSpec;
  readonly #clock: Clock;
  readonly #tally: Tally;
  readonly #startedAt: number;
  /** How long earlier runs took, and when this one began. */
  readonly #ranBeforeMs: number;
  readonly #begunAt: number;
  #differences: Difference[] = [];
  #steps: readonly Step[];
  #step: number;
  #from: string | null;
  #identities: RunState['identities'] | null;
  #estimatedKeys: number | null;
  #counts: CountsResult | null;
  /** The marks of both sides before the walk over the left side began; null = the walk went on in the middle. */
  #marks: readonly WriteMark[] | null = null;
  #keysExpire = true;
  #activity: Said = progressSays('connecting');
  #checkpointAt = 0;
  #progressAt = 0;
  #speed: { readonly at: number; readonly keys: number; perSecond: number | null };

  constructor(options: RunOptions) {
    const { resume } = options;
    this.#options = options;
    this.#spec = options.spec;
    this.#clock = options.clock ?? systemClock;
    const tally = { ...emptyTally(), ...structuredClone(resume?.tally) };
    this.#tally = new Tally(tally, (difference) => this.#differences.push(difference));
    this.#begunAt = this.#clock.now();
    this.#startedAt = resume?.startedAt ?? this.#begunAt;
    this.#ranBeforeMs = resume?.ranMs ?? 0;
    this.#steps = resume?.steps ?? [];
    this.#step = resume?.step ?? 0;
    this.#from = resume?.from ?? null;
    this.#identities = resume?.identities ?? null;
    this.#estimatedKeys = resume?.estimatedKeys ?? null;
    this.#counts = resume?.counts ?? null;
    this.#speed = { at: this.#clock.now(), keys: tally.lookedAt, perSecond: null };
  }

  async result(): Promise<RunResult> {
    const fault = await this.#compare().then(
      () => null,
      (error: unknown) => this.#withoutGround(faultOf(error, this.#options)),
    );
    const everything = this.#everythingSeen();
    const report = reportOf(this.#tally.state, {
      depth: this.#depth,
      startedAt: this.#startedAt,
      endedAt: this.#clock.now(),
      estimatedKeys: everything ? this.#tally.state.lookedAt : this.#estimatedKeys,
      everything,
      rounds: this.#spec.rounds,
      counts: this.#counts,
      fault,
      bothEmpty: this.#tally.state.strata.every((stratum) => stratum.complete),
    });
    return { report, fault, differences: this.#differences };
  }

  get #isCut(): boolean {
    return this.#tally.state.notes.some(({ code }) => code === 'full_cut');
  }

  get #depth(): ComparisonSpec['depth'] {
    return this.#isCut ? 'sample' : this.#spec.depth;
  }

  #ranMs(): number {
    return this.#ranBeforeMs + this.#clock.now() - this.#begunAt;
  }

  /** Whether a comparison of every key has used up the time that it was given. */
  #isOver(): boolean {
    const limitMs = this.#spec.chosen?.limitMs ?? null;
    return limitMs !== null && this.#depth === 'full' && this.#ranMs() >= limitMs;
  }

  /**
   * A sample of every DB in place of the steps from `step` on. What was compared until now counts. Where data were found to be
   * missing or different, that is the result: a sample would count them twice, and add nothing.
   */
  #goOnAsSample(step: number, { pair }: Comparer): void {
    const { differencesTotal, bySign, lookedAt, memberEntries } = this.#tally.state;
    const dbs = new Set(this.#steps.flatMap((each) => ('db' in each ? each.db : [])));
    const isOpen = differencesTotal === (bySign.outlives ?? 0);
    const samples = isOpen ? [...dbs].map((db): Step => ({ kind: 'sample', db })) : [];
    this.#steps = [...this.#steps.slice(0, step), ...samples];
    this.#tally.note(
      note('full_cut', {
        keys: lookedAt,
        entries: lookedAt + (pair.kind === 'pika' ? memberEntries : 0),
        estimatedKeys: this.#estimatedKeys,
        ms: this.#ranMs(),
        limitSeconds: this.#spec.chosen!.limitMs! / 1000,
        sampled: isOpen,
      }),
    );
  }

  /** Keys compared before a server loaded its data say nothing of the data afterwards. */
  #withoutGround(fault: WireError): WireError {
    if (fault.code !== 'loading' || !/LOADING/.test(fault.message) || this.#tally.state.lookedAt === 0)
      return fault;
    return new WireError('changed', fault.server, faultSays('loads_other_data', { said: fault.said }));
  }

  #everythingSeen(): boolean {
    const { strata } = this.#tally.state;
    if (this.#isCut && !this.#steps.some(({ kind }) => kind === 'sample')) return false;
    return (
      this.#step >= this.#steps.length && strata.length > 0 && strata.every((stratum) => stratum.complete)
    );
  }

  async #compare(): Promise<void> {
    const pair = await openPair(this.#options, this.#clock);
    pair.pace.onHold = () => this.#report(pair);
    const stopWatching = watchServers(pair, this.#options, this.#spec);
    try {
      this.#assertSameServers(pair);
      await this.#plan(pair);
      await this.#walk(pair);
      await assertUnchanged(pair);
    } finally {
      stopWatching();
      pair.close();
    }
  }

  /** Findings from before a break count only for the same servers. */
  #assertSameServers(pair: Pair): void {
    const now = { left: pair.left.facts.identity, right: pair.right.facts.identity };
    if (this.#identities !== null)
      for (const side of sides)
        assertSameServer(pair[side].connection.name, this.#identities[side], pair[side].facts);
    for (const { connection, facts } of [pair.left, pair.right])
      if (facts.inFullSync) throw new WireError('loading', connection.name, faultSays('takes_new_copy'));
    this.#identities = now;
  }

  async #plan(pair: Pair): Promise<void> {
    if (this.#steps.length > 0) return;
    const [dbs, estimatedKeys] = await Promise.all([dbsOfBoth(pair), estimateKeys(pair, this.#tally)]);
    this.#estimatedKeys = estimatedKeys;
    this.#steps = stepsFor(this.#spec, pair, dbs);
    if (this.#spec.chosen) this.#tally.note(this.#spec.chosen.because);
    if (this.#spec.ttlToleranceMs === null) this.#tally.note(note('expiries_left_out'));
    if (this.#spec.depth === 'full' && pair.typesApart) this.#tally.note(note('streams_not_transferred'));
  }

  async #walk(pair: Pair): Promise<void> {
    const { rounds, ttlToleranceMs, catchUpTimeoutMs } = this.#spec;
    const clock = this.#clock;
    const settler = new Settler(pair, this.#tally, {
      rounds,
      ttlToleranceMs: ttlToleranceMs ?? 0,
      catchUpTimeoutMs,
      clock,
      signal: this.#options.signal,
    });
    const comparer: Comparer = {
      pair,
      settler,
      tally: this.#tally,
      clock,
      portions: new MemberPortions(pair),
      largeInTurn: inTurns(1),
      meanKeyBytes: await meanKeyBytes(pair),
      mayExpire: (type) => this.#mayExpire(pair, type),
    };
    this.#checkpointAt = clock.now() + checkpointEveryMs;
    while (this.#step < this.#steps.length) {
      if (this.#isOver()) this.#goOnAsSample(this.#step, comparer);
      const step = this.#steps[this.#step];
      if (step === undefined) break;
      if (step.kind !== 'counts') await pair.select(step.db);
      await this.#do(step, comparer);
      await settleAll(comparer);
      this.#step += 1;
      this.#from = null;
      if (clock.now() >= this.#checkpointAt) this.#save();
    }
  }

  async #do(step: Step, comparer: Comparer): Promise<void> {
    this.#activity = activityOf(step);
    this.#report(comparer.pair);
    switch (step.kind) {
      case 'counts':
        return this.#count(comparer);
      case 'sample':
        return this.#sample(comparer);
      case 'range':
        return this.#range(step, comparer);
      case 'streams':
        await compareStreams(comparer);
        return;
      case 'scan':
        return this.#scan(step, comparer);
    }
  }

  async #count({ pair, tally }: Comparer): Promise<void> {
    const { signal } = this.#options;
    this.#counts = await compareCounts(pair, { clock: this.#clock, signal, scanTimeoutMs: keyScanTimeoutMs });
    tally.note(note('counts', { said: this.#counts.said }));
    if (pair.kind === 'pika' && this.#spec.depth !== 'counts') tally.note(note('expiries_by_counts'));
  }

  async #sample(comparer: Comparer): Promise<void> {
    if (comparer.pair.kind === 'redis') this.#keysExpire = await anyExpires(comparer.pair);
    const random = this.#options.random ?? Math.random;
    const options = { keysPerType: this.#spec.samplePerType, random };
    await (comparer.pair.kind === 'pika' ? samplePika(comparer, options) : sampleRedis(comparer, options));
  }

  async #range(step: Step & { readonly kind: 'range' }, comparer: Comparer): Promise<void> {
    const walk = new RangeWalk(comparer, step.type, Buffer.from(this.#from ?? '', 'base64'));
    for (;;) {
      const next = await walk.step();
      if (next === null) break;
      await this.#reached(next.toString('base64'), comparer, walk);
      if (this.#isOver()) return this.#cut(walk, comparer);
    }
    this.#tally.stratum({ looks: this.#tally.state.byType[step.type] ?? 0, complete: true });
  }

  async #scan(step: Step & { readonly kind: 'scan' }, comparer: Comparer): Promise<void> {
    if (step.side === 'right' && (await this.#nothingForeign(comparer))) return;
    const { pair } = comparer;
    const isAtBeginning = step.side === 'left' && this.#from === null;
    const [marks, keysExpire] = await Promise.all([isAtBeginning ? readMarks(pair) : null, anyExpires(pair)]);
    this.#marks ??= marks;
    this.#keysExpire = keysExpire;
    const walk = new RedisWalk(comparer, step.side);
    walk.begin(this.#from ?? '0');
    for (;;) {
      const cursor = await walk.step();
      if (cursor === null) break;
      if (await this.#reached(cursor, comparer, walk)) this.#keysExpire = await anyExpires(comparer.pair);
      if (this.#isOver()) return this.#cut(walk, comparer);
    }
    this.#tally.stratum({ looks: this.#tally.state.lookedAt, complete: true });
  }

  async #cut(walk: RangeWalk | RedisWalk, comparer: Comparer): Promise<void> {
    await walk.finish();
    this.#goOnAsSample(this.#step + 1, comparer);
  }

  /** Pika has no cheap way to tell; after an exact count it is known, and saves a question per key. */
  #mayExpire(pair: Pair, type: KeyType): boolean {
    if (this.#spec.ttlToleranceMs === null) return false;
    if (pair.kind === 'redis') return this.#keysExpire;
    const expiring = this.#counts?.expiring;
    return expiring === undefined || (expiring[`db${pair.db} ${type}`] ?? 0) > 0;
  }

  async #nothingForeign(comparer: Comparer): Promise<boolean> {
    const { byKind, vanishing } = this.#tally.state;
    const { missing = 0, type = 0 } = byKind;
    const marks = this.#marks;
    this.#marks = null;
    if (this.#from !== null || missing + type + vanishing > 0) return false;
    return holdsNothingForeign(comparer, marks ?? []);
  }

  /** Notes how far the walk has come. From time to time it settles open differences and makes a checkpoint. */
  async #reached(from: string, comparer: Comparer, walk: RangeWalk | RedisWalk): Promise<boolean> {
    this.#from = from;
    const now = this.#clock.now();
    if (now >= this.#progressAt) this.#report(comparer.pair);
    if (now < this.#checkpointAt) return false;
    await walk.finish();
    await settleAll(comparer);
    this.#save();
    return true;
  }

  #save(): void {
    this.#checkpointAt = this.#clock.now() + checkpointEveryMs;
    const differences = this.#differences;
    this.#differences = [];
    this.#options.onCheckpoint?.({
      differences,
      state: {
        steps: this.#steps,
        step: this.#step,
        from: this.#from,
        tally: structuredClone(this.#tally.state),
        identities: this.#identities!,
        estimatedKeys: this.#estimatedKeys,
        counts: this.#counts,
        startedAt: this.#startedAt,
        ranMs: this.#ranMs(),
      },
    });
  }

  #report(pair: Pair): void {
    const now = this.#clock.now();
    this.#progressAt = now + progressEveryMs;
    const { heldBy } = pair.pace;
    const { lookedAt, differencesTotal } = this.#tally.state;
    const perSecond = this.#measureSpeed(now, lookedAt);
    const left = this.#estimatedKeys === null ? null : Math.max(0, this.#estimatedKeys - lookedAt);
    this.#options.onProgress?.({
      activity: this.#activity.text,
      lookedAtKeys: lookedAt,
      estimatedKeys: this.#estimatedKeys,
      differences: differencesTotal,
      keysPerSecond: perSecond === null ? null : Math.round(perSecond),
      remainingSeconds:
        left === null || !perSecond || this.#depth !== 'full' ? null : Math.ceil(left / perSecond),
      heldBy: heldBy?.text ?? null,
      says: { activity: this.#activity, heldBy },
    });
  }

  #measureSpeed(now: number, keys: number): number | null {
    const elapsedMs = now - this.#speed.at;
    if (elapsedMs < progressEveryMs) return this.#speed.perSecond;
    const latest = ((keys - this.#speed.keys) / elapsedMs) * 1000;
    const before = this.#speed.perSecond;
    this.#speed = { at: now, keys, perSecond: before === null ? latest : 0.7 * before + 0.3 * latest };
    return this.#speed.perSecond;
  }
}

function stepsFor(spec: ComparisonSpec, pair: Pair, dbs: readonly number[]): readonly Step[] {
  const counts: readonly Step[] = spec.depth === 'counts' || spec.keyCounts ? [{ kind: 'counts' }] : [];
  if (spec.depth === 'counts') return counts;
  const walks = dbs.flatMap((db) =>
    spec.depth === 'sample' ? [{ kind: 'sample', db } as const] : fullSteps(pair, db),
  );
  return [...counts, ...walks];
}

const sides: readonly SideName[] = ['left', 'right'];

function fullSteps(pair: Pair, db: number): readonly Step[] {
  if (pair.kind === 'redis') return sides.map((side): Step => ({ kind: 'scan', db, side }));
  const ranges = rangeTypes.map((type): Step => ({ kind: 'range', db, type }));
  return pair.typesApart ? ranges : [...ranges, { kind: 'streams', db }];
}

function activityOf(step: Step): Said {
  switch (step.kind) {
    case 'counts':
      return progressSays('counting');
    case 'sample':
      return progressSays('sampling', { db: step.db });
    case 'range':
      return progressSays('comparing', { db: step.db, what: step.type });
    case 'streams':
      return progressSays('comparing', { db: step.db, what: 'stream' });
    case 'scan':
      return step.side === 'left'
        ? progressSays('comparing', { db: step.db, what: 'key' })
        : progressSays('looking_for_foreign', { db: step.db });
  }
}

/** Whether any key of the selected DB of a Redis pair can expire: Redis tells it exactly and at no cost. */
async function anyExpires(pair: Pair): Promise<boolean> {
  const entries = await Promise.all([
    redisKeyspace(pair.left.connection),
    redisKeyspace(pair.right.connection),
  ]);
  return entries.flat().some((entry) => entry.db === pair.db && entry.expires > 0);
}

/** Connects to both servers. Throws WireError, also where the two are of kinds that cannot be compared. */
async function openPair(options: RunOptions, clock: Clock): Promise<Pair> {
  const open = (endpoint: Endpoint) =>
    WireConnection.open({ ...endpoint, timeoutMs: options.spec.timeoutMs, signal: options.signal });
  const opened = await Promise.allSettled([open(options.left), open(options.right)]);
  const connections = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of opened) if (result.status === 'rejected') throw result.reason;
    const [left, right] = connections as [WireConnection, WireConnection];
    const [leftFacts, rightFacts] = await Promise.all([readServer(left), readServer(right)]);
    assertComparable(left.name, leftFacts, right.name, rightFacts);
    const pace = new Pace(options.spec, clock, options.signal);
    return new Pair({ connection: left, facts: leftFacts }, { connection: right, facts: rightFacts }, pace);
  } catch (error) {
    for (const connection of connections) connection.close();
    throw error;
  }
}

function assertComparable(
  left: string,
  leftFacts: ServerFacts,
  right: string,
  rightFacts: ServerFacts,
): void {
  const kinds = [leftFacts, rightFacts].map(
    (facts) => `${facts.kind === 'pika' ? 'Pika' : 'Redis'} ${facts.version}`,
  );
  if (
    leftFacts.kind !== rightFacts.kind ||
    (leftFacts.kind === 'pika' && leftFacts.major !== rightFacts.major)
  )
    throw new WireError(
      'refused',
      right,
      faultSays('other_kind', { kind: kinds[1]!, other: left, otherKind: kinds[0]! }),
    );
  const { runId, processId } = leftFacts.identity;
  if (runId !== null && runId === rightFacts.identity.runId && processId === rightFacts.identity.processId)
    throw new WireError('refused', right, faultSays('same_server', { other: left }));
}

/** Throws WireError when one of the servers is no longer the same server. */
async function assertUnchanged(pair: Pair): Promise<void> {
  const now = await Promise.all([readServer(pair.left.connection), readServer(pair.right.connection)]);
  assertSameServer(pair.left.connection.name, pair.left.facts.identity, now[0]);
  assertSameServer(pair.right.connection.name, pair.right.facts.identity, now[1]);
  pair.pace.assertSound();
}

async function dbsOfBoth(pair: Pair): Promise<readonly number[]> {
  const [left, right] = await Promise.all([
    listDbs(pair.left.connection, pair.left.facts),
    listDbs(pair.right.connection, pair.right.facts),
  ]);
  return [...new Set([...left, ...right])].sort((a, b) => a - b);
}

/** A server's fault as it is; an interrupted wait as an abort; anything else is a defect and is thrown. */
function faultOf(error: unknown, { left, right, signal }: RunOptions): WireError {
  if (error instanceof WireError) return error;
  if (signal?.aborted) return new WireError('aborted', 'comparison', faultSays('told_to_stop'));
  if (!(error instanceof ProtocolError)) throw error;
  const servers = `${formatAddress(left.address)} or ${formatAddress(right.address)}`;
  return new WireError('garbled', servers, faultSays('wrong_answer', { met: error.message }));
}
