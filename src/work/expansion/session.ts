/**
 * The thin shell around `decide`: looks, decides, saves, acts, for one expansion under one lease. What is about to
 * be done is saved before it is done, under the lease's epoch; a session that lost its lease stops at once.
 */

import type { Logger } from 'pino';
import { newOfSight, type ReadAgents } from '../../admission/sights.ts';
import { isShort } from '../../compare/compare.ts';
import type { Batches } from '../../core/plan/batches.ts';
import { comparedBy } from '../../core/plan/depth.ts';
import { placeKey, serverKeys } from '../../core/plan/preflight-servers.ts';
import { type Decision, decide, type PreviousExpansion, takeReplies } from '../../core/steps/decide.ts';
import { beingAsked, type HookAnswers, heldAt, questionsOf } from '../../core/steps/hooks.ts';
import type { Reply } from '../../core/steps/intent.ts';
import { isAboutToBegin, isBeingChecked, needsLook, wantedLooks } from '../../core/steps/wanted-looks.ts';
import type { CredentialSource, Engine } from '../../engines/engine.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { ComparedBy, ComparisonReport } from '../../model/comparison.ts';
import type { EventInput } from '../../model/events.ts';
import {
  type BorrowedSetting,
  type Expansion,
  isEnded,
  type Join,
  type NodeCommand,
  type NodeTarget,
} from '../../model/expansion.ts';
import type { HookQuestion, Hooks } from '../../model/hooks.ts';
import type { NotAllowed } from '../../model/not-allowed.ts';
import { type Look, type NodeFacts, wordsOfLook } from '../../model/observation.ts';
import { because, type Reason } from '../../model/reasons.ts';
import { noSlotLimits, type SlotLimits } from '../../model/slots.ts';
import type { JoinTarget } from '../../model/targets.ts';
import type { AgentSight } from '../../model/views/agent.ts';
import type { AtCrashPoint } from '../../platform/crash-points.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { type ActiveHold, heldByOf } from '../../store/holds.ts';
import type { Lease } from '../../store/leases.ts';
import { masterKey } from '../../store/master-key.ts';
import type { Orders, Store } from '../../store/store.ts';
import { createHookAsker } from '../hook-asker.ts';
import type { Cached } from './cached.ts';
import { createHealthProbe, type ReadFigure } from './health-probe.ts';
import { type Clock, createObserver, type Observer } from './observer.ts';
import { createSaver } from './saver.ts';
import { createSights, type Looks } from './sights.ts';
import { createSlotKeeper } from './slot-keeper.ts';

/** Starts the comparison of a join's node with its master; resolves with its report, never rejects. */
export type Compare = (task: {
  readonly id: string;
  readonly expansionId: string;
  readonly master: NodeTarget;
  readonly node: NodeTarget;
  readonly policy: ComparedBy;
  readonly fullSyncsRunning: boolean;
  readonly signal: AbortSignal;
}) => Promise<ComparisonReport>;

/** What of the store one session uses. */
export type SessionStore = Pick<
  Store,
  'pendingControls' | 'lockMaster' | 'lastOnMaster' | 'syncSlots' | 'renew' | 'save'
>;

export interface SessionDeps {
  readonly store: SessionStore;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  readonly compare: Compare;
  /** What agents tell; absent = none do. */
  readonly agents?: ReadAgents;
  /** Those who may hold a step. */
  readonly hooks: Hooks;
  readonly clock: Clock;
  /** Limits on full syncs over all expansions; absent = none. */
  readonly slots?: SlotLimits;
  /** Batches that were decided on before; absent = they are chosen at the first look. */
  readonly batches?: Batches;
  /** Whether the configuration protects a node; absent = it protects none. */
  readonly isProtected?: (node: JoinTarget) => boolean;
  /** Reads an operator's own figure; null = it gave no number. Absent = such a limit counts as exceeded. */
  readonly readFigure?: ReadFigure;
  readonly log: Logger;
  readonly metrics: Metrics | null;
  /** Whether this process has the time to follow one more full sync, which then begins; absent = always. */
  readonly hasRoom?: () => boolean;
  /** As this process last saw them, and, right before a command, as of now. */
  readonly orders: Cached<Orders>;
  /** Holds of all masters: as last seen, and, right before a command, as of now. */
  readonly holds: { known(): Promise<readonly ActiveHold[]>; now(): Promise<readonly ActiveHold[]> };
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint: AtCrashPoint;
}

