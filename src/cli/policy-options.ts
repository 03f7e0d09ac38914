import type { Command } from 'commander';
import { type Fields, merged, type Values } from '../model/fields.ts';
import { type PolicyInput, policyFields, policySections } from '../model/policy.ts';
import type { Language } from '../model/text.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { addFieldOptions, type FlagValues, inputFromFlags } from './field-options.ts';
import { readText } from './settings.ts';

/** The flags out of which a policy is made; the service checks the ranges. */
export interface PolicyOptions extends FlagValues {
  readonly policy?: string;
}

export function addPolicyOptions(
  command: Command,
  language: Language,
  fields: Fields = policyFields,
): Command {
  command.option('--policy <file>', 'JSON file with a policy (- = standard input); the flags win over it');
  return addFieldOptions(command, fields, language, policySections);
}

/** The policy that file and flags ask for; undefined = all defaults. Throws UsageError. */
export function policyOf(options: PolicyOptions, context: CliContext): PolicyInput | undefined {
  const file = options.policy === undefined ? {} : readPolicy(options.policy, context);
  const policy = merged(policyFields, file, inputFromFlags(policyFields, options));
  return Object.keys(policy).length === 0 ? undefined : (policy as PolicyInput);
}

function readPolicy(path: string, context: CliContext): Values {
  const text = readText(path, 'policy', context);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  } catch (error) {
    throw new UsageError(({ settings: each }) =>
      each.notJson(each.files.policy, path, (error as Error).message),
    );
  }
  throw new UsageError(({ settings: each }) => each.notAnObject(each.files.policy, path));
}
