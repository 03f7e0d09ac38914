import { campaignRemainingSeconds } from '../core/campaign/remaining.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { type Campaign, type CampaignSettings, type MemberGroup, newCampaign } from '../model/campaign.ts';
import { type EventInput, makeEvent } from '../model/events.ts';
import type { JoinTarget, NodeTarget } from '../model/expansion.ts';
import type { Finding } from '../model/finding.ts';
import { formatAddress } from '../model/observation.ts';
import { mergePolicies } from '../model/policy.ts';
import { Refusal, refuse, refuseField } from '../model/refusal.ts';
import type { CampaignPlan, MemberPlan } from '../model/views/campaign.ts';
import { eachInTurn } from '../platform/in-turns.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import type { CampaignStore, StoredCampaign } from '../store/campaigns.ts';
import { addressKey, masterKey } from '../store/master-key.ts';
import type { Requester } from './acceptance.ts';
import { type Admission, orRefusal } from './admission.ts';
import { CampaignRequest } from './campaign-request.ts';
import { idempotencyOf } from './fingerprint.ts';
import type { NewId } from './ids.ts';
import { type Concerned, checkMayAct } from './may-act.ts';
import type { MemberRequest } from './request.ts';
import { parseMaster, parseNodes } from './targets.ts';
import { validator } from './validate.ts';

export interface CampaignAdmission {
  /** Says what the campaign would do; only reads. Throws Refusal (`invalid`) for a malformed request. */
  plan(input: unknown, who?: Pick<Requester, 'rights'>): Promise<CampaignPlan>;
  /**
   * Checks every member as if it began now, and stores the campaign; from then on it reaches an end that is reported.
   * Throws Refusal, its field naming the member: `invalid`, `refused` (all findings), `conflict`. After a refusal nothing is stored.
   */
  start(
    input: unknown,
    who: Requester,
    idempotencyKey: string | null,
  ): Promise<{ readonly campaign: StoredCampaign; readonly replayed: boolean }>;
}

export interface CampaignAdmissionParts {
  readonly admission: Pick<Admission, 'preview'>;
  readonly campaigns: CampaignStore;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly credentials: CredentialSource;
  readonly limits: { readonly maxNodes: number };
  readonly now: () => number;
  readonly newId: NewId;
  /** Called with the stored events of a new campaign, for the figures. */
  readonly onEvents?: (events: readonly EventInput[]) => void;
  /** Called when a wake-up failed; the reconciler makes up for it. */
  readonly onDoorbellFailure?: (campaignId: string, error: unknown) => void;
}

interface ParsedMember {
  readonly group: MemberGroup;
  readonly master: NodeTarget;
  readonly nodes: readonly JoinTarget[];
  readonly request: MemberRequest;
}

interface ParsedCampaign {
  readonly label: string | null;
  readonly settings: CampaignSettings;
  readonly members: readonly ParsedMember[];
}

/** Each looks at its servers twice, two seconds apart: side by side, or a large campaign would take minutes. */
const plannedAtOnce = 32;

const check = validator(CampaignRequest);

