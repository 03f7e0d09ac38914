import type { Cluster } from '../../src/simulator/cluster.ts';
import { isFailure, type Reply, type Session } from '../../src/simulator/index.ts';
import { dataCommands } from '../../src/simulator/keyspace-commands/table.ts';
import { masterOf, type SimNode } from '../../src/simulator/world.ts';
import type { Entry, Truth } from './history.ts';

/** What a node is to the requests. */
type Role = 'master' | 'target' | 'bystander';

/** Writes down what happens to served nodes; see `record`. */
export interface Recorder {
  /** From now on what happens to the node is written down. */
  watch(nodeId: string, role: Role): void;
  /** It is no longer. */
  forget(nodeId: string): void;
  truth(nodeId: string): Truth;
  /** When a client that connected after `since` first sends one of these nodes a command. */
  firstCommand(nodeIds: readonly string[], since: number): Promise<number>;
}

const throttle = 'throttle-bytes-per-second';
const acting: ReadonlySet<string> = new Set([
  'slaveof',
  'dbslaveof',
  'bgsave',
  'delbackup',
  'purgelogsto',
  'clearreplicationid',
  'padding',
  'exec',
]);

export const nameOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host}:${port}`;

/**
 * Puts itself between the clients and the model, before the cluster is served: sees each command as it is carried out,
 * by which connection it came, and the states of the nodes as they change.
 */
export function record(cluster: Cluster, tell: (entry: Entry) => void): Recorder {
  const roles = new Map<string, Role>();
  const attached = new Set<string>();
  const told = new Map<string, string>();
  const connections = new WeakMap<Session, { readonly number: number; readonly openedAt: number }>();
  const waiting = new Set<{
    readonly nodes: ReadonlySet<string>;
    readonly since: number;
    readonly seen: (at: number) => void;
  }>();
  /** How closely each node is looked at, from SLAVEOF to the first look at which it is connected. */
  const sights = new Map<string, { lastAt: number; unseenMs: number; over: boolean }>();
  let opened = 0;

  const truth = (id: string): Truth => {
    const node = cluster.node(id);
    const { keys, missing, different, foreign, lost } = cluster.observe(id);
    return {
      follows: node.master === null ? null : nameOf(node.master),
      connected: isConnected(node),
      keys,
      missing,
      different,
      foreign,
      lost,
      throttle: node.settings.get(throttle) ?? '',
      throttleInFile: node.persisted.settings.get(throttle) ?? '',
    };
  };
  const isWhole = (id: string): boolean => {
    const { connected, lost } = truth(id);
    return connected && lost === 0;
  };

  // ---- commands

  const session = cluster.session.bind(cluster);
  cluster.session = () => {
    const made = session();
    opened += 1;
    connections.set(made, { number: opened, openedAt: Date.now() });
    return made;
  };

  const perform = cluster.perform.bind(cluster);
  cluster.perform = (id, argv, by) => {
    const role = roles.get(id);
    const connection = by === undefined ? undefined : connections.get(by);
    if (role === undefined || connection === undefined) return perform(id, argv, by);
    look(id);
    const before = isActing(argv) ? situation(id, argv) : null;
    const outcome = perform(id, argv, by);
    const at = Date.now();
    for (const each of waiting) if (each.nodes.has(id) && connection.openedAt >= each.since) each.seen(at);
    const node = nameOf(cluster.node(id));
    const words = shown(argv);
    if (role === 'bystander') tell({ kind: 'stranger', at, node, words });
    if (before === null) return outcome;
    const reply = replyText(outcome.reply);
    if (before.attaches && reply === 'OK') {
      attached.add(id);
      sights.set(id, { lastAt: at, unseenMs: 0, over: false });
    }
    const { attaches: _attaches, ...rest } = before;
    tell({ kind: 'command', at, node, words, reply, connection: connection.number, ...rest });
    return outcome;
  };

  function look(id: string): void {
    const sight = sights.get(id);
    if (sight === undefined || sight.over) return;
    const now = Date.now();
    sight.unseenMs = Math.max(sight.unseenMs, now - sight.lastAt);
    sight.lastAt = now;
    sight.over = isConnected(cluster.node(id));
  }

  function situation(id: string, argv: readonly string[]) {
    const node = cluster.node(id);
    const attaches = argv[0]!.toLowerCase() === 'slaveof' && argv[1]?.toLowerCase() !== 'no';
    const { follows, keys } = truth(id);
    const unfinished = attaches ? unfinishedOf(`${argv[1]}:${argv[2]}`, id) : [];
    const unseenMs = sights.get(id)?.unseenMs ?? 0;
    return { attaches, follows, keys, slaves: node.slaves.length, whole: isWhole(id), unseenMs, unfinished };
  }

  /** Nodes that were attached to this master, and are not whole. */
  function unfinishedOf(master: string, but: string): readonly string[] {
    return [...attached]
      .filter((id) => id !== but && lastMaster.get(id) === master && !isWhole(id))
      .map((id) => nameOf(cluster.node(id)));
  }

  // ---- states

  const lastMaster = new Map<string, string>();
  const inFullSync = (node: SimNode): boolean =>
    node.alive && node.dbs.some(({ state }) => state === 'WaitDBSync' || state === 'TryDBSync');

  function tellFullSyncs(node: SimNode): void {
    const master = masterOf(cluster.world, node);
    if (master !== undefined) lastMaster.set(node.id, nameOf(master));
    const name = lastMaster.get(node.id);
    if (name === undefined) return;
    // Not by `cluster.node`, which moves the time on: this may be in the middle of a command.
    const nodes = [...cluster.world.nodes.values()]
      .filter(
        (each) => roles.get(each.id) === 'target' && lastMaster.get(each.id) === name && inFullSync(each),
      )
      .map(nameOf);
    const text = nodes.join();
    if (text === (told.get(name) ?? '')) return;
    told.set(name, text);
    tell({ kind: 'full_syncs', at: Date.now(), master: name, nodes });
  }

  const note = cluster.world.note.bind(cluster.world);
  cluster.world.note = (node, event, data) => {
    note(node, event, data);
    const moved = event === 'state' || event.startsWith('process_');
    if (moved && roles.get(node.id) === 'target') tellFullSyncs(node);
  };

  return {
    watch: (id, role) => void roles.set(id, role),
    forget(id) {
      roles.delete(id);
      attached.delete(id);
    },
    truth,
    firstCommand: (ids, since) =>
      new Promise((resolve) => {
        const each = {
          nodes: new Set(ids),
          since,
          seen: (at: number) => {
            waiting.delete(each);
            resolve(at);
          },
        };
        waiting.add(each);
      }),
  };
}

const isConnected = ({ alive, master, dbs }: SimNode): boolean =>
  alive && master !== null && dbs.every(({ state }) => state === 'Connected');

/** Whether a command changes anything. */
function isActing(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').toLowerCase();
  if (name === 'config') return argv[1]?.toLowerCase() !== 'get';
  // A plan asks so whether the node knows it: without arguments it does nothing.
  if (name === 'slaveof' && argv.length === 1) return false;
  if (acting.has(name)) return true;
  return Object.hasOwn(dataCommands, name) && dataCommands[name]!.writes;
}

/** Passwords are not written down. */
const shown = (argv: readonly string[]): string =>
  argv[0]?.toLowerCase() === 'auth' ? 'AUTH' : argv.slice(0, 6).join(' ').slice(0, 200);

function replyText(reply: Reply): string {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) return String(reply);
  return isFailure(reply) ? reply.error : (reply as { readonly status: string }).status;
}
