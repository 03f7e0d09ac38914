import Type, { type Static } from 'typebox';
import { MemberRequest, PolicyInputSchema } from './request.ts';

/** Members of one campaign. */
const maxMembers = 200;

const strict = { additionalProperties: false } as const;

/** What a request for a campaign may say: the expansions of many masters. */
export const CampaignRequest = Type.Object(
  {
    label: Type.Optional(
      Type.String({ minLength: 1, maxLength: 160, description: 'A text to recognise the campaign by.' }),
    ),
    maxRunning: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxMembers,
        description:
          'Masters at work at the same time. The limits on full syncs (slots) hold besides. Default: 1.',
      }),
    ),
    stopAfterFailures: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxMembers,
        description:
          'With so many members failed no further one begins. A failed canary is always enough. Default: 1.',
      }),
    ),
    canary: Type.Optional(
      Type.Object(
        {
          count: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: maxMembers,
              description:
                'The first so many members are canaries: the rest begins only when each of them has succeeded. Default: 1.',
            }),
          ),
          approval: Type.Optional(
            Type.Boolean({
              description: 'Wait for a person after the canaries. Default: false.',
            }),
          ),
        },
        { ...strict },
      ),
    ),
    policy: Type.Optional({
      ...PolicyInputSchema,
      description: 'For every member; what a member gives itself wins.',
    }),
    members: Type.Array(MemberRequest, {
      minItems: 1,
      maxItems: maxMembers,
      description: 'The request of one expansion each, in the order in which they are to begin.',
    }),
  },
  {
    ...strict,
    examples: [
      {
        label: 'rack 7',
        maxRunning: 2,
        canary: { count: 1, approval: true },
        policy: { onFailure: 'skip' },
        members: [
          { master: '10.0.1.1:9221', nodes: ['10.0.1.2:9221'] },
          {
            master: '10.0.2.1:9221',
            nodes: ['10.0.2.2:9221', { address: '10.0.2.3:9221', overwriteData: true }],
          },
        ],
      },
    ],
  },
);
export type CampaignRequest = Static<typeof CampaignRequest>;
