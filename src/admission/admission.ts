import { changesSince } from '../core/plan/changes.ts';
import { measuredSyncs } from '../core/plan/learning.ts';
import { makePlan, topologyOf } from '../core/plan/plan.ts';
import { preflightNodeSections, preflightSections } from '../core/plan/preflight.ts';
import { placeKey, serverKeys } from '../core/plan/preflight-servers.ts';
import { isTimeZone } from '../core/plan/windows.ts';
import { type WriteRate, writeRate } from '../core/plan/write-rate.ts';
import type { CredentialSource, Engine } from '../engines/engine.ts';
import { isBound, type Rights } from '../model/access.ts';
import type { EventInput } from '../model/events.ts';
import type { Expansion, JoinTarget, NodeTarget } from '../model/expansion.ts';
import type { MeasuredSync } from '../model/forecast.ts';
import type { HeldBy } from '../model/hold.ts';
import { faultsOf, type Knowledge } from '../model/knowledge.ts';
import { refusedLook } from '../model/not-allowed.ts';
import { formatAddress, type Look } from '../model/observation.ts';
import { planChange } from '../model/plan-changes.ts';
import { type Policy, type PolicyInput, resolvePolicy } from '../model/policy.ts';
import { type Refusal, refuse, refuseField } from '../model/refusal.ts';
import { credentialVariables } from '../model/targets.ts';
import type { Said } from '../model/text.ts';
import type { Plan, Topology } from '../model/views/plan.ts';
import { parseOutgoingUrl } from '../net/url.ts';
import { type AtCrashPoint, passByCrashPoints } from '../platform/crash-points.ts';
import { inTurns } from '../platform/in-turns.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import { type ActiveHold, type HoldStore, heldByOf } from '../store/holds.ts';
import { masterKey } from '../store/master-key.ts';
import { IdempotencyConflictError, NodeInUseError, type Store, type Within } from '../store/store.ts';
import { type AcceptedRequest, acceptanceEvents, acceptedExpansion, type Requester } from './acceptance.ts';
import { concernedByExpansion } from './concerned.ts';
import { idempotencyOf } from './fingerprint.ts';
import type { NewId } from './ids.ts';
import { type Concerned, checkMayAct, isOn, maySee } from './may-act.ts';
import { type Observed, observe } from './observe.ts';
import { ExpansionRequest, PlanRequest } from './request.ts';
import { whatWasLeft } from './retry.ts';
import { chooseSight, readSights, withSightOf } from './sights.ts';
import { checkCredential, parseAddress, parseMaster, parseNodes } from './targets.ts';
import { type AskAgents, portsTried } from './tried-ports.ts';
import { printable, validator } from './validate.ts';

export interface AdmissionParts {
  readonly store: Store;
  readonly doorbell: Doorbell;
  readonly engine: Engine;
  readonly credentials: CredentialSource;
  /** What agents tell; absent = none do. */
  readonly agents?: AskAgents;
  /** Holds of masters; absent = there are none. */
  readonly holds?: Pick<HoldStore, 'active'>;
  readonly now: () => number;
  /** Waits between two looks. Default: the process' own timers. */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly newId: NewId;
  readonly limits: { readonly maxNodes: number; readonly lookTimeoutMs: number };
  /** Full syncs that may run to nodes on one host; absent = no limit is set. */
  readonly perNodeHost?: number | null;
  /** Masters whose expansions another person must approve; absent = none. */
  readonly fourEyes?: readonly string[];
  /** Whether the configuration protects a node (`overwriteData` and `repoint` are refused); absent = it protects none. */
  readonly isProtected?: (node: JoinTarget) => boolean;
  /** Servers with private addresses of which figures of health may be asked; absent = none. */
  readonly outgoing?: readonly string[];
  /** Called with every look, for the figures. */
  readonly onLook?: (target: 'master' | 'node', look: Look) => void;
  /** Called with the stored events of a new expansion, for the figures. */
  readonly onEvents?: (events: readonly EventInput[]) => void;
  /** Called when a wake-up failed; the reconciler makes up for it. */
  readonly onDoorbellFailure?: (expansionId: string, error: unknown) => void;
  /** Called after each durable step. Tests use it to kill the process. */
  readonly crashPoint?: AtCrashPoint;
}

