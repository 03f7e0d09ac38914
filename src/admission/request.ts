import Type, { type Static } from 'typebox';
import { schemaOf } from '../model/field-schema.ts';
import { patterns } from '../model/invalid-fields.ts';
import { type PolicyInput, policyFields } from '../model/policy.ts';

/**
 * What a request for an expansion may say. One definition for all entrances: REST validates with it and shows it
 * in OpenAPI, the queue checks a job's payload with it, and producers get their type from it. A request never
 * carries a password: nodes are logged in to with a credential of the configuration, referred to by its name.
 */
const strict = { additionalProperties: false } as const;

const hostPort = {
  minLength: 3,
  maxLength: 320,
  examples: ['10.0.0.5:9221'],
} as const;

const AddressText = (description: string) => Type.String({ ...hostPort, description });

const addressing = {
  address: AddressText('`host:port` under which the service reaches the server.'),
  seenAs: Type.Optional(
    AddressText(
      '`host:port` under which the other nodes reach or see it, where that differs (NAT, containers). Default: `address`.',
    ),
  ),
  credential: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 63,
      description:
        'Name of an entry in the credentials configuration. Default: the entry `default`, if there is one.',
    }),
  ),
};

/** A server to compare. */
export const ServerInput = Type.Union([AddressText('`host:port`'), Type.Object(addressing, { ...strict })], {
  description: 'A server: `host:port`, or an object with more about it.',
});

export const MasterInput = Type.Union([AddressText('`host:port`'), Type.Object(addressing, { ...strict })], {
  description: 'The master: `host:port`, or an object with more about it.',
});

export const NodeInput = Type.Union(
  [
    AddressText('`host:port`'),
    Type.Object(
      {
        ...addressing,
        overwriteData: Type.Optional(
          Type.Boolean({ description: "The node's own data may be replaced. Default: false." }),
        ),
        repoint: Type.Optional(
          Type.Boolean({
            description: 'The node may be taken away from the master it has now. Default: false.',
          }),
        ),
      },
      { ...strict },
    ),
  ],
  { description: 'A node to be added: `host:port`, or an object with more about it.' },
);

export const PolicyInputSchema = Type.Unsafe<PolicyInput>(
  schemaOf(policyFields, 'How it is to be carried out; whatever is left out has a default.'),
);

const Nodes = Type.Array(NodeInput, {
  minItems: 1,
  description: 'The nodes to be added, in the order in which they are to be attached.',
});

const servers = { master: MasterInput, nodes: Nodes, policy: Type.Optional(PolicyInputSchema) };

const label = {
  label: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'A text to recognise the expansion by.' }),
  ),
};

const start = {
  ...label,
  startAt: Type.Optional(
    Type.Integer({
      description:
        'When it may begin at the earliest, in milliseconds since the epoch; its nodes are reserved until then. Default: at once.',
    }),
  ),
};

const IdOf = (description: string) =>
  Type.String({ minLength: 1, maxLength: 80, pattern: patterns.id, description });

const retried = {
  retryOf: IdOf(
    'Id of an expansion that has ended, in place of the master: its nodes that are not verified are asked for again, with its master and its policy.',
  ),
  nodes: Type.Optional(
    Type.Array(NodeInput, {
      minItems: 1,
      description:
        'Those of these nodes of which something is to be otherwise than in the request of that expansion, such as `overwriteData`.',
    }),
  ),
  policy: Type.Optional({
    ...PolicyInputSchema,
    description: 'What is to be otherwise than in the policy of that expansion.',
  }),
};

export const PlanRequest = Type.Union([
  Type.Object(servers, { ...strict }),
  Type.Object(retried, { ...strict }),
]);
export type PlanRequest = Static<typeof PlanRequest>;

/** The request of one member of a campaign. */
export const MemberRequest = Type.Object({ ...servers, ...label }, { ...strict });
export type MemberRequest = Static<typeof MemberRequest>;

const PlannedRequest = Type.Object(
  {
    planId: IdOf(
      'Id of a plan, in place of master, nodes and policy: exactly this plan is started, or refused with what has changed since it was made.',
    ),
    ...start,
  },
  { ...strict },
);

export const ExpansionRequest = Type.Union([
  Type.Object({ ...servers, ...start }, { ...strict }),
  PlannedRequest,
  Type.Object({ ...retried, ...start }, { ...strict }),
]);
export type ExpansionRequest = Static<typeof ExpansionRequest>;
export type MasterInput = Static<typeof MasterInput>;
export type NodeInput = Static<typeof NodeInput>;
