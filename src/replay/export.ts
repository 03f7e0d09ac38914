/** What an expansion saw, in the format that `replay` reads (docs/recordings.md). */
import { isIP } from 'node:net';
import { isLoopback } from '../model/addresses.ts';
import { serverMoved } from '../model/agent-times.ts';
import type { Expansion } from '../model/expansion.ts';
import { type Address, formatAddress, type Look } from '../model/observation.ts';
import type { Observation } from '../model/views/observation.ts';

/** The lines of the recording; `observations` in the order in which they were stored. */
export async function* expansionRecording(
  expansion: Expansion,
  observations: AsyncIterable<Observation>,
): AsyncGenerator<string> {
  const { id, master, joins, acceptedAt: start } = expansion;
  const names = new Map([
    [master.name, 'm'],
    ...joins.map(({ target, index }) => [target.name, `s${index + 1}`] as const),
  ]);
  const version = expansion.capabilities?.version ?? '';
  const nodes = [master, ...joins.map(({ target }) => target)].map((target) => [
    names.get(target.name)!,
    { version: target === master ? version : '', addr: formatAddress(target.seenAs) },
  ]);
  const meta = {
    format: 2,
    trace: `expansion ${id}`,
    nodes: Object.fromEntries(nodes),
    recorder: 'pika-expander service',
  };
  yield JSON.stringify({ meta });
  const { host, port } = master.seenAs;
  for (const { target, attempts } of joins)
    for (const { tracker, detachedAt } of attempts) {
      const node = names.get(target.name)!;
      if (detachedAt !== null)
        yield row(start, detachedAt, { node, command: ['SLAVEOF', 'NO', 'ONE'], reply: 'OK' });
      if (tracker === null) continue;
      const command = ['SLAVEOF', host, String(port)];
      yield row(start, tracker.attachedAt, { node, command, reply: 'OK' });
    }
  for await (const { node, look } of observations) {
    const name = names.get(node);
    if (name !== undefined) yield row(start, look.at, { node: name, look: sinceStart(look, start) });
  }
}

const row = (start: number, at: number, rest: object): string =>
  JSON.stringify({ t: (at - start) / 1000, ...rest });

/** A look whose times are milliseconds since the start. */
function sinceStart({ at: _, sight, ...look }: Look, start: number): object {
  if (!sight) return look;
  const moved = (at: number) => at - start;
  return { ...look, sight: { ...sight, at: moved(sight.at), server: serverMoved(sight.server, moved) } };
}

const ipv4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;
const maybeIpv6 = /(?<![\w:.])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:.])/gi;
/** Hosts as INFO names them. */
const hostInInfo = /(?:^master_host:|\bip=)([^,\s]+)/gm;

/** Of these `replay` reads the words; a host may have such a name. */
const words: ReadonlySet<string> = new Set(
  'node kind role section code verdict cause db linkStatus outcome recorder command'.split(' '),
);

export interface AddressHider {
  /** Takes note of the hosts that a line of the recording names. */
  learn(line: string): void;
  hide(line: string): string;
}

/**
 * Puts an address of a private network in the place of each IP address and of each name of a host, always the same for
 * the same. Loopback addresses stay: they tell nothing, and nodes treat them apart. A name is hidden where it was learnt:
 * from the servers, or from an earlier line.
 */
export function hidingAddresses(servers: readonly Address[]): AddressHider {
  const stands = new Map<string, string>();
  const standIn = (host: string): string => {
    const key = host.toLowerCase();
    const known = stands.get(key);
    if (known !== undefined) return known;
    const n = stands.size + 1;
    const made = `10.255.${n >> 8}.${n & 255}`;
    stands.set(key, made);
    return made;
  };
  const names = new Set<string>();
  const learnHost = (host: string): void => {
    if (isIP(host) !== 0 || isLoopback(host)) return;
    names.add(host.toLowerCase());
    const [short] = host.toLowerCase().split('.');
    if (short && /[\d-]/.test(short) && short.length > 3) names.add(short);
  };
  for (const { host } of servers) learnHost(host);
  const hideIp = (ip: string): string => (isIP(ip) === 0 || isLoopback(ip) ? ip : standIn(ip));
  const hideIps = (text: string): string => text.replace(ipv4, hideIp).replace(maybeIpv6, hideIp);
  const hideAll = (text: string): string =>
    [...names]
      .sort((a, b) => b.length - a.length)
      .reduce((hidden, name) => replacedAll(hidden, name, standIn(name)), hideIps(text));
  return {
    learn(line) {
      withStrings(JSON.parse(line), (text, key) => {
        if (key === 'host' || key === 'ip' || key === 'masterHost') learnHost(text);
        if (key === 'raw') for (const [, host] of text.matchAll(hostInInfo)) learnHost(host!);
        return text;
      });
    },
    hide: (line) =>
      JSON.stringify(
        withStrings(JSON.parse(line), (text, key) => {
          // The name of a token tells of a host in its own way.
          if (key === 'agent') return 'agent';
          return words.has(key) ? hideIps(text) : hideAll(text);
        }),
      ),
  };
}

/** The same value with each text in it changed; `key`: the name of its field. */
function withStrings(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key);
  if (Array.isArray(value)) return value.map((each) => withStrings(each, change, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withStrings(each, change, name)]),
  );
}

/** Whole names alone, in any case. */
const replacedAll = (text: string, name: string, by: string): string =>
  text.replace(new RegExp(`(?<![a-z\\d.-])${name.replace(/[^\w]/g, '\\$&')}(?![a-z\\d-])`, 'gi'), by);
