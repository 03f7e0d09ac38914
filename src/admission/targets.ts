import type { CredentialSource } from '../engines/engine.ts';
import type { JoinTarget, NodeTarget } from '../model/expansion.ts';
import { type Address, formatAddress } from '../model/observation.ts';
import type { MasterInput, NodeInput } from './request.ts';
import { invalidField, printable } from './validate.ts';

const nameLike =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const ipv6Like = /^[0-9A-Fa-f:.]{2,45}$/;

/** Parses `host:port` (`[host]:port` for IPv6). Throws a Refusal that names the field. */
export function parseAddress(text: string, field: string): Address {
  if (/\p{Cc}/u.test(text)) {
    throw invalidField(field, `holds a control character: "${printable(text)}"`);
  }
  if (/\s/.test(text)) throw invalidField(field, `holds white space: "${printable(text)}"`);
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (parts === null) {
    throw invalidField(field, `is "${printable(text)}", which is not host:port (IPv6: [host]:port)`);
  }
  const host = parts[1] ?? parts[2] ?? '';
  const fits = parts[1] === undefined ? nameLike.test(host) : ipv6Like.test(host) && host.includes(':');
  if (!fits)
    throw invalidField(
      field,
      `has the host "${printable(host)}", which is neither a host name nor an IP address`,
    );
  return { host, port: parsePort(parts[3] ?? '', field) };
}

function parsePort(text: string, field: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw invalidField(field, `has the port "${printable(text)}"; a port is a number from 1 to 65535`);
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
  const known = credentials.names.length > 0 ? credentials.names.join(', ') : 'none';
  throw invalidField(field, `names the credential "${printable(name)}", which is not configured`, [
    `Use a configured name (${known}), or add it to the credentials section of the configuration.`,
  ]);
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
    throw invalidField('nodes', `names ${inputs.length} nodes; one expansion takes at most ${maxNodes}`, [
      'Split the nodes over several expansions; those of one master run one after the other.',
    ]);
  }
  return inputs.map((input, index) => ({
    ...parseTarget(input, `nodes[${index}]`, credentials),
    overwriteData: typeof input === 'object' && input.overwriteData === true,
    repoint: typeof input === 'object' && input.repoint === true,
  }));
}
