import Type, { type Static } from 'typebox';
import { resolveSpec } from '../compare/spec.ts';
import type { CredentialSource } from '../engines/engine.ts';
import { type ComparisonInput, comparisonFields } from '../model/comparison.ts';
import { schemaOf } from '../model/field-schema.ts';
import type { NewComparison } from '../store/comparisons.ts';
import { ServerInput } from './request.ts';
import { parseMaster } from './targets.ts';
import { validator } from './validate.ts';

/** What a request for a comparison may say. `left` is the master, or simply the first of two servers. */
export const ComparisonRequest = Type.Unsafe<
  ComparisonInput & { readonly left: Static<typeof ServerInput>; readonly right: Static<typeof ServerInput> }
>(
  Type.Object(
    {
      left: ServerInput,
      right: ServerInput,
      ...schemaOf(comparisonFields).properties,
    },
    { additionalProperties: false },
  ),
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
    spec: resolveSpec(options),
  };
}
