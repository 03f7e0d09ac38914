import { createHash } from 'node:crypto';
import { connectorSays } from '../model/connector-texts.ts';
import { formatAddress } from '../model/observation.ts';
import type { NodeTarget } from '../model/targets.ts';
import { type Said, withoutControls } from '../model/text.ts';
import { askOutside } from '../net/outgoing.ts';
import type { CodisConnector } from '../platform/connectors.ts';
import { type Connector, type ConnectorParts, placeOf } from './connector.ts';

/** The statistics hold the INFO of each server, and each slot. */
const mostStatsBytes = 64 * 1024 * 1024;
const mostAnswerBytes = 64 * 1024;

/** models.Group and models.GroupServer of Codis, as far as they are used. */
interface Group {
  readonly id: number;
  readonly servers: readonly Server[];
  readonly out_of_sync: boolean;
}
interface Server {
  readonly server: string;
  readonly replica_group: boolean;
  readonly action: { readonly state?: string };
}

/** The dashboard refused. */
class CodisFault extends Error {
  readonly said: Said;
  constructor(said: Said) {
    super(said.text);
    this.said = said;
  }
}

/** The token of the API: the name of the product, hashed (pkg/utils/rpc/crypto.go of Codis). */
export const xauthOf = (product: string): string =>
  createHash('sha256').update(`Codis-XAuth-[${product}]`).digest('hex').slice(0, 32);

/**
 * The dashboard of Codis. A proven slave is added to the group of its master and put online for readers. A node that is to
 * be synced, or taken from its master, is put offline and leaves the group before: dashboards of Pika's own Codis put each
 * server of a group online by themselves, and send a SLAVEOF to one that lost its master. The service never asks for a
 * sync action, which is a SLAVEOF too.
 */
