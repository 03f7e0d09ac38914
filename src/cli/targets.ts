import type { CommandLineWords } from '../model/command-line/index.ts';
import { nearest } from '../model/nearest.ts';
import type { Address } from '../model/observation.ts';
import type { JoinTargetRequest, TargetRequest } from './api-types.ts';
import { UsageError } from './errors.ts';

const nodeHelp = ({ request }: CommandLineWords): string => request.nodeForm;
const nodeParts = ['overwrite-data', 'repoint', 'seen-as', 'credential'];

/**
 * Reads `host:port[,overwrite-data][,repoint][,seen-as=host:port][,credential=name]`.
 * Throws UsageError that names the part which is wrong. The service checks the address itself.
 */
export function parseNode(text: string): JoinTargetRequest {
  const [address = '', ...parts] = text.split(',').map((part) => part.trim());
  return {
    address: checkedAddress(address, text),
    ...Object.assign({}, ...parts.map((p) => partOf(p, text))),
  };
}

/** As parseNode, but a master permits nothing. */
export function parseMaster(text: string): TargetRequest {
  const { overwriteData, repoint, ...master } = parseNode(text);
  if (overwriteData || repoint) throw new UsageError(({ request }) => request.notForMaster(text));
  return master;
}

/** Nodes from a file's text: one a line; blank lines and what follows a # are left out. */
export const parseNodeLines = (text: string): JoinTargetRequest[] => linesOf(text).map(parseNode);

/** Masters from a file's text, written in the same way. */
export const parseMasterLines = (text: string): TargetRequest[] => linesOf(text).map(parseMaster);

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');

/** The parts of a checked `host:port`. */
export function partsOf(address: string): Address {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

function checkedAddress(address: string, text: string): string {
  if (!isAddress.test(address)) throw new UsageError(({ request }) => request.noAddress(text), [nodeHelp]);
  return address;
}

const isAddress = /^(\[[^\]]+\]|[^:\s[\]]+):\d+$/;

function partOf(part: string, text: string): Partial<JoinTargetRequest> {
  const [name, value] = part.split('=', 2) as [string, string | undefined];
  if (part === 'overwrite-data') return { overwriteData: true };
  if (part === 'repoint') return { repoint: true };
  if (name === 'seen-as' && value) {
    if (!isAddress.test(value))
      throw new UsageError(({ request }) => request.badSeenAs(text, value), [nodeHelp]);
    return { seenAs: value };
  }
  if (name === 'credential' && value) return { credential: value };
  throw new UsageError(
    ({ request }) => request.unknownPart(text, part, nearest(name, nodeParts)[0] ?? null),
    [nodeHelp],
  );
}
