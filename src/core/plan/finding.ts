import type { Finding } from '../../model/finding.ts';
import { type FindingCode, findingCodes } from '../../model/findings.ts';
import { credentialVariables, type NodeTarget } from '../../model/targets.ts';

/** A finding with the severity that the catalogue gives its code. */
export function finding(
  code: FindingCode,
  node: string | null,
  text: string,
  nextStep: string,
  facts?: Readonly<Record<string, unknown>>,
): Finding {
  const severity = findingCodes[code].severity;
  return facts ? { code, severity, node, text, nextStep, facts } : { code, severity, node, text, nextStep };
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

export function seconds(count: number): string {
  return count === 1 ? '1 second' : `${count} seconds`;
}

const onCommandLine = { overwriteData: 'overwrite-data', repoint: 'repoint' } as const;

/** How a node is permitted to lose its data or its master, in the words of each entrance. */
export function askAgainWith(node: string, ...permissions: readonly (keyof typeof onCommandLine)[]): string {
  const fields = permissions.map((permission) => `"${permission}": true`);
  const words = permissions.map((permission) => onCommandLine[permission]);
  return `ask again with ${listed(fields)} for this node (on the command line: ${[node, ...words].join(',')})`;
}

/** What to set for a login that was refused, or that may not be sent to this server. */
export function loginStep({ credential }: Pick<NodeTarget, 'credential'>): string {
  const prefix = credentialVariables(credential);
  const others =
    prefix === 'PIKA' ? '; or name in the request another credential (PIKA_CREDENTIAL_<NAME>_PASSWORD)' : '';
  return `Set ${prefix}_PASSWORD (and ${prefix}_USERNAME for an ACL user), and name this server in ${prefix}_NODES where it is outside of the private networks${others}.`;
}
