import type { ExpansionRequest } from './api-types.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { type PolicyOptions, policyOf } from './policy-options.ts';
import { readText } from './settings.ts';
import { parseMaster, parseNode, parseNodeLines } from './targets.ts';

export interface RequestOptions extends PolicyOptions {
  readonly master: string;
  readonly nodesFile?: string;
  readonly label?: string;
}

/** The request body for `plan` and `expand`. Throws UsageError. */
export function requestOf(
  nodes: readonly string[],
  options: RequestOptions,
  context: CliContext,
): ExpansionRequest {
  const fromFile =
    options.nodesFile === undefined ? [] : parseNodeLines(readText(options.nodesFile, 'nodes file', context));
  const all = [...nodes.map(parseNode), ...fromFile];
  if (all.length === 0)
    throw new UsageError('No node to be added is named.', [
      'Name them after the options (host:port …), or one a line in a file: --nodes-file FILE.',
    ]);
  const policy = policyOf(options, context);
  return {
    master: parseMaster(options.master),
    nodes: all,
    ...(policy === undefined ? {} : { policy }),
    ...(options.label === undefined ? {} : { label: options.label }),
  };
}