/** Lets campaigns in, the same for every entrance. Their members are let in one by one, by `Admission`, when they begin. */
export function createCampaignAdmission(parts: CampaignAdmissionParts): CampaignAdmission {
  const { campaigns, now } = parts;

  async function planOf({ label, settings, members }: ParsedCampaign): Promise<CampaignPlan> {
    const planned = await eachInTurn(plannedAtOnce, members, (member, index) =>
      planMember(parts, member, index),
    );
    const at = now();
    return {
      at,
      label,
      settings,
      members: planned,
      acceptable: planned.every(({ acceptable }) => acceptable),
      forecastSeconds: forecastSeconds(planned, settings, at),
    };
  }

  return {
    async plan(input, who = {}) {
      const parsed = parse(check(input), parts);
      checkMayAct(who.rights, 'plan', concerned(parsed));
      return planOf(parsed);
    },

    async start(input, who, idempotencyKey) {
      const body = check(input);
      const parsed = parse(body, parts);
      const idempotency = idempotencyKey === null ? null : idempotencyOf(who, idempotencyKey, body);
      const earlier = idempotency && (await orRefusal(campaigns.acceptedUnder(idempotency)));
      if (earlier) return { campaign: earlier, replayed: true };

      checkMayAct(who.rights, 'expand', concerned(parsed));
      const plan = await planOf(parsed);
      if (!plan.acceptable) throw refusalOf(plan);
      const campaign = campaignOf(parsed, plan, who, parts.newId('cpn'));
      const events = [acceptedEvent(campaign)];
      const outcome = await orRefusal(campaigns.accept(campaign, events, idempotency));
      if (!outcome.replayed) parts.onEvents?.(events);
      await parts.doorbell
        .ring(outcome.campaign.id)
        .catch((error: unknown) => parts.onDoorbellFailure?.(outcome.campaign.id, error));
      return outcome;
    },
  };
}

const concerned = ({ members }: ParsedCampaign): Concerned => ({
  masters: members.map(({ master }) => master),
  nodes: members.flatMap(({ nodes }) => nodes),
});

function parse(
  request: CampaignRequest,
  { credentials, limits }: Pick<CampaignAdmissionParts, 'credentials' | 'limits'>,
): ParsedCampaign {
  const { members, canary = {} } = request;
  const canaries = canary.count ?? 1;
  if (canaries > members.length)
    throw refuseField('more_canaries_than_members', 'canary.count', { canaries, members: members.length });
  if (canary.approval === true && canaries === 0)
    throw refuseField('approval_without_canaries', 'canary.approval', {});
  const parsed = members.map((member, index): ParsedMember => {
    const own = withinMember(index, () => ({
      master: parseMaster(member.master, 'master', credentials),
      nodes: parseNodes(member.nodes, limits.maxNodes, credentials),
    }));
    return { ...own, group: index < canaries ? 'canary' : 'rest', request: requestOf(request, index) };
  });
  checkApart(parsed);
  return {
    label: request.label ?? null,
    settings: {
      maxRunning: request.maxRunning ?? 1,
      stopAfterFailures: request.stopAfterFailures ?? 1,
      canaryApproval: canary.approval ?? false,
    },
    members: parsed,
  };
}

/** The request under which a member will be admitted: its own, with the campaign's policy where it gives none. */
function requestOf(campaign: CampaignRequest, index: number): MemberRequest {
  const member = campaign.members[index]!;
  const policy =
    campaign.policy && member.policy
      ? mergePolicies(campaign.policy, member.policy)
      : (member.policy ?? campaign.policy);
  const place = `(${index + 1} of ${campaign.members.length})`;
  const label = member.label ?? (campaign.label === undefined ? undefined : `${campaign.label} ${place}`);
  return {
    master: member.master,
    nodes: member.nodes,
    ...(policy === undefined ? {} : { policy }),
    ...(label === undefined ? {} : { label }),
  };
}

/** Refusals of one member name it: `master has …` becomes `members[3].master has …`. */
function withinMember<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refusal ? error.inside(memberPlace(index)) : error;
  }
}

const memberPlace = (index: number): string => `members[${index}]`;

/** No server may be named by two members: the same master would wait for itself, the same node would get two masters. */
function checkApart(members: readonly ParsedMember[]): void {
  const masters = new Map<string, number>();
  for (const [index, { master }] of members.entries()) {
    const keys = keysOf(master);
    const other = keys.map((key) => masters.get(key)).find((found) => found !== undefined);
    if (other !== undefined)
      throw refuseField('master_twice', `members[${index}].master`, { member: other, address: master.name });
    for (const key of keys) masters.set(key, index);
  }
  const nodes = new Map<string, number>();
  for (const [index, member] of members.entries()) {
    for (const [at, node] of member.nodes.entries()) {
      const field = `members[${index}].nodes[${at}]`;
      const keys = keysOf(node);
      const asMaster = keys.map((key) => masters.get(key)).find((found) => found !== undefined);
      if (asMaster !== undefined && asMaster !== index)
        throw refuseField('node_is_a_master', field, { member: asMaster, address: node.name });
      const other = keys.map((key) => nodes.get(key)).find((found) => found !== undefined && found !== index);
      if (other !== undefined) throw refuseField('node_twice', field, { member: other, address: node.name });
      for (const key of keys) nodes.set(key, index);
    }
  }
}