/** A command's reply may stall for seconds (NO ONE up to 3 s after a full sync); later than this it is unknown. */
const commandTimeoutMs = 8000;
const pingTimeoutMs = 2000;
/** A lease and a freeze are known well enough when asked for within this time: freezes are obeyed within 1 s. */
const freshMs = 600;
const saveAtLeastEveryMs = 1000;
const roomAgainMs = 250;
const roomForMs = 10_000;
/** Looks that wait for the next save; a slow database must not make them many. */
const mostLookNotes = 500;

/** The reason of the global stop; null = there is none. */
const frozenBy = ({ frozen, reason }: Orders['freeze']): string | null => (frozen ? (reason ?? '-') : null);

export interface Session {
  /** One look and what follows. Milliseconds until the next, or null when there is nothing to do until a ring. */
  turn(): Promise<number | null>;
  /** Resolves after `ms`, or at once when a comparison ends, or when the signal is aborted. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
  readonly expansion: Expansion;
  /** Whether a comparison runs. */
  readonly comparing: boolean;
  /** Whether a node is under way, or may begin now. */
  readonly syncing: boolean;
  /** When a save or a question before a command last prolonged the lease. */
  readonly leaseKnownAt: number;
  /** Stores what no turn has stored yet; to be called before the lease is given back. */
  settle(): Promise<void>;
  close(): void;
}