/** What lets requests in, the same for every entrance: REST, the queue and the command line. */
export interface Admission {
  /**
   * Says what the request would do; only reads. `input` is the untrusted body.
   * Throws Refusal (kind `invalid`) for a malformed one; findings are part of the plan, not an error.
   */
  plan(input: unknown, who: Requester): Promise<Plan>;
  /** As `plan`, but the plan is not kept. Throws as `plan` does. */
  preview(input: unknown): Promise<Plan>;
  /**
   * Checks the request and stores it. From then on it reaches an end, and the service reports the end. `replayed`: an earlier
   * request had the same idempotency key and the same content, and this is its expansion.
   * Throws Refusal: `invalid`, `refused` (all findings), `conflict`; for an expansion `within` something else FencedError
   * when that is no longer held. After a refusal nothing is stored.
   */
  expand(
    input: unknown,
    who: Requester,
    idempotencyKey: string | null,
    within?: Within,
  ): Promise<{ readonly expansion: Expansion; readonly replayed: boolean }>;
  /** The master and its slaves as the master tells it. Throws Refusal where it cannot be read. */
  topology(master: string, credential: string | undefined, rights?: Rights): Promise<Topology>;
  /** What is known of the releases of the servers. */
  readonly knowledge: Knowledge;
}

interface ParsedRequest {
  readonly master: NodeTarget;
  readonly nodes: readonly JoinTarget[];
  readonly policy: Policy;
  readonly retryOf?: string;
}

const checkPlanRequest = validator(PlanRequest);
const checkExpansionRequest = validator(ExpansionRequest);

/** Looks at a time, over all requests: the looks at running expansions need their connections. */
const mostLooks = 200;

type Looking = AdmissionParts & { readonly inTurn: ReturnType<typeof inTurns> };