const keysOf = (target: NodeTarget): readonly string[] => [
  addressKey(target.name),
  masterKey(target.address),
  masterKey(target.seenAs),
];

async function planMember(
  { admission }: CampaignAdmissionParts,
  member: ParsedMember,
  index: number,
): Promise<MemberPlan> {
  const { label, ...request } = member.request;
  const plan = await admission.preview(request).catch((error: unknown) => {
    throw error instanceof Refusal ? error.inside(memberPlace(index)) : error;
  });
  return {
    index,
    group: member.group,
    master: member.master.name,
    nodes: member.nodes.map(({ name }) => name),
    label: label ?? null,
    acceptable: plan.acceptable,
    findings: plan.findings,
    batchSize: plan.batchSize,
    batchSizeReason: plan.batchSizeReason,
    batches: plan.batches,
    waitsFor: plan.waitsFor,
    forecast: plan.forecast,
  };
}

const expectedSeconds = ({ forecast }: MemberPlan): number | null => forecast?.secondsTotal?.expected ?? null;

function forecastSeconds(
  members: readonly MemberPlan[],
  settings: CampaignSettings,
  at: number,
): number | null {
  const planned = members.map((member) => ({
    ...member,
    request: null,
    forecastSeconds: expectedSeconds(member),
  }));
  const nobody = { id: '', label: null, requestedBy: '', via: 'rest' } as const;
  return campaignRemainingSeconds(newCampaign({ ...nobody, at, settings, members: planned }), at);
}

function campaignOf(parsed: ParsedCampaign, plan: CampaignPlan, who: Requester, id: string): Campaign {
  return newCampaign({
    id,
    label: parsed.label,
    requestedBy: who.name,
    via: who.via,
    at: plan.at,
    settings: parsed.settings,
    members: parsed.members.map(({ group, master, nodes, request }, index) => ({
      group,
      master: formatAddress(master.address),
      nodes: nodes.map(({ name }) => name),
      label: request.label ?? null,
      request,
      forecastSeconds: expectedSeconds(plan.members[index]!),
    })),
  });
}

function acceptedEvent({ acceptedAt, requestedBy, via, members, settings, label }: Campaign): EventInput {
  const data = {
    label,
    settings,
    requestedBy,
    via,
    members: members.map(({ master, nodes, group }) => ({ master, nodes, group })),
  };
  return makeEvent('campaign.accepted', { at: acceptedAt }, data);
}

const inUse = 'node_in_other_expansion';

/** Says which members stand against it, with all that was found about them. */
function refusalOf(plan: CampaignPlan): Refusal {
  const bad = plan.members.filter(({ acceptable }) => !acceptable);
  const findings = bad.flatMap((member) => member.findings.map((finding) => findingOf(member, finding)));
  const errors = findings.filter(({ severity }) => severity === 'error');
  const field = bad.length === 1 ? memberPlace(bad[0]!.index) : 'members';
  const onlyInUse = errors.every(({ code }) => code === inUse);
  const members = bad.map(({ index, master }) => ({ member: index, master }));
  const facts = { findings: errors, members };
  return refuse(onlyInUse ? inUse : 'preflight_failed', facts, { field, findings });
}

function findingOf(member: MemberPlan, finding: Finding): Finding {
  return { ...finding, facts: { ...finding.facts, member: member.index, master: member.master } };
}
