import { newExpansion } from '../core/steps/new-expansion.ts';
import type { Rights } from '../model/access.ts';
import { type EventInput, makeEvent } from '../model/events.ts';
import type { Expansion, JoinTarget, NodeTarget } from '../model/expansion.ts';
import type { Policy } from '../model/policy.ts';
import { because } from '../model/reasons.ts';
import type { Plan } from '../model/views/plan.ts';

/** Who asked for something, and through which entrance. */
export interface Requester {
  /** Name of the token, `local` where none is configured, or what the queue's producer calls itself. */
  readonly name: string;
  readonly via: Expansion['via'];
  /** What it may ask for; absent = whoever let the request in has judged it. */
  readonly rights?: Rights;
}

export interface AcceptedRequest {
  readonly id: string;
  readonly at: number;
  readonly master: NodeTarget;
  readonly nodes: readonly JoinTarget[];
  readonly policy: Policy;
  readonly label: string | null;
  /** When it may begin at the earliest; absent = at once. */
  readonly startAt?: number;
  /** The expansion of which this one takes up what was left; absent = none. */
  readonly retryOf?: string;
  readonly requester: Requester;
  readonly plan: Plan;
  /** The campaign of which it is a member; absent = it was asked for on its own. */
  readonly campaignId?: string;
  /** The replacement for which it adds nodes; absent = it was asked for on its own. */
  readonly replacementId?: string;
}

/** The expansion as it is stored when a request is accepted: what preflight saw is kept, nothing is done yet. */
export function acceptedExpansion(request: AcceptedRequest): Expansion {
  const { plan, requester } = request;
  // Who is at work now may have ended by a later time.
  const waitsFor = request.startAt === undefined ? plan.waitsFor : null;
  const fresh = newExpansion({
    ...request,
    requestedBy: requester.name,
    via: requester.via,
    now: request.at,
  });
  return {
    ...fresh,
    capabilities: plan.capabilities,
    forecast: plan.forecast,
    findings: plan.findings.filter((finding) => finding.node === null),
    joins: fresh.joins.map((join) => ({
      ...join,
      findings: plan.findings.filter((finding) => finding.node === join.target.name),
    })),
    waitsFor,
    stateReason:
      waitsFor === null ? because('accepted') : because('waits_for_end_of', { expansion: waitsFor }),
    ...origin(request),
  };
}

/** Where it comes from, as far as it comes from something. */
const origin = ({ campaignId, replacementId, retryOf }: AcceptedRequest) => ({
  ...(retryOf === undefined ? {} : { retryOf }),
  ...(campaignId === undefined ? {} : { campaignId }),
  ...(replacementId === undefined ? {} : { replacementId }),
});

/** The first lines of its history: who asked for what, and what preflight warned of. */
export function acceptanceEvents(request: AcceptedRequest): readonly EventInput[] {
  const { nodes, master, requester, plan, at } = request;
  const accepted = makeEvent(
    'expansion.accepted',
    { at },
    {
      master: master.name,
      nodes: nodes.map((node) => node.name),
      requestedBy: requester.name,
      via: requester.via,
      policy: request.policy,
      planId: plan.id,
      waitsFor: plan.waitsFor,
      ...origin(request),
    },
  );
  const warnings = plan.findings
    .filter((finding) => finding.severity !== 'info')
    .map((finding) => {
      const { code, node, nextStep, facts = {} } = finding;
      return makeEvent('preflight.finding', { at, node }, { code, nextStep, facts, finding });
    });
  return [accepted, ...warnings];
}
