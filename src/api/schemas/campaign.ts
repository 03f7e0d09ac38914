import Type from 'typebox';
import { campaignStates, campaignVerbs, memberStates } from '../../model/campaign.ts';
import { expansionStates } from '../../model/expansion.ts';
import { Finding, Nullable, NullableTime, Problem, ReasonBody, strict, Time } from './common.ts';
import { Forecast } from './expansion.ts';

const State = Type.Enum([...campaignStates], {
  description:
    '`halted`: a halted expansion of it keeps the others from beginning; `stopping`: nothing further begins, what runs is run to its end.',
});
const MemberState = Type.Enum([...memberStates], {
  description:
    '`refused`: preflight stood against it when its turn came; `not_begun`: the campaign ended before its turn.',
});
const Group = Type.Enum(['canary', 'rest']);

const Act = Type.Object({ by: Type.String(), reason: Type.String(), at: Time('When.') });

const Settings = Type.Object({
  maxRunning: Type.Integer({ description: 'Members at work at the same time.' }),
  stopAfterFailures: Type.Integer({ description: 'With so many members failed no further one begins.' }),
  canaryApproval: Type.Boolean({ description: 'Whether the rest waits for a person.' }),
});

const Counts = Type.Object(
  Object.fromEntries(memberStates.map((state) => [state, Type.Integer()])) as Record<
    (typeof memberStates)[number],
    ReturnType<typeof Type.Integer>
  >,
  { description: 'How many members are in each state.' },
);

const summary = {
  id: Type.String({ examples: ['cpn_0mwrsbk00e019b1e26a11aff1'] }),
  label: Nullable(Type.String()),
  requestedBy: Type.String(),
  via: Type.Enum(['rest', 'queue', 'cli']),
  acceptedAt: Time('When it was accepted.'),
  startedAt: NullableTime('When its first member began.'),
  endedAt: NullableTime('When it ended.'),
  state: State,
  stateSince: Time('When the state was entered.'),
  stateReason: Nullable(Type.String(), 'Why it is in this state, in plain words.'),
  settings: Settings,
  paused: Nullable(Act, 'Who paused it; null = it is not paused.'),
  approval: Nullable(Act, 'Who approved the rest; null = nobody did.'),
  stop: Nullable(
    Type.Object({
      cause: Type.Enum(['failures', 'cancel']),
      reason: Type.String(),
      by: Nullable(Type.String(), 'null = it stopped by itself.'),
      at: Time('When.'),
      cancelMembers: Nullable(Act, 'Who had running members cancelled; null = they are run to their end.'),
    }),
    'Why no further member begins; null = they do.',
  ),
  needsPerson: Type.Boolean({ description: 'Whether nothing moves before a person acts.' }),
  pendingControls: Type.Array(
    Type.Object({ id: Type.String(), verb: Type.Enum([...campaignVerbs]), reason: Type.String() }),
    { description: 'Asked for, and applied with the next turn.' },
  ),
  remainingSeconds: Nullable(
    Type.Number(),
    'Of work until its end, by the forecasts, if nothing fails; waits for people are left out. null = not known.',
  ),
  progress: Type.Object({
    members: Type.Integer(),
    byState: Counts,
    nodesVerified: Type.Integer(),
    nodes: Type.Integer(),
  }),
};

const Member = Type.Object({
  index: Type.Integer({ description: 'Zero-based place in the request.' }),
  group: Group,
  master: Type.String(),
  nodes: Type.Array(Type.String()),
  label: Nullable(Type.String()),
  state: MemberState,
  stateSince: Time('When the state was entered.'),
  expansionId: Nullable(Type.String(), 'null = it has not begun.'),
  expansionState: Nullable(Type.Enum([...expansionStates])),
  nodesVerified: Type.Integer(),
  startedAt: NullableTime('When its expansion began.'),
  endedAt: NullableTime('When its expansion ended.'),
  remainingSeconds: Nullable(Type.Number(), 'null = not known.'),
  reason: Nullable(Type.String(), 'What holds it up, or why it is in its state.'),
  problem: Nullable(Problem),
});

export const CampaignSummary = Type.Object(summary);
export const CampaignDetail = Type.Object({ ...summary, members: Type.Array(Member) });

export const CampaignPlan = Type.Object({
  at: Time('When it was made.'),
  label: Nullable(Type.String()),
  settings: Settings,
  acceptable: Type.Boolean({ description: 'Whether no member has a finding that is an error.' }),
  forecastSeconds: Nullable(Type.Number(), 'If nothing fails; null = a forecast is missing.'),
  members: Type.Array(
    Type.Object({
      index: Type.Integer(),
      group: Group,
      master: Type.String(),
      nodes: Type.Array(Type.String()),
      label: Nullable(Type.String()),
      acceptable: Type.Boolean(),
      findings: Type.Array(Finding),
      batchSize: Type.Integer(),
      batchSizeReason: Type.String(),
      batches: Type.Array(Type.Array(Type.String())),
      waitsFor: Nullable(Type.String()),
      forecast: Nullable(Forecast),
    }),
  ),
});

const Figure = Nullable(Type.Number());

export const CampaignReport = Type.Object({
  at: Time('When the report was made.'),
  campaign: CampaignSummary,
  tookSeconds: Nullable(Type.Number(), 'From its first member to its end, or until now.'),
  members: Type.Array(
    Type.Object({
      ...Member.properties,
      nodes: Type.Array(
        Type.Object({
          node: Type.String(),
          phase: Nullable(Type.String(), 'null = its expansion has not begun.'),
          attempts: Type.Integer(),
          verdict: Nullable(Type.String(), 'What the evidence says.'),
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

export const CancelBody = Type.Object(
  {
    ...ReasonBody.properties,
    cancelMembers: Type.Optional(
      Type.Boolean({
        description:
          'Cancel the expansions of running members as well; nodes that are not verified are detached. Default: false.',
      }),
    ),
  },
  { ...strict },
);
