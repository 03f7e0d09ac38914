/** The loop that holds the copy back for the master's sake. */
import Type from 'typebox';
import { Nullable, NullableTime, type Of, Time } from './schema.ts';

const HealthReading = Type.Object({
  what: Type.Enum(['master_latency_ms', 'slave_lag_bytes', 'commands_per_second', 'endpoint']),
  value: Type.Number(),
  limit: Type.Number(),
  ownDelayMs: Type.Optional(
    Type.Number({
      description:
        'Of `master_latency_ms`: what was taken off because this process was late itself. Absent = it was not.',
    }),
  ),
});
export type HealthReading = Of<typeof HealthReading>;

export const HealthState = Type.Object({
  level: Type.Number({ description: 'Share of the bandwidth that may be used now, above 0 and up to 1.' }),
  changedAt: Time('When the level changed last.'),
  calmSince: NullableTime('Since when every figure is within its limit.'),
  ceiling: Type.Number({
    description: 'The level at which a figure went over its limit last; above it, it goes up in small steps.',
  }),
  readings: Type.Array(HealthReading),
  over: Nullable(HealthReading, 'The figure that is furthest over its limit; null = all are within.'),
});
export type HealthState = Of<typeof HealthState>;
