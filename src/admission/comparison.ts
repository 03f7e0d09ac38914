import Type, { type Static } from 'typebox';
import { resolveSpec } from '../compare/spec.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { schemaOf } from '../model/field-schema.ts';
import { verifyFields } from '../model/policy.ts';
import type { NewComparison } from '../store/comparisons.ts';
import { ServerInput } from './request.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

/** What a request for a comparison may say. `left` is the master, or simply the first of two servers. */
export const ComparisonRequest = Type.Object(
  {
    left: ServerInput,
    right: ServerInput,
    ...schemaOf(verifyFields).properties,
    ttlToleranceMs: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 86_400_000 }), Type.Null()], {
        description: 'Difference of lifetimes not counted; null = lifetimes are not compared.',
      }),
    ),
    maxMasterLatencyMs: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
        description: 'Reading pauses while the master takes longer than this to answer; null = no limit.',
      }),
    ),
    maxSlaveLagBytes: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
        description: 'Reading pauses while the slave is further behind than this; null = no limit.',
      }),
    ),
    catchUpTimeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: 86_400_000,
        description: 'How long the slave may take to reach a position of the master.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ComparisonRequest = Static<typeof ComparisonRequest>;

const check = validator(ComparisonRequest);

/** The comparison that a request asks for. Throws a Refusal that names the field that is wrong. */
export function newComparison(
  input: unknown,
  made: { readonly id: string; readonly requestedBy: string; readonly createdAt: number },
  credentials: CredentialSource,
): NewComparison {
  const { left, right, ...options } = check(input);
  return {
    ...made,
    join: null,
    left: parseMaster(left, 'left', credentials),
    right: parseMaster(right, 'right', credentials),
    spec: resolveSpec(options as Parameters<typeof resolveSpec>[0]),
  };
}