export function createSession(deps: SessionDeps, lease: Lease, loaded: Expansion): Session {
  const observer = createObserver({
    engine: deps.engine,
    clock: deps.clock,
    credentialOf: (target) => deps.credentials.get(target.credential),
    onLook: (target, look) => deps.metrics?.look(target, look.kind, lookSeconds(look)),
  });
  const running = new Map<number, { readonly id: string; readonly aborter: AbortController }>();
  const reports = new Map<number, ComparisonReport>();
  const lastNoted = new Map<string, NotedLook>();
  const lookNotes: { readonly node: string; readonly look: Look }[] = [];
  const sights = deps.agents ? createSights(deps.agents, deps.clock) : null;
  const storedSights = new Map<string, AgentSight>();
  let expansion = loaded;
  const saver = createSaver(deps.store, deps.clock, lease, loaded);
  /** Replies are stored with what the next look leads to: until then a crash loses them, and the node is asked. */
  let repliesToTell: readonly EventInput[] | null = null;
  /** Whether a comparison has ended since the last decision. */
  let reportCame = false;
  let endRest: (() => void) | null = null;
  let roomUntil = Number.NEGATIVE_INFINITY;
  /** Whether everything was frozen, or the master held, in the last turn. */
  let wasStopped = false;
  let masterHeldBy: string | null = null;
  let masterLocked = false;
  /** Under which holds may know the master. */
  let masterKeys: readonly string[] = [placeKey(loaded.master.address)];
  const slotStore: Pick<Store, 'syncSlots'> = {
    async syncSlots(held, request) {
      const granted = await deps.store.syncSlots(held, request);
      deps.crashPoint('after_slots');
      return granted;
    },
  };
  const slots = createSlotKeeper(slotStore, deps.slots ?? noSlotLimits, lease, deps.clock);
  const health = createHealthProbe(observer, deps.clock, deps.readFigure ?? null);
  const askHooks = createHookAsker(deps.hooks.ask, deps.clock);

  async function turn(): Promise<number | null> {
    saver.check();
    // Of one moment: who lifts a freeze and then retries a node is obeyed in that order.
    const { freeze, withControls } = await deps.orders.known();
    const controls = withControls.includes(expansion.id)
      ? await deps.store.pendingControls(expansion.id)
      : [];
    const stopped = freeze.frozen || holdOf(await deps.holds.known()) !== null;
    if (wasStopped && !stopped) discardLate();
    wasStopped = stopped;
    const begins = !stopped && isAboutToBegin(expansion);
    if (!begins) roomUntil = Number.NEGATIVE_INFINITY;
    const noRoom = begins && !takeRoom();
    const [looks] = await Promise.all([
      lookAround(deps, observer, expansion, new Set(reports.keys()), stopped || noRoom),
      sights?.read(expansion),
    ]);
    const { masterLook, nodeLooks } = sights?.beside(expansion, looks) ?? looks;
    await lockMaster(masterLook);
    const held = holdOf(await deps.holds.known());
    const previousOnMaster = await askPrevious();
    resumeComparisons();
    const answered = await answersOfHooks();
    const taken = await slots.take(
      expansion,
      (join) =>
        !noRoom && masterHeldBy === null && held === null && heldAt(expansion, join, answered) === null,
    );
    reportCame = false;
    const decision = decide({
      expansion,
      now: deps.clock.now(),
      epoch: lease.epoch,
      masterLook,
      nodeLooks,
      ...(sights ? { listings: sights.listings() } : {}),
      controls,
      frozen: frozenBy(freeze) ?? frozenBy((await deps.orders.known()).freeze),
      held,
      reports,
      masterHeldBy,
      previousOnMaster,
      hooks: answered,
      ...(taken.limited ? { slotRefusals: taken.refusals } : {}),
      perNodeHost: deps.slots?.perNodeHost ?? null,
      ...(deps.batches ? { batches: deps.batches } : {}),
      othersOnMasterHost: taken.othersOnMasterHost,
      health: health.sample(expansion, masterLook),
      capabilitiesOf: (facts: NodeFacts): Capabilities => deps.engine.capabilities(facts),
      ...(deps.isProtected ? { isProtected: deps.isProtected } : {}),
      faults: deps.engine.knowledge.faults,
    });
    expansion = decision.expansion;
    // What is short only reads, so it need not wait for the database: whoever takes over does it again.
    const short = decision.comparisons.filter(({ joinIndex }) => isSoonOver(expansion, joinIndex));
    for (const start of short) startComparison(start.joinIndex, start.id);
    await keep(decision, masterLook, nodeLooks);
    for (const start of decision.comparisons)
      if (!short.includes(start)) startComparison(start.joinIndex, start.id);
    if (decision.commands.length > 0) return act(decision);
    const { lookAgainInMs } = decision;
    return noRoom && lookAgainInMs !== null ? Math.max(lookAgainInMs, roomAgainMs) : lookAgainInMs;
  }

  /** In a freeze and a hold others work on the servers: what was asked before says nothing of now. */
  function discardLate(): void {
    for (const target of [expansion.master, ...expansion.joins.map((join) => join.target)])
      observer.discardLate(target);
  }

  /** Room that was found is kept for as long as slow servers may take to answer the check. */
  function takeRoom(): boolean {
    const now = deps.clock.now();
    if (roomUntil <= now && deps.hasRoom?.() !== false) roomUntil = now + roomForMs;
    return roomUntil > now;
  }

  async function lockMaster(masterLook: Look | null): Promise<void> {
    if (masterLook?.kind !== 'answered' || !masterLook.facts.server) return;
    masterKeys = serverKeys(expansion.master, masterLook);
    if (masterLocked) return;
    const got = await deps.store.lockMaster(lease, masterKeys);
    deps.crashPoint('after_master_lock');
    masterLocked = got === true;
    masterHeldBy = got === true ? null : got.heldBy;
  }

  async function answersOfHooks(): Promise<HookAnswers> {
    const steps = await deps.hooks.steps();
    const questions = questionsOf(expansion, steps);
    const came = await askHooks(questions);
    const answerTo = (asked: HookQuestion) => (came.has(asked.id) ? came.get(asked.id)! : beingAsked(asked));
    return { steps, answers: new Map(questions.map((asked) => [asked.id, answerTo(asked)])) };
  }

  /** What of these holds keeps full syncs of the master from beginning; null = nothing. */
  function holdOf(holds: readonly ActiveHold[]): Reason | null {
    const heldBy = heldByOf(holds, masterKeys);
    return heldBy && because('master_held', heldBy);
  }

  /** Asked under the lock of the master, so that nobody else can begin, and end, in between. */
  async function askPrevious(): Promise<PreviousExpansion | null> {
    const { state, policy, master } = expansion;
    if (state !== 'pending' || policy.restBetweenExpansionsMs === 0 || !masterLocked) return null;
    return deps.store.lastOnMaster(masterKey(master.address));
  }

  async function keep(
    decision: Decision,
    masterLook: Look | null,
    nodeLooks: ReadonlyMap<number, Look>,
  ): Promise<void> {
    noteLooks(masterLook, nodeLooks);
    const { commands, comparisons, appliedControls, lookAgainInMs } = decision;
    const replies = repliesToTell;
    const events = [...(replies ?? []), ...decision.events];
    const acts = commands.length + comparisons.length + appliedControls.length > 0;
    const isProgress = !acts && replies === null && events.length === 0 && !isEnded(expansion.state);
    if (isProgress) {
      const due = deps.clock.now() - saver.savedAt >= saveAtLeastEveryMs;
      if (!due || expansion === saver.saved || saver.busy) return;
    }
    const step = commands.length > 0 ? 'intent' : isEnded(expansion.state) ? 'finish' : 'save';
    deps.crashPoint(`before_${step}`);
    const observations = observationsToStore();
    repliesToTell = null;
    const stored = saver.save(expansion, { events, observations, appliedControls, lookAgainInMs }, () => {
      if (replies !== null) deps.crashPoint('after_reply_saved');
      tell(events);
      deps.crashPoint(`after_${step}`);
    });
    if (acts || isEnded(expansion.state)) await stored;
  }

  /** Stores what was not stored yet, before the lease is given back. */
  async function settle(): Promise<void> {
    const replies = repliesToTell;
    repliesToTell = null;
    if (replies !== null)
      await saver.save(expansion, { events: replies, lookAgainInMs: 0 }, () => tell(replies));
    await saver.idle();
  }

  function tell(events: readonly EventInput[]): void {
    deps.metrics?.eventsStored(events);
    for (const event of events) {
      const level = event.level === 'warning' ? 'warn' : event.level;
      deps.log[level](
        { expansionId: expansion.id, type: event.type, node: event.node ?? undefined },
        event.text,
      );
    }
  }

  /**
   * Takes note of the looks that are to be stored: both sides of each change of what they say in words, sizes, the looks on
   * which a verdict rests, and else one a second.
   */
  function noteLooks(masterLook: Look | null, nodeLooks: ReadonlyMap<number, Look>): void {
    const isJudged = [...nodeLooks].some(([index, { at }]) =>
      isBeingJudged(expansion, expansion.joins[index]!, at),
    );
    const seen = [
      ...(masterLook ? [{ node: expansion.master.name, look: masterLook, isJudged }] : []),
      ...[...nodeLooks].map(([index, look]) => {
        const join = expansion.joins[index]!;
        return { node: join.target.name, look, isJudged: isBeingJudged(expansion, join, look.at) };
      }),
    ];
    const noted = seen.map(({ node, look, isJudged: judged }) => ({
      node,
      ...noteLook(node, look, judged),
    }));
    // The looks of one turn stay together: the order in which they are stored tells what was seen before what.
    for (const { node, before } of noted) if (before) lookNotes.push({ node, look: before });
    for (const { node, now } of noted) if (now) lookNotes.push({ node, look: now });
    lookNotes.splice(0, lookNotes.length - mostLookNotes);
  }

  function noteLook(
    node: string,
    look: Look,
    isJudged: boolean,
  ): { readonly before?: Look | null | undefined; readonly now?: Look } {
    const known = lastNoted.get(node);
    if (known?.look === look) return {};
    const facts = look.kind === 'answered' ? { ...known?.facts, ...look.facts } : known?.facts;
    const text = wordsOfLook(look.kind === 'answered' ? { ...look, facts: facts! } : look);
    const changed = known?.text !== text;
    const isSized = look.kind === 'answered' && look.facts.sizes !== undefined;
    const sizesDue = isSized && (changed || look.at - (known?.sizedAt ?? 0) >= saveAtLeastEveryMs);
    const isDue = sizesDue || isJudged || look.at - (known?.at ?? 0) >= saveAtLeastEveryMs;
    if (known && !changed && (!isDue || isPartial(look))) {
      lastNoted.set(node, { ...known, ...(isPartial(look) ? {} : { passedOver: look }) });
      return {};
    }
    const sizedAt = isSized ? look.at : known?.sizedAt;
    lastNoted.set(node, { at: look.at, text, facts, look, passedOver: null, ...(sizedAt && { sizedAt }) });
    return { before: changed ? known?.passedOver : null, now: look };
  }

  function observationsToStore(): { node: string; look: Look }[] {
    return lookNotes.splice(0).map(({ node, look }) => {
      const isNew = newOfSight(look, storedSights.get(node));
      if (look.sight) storedSights.set(node, look.sight);
      return { node, look: isNew };
    });
  }

  async function act(decision: Decision): Promise<number | null> {
    const replies = await Promise.all(decision.commands.map((command) => run(command)));
    deps.crashPoint('before_reply_saved');
    const taken = takeReplies(expansion, replies, deps.clock.now(), lease.epoch);
    expansion = taken.expansion;
    repliesToTell = taken.events;
    return 0;
  }

  /**
   * Sends a command whose intent is stored. The lease was prolonged just before, so it outlives the command. A later
   * successor waits until an act without a known end can no longer happen.
   */
  async function run(command: Decision['commands'][number]): Promise<Reply> {
    const { joinIndex, intentId } = command;
    const join = joinIndex === null ? null : expansion.joins[joinIndex]!;
    const ofMaster = join === null || command.command.kind === 'bgsave';
    const target = ofMaster ? expansion.master : join.target;
    const act = actOf(command.command, (join ?? expansion).borrowed);
    const forbidden = await objectionToFollow(command.command);
    if (forbidden !== null) return { joinIndex, intentId, outcome: 'not_allowed', notAllowed: forbidden };
    // Opens the connection first, so that no slow connect comes between the last check and the command.
    await observer.connection(target).ping(pingTimeoutMs);
    const objection = await lastObjection(command.command);
    if (objection !== null) return { joinIndex, intentId, outcome: 'not_sent', because: objection };
    const askedAt = deps.clock.now();
    deps.crashPoint(`before_${act}`);
    const result = await observer
      .connection(target)
      .command(command.command, commandTimeoutMs, () => isFresh(askedAt));
    deps.crashPoint(`after_${act}`);
    observer.discardLate(target);
    return { joinIndex, intentId, outcome: result.outcome, text: result.reply };
  }

  /**
   * Why the service may not make a node follow this master, whose name may lead elsewhere since the plan; null = it
   * may.
   */
  async function objectionToFollow(command: NodeCommand): Promise<NotAllowed | null> {
    if (command.kind !== 'slaveof') return null;
    const credential = deps.credentials.get(expansion.master.credential);
    return deps.engine.objectionToFollow(command.master, credential);
  }

  /**
   * Why nothing may be sent now; null = it may. Asks again until the answer is fresh: a process may have stopped while
   * it waited for the database, and must not act on an old lease or freeze. Throws FencedError.
   */
  async function lastObjection(command: NodeCommand): Promise<Reason | null> {
    for (let tries = 0; tries < 10; tries += 1) {
      if (!isFresh(saver.leaseKnownAt)) await saver.renew();
      const askedAt = deps.clock.now();
      const frozen = frozenBy((await deps.orders.now()).freeze);
      if (frozen !== null && !isSetting(command)) return because('frozen', { reason: frozen });
      // The intent was stored before this question: a hold that it does not find will find the intent.
      const held = makesDump(command) ? holdOf(await deps.holds.now()) : null;
      if (held !== null) return held;
      if (isFresh(askedAt) && isFresh(saver.leaseKnownAt)) return null;
    }
    return because('database_too_slow');
  }

  const isFresh = (at: number): boolean => Math.abs(deps.clock.now() - at) <= freshMs;

  /** A comparison whose worker died is begun again here. */
  function resumeComparisons(): void {
    for (const join of expansion.joins) {
      if (
        join.phase === 'verifying' &&
        join.comparison &&
        !join.comparison.report &&
        !running.has(join.index)
      ) {
        startComparison(join.index, join.comparison.id);
      }
      if (join.comparison?.id !== running.get(join.index)?.id) forget(join);
    }
  }

  function forget(join: Join): void {
    running.get(join.index)?.aborter.abort();
    running.delete(join.index);
    reports.delete(join.index);
  }

  function startComparison(joinIndex: number, id: string): void {
    const { target, comparison } = expansion.joins[joinIndex]!;
    const aborter = new AbortController();
    running.set(joinIndex, { id, aborter });
    reports.delete(joinIndex);
    const task = {
      id,
      expansionId: expansion.id,
      master: expansion.master,
      node: target,
      policy: comparedBy(expansion.policy.verify, comparison?.chosen),
      fullSyncsRunning: expansion.joins.some(
        (join) => join.index !== joinIndex && needsLook(join) && join.phase !== 'verifying',
      ),
      signal: aborter.signal,
    };
    void deps.compare(task).then((report) => {
      if (running.get(joinIndex)?.id !== id) return;
      reports.set(joinIndex, report);
      reportCame = true;
      endRest?.();
    });
    openNext();
  }

  /** Connects to the node that comes next, so that its check need not wait for that. */
  function openNext(): void {
    const next = expansion.joins.find(
      ({ phase, batch }) => phase === 'waiting' && batch === expansion.currentBatch + 1,
    );
    if (next) void observer.connection(next.target).ping(pingTimeoutMs);
  }

  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    if (reportCame || signal.aborted) return;
    const over = new AbortController();
    endRest = () => over.abort();
    signal.addEventListener('abort', endRest, { once: true });
    await deps.clock.sleep(ms, over.signal);
    signal.removeEventListener('abort', endRest);
    endRest = null;
  }

  return {
    turn,
    rest,
    settle,
    get expansion() {
      return expansion;
    },
    get comparing() {
      return [...running.keys()].some((index) => !reports.has(index));
    },
    get leaseKnownAt() {
      return saver.leaseKnownAt;
    },
    get syncing() {
      return expansion.joins.some(needsLook) || (isAboutToBegin(expansion) && roomUntil > deps.clock.now());
    },
    close() {
      for (const { aborter } of running.values()) aborter.abort();
      observer.close();
    },
  };
}