/** Makes the admission from its parts. */
export function createAdmission(given: AdmissionParts): Admission {
  const parts: Looking = { ...given, inTurn: inTurns(mostLooks) };
  const { store, doorbell, now, newId, crashPoint = passByCrashPoints } = parts;

  /** What the body asks for; `planned`: the plan that it names. */
  async function asked(
    body: ExpansionRequest,
  ): Promise<ParsedRequest & { readonly planned: PlanToStart | null }> {
    if (!('planId' in body)) return { ...(await parse(body)), planned: null };
    const planned = await planToStart(store, body.planId);
    for (const { credential } of [planned.master, ...planned.nodes])
      checkCredential(credential ?? undefined, 'planId', parts.credentials);
    const { master, nodes, retryOf } = planned;
    const policy = checkedPolicy(planned.policy, parts.outgoing ?? []);
    return { ...kept({ master, nodes, policy }), ...(retryOf === undefined ? {} : { retryOf }), planned };
  }

  /** An expansion or a plan that they may not see is none for them; what is said of it would tell of its nodes. */
  async function checkOrigin(body: ExpansionRequest, rights: Rights | undefined): Promise<void> {
    if (rights === undefined || !isBound(rights)) return;
    if ('retryOf' in body) {
      const before = await store.get(body.retryOf);
      if (before === null || !maySee(rights, concernedByExpansion(before)))
        throw refuse('no_such_expansion', { id: body.retryOf });
    }
    if ('planId' in body) {
      const { master } = await planToStart(store, body.planId);
      if (!maySee(rights, { masters: [master] })) throw refuse('no_such_plan', { id: body.planId });
    }
  }

  /** What the configuration demands of every request, whoever sends it. */
  function kept<R extends Pick<ParsedRequest, 'master' | 'nodes' | 'policy'>>(request: R): R {
    const { policy } = request;
    const fourEyes = policy.fourEyes || isOn(parts.fourEyes ?? [], request.master);
    return { ...request, policy: { ...policy, fourEyes } };
  }

  async function parse(request: PlanRequest): Promise<ParsedRequest> {
    const { master, nodes, policy = {} } = 'retryOf' in request ? await whatWasLeft(store, request) : request;
    return {
      ...kept({
        master: parseMaster(master, 'master', parts.credentials),
        nodes: parseNodes(nodes, parts.limits.maxNodes, parts.credentials),
        policy: checkedPolicy(policy as PolicyInput, parts.outgoing ?? []),
      }),
      ...('retryOf' in request ? { retryOf: request.retryOf } : {}),
    };
  }

  /** `asking`: agents are asked to try the ports of the master, which may take them a while. */
  async function makePlanOf(
    request: ParsedRequest,
    { asking = false, planned = null }: { readonly asking?: boolean; readonly planned?: Plan | null } = {},
  ): Promise<Plan> {
    const { master, nodes, policy, retryOf } = request;
    const { agents, sleep = realSleep } = parts;
    const [{ writes, ...masterSeen }, nodesSeen, context, learnt] = await Promise.all([
      lookTwiceAtMaster(parts, master),
      Promise.all(nodes.map((node) => lookAtNode(parts, node, master))),
      contextOf(parts, master, nodes),
      learntFrom(store, master),
      asking && agents ? portsTried({ agents, now, sleep }, master, nodes) : undefined,
    ]);
    const seen = await besideSights(parts, [master, ...nodes]);
    return makePlan({
      id: newId('plan'),
      at: now(),
      master: {
        target: master,
        ...seen(master, masterSeen),
        faults: faultsOf([masterSeen.capabilities?.version ?? ''], parts.engine.knowledge),
      },
      nodes: nodes.map((target, index) => ({
        target,
        isProtected: parts.isProtected?.(target) ?? false,
        ...seen(target, nodesSeen[index]!),
      })),
      policy,
      ...(retryOf === undefined ? {} : { retryOf }),
      context: { ...context, held: heldBy(context.holds, master, masterSeen.look) },
      perNodeHost: parts.perNodeHost ?? null,
      plannedMaster: planned?.plannedMaster ?? null,
      measured: { writes, learnt },
    });
  }

  return {
    async plan(input, who) {
      const body = checkPlanRequest(input);
      await checkOrigin(body, who.rights);
      const request = await parse(body);
      checkMayAct(who.rights, 'plan', concerned(request));
      const plan = await makePlanOf(request, { asking: true });
      await store.savePlan({ id: plan.id, at: plan.at, doc: plan }, who.name);
      return plan;
    },

    async preview(input) {
      return makePlanOf(await parse(checkPlanRequest(input)));
    },

    async expand(input, requester, idempotencyKey, within) {
      const body = checkExpansionRequest(input);
      const idempotency = idempotencyKey === null ? null : idempotencyOf(requester, idempotencyKey, body);
      const earlier = idempotency && (await orRefusal(store.acceptedUnder(idempotency)));
      if (earlier) return { expansion: earlier, replayed: true };

      await checkOrigin(body, requester.rights);
      const { planned, ...request } = await asked(body);
      checkMayAct(requester.rights, requester.via === 'queue' ? 'produce' : 'expand', concerned(request));
      // Looked at as the plan was, or what the agents told it then would seem to have changed.
      const plan = await makePlanOf(request, { asking: planned !== null, planned });
      const changes = planned ? changesSince(planned, plan) : [];
      if (changes.length > 0 || !plan.acceptable) {
        // What preflight met may be this very request, sent before and accepted just now.
        const meanwhile = idempotency && (await orRefusal(store.acceptedUnder(idempotency)));
        if (meanwhile) return { expansion: meanwhile, replayed: true };
        if (planned && changes.length > 0) throw changedSince(planned, plan, changes);
        throw refusalOf(plan);
      }
      const accepted: AcceptedRequest = {
        ...request,
        id: newId('exp'),
        at: now(),
        label: body.label ?? null,
        ...(body.startAt === undefined ? {} : { startAt: checkedStart(body.startAt, now()) }),
        requester,
        plan: planned ? { ...plan, id: planned.id } : plan,
        ...(within === undefined ? {} : { [`${within.of}Id`]: within.lease.id }),
      };
      const events = acceptanceEvents(accepted);
      crashPoint('before_accept');
      const outcome = await orRefusal(store.accept(acceptedExpansion(accepted), events, idempotency, within));
      crashPoint('after_accept');
      if (!outcome.replayed) parts.onEvents?.(events);
      // The request is safe in the database; a lost ring only costs the reconciler's interval.
      await doorbell
        .ring(outcome.expansion.id)
        .catch((error: unknown) => parts.onDoorbellFailure?.(outcome.expansion.id, error));
      crashPoint('after_ring');
      return outcome;
    },

    knowledge: parts.engine.knowledge,

    async topology(text, credential, rights) {
      const address = parseAddress(text, 'master');
      checkMayAct(rights, 'plan', { masters: [{ address }] });
      const target: NodeTarget = {
        name: formatAddress(address),
        address,
        seenAs: address,
        credential: checkCredential(credential, 'credential', parts.credentials),
      };
      const seen = await lookAtMaster(parts, target);
      const topology = topologyOf({ target, ...seen });
      if (topology === null) throw unreadableMaster(target, seen.look);
      return topology;
    },
  };
}

