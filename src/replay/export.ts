/** What an expansion saw, in the format that `replay` reads (docs/recordings.md). */
import { isIP } from 'node:net';
import { isLoopback } from '../model/addresses.ts';
import { serverMoved } from '../model/agent-times.ts';
import type { Expansion } from '../model/expansion.ts';
import { formatAddress, type Look } from '../model/observation.ts';
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

/**
 * Puts an address of a private network in the place of each IP address and of each name of a host, always the same for
 * the same. Loopback addresses stay: they tell nothing, and nodes treat them apart.
 */
export function hidingAddresses(expansion: Expansion): (text: string) => string {
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
  const learn = (host: string): void => {
    if (isIP(host) === 0 && !isLoopback(host)) names.add(host.toLowerCase());
  };
  for (const { address, seenAs } of [expansion.master, ...expansion.joins.map(({ target }) => target)])
    for (const { host } of [address, seenAs]) learn(host);
  const hideIp = (ip: string): string => (isIP(ip) === 0 || isLoopback(ip) ? ip : standIn(ip));
  return (line) => {
    // Servers name hosts that the request does not: other slaves, and what their agents call them.
    for (const [, host] of line.matchAll(/"(?:host|ip|masterHost)":"([^"]+)"/g)) learn(host!);
    let text = line.replace(ipv4, hideIp).replace(maybeIpv6, hideIp);
    for (const name of [...names].sort((a, b) => b.length - a.length))
      text = replacedAll(text, name, standIn(name));
    return text;
  };
}

/** Whole names alone, in any case. */
const replacedAll = (text: string, name: string, by: string): string =>
  text.replace(new RegExp(`(?<![\\w.-])${name.replace(/[^\w]/g, '\\$&')}(?![\\w-])`, 'gi'), by);
