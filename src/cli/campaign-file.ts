import { parseDocument } from 'yaml';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { readText } from './settings.ts';

const example = 'It holds members with a master and nodes each; docs/campaigns.md shows one.';

/** Reads a campaign from a file of YAML or JSON (- = standard input), as it is sent. Throws UsageError that names the line. */
export function readCampaignFile(
  path: string,
  context: Pick<CliContext, 'readFile'>,
): Readonly<Record<string, unknown>> {
  const text = readText(path, 'campaign', context);
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem)
    throw new UsageError(`The campaign file ${path} is neither YAML nor JSON: ${problem.message.trim()}`, [
      example,
    ]);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw new UsageError(`The campaign file ${path} cannot be read: ${(error as Error).message}`, [example]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`The campaign file ${path} does not hold a mapping of names to values.`, [example]);
  return value as Readonly<Record<string, unknown>>;
}