const concerned = ({ master, nodes }: ParsedRequest): Concerned => ({ masters: [master], nodes });

/** What only a plan asks for: the answers do not change by themselves before a batch. */
const masterPlanSections = [...preflightSections, 'commands', 'master_ports'] as const;
const nodePlanSections = [...preflightNodeSections, 'slave_ports', 'slaveof'] as const;

async function lookAtMaster(parts: Looking, master: NodeTarget): Promise<Observed> {
  const options = { sections: masterPlanSections, ...lookLimits(parts, master) };
  const seen = await parts.inTurn(() => observe(parts.engine, parts.credentials, master, options, parts.now));
  parts.onLook?.('master', seen.look);
  return seen;
}

const realSleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Time between the two looks from which the write rate comes. */
const writeRateOverMs = 2000;

/** The master as preflight sees it, and its binlog positions a moment later: what it writes in between. */
async function lookTwiceAtMaster(
  parts: Looking,
  master: NodeTarget,
): Promise<Observed & { readonly writes: WriteRate | null }> {
  const credential = parts.credentials.get(master.credential);
  const refusal = await parts.engine.objectionToFollow(master.seenAs, credential);
  if (refusal !== null) return { look: refusedLook(refusal, parts.now()), capabilities: null, writes: null };
  const first = await lookAtMaster(parts, master);
  if (first.look.kind !== 'answered') return { ...first, writes: null };
  await (parts.sleep ?? realSleep)(writeRateOverMs);
  const second = await parts.inTurn(() =>
    observe(
      parts.engine,
      parts.credentials,
      master,
      { sections: ['replication'], ...lookLimits(parts, master) },
      parts.now,
    ),
  );
  return { ...first, writes: rateBetween(first.look, second.look) };
}

function rateBetween(first: Look, second: Look): WriteRate | null {
  if (first.kind !== 'answered' || second.kind !== 'answered') return null;
  const before = first.facts.replication;
  const after = second.facts.replication;
  if (!before || !after) return null;
  const fileBytes = first.facts.config?.binlogFileSizeBytes ?? null;
  return writeRate(
    { at: first.at, binlog: before.binlog },
    { at: second.at, binlog: after.binlog },
    fileBytes,
  );
}

/** Expansions that are looked through for full syncs to learn from. */
const lookedThrough = 20;

/** Full syncs from this master's host, as the newest expansions measured them. */
async function learntFrom(store: Store, master: NodeTarget): Promise<readonly MeasuredSync[]> {
  const page = await store.list({
    states: ['succeeded', 'failed', 'cancelled'],
    search: master.seenAs.host,
    limit: lookedThrough,
  });
  return measuredSyncs(page.items);
}

function checkEndpoint({ health }: Policy, allowed: readonly string[]): void {
  if (health?.endpoint) parseOutgoingUrl(health.endpoint.url, allowed, 'policy.health.endpoint.url');
}

/** The policy with its defaults. Throws a Refusal for what a schema cannot check. */
function checkedPolicy(input: PolicyInput, outgoing: readonly string[]): Policy {
  const policy = resolvePolicy(input);
  checkEndpoint(policy, outgoing);
  for (const [index, window] of policy.windows.entries()) {
    if (!isTimeZone(window.timeZone))
      throw refuseField('no_time_zone', `policy.windows[${index}].timeZone`, {
        value: printable(window.timeZone),
      });
  }
  return policy;
}

async function lookAtNode(parts: Looking, node: JoinTarget, master: NodeTarget): Promise<Observed> {
  const options = { sections: nodePlanSections, ...lookLimits(parts, master) };
  const seen = await parts.inTurn(() => observe(parts.engine, parts.credentials, node, options, parts.now));
  parts.onLook?.('node', seen.look);
  return seen;
}