export function codisConnector(config: CodisConnector, parts: ConnectorParts): Connector {
  const { dashboard, product, datacenter } = config;
  const xauth = xauthOf(product);

  async function api(
    method: 'GET' | 'PUT',
    path: readonly (string | number)[],
    signal: AbortSignal,
    most = mostAnswerBytes,
  ): Promise<string> {
    const url = `${dashboard}/api/topom/${path.map((part) => encodeURIComponent(part).replaceAll('%3A', ':')).join('/')}`;
    const { status, text } = await askOutside(
      parts.wayOut,
      { method, url, mostAnswerBytes: most, headers: { 'content-length': 0 } },
      signal,
    );
    if (status === 200) return text;
    throw new CodisFault(
      status === 800
        ? connectorSays('server_said', { server: dashboard, detail: causeIn(text) })
        : connectorSays('answered', { status, quoted: '' }),
    );
  }

  /** The dashboard's own words, as rpc.RemoteError has them. */
  function causeIn(text: string): string {
    const cause = parsed<{ readonly Cause?: unknown }>(text)?.Cause;
    return typeof cause === 'string' ? parts.hide(withoutControls(cause)).slice(0, 200) : 'an error';
  }

  const put = (signal: AbortSignal, ...path: readonly (string | number)[]): Promise<string> =>
    api('PUT', ['group', ...path], signal);

  async function groups(signal: AbortSignal): Promise<readonly Group[]> {
    const stats = parsed<{ readonly group?: { readonly models?: readonly Group[] | null } }>(
      await api('GET', ['stats', xauth], signal, mostStatsBytes),
    );
    const models = stats?.group?.models ?? (stats?.group === undefined ? undefined : []);
    if (models?.every(isGroup)) return models;
    throw new CodisFault(connectorSays('not_as_documented', { server: dashboard }));
  }

  /** What the dashboard has of a node: read again after each change, since others change it too. */
  async function standing(master: NodeTarget, node: NodeTarget, signal: AbortSignal): Promise<Standing> {
    const all = await groups(signal);
    const [isMaster, isNode] = [await placeOf(master, parts.resolve), await placeOf(node, parts.resolve)].map(
      (is) => (server: Server | undefined) => server !== undefined && is(addressIn(server.server)),
    ) as [Is, Is];
    const own = all.find(({ servers }) => isMaster(servers[0])) ?? null;
    const holder = all.find(({ servers }) => servers.some(isNode)) ?? null;
    return { own, holder, entry: holder?.servers.find(isNode) ?? null };
  }

  async function publish(
    master: NodeTarget,
    node: NodeTarget,
    signal: AbortSignal,
  ): Promise<readonly Said[]> {
    const look = () => standing(master, node, signal);
    let now = await look();
    const { own } = now;
    if (own === null) return [connectorSays('codis_no_group', { master: formatAddress(master.seenAs) })];
    if (now.holder !== null && now.holder.id !== own.id)
      return [connectorSays('codis_other_group', { group: now.holder.id })];
    if (now.entry === null) {
      const place = [formatAddress(node.seenAs), ...(datacenter === null ? [] : [datacenter])];
      await put(signal, 'add', xauth, own.id, ...place);
      now = await look();
    }
    const state = now.entry?.action.state ?? '';
    if (state === 'pending' || state === 'syncing') return [connectorSays('codis_action', { state })];
    if (now.entry?.replica_group === false) {
      await put(signal, 'replica-groups', xauth, own.id, now.entry.server, 1);
      now = await look();
    }
    if (now.own?.out_of_sync) {
      await put(signal, 'resync', xauth, own.id);
      now = await look();
    }
    const done = now.own?.id === own.id && now.entry?.replica_group === true && !now.own.out_of_sync;
    return done ? [] : [connectorSays('codis_unsettled', { group: own.id })];
  }

  async function withdraw(
    master: NodeTarget,
    node: NodeTarget,
    signal: AbortSignal,
    isNew: boolean,
  ): Promise<readonly Said[]> {
    const look = () => standing(master, node, signal);
    let now = await look();
    // What else is going on in the group of the master is the affair of others.
    if (isNew && now.entry === null) return [];
    const group = now.holder ?? now.own;
    if (group === null) return [];
    const resync = async (): Promise<void> => {
      now = await look();
      const here = now.holder ?? now.own;
      if (here?.id === group.id && here.out_of_sync) await put(signal, 'resync', xauth, group.id);
    };
    if (now.entry !== null) {
      if (now.holder?.servers[0] === now.entry)
        return [connectorSays('codis_is_master', { group: group.id })];
      if (now.own?.id !== group.id) return [connectorSays('codis_other_group', { group: group.id })];
      const { server } = now.entry;
      if (now.entry.replica_group) {
        await put(signal, 'replica-groups', xauth, group.id, server, 0);
        await resync();
      }
      await put(signal, 'del', xauth, group.id, server);
    }
    await resync();
    now = await look();
    const done = now.entry === null && !now.own?.out_of_sync;
    return done ? [] : [connectorSays('codis_unsettled', { group: group.id })];
  }

  return async ({ step, master }, node, signal) => {
    if (step === 'before_batch') return [];
    try {
      return step === 'after_verified'
        ? await publish(master, node, signal)
        : await withdraw(master, node, signal, step === 'before_node');
    } catch (error) {
      if (error instanceof CodisFault) return [error.said];
      throw error;
    }
  };
}

type Is = (server: Server | undefined) => boolean;

interface Standing {
  /** The group of the master; null = there is none. */
  readonly own: Group | null;
  /** The group that has the node; null = none has it. */
  readonly holder: Group | null;
  readonly entry: Server | null;
}

function parsed<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

const isGroup = (group: Group): boolean =>
  typeof group?.id === 'number' &&
  Array.isArray(group.servers) &&
  group.servers.every(
    ({ server, replica_group, action }) =>
      typeof server === 'string' && typeof replica_group === 'boolean' && typeof action === 'object',
  );

function addressIn(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
