import { parseDocument } from 'yaml';
import type { CommandLineWords } from '../model/command-line/index.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { readText } from './settings.ts';

const example = ({ campaigns }: CommandLineWords): string => campaigns.example;

/** Reads a campaign from a file of YAML or JSON (- = standard input), as it is sent. Throws UsageError that names the line. */
export function readCampaignFile(
  path: string,
  context: Pick<CliContext, 'readFile'>,
): Readonly<Record<string, unknown>> {
  const text = readText(path, 'campaign', context);
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem)
    throw new UsageError(({ campaigns }) => campaigns.notYaml(path, problem.message.trim()), [example]);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw new UsageError(({ campaigns }) => campaigns.notReadable(path, (error as Error).message), [example]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(({ campaigns }) => campaigns.notAMapping(path), [example]);
  return value as Readonly<Record<string, unknown>>;
}