/** Puts what agents tell beside the looks; without an answer of the database, nothing. */
async function besideSights({ agents, now }: AdmissionParts, targets: readonly NodeTarget[]) {
  const told = agents ? await readSights(agents, targets).catch(() => null) : null;
  return (target: NodeTarget, seen: Observed): Observed => {
    const sight = chooseSight(told?.get(target.name) ?? [], seen.look, null, now());
    return { ...seen, look: withSightOf(seen.look, sight) };
  };
}

function lookLimits(parts: AdmissionParts, master: NodeTarget) {
  const masterPassword = parts.credentials.get(master.credential)?.password ?? null;
  return { timeoutMs: parts.limits.lookTimeoutMs, masterPassword };
}

async function contextOf(
  { store, holds }: Pick<AdmissionParts, 'store' | 'holds'>,
  master: NodeTarget,
  nodes: readonly JoinTarget[],
) {
  const addresses = nodes.flatMap((node) => [
    node.name,
    formatAddress(node.address),
    formatAddress(node.seenAs),
  ]);
  const [uses, expansionsOnMaster, active] = await Promise.all([
    store.nodesInUse([...new Set(addresses)]),
    store.onMaster(masterKey(master.address)),
    holds?.active() ?? [],
  ]);
  const nodesInUse = Object.fromEntries(uses.map((use) => [use.node, use.expansionId]));
  return { expansionsOnMaster, nodesInUse, holds: active };
}

/** What holds the master; null = nothing. */
function heldBy(holds: readonly ActiveHold[], master: NodeTarget, look: Look): HeldBy | null {
  const keys = look.kind === 'answered' ? serverKeys(master, look) : [placeKey(master.address)];
  return heldByOf(holds, keys);
}

const inUse = 'node_in_other_expansion';

function refusalOf(plan: Plan): Refusal {
  const findings = plan.findings.filter((finding) => finding.severity === 'error');
  return findings.every((finding) => finding.code === inUse)
    ? refuse(inUse, { findings }, { field: 'nodes', findings: plan.findings })
    : refuse('preflight_failed', { findings }, { findings: plan.findings });
}

const day = 86_400_000;

/** Throws a Refusal for a moment that nobody can mean: seconds in place of milliseconds, or another year. */
function checkedStart(startAt: number, now: number): number {
  const [from, to] = [now - day, now + 90 * day];
  if (startAt >= from && startAt <= to) return startAt;
  throw refuseField('time_out_of_range', 'startAt', { from, to });
}

type PlanToStart = Plan & { readonly nodes: readonly JoinTarget[] };

/** Throws a Refusal where there is no such plan, or an earlier release has made it. */
async function planToStart(store: Store, id: string): Promise<PlanToStart> {
  const stored = await store.getPlan(id);
  if (stored === null) throw refuse('no_such_plan', { id }, { field: 'planId' });
  const plan = stored.doc as Plan;
  const { nodes } = plan;
  if (nodes !== undefined) return { ...plan, nodes };
  throw changedSince(plan, plan, [planChange('other_release')]);
}

const changedSince = ({ id, at }: Plan, { findings }: Plan, changes: readonly Said[]): Refusal =>
  refuse('plan_changed', { id, madeAt: at, changes }, { field: 'planId', findings });

/** Two requests can pass preflight side by side; the store's lock decides then. */
export async function orRefusal<T>(stored: Promise<T>): Promise<T> {
  try {
    return await stored;
  } catch (error) {
    if (error instanceof NodeInUseError) throw refuse(inUse, { uses: error.uses }, { field: 'nodes' });
    if (error instanceof IdempotencyConflictError) throw refuse(error.code, {}, { field: 'Idempotency-Key' });
    throw error;
  }
}

export function unreadableMaster({ name, credential }: NodeTarget, look: Look): Refusal {
  if (look.kind === 'denied' && look.notAllowed)
    return refuse('master_not_allowed', look.notAllowed, { field: 'master' });
  const detail = 'message' in look ? look.message : null;
  const facts = { master: name, detail, variable: credentialVariables(credential) };
  return refuse(`master_${look.kind}`, facts, { field: 'master' });
}
