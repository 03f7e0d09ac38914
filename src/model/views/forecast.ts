/** What an expansion will probably cost, and what it did cost. */
import Type from 'typebox';
import { Nullable, type Of, Said, Time } from './schema.ts';

/** A figure that is known by its bounds only: 90 % of cases lie between them. */
const ForecastRange = Type.Object({
  low: Type.Number(),
  expected: Type.Number(),
  high: Type.Number(),
});
export type ForecastRange = Of<typeof ForecastRange>;

const Range = (description = '') => Nullable(ForecastRange, `${description} null = not known.`.trim());

/** What bounds the rate of a node; absent in forecasts of earlier releases. */
const RateLimit = Type.Object({
  budget: Nullable(Type.Number(), 'Of all nodes together, where its share of it is the bound.'),
  throttle: Nullable(Type.Number(), "The node's own, where it is the bound."),
  syncs: Type.Integer({ description: 'Full syncs between these hosts that were measured before.' }),
});
export type RateLimit = Of<typeof RateLimit>;

/** What the figures rest on; absent in forecasts of earlier releases. */
const ForecastGrounds = Type.Object({
  snapshotBytes: Nullable(Type.Number(), 'null = the version does not tell.'),
  learntFrom: Type.Integer(),
  writes: Nullable(Type.Object({ bytesPerSecond: Type.Number(), overMs: Type.Number() })),
});
export type ForecastGrounds = Of<typeof ForecastGrounds>;

const NodeForecast = Type.Object({
  node: Type.String(),
  throttleBytesPerSecond: Nullable(
    Type.Number(),
    "The node's own `throttle-bytes-per-second`; null = not known.",
  ),
  bytesPerSecond: Range('What it will probably copy at, with the others of its batch beside it.'),
  limitedBy: Type.String({ description: 'What bounds that rate, in plain words.' }),
  limit: Type.Optional(RateLimit),
  transferSeconds: Range(),
  disk: Type.Object(
    { oldBytes: Nullable(Type.Number()), newBytes: Range() },
    { description: 'Disk while it syncs: the copy lies beside its old data until the swap.' },
  ),
});
export type NodeForecast = Of<typeof NodeForecast>;

const BatchForecast = Type.Object({
  batch: Type.Integer({ description: 'Zero-based.' }),
  nodes: Type.Array(Type.String()),
  startSeconds: Range('After the start of the expansion.'),
  seconds: Range(),
  dump: Type.Enum(['new', 'reused'], {
    description: 'Whether the master makes a dump for it, or a dump that lies there already is used.',
  }),
  binlogBytes: Range('Binlog that the master writes meanwhile.'),
});
export type BatchForecast = Of<typeof BatchForecast>;

const BinlogForecast = Type.Object({
  writeBytesPerSecond: Nullable(Type.Number()),
  duringBatchBytes: Range('Written during the longest batch.'),
  keptBytes: Nullable(Type.Number(), 'What the master keeps by its own settings; null = they are not known.'),
  keptFiles: Nullable(Type.Number()),
  neededFiles: Nullable(
    Type.Number(),
    'What expire-logs-nums would have to be to keep what is written meanwhile; null = enough is kept, or not known.',
  ),
  sparedDuringSync: Type.Boolean({
    description: 'Whether nothing is purged while a slave is in full sync.',
  }),
});
export type BinlogForecast = Of<typeof BinlogForecast>;

/** What an expansion will probably cost. */
export const Forecast = Type.Object(
  {
    secondsPerNode: Range(),
    secondsTotal: Range(),
    bytesPerNode: Range(),
    snapshotBytesByDatabase: Nullable(
      Type.Record(Type.String(), Type.Number()),
      'Bytes of the snapshot by DB; null = the version does not tell.',
    ),
    nodes: Type.Array(NodeForecast),
    batches: Type.Array(BatchForecast),
    binlog: BinlogForecast,
    masterDiskBytes: Range(
      'Extra disk on the master: what the dump keeps alive, and the binlog that may not be purged.',
    ),
    verifySeconds: Type.Optional(
      Range('From the binlog being caught up to `verified`; absent in forecasts of earlier releases.'),
    ),
    depth: Type.Optional(
      Nullable(
        Type.Object({
          depth: Nullable(Type.Enum(['sample', 'full']), 'null = it depends on how long the copy takes.'),
          because: Said,
          pace: Nullable(
            Type.Number(),
            'How long earlier comparisons of every key of this master took, as a share of what is assumed; null = there were none.',
          ),
        }),
        'What depth `auto` will probably choose; null = the policy names the depth.',
      ),
    ),
    learntFrom: Type.Integer({ description: 'Earlier full syncs on which the rates rest.' }),
    basis: Type.String({ description: 'What the figures rest on, in plain words.' }),
    grounds: Type.Optional(ForecastGrounds),
  },
  { description: 'Bytes, time, binlog and disk, as ranges.' },
);
export type Forecast = Of<typeof Forecast>;

/** A forecast figure beside the real one. */
const Figure = Type.Object({
  forecast: Range(),
  real: Nullable(Type.Number(), 'null = not measured.'),
  error: Nullable(Type.Number(), 'Share by which it was more (or less) than expected; null = not known.'),
});
export type Figure = Of<typeof Figure>;

/** What an expansion was, side by side with what had been forecast. */
export const ForecastOutcome = Type.Object(
  {
    /** First attach to last `verified` of each batch, with the pauses; waits for people and windows left out. */
    secondsTotal: Figure,
    nodes: Type.Array(
      Type.Object({
        node: Type.String(),
        transferSeconds: Figure,
        bytesPerSecond: Figure,
        bytes: Figure,
      }),
    ),
  },
  { description: 'Forecast and reality side by side.' },
);
export type ForecastOutcome = Of<typeof ForecastOutcome>;

/** What has grown beyond the limit. */
export const ForecastDrift = Type.Object({
  at: Time('When it was seen.'),
  batch: Type.Integer({ description: 'Zero-based batch before which it was seen.' }),
  text: Type.String(),
  figures: Type.Array(
    Type.Object({
      name: Type.Enum(['snapshot_bytes', 'seconds_per_node', 'write_bytes_per_second']),
      planned: Type.Number(),
      now: Type.Number(),
    }),
  ),
  /** The forecast as it would be now; an approval takes it over. */
  forecast: Forecast,
});
export type ForecastDrift = Of<typeof ForecastDrift>;
