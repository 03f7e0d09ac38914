import type { CredentialSource } from '../engines/engine.ts';
import type { JoinTarget, NodeTarget } from '../model/expansion.ts';
import { type Address, formatAddress } from '../model/observation.ts';
import { refuseField } from '../model/refusal.ts';
import { credentialVariables } from '../model/targets.ts';
import type { MasterInput, NodeInput } from './request.ts';
import { printable } from './validate.ts';

const nameLike =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const ipv6Like = /^[0-9A-Fa-f:.]{2,45}$/;

/** Parses `host:port` (`[host]:port` for IPv6). Throws a Refusal that names the field. */
export function parseAddress(text: string, field: string): Address {
  if (/\p{Cc}/u.test(text)) {
    throw refuseField('control_character', field, { value: printable(text) });
  }
  if (/\s/.test(text)) throw refuseField('white_space', field, { value: printable(text) });
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (parts === null) {
    throw refuseField('not_host_port', field, { value: printable(text) });
  }
  const host = parts[1] ?? parts[2] ?? '';
  const fits = parts[1] === undefined ? nameLike.test(host) : ipv6Like.test(host) && host.includes(':');
  if (!fits) throw refuseField('bad_host', field, { value: printable(host) });
  return { host, port: parsePort(parts[3] ?? '', field) };
}

function parsePort(text: string, field: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw refuseField('bad_port', field, { value: printable(text) });
  }
  return port;
}

function parseTarget(
  input: MasterInput | NodeInput,
  field: string,
  credentials: CredentialSource,
): NodeTarget {
  if (typeof input === 'string') {
    const address = parseAddress(input, field);
    return { name: formatAddress(address), address, seenAs: address, credential: null };
  }
  const address = parseAddress(input.address, `${field}.address`);
  const seenAs = input.seenAs === undefined ? address : parseAddress(input.seenAs, `${field}.seenAs`);
  return {
    name: formatAddress(address),
    address,
    seenAs,
    credential: checkCredential(input.credential, `${field}.credential`, credentials),
  };
}

export function checkCredential(
  name: string | undefined,
  field: string,
  credentials: CredentialSource,
): string | null {
  if (name === undefined) return null;
  if (credentials.names.includes(name)) return name;
  const about = { value: printable(name), known: credentials.names, variable: credentialVariables(name) };
  throw refuseField('unknown_credential', field, about);
}

export function parseMaster(input: MasterInput, field: string, credentials: CredentialSource): NodeTarget {
  return parseTarget(input, field, credentials);
}

/** The nodes of a request, in its order. Throws a Refusal that names the first field that is wrong. */
export function parseNodes(
  inputs: readonly NodeInput[],
  maxNodes: number,
  credentials: CredentialSource,
): readonly JoinTarget[] {
  if (inputs.length > maxNodes) {
    throw refuseField('too_many_nodes', 'nodes', { nodes: inputs.length, most: maxNodes });
  }
  return inputs.map((input, index) => ({
    ...parseTarget(input, `nodes[${index}]`, credentials),
    overwriteData: typeof input === 'object' && input.overwriteData === true,
    repoint: typeof input === 'object' && input.repoint === true,
  }));
}