async function lookAround(
  deps: SessionDeps,
  observer: Observer,
  expansion: Expansion,
  compared: ReadonlySet<number>,
  closed: boolean,
): Promise<Looks> {
  const none: Looks = { masterLook: null, nodeLooks: new Map() };
  const wanted = wantedLooks(expansion, deps.clock.now(), compared, closed);
  if (!wanted) return none;
  const login = deps.credentials.get(expansion.master.credential);
  // Pika compares masterauth with requirepass, never with an ACL user's password.
  const password = login?.username ? null : (login?.password ?? null);
  const [masterLook, ...nodes] = await Promise.all([
    observer.look(expansion.master, wanted.master, 'master', null),
    ...[...wanted.nodes].map(async ([index, sections]) => {
      const look = await observer.look(expansion.joins[index]!.target, sections, 'node', password);
      return [index, look] as const;
    }),
  ]);
  const nodeLooks = new Map(nodes.filter((entry): entry is [number, Look] => entry[1] !== null));
  const answered = nodeLooks.size === nodes.length && masterLook !== null;
  if (answered || !isBeingChecked(expansion)) return { masterLook, nodeLooks };
  // The check needs the answers of all in one turn, and slow servers may never give them in one.
  if (masterLook) observer.putBack(expansion.master, masterLook);
  for (const [index, look] of nodeLooks) observer.putBack(expansion.joins[index]!.target, look);
  return none;
}

