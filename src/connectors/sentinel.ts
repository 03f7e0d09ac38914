import { Redis } from 'ioredis';
import { connectorSays } from '../model/connector-texts.ts';
import { formatAddress } from '../model/observation.ts';
import type { NodeTarget } from '../model/targets.ts';
import { type Said, withoutControls } from '../model/text.ts';
import type { SentinelConnector } from '../platform/connectors.ts';
import { type Connector, type ConnectorParts, placeOf } from './connector.ts';

const replyTimeoutMs = 3000;
/** With one of these a sentinel hands a replica to no client. */
const deadFlags = ['s_down', 'o_down', 'disconnected'];

type Fields = Readonly<Record<string, string>>;

/** What one sentinel says of the master and its replicas. */
interface Report {
  readonly sentinel: string;
  readonly master: Fields;
  readonly replicas: readonly Fields[];
}

class SentinelFault extends Error {
  readonly said: Said;
  constructor(said: Said) {
    super(said.text);
    this.said = said;
  }
}

const isFault = (report: Report | SentinelFault): report is SentinelFault => report instanceof SentinelFault;
const isReport = (report: Report | SentinelFault): report is Report => !isFault(report);

/**
 * Redis Sentinel. It finds replicas in the INFO of the master by itself, so nothing is written to publish one: the step goes
 * on when each sentinel has the node as a live replica. It forgets none by itself, and makes a live one that it knows a
 * slave of its master again: after a take-out the step goes on when no sentinel has the node as a live replica.
 */
export function sentinelConnector(config: SentinelConnector, parts: ConnectorParts): Connector {
  const { masterName, reset } = config;
  const ask = (sentinel: (typeof config.sentinels)[number]): Promise<Report | SentinelFault> =>
    withSentinel(config, sentinel, async (call, name) => ({
      sentinel: name,
      master: fieldsOf(await call('MASTER', masterName)),
      replicas: ((await call('SLAVES', masterName)) as unknown[]).map(fieldsOf),
    })).catch((error: unknown) => faultOf(error, formatAddress(sentinel), parts));

  return async ({ step, master }, node) => {
    if (step !== 'after_verified' && step !== 'after_detach') return [];
    const reports = await Promise.all(config.sentinels.map(ask));
    const isNode = await placeOf(node, parts.resolve);
    const entryOf = ({ replicas }: Report): Fields | undefined =>
      replicas.find((replica) => isNode(addressOf(replica)));
    if (step === 'after_verified') {
      const isMaster = await placeOf(master, parts.resolve);
      const says = (report: Report): readonly Said[] => {
        const found = addressOf(report.master);
        if (!isMaster(found)) return [otherMaster(report, masterName, formatAddress(found), master)];
        return publishedSays(report, entryOf(report), masterName);
      };
      return reports.flatMap((report) => (isFault(report) ? [report.said] : says(report)));
    }
    const faults = reports.filter(isFault).map(({ said }) => said);
    const asked = reports.filter(isReport);
    const listing = asked.filter((report) => entryOf(report) !== undefined);
    if (!reset) {
      const alive = listing.filter((report) => dead(entryOf(report)!).length === 0);
      const still = alive.map(({ sentinel }) =>
        connectorSays('sentinel_still_lists', { sentinel, masterName }),
      );
      return [...faults, ...still];
    }
    if (faults.length > 0 || listing.length === 0) return faults;
    return resetOne(listing[0]!, asked);
  };

  /**
   * One at a time: a sentinel that was reset knows for some seconds neither the replicas nor the other sentinels. It waits
   * until the others are whole, and nothing is wrong with the master.
   */
  async function resetOne(listing: Report, all: readonly Report[]): Promise<readonly Said[]> {
    const unsafe = all.find(
      ({ master }) =>
        master.flags !== 'master' || Number(master['num-other-sentinels']) < config.sentinels.length - 1,
    );
    if (unsafe !== undefined) {
      const { sentinel, master } = unsafe;
      const others = Number(master['num-other-sentinels']);
      return [
        connectorSays('sentinel_reset_waits', { sentinel, masterName, flags: master.flags ?? '?', others }),
      ];
    }
    const { sentinel } = listing;
    const place = config.sentinels.find((each) => formatAddress(each) === sentinel)!;
    try {
      await withSentinel(config, place, (call) => call('RESET', masterName));
    } catch (error) {
      return [faultOf(error, sentinel, parts).said];
    }
    return [connectorSays('sentinel_reset', { sentinel, masterName })];
  }
}

const otherMaster = ({ sentinel }: Report, masterName: string, found: string, { seenAs }: NodeTarget): Said =>
  connectorSays('sentinel_other_master', { sentinel, masterName, found, master: formatAddress(seenAs) });

/** What speaks against a node that is to be published. */
function publishedSays({ sentinel }: Report, entry: Fields | undefined, masterName: string): readonly Said[] {
  if (entry === undefined) return [connectorSays('sentinel_not_listed', { sentinel, masterName })];
  const flags = dead(entry);
  if (flags.length > 0) return [connectorSays('sentinel_flags', { sentinel, flags })];
  const status = entry['master-link-status'] ?? '?';
  return status === 'ok' ? [] : [connectorSays('sentinel_link', { sentinel, status })];
}

const dead = ({ flags = '' }: Fields): readonly string[] =>
  flags.split(',').filter((flag) => deadFlags.includes(flag));

const addressOf = ({ ip = '', port = '' }: Fields) => ({ host: ip, port: Number(port) });

/** A reply of names and values, one behind the other. */
function fieldsOf(reply: unknown): Fields {
  const list = (reply as readonly unknown[]).map(String);
  return Object.fromEntries(
    list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ''] as const] : [])),
  );
}

type Call = (...args: readonly string[]) => Promise<unknown>;

/** A connection for these few commands. It is never opened again, and nothing is sent twice. */
async function withSentinel<T>(
  { username, password }: SentinelConnector,
  place: { readonly host: string; readonly port: number },
  work: (call: Call, name: string) => Promise<T>,
): Promise<T> {
  const client = new Redis({
    ...place,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    connectTimeout: replyTimeoutMs,
    commandTimeout: replyTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    lazyConnect: true,
  });
  let met: Error | null = null;
  client.on('error', (error: Error) => {
    met ??= error;
  });
  try {
    await client.connect();
    return await work((...args) => client.call('SENTINEL', ...args), formatAddress(place));
  } catch (error) {
    // What the connection met says more than that it was closed.
    throw met ?? error;
  } finally {
    client.disconnect();
  }
}

function faultOf(error: unknown, sentinel: string, { hide }: ConnectorParts): SentinelFault {
  const detail = hide(withoutControls((error as Error).message)).slice(0, 200);
  const isReply = error instanceof Error && error.name === 'ReplyError';
  return new SentinelFault(
    isReply
      ? connectorSays('server_said', { server: sentinel, detail })
      : connectorSays('sentinel_silent', { sentinel, detail: detail || 'connection failed' }),
  );
}
