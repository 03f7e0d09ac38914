import Type, { type Static } from 'typebox';
import { patterns } from '../model/invalid-fields.ts';
import { mostSampledPerType, weekdays } from '../model/policy.ts';

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

const ms = (description: string, minimum: number, maximum: number) =>
  Type.Optional(Type.Integer({ minimum, maximum, description: `${description} Milliseconds.` }));
const day = 86_400_000;

const FigureLimit = (description: string) =>
  Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], { description }));

const HealthInput = Type.Object(
  {
    masterLatencyMs: FigureLimit('99th percentile of the probes of the master, milliseconds.'),
    slaveLagBytes: FigureLimit('Lag of slaves that were there before, bytes.'),
    commandsPerSecond: FigureLimit('Commands that the master carries out a second.'),
    endpoint: Type.Optional(
      Type.Union([
        Type.Object(
          {
            url: Type.String({
              minLength: 8,
              maxLength: 2000,
              description: 'Answers GET with a number, or with {"value": number}.',
            }),
            limit: Type.Number(),
          },
          { ...strict },
        ),
        Type.Null(),
      ]),
    ),
  },
  { ...strict },
);

const Clock = (description: string) => Type.String({ pattern: patterns.time_of_day, description });

const WindowInput = Type.Object(
  {
    days: Type.Optional(
      Type.Array(Type.Enum([...weekdays]), {
        maxItems: 7,
        description: 'Days on which it begins. Default: every day.',
      }),
    ),
    from: Clock('`HH:MM` at which it begins.'),
    to: Clock('`HH:MM` at which it ends; before `from`: on the next day; equal to it: a whole day.'),
    timeZone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        examples: ['Europe/Berlin'],
        description: 'IANA name of the time zone. Default: UTC.',
      }),
    ),
  },
  { ...strict },
);

export const PolicyInputSchema = Type.Object(
  {
    batchSize: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 256 }), Type.Literal('auto')], {
        description:
          'Nodes attached together; capped at what the version allows (one where a second dump spoils the first). `auto`: the service chooses from version, hosts, budget and size, and says why.',
      }),
    ),
    approval: Type.Optional(
      Type.Enum(['none', 'each_batch'], {
        description: '`each_batch`: wait for an approval before every batch but the first.',
      }),
    ),
    onFailure: Type.Optional(
      Type.Enum(['halt', 'skip', 'rollback'], {
        description:
          'What happens when a node is given up: stop and wait for a person, go on without it, or detach what this batch attached.',
      }),
    ),
    maxAttempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 20, description: 'Attaches per node, the first one included.' }),
    ),
    pauseBetweenBatchesMs: ms('Pause between two batches.', 0, 7 * day),
    lookIntervalMs: ms('Time between two looks at a node in full sync.', 50, 60_000),
    stallTimeoutMs: ms('No byte and no change for this long in a full sync counts as hung.', 1000, day),
    nodeDownTimeoutMs: ms('How long a node may be unreachable before its attempt has failed.', 1000, day),
    masterBusyTimeoutMs: ms('How long to wait for a busy master before a person is asked.', 1000, 7 * day),
    stableLooks: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Looks in a row that must hold before `verified`.',
      }),
    ),
    bandwidthBytesPerSecond: Type.Optional(
      Type.Union([Type.Integer({ minimum: 65_536, maximum: 2_147_483_647 }), Type.Null()], {
        description:
          'What the master may send to the nodes in full sync, all together, bytes a second; given to them through their throttle-bytes-per-second, which is put back afterwards. null = their own throttles.',
      }),
    ),
    mayRaiseBinlogRetention: Type.Optional(
      Type.Boolean({
        description:
          'The service may raise expire-logs-nums of the master while nodes are synced, where its version (up to 3.4) would purge binlog that they still need; it is put back afterwards. The only setting of a master that is ever changed. Default: false.',
      }),
    ),
    health: Type.Optional(
      Type.Union([HealthInput, Type.Null()], {
        description:
          'Limits on the health of the master: over one of them the nodes copy slower and no batch begins. null = nothing is watched.',
      }),
    ),
    windows: Type.Optional(
      Type.Array(WindowInput, {
        maxItems: 50,
        description:
          'Batches begin only inside one of these; empty = at any time. A running sync is never cut.',
      }),
    ),
    forecastTolerance: Type.Optional(
      Type.Union([Type.Number({ minimum: 0.05, maximum: 100 }), Type.Null()], {
        description:
          'Before each batch the forecast is made anew; grown by more than this share, the expansion waits for approval. null = never.',
      }),
    ),
    verify: Type.Optional(
      Type.Object(
        {
          depth: Type.Optional(
            Type.Enum(['counts', 'sample', 'full'], { description: 'How much of the data is compared.' }),
          ),
          samplePerType: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: mostSampledPerType,
              description: 'Keys looked at per type and database.',
            }),
          ),
          keyCounts: Type.Optional(
            Type.Boolean({ description: 'Also compare exact key counts (scans all keys on both nodes).' }),
          ),
          ttlToleranceMs: ms('Difference of remaining lifetimes that is not counted.', 0, day),
          rounds: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              description: 'A key that differs in this many rounds is a difference.',
            }),
          ),
          maxOpsPerSecond: Type.Optional(
            Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
              description: 'Limit of commands per second and node; null = none.',
            }),
          ),
          maxBytesPerSecond: Type.Optional(
            Type.Union([Type.Integer({ minimum: 1024 }), Type.Null()], {
              description: 'Limit of bytes read per second and node; null = none.',
            }),
          ),
        },
        { ...strict },
      ),
    ),
  },
  { ...strict, description: 'How it is to be carried out; whatever is left out has a default.' },
);

const Nodes = Type.Array(NodeInput, {
  minItems: 1,
  description: 'The nodes to be added, in the order in which they are to be attached.',
});

export const PlanRequest = Type.Object(
  { master: MasterInput, nodes: Nodes, policy: Type.Optional(PolicyInputSchema) },
  { ...strict },
);
export type PlanRequest = Static<typeof PlanRequest>;

export const ExpansionRequest = Type.Object(
  {
    master: MasterInput,
    nodes: Nodes,
    policy: Type.Optional(PolicyInputSchema),
    label: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'A text to recognise the expansion by.' }),
    ),
  },
  { ...strict },
);
export type ExpansionRequest = Static<typeof ExpansionRequest>;
export type MasterInput = Static<typeof MasterInput>;
export type NodeInput = Static<typeof NodeInput>;