/** Whether a node is compared by a sample, or by all of few keys. */
function isSoonOver({ policy, joins }: Expansion, joinIndex: number): boolean {
  const by = comparedBy(policy.verify, joins[joinIndex]!.comparison?.chosen);
  return by.depth === 'sample' || (by.depth === 'full' && isShort(by));
}

type Act =
  | Exclude<NodeCommand['kind'], 'config_set' | 'config_rewrite'>
  | 'setting_changed'
  | 'setting_restored'
  | 'setting_written';

/** What a freeze must not hold up: full syncs that run go on, at the pace that the master bears, and settings are put back. */
const isSetting = ({ kind }: NodeCommand): boolean => kind === 'config_set' || kind === 'config_rewrite';

/** Whether a command makes the master offer a dump, or make one. */
const makesDump = ({ kind }: NodeCommand): boolean => kind === 'slaveof' || kind === 'bgsave';

/** How a command is called among the crash points: a borrowed setting is changed, put back, or written to the file. */
function actOf(command: NodeCommand, borrowed: BorrowedSetting | null | undefined): Act {
  switch (command.kind) {
    case 'config_set':
      return command.value === borrowed?.old ? 'setting_restored' : 'setting_changed';
    case 'config_rewrite':
      return 'setting_written';
    default:
      return command.kind;
  }
}

/** The last look of a server that is stored. */
interface NotedLook {
  readonly at: number;
  readonly text: string;
  /** Of this look, and of earlier looks where it did not ask. */
  readonly facts: NodeFacts | undefined;
  readonly look: Look;
  readonly sizedAt?: number;
  /** A later look that said the same; stored when the next look says something else. */
  readonly passedOver: Look | null;
}

/** Whether it asked for new dumps alone. */
const isPartial = (look: Look): boolean =>
  look.kind === 'answered' && look.facts.replication === undefined && look.facts.server === undefined;

/** Whether its verdict rests on the looks of now. */
function isBeingJudged({ policy }: Expansion, join: Join, lookedAt: number): boolean {
  const { phase, phaseSince, attempts } = join;
  if (phase === 'verified') return lookedAt <= phaseSince;
  const looks = attempts.at(-1)?.catchUp?.stableLooks ?? 0;
  return phase === 'verifying' && looks <= policy.stableLooks;
}

const lookSeconds = (look: Look): number => ('tookMs' in look ? look.tookMs / 1000 : 0);
