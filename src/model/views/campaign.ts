/** Campaigns: expansions of many masters under one request. */
import Type from 'typebox';
import { campaignStates, campaignVerbs, expansionStates, memberStates } from '../states.ts';
import { Evidence } from './evidence.ts';
import { Phase } from './expansion.ts';
import { Finding } from './finding.ts';
import { Forecast } from './forecast.ts';
import { Problem } from './problem.ts';
import { Said } from './said.ts';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

const MemberGroup = Type.Enum(['canary', 'rest']);
export type MemberGroup = Of<typeof MemberGroup>;

/** Who asked for something, and why. */
const CampaignAct = Type.Object({ by: Type.String(), reason: Type.String(), at: Time('When.') });
export type CampaignAct = Of<typeof CampaignAct>;

const CampaignSettings = Type.Object({
  maxRunning: Type.Integer({
    description: 'Members at work at the same time; the limits on full syncs hold besides.',
  }),
  stopAfterFailures: Type.Integer({
    description: "With so many members failed no further one begins. A canary's failure is always enough.",
  }),
  canaryApproval: Type.Boolean({
    description: 'Whether a person must approve the rest once the canaries have succeeded.',
  }),
});
export type CampaignSettings = Of<typeof CampaignSettings>;

/** What is stored of a campaign and shown as it is. */
export const CampaignCore = Type.Object({
  id: Type.String({ examples: ['cpn_0mwrsbk00e019b1e26a11aff1'] }),
  label: Nullable(Type.String()),
  requestedBy: Type.String(),
  via: Type.Enum(['rest', 'queue', 'cli']),
  acceptedAt: Time('When it was accepted.'),
  startedAt: NullableTime('When its first member began.'),
  endedAt: NullableTime('When it ended.'),
  state: Type.Enum(campaignStates, {
    description:
      '`halted`: a halted expansion of it keeps the others from beginning; `stopping`: nothing further begins, what runs is run to its end.',
  }),
  stateSince: Time('When the state was entered.'),
  stateReason: Nullable(Said, 'Why it is in this state, or what holds it up.'),
  settings: CampaignSettings,
  paused: Nullable(CampaignAct, 'Who paused it; null = it is not paused.'),
  approval: Nullable(CampaignAct, 'Who approved the rest; null = nobody did.'),
  stop: Nullable(
    Type.Object({
      cause: Type.Enum(['failures', 'cancel']),
      reason: Said,
      by: Nullable(Type.String(), 'null = it stopped by itself.'),
      at: Time('When.'),
      cancelMembers: Nullable(
        CampaignAct,
        'Who had running members cancelled; null = they are run to their end.',
      ),
    }),
    'Why no further member begins, never taken back; null = they do.',
  ),
});
export type CampaignCore = Of<typeof CampaignCore>;

export const CampaignSummary = Type.Object({
  ...CampaignCore.properties,
  needsPerson: Type.Boolean({ description: 'Whether nothing moves before a person acts.' }),
  fourEyes: Type.Boolean({
    description: 'Whether another person than the requester must approve the rest.',
  }),
  pendingControls: Type.Array(
    Type.Object({ id: Type.String(), verb: Type.Enum(campaignVerbs), reason: Type.String() }),
    { description: 'Asked for, and applied with the next turn.' },
  ),
  remainingSeconds: Nullable(
    Type.Number(),
    'Of work until its end, by the forecasts, if nothing fails; waits for people are left out. null = not known.',
  ),
  progress: Type.Object({
    members: Type.Integer(),
    byState: Type.Record(Type.Enum(memberStates), Type.Integer(), {
      description: 'How many members are in each state.',
    }),
    nodesVerified: Type.Integer(),
    nodes: Type.Integer(),
  }),
});
export type CampaignSummary = Of<typeof CampaignSummary>;

/** What is stored of a member and shown as it is. */
export const MemberCore = Type.Object({
  index: Type.Integer({
    description: 'Zero-based place in the request, and in the order in which members begin.',
  }),
  group: MemberGroup,
  master: Type.String({ description: '`host:port` as the request gave it.' }),
  nodes: Type.Array(Type.String()),
  label: Nullable(Type.String()),
  state: Type.Enum(memberStates, {
    description:
      '`refused`: preflight stood against it when its turn came; `not_begun`: the campaign ended before its turn.',
  }),
  stateSince: Time('When the state was entered.'),
  problem: Nullable(Problem),
});
export type MemberCore = Of<typeof MemberCore>;

export const MemberView = Type.Object({
  ...MemberCore.properties,
  expansionId: Nullable(Type.String(), 'null = it has not begun.'),
  expansionState: Nullable(Type.Enum(expansionStates)),
  nodesVerified: Type.Integer(),
  startedAt: NullableTime('When its expansion began.'),
  endedAt: NullableTime('When its expansion ended.'),
  remainingSeconds: Nullable(Type.Number(), 'null = not known.'),
  reason: Nullable(Said, 'What holds it up, or why it is in its state.'),
});
export type MemberView = Of<typeof MemberView>;

export const CampaignView = Type.Object({
  ...CampaignSummary.properties,
  members: Type.Array(MemberView),
});
export type CampaignView = Of<typeof CampaignView>;

const MemberPlan = Type.Object({
  index: Type.Integer(),
  group: MemberGroup,
  master: Type.String(),
  nodes: Type.Array(Type.String()),
  label: Nullable(Type.String()),
  acceptable: Type.Boolean(),
  findings: Type.Array(Finding),
  batchSize: Type.Integer(),
  batchSizeReason: Said,
  batches: Type.Array(Type.Array(Type.String())),
  waitsFor: Nullable(Type.String(), 'Id of the expansion on the same master for whose end it would wait.'),
  forecast: Nullable(Forecast),
});
export type MemberPlan = Of<typeof MemberPlan>;

export const CampaignPlan = Type.Object({
  at: Time('When it was made.'),
  label: Nullable(Type.String()),
  settings: CampaignSettings,
  acceptable: Type.Boolean({ description: 'Whether no member has a finding that is an error.' }),
  forecastSeconds: Nullable(
    Type.Number(),
    'If nothing fails, approvals left out; null = a forecast is missing.',
  ),
  members: Type.Array(MemberPlan),
});
export type CampaignPlan = Of<typeof CampaignPlan>;

const Figure = Nullable(Type.Number());

export const CampaignReport = Type.Object({
  at: Time('When the report was made.'),
  campaign: CampaignSummary,
  tookSeconds: Nullable(Type.Number(), 'From its first member to its end, or until now.'),
  members: Type.Array(
    Type.Object({
      ...MemberView.properties,
      nodes: Type.Array(
        Type.Object({
          node: Type.String(),
          phase: Nullable(Phase, 'null = its expansion has not begun.'),
          attempts: Type.Integer(),
          verdict: Nullable(Evidence.properties.verdict, 'What the evidence says.'),
          anomalies: Type.Array(Type.String()),
          receivedBytes: Figure,
          transferSeconds: Figure,
          problem: Nullable(Problem),
        }),
      ),
      tookSeconds: Figure,
      forecastSeconds: Nullable(
        Type.Number(),
        'As it was forecast when it began, else when the campaign was accepted.',
      ),
    }),
  ),
});
export type CampaignReport = Of<typeof CampaignReport>;
