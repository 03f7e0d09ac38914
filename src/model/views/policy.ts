import Type from 'typebox';
import { schemaOf } from '../field-schema.ts';
import { type Policy as PolicyValues, policyFields } from '../policy.ts';

export const Policy = Type.Unsafe<PolicyValues>(
  schemaOf(policyFields, 'The policy with its defaults filled in.'),
);
