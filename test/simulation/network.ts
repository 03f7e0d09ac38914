import type { Wires } from '../../src/engines/pika/connection.ts';
import { type Command, type Link, LinkError, type Reply } from '../../src/engines/pika/link.ts';
import { isLoopback } from '../../src/model/addresses.ts';
import type { Address } from '../../src/model/observation.ts';
import { type Cluster, NodeRefused, NodeStalled } from '../../src/simulator/cluster.ts';
import type { Random } from '../../src/simulator/random.ts';
import { isFailure, type Reply as ModelReply } from '../../src/simulator/reply.ts';
import type { SimNode } from '../../src/simulator/world.ts';
import type { ServiceProcess } from './process.ts';

/** A command as it leaves the service, with who sends it under which lease. */
export interface SentCommand {
  readonly argv: readonly string[];
  readonly node: string;
  readonly process: string;
  readonly expansionId: string;
  readonly epoch: number;
  readonly sentAt: number;
}

export interface NetworkListener {
  sent(command: SentCommand): void;
  /** Right before the node runs it. */
  arriving(command: SentCommand): void;
  executed(command: SentCommand, reply: ModelReply): void;
}

/** What may be wrong between the service and a node. */
export interface Trouble {
  /** Nothing gets through. */
  cut: boolean;
  /** Upper bound of what each way may take beyond the usual; milliseconds. */
  slowMs: number;
  /** Share of replies that never come. */
  lossShare: number;
}

export interface Network {
  readonly trouble: (nodeId: string) => Trouble;
  /** The host vanished: connections to it hang instead of being refused. */
  readonly vanished: Set<string>;
  calm(): void;
  wires(process: ServiceProcess, sender: () => { expansionId: string; epoch: number }): Wires;
}

const usualMs: readonly [number, number] = [0.2, 4];
const never = -1;

export function createNetwork(cluster: Cluster, random: Random, listener: NetworkListener): Network {
  const troubles = new Map<string, Trouble>();
  const vanished = new Set<string>();
  const links = new Map<string, Set<(code: string, text: string) => void>>();
  const time = cluster.world.clock;

  const trouble = (nodeId: string): Trouble => {
    const known = troubles.get(nodeId) ?? { cut: false, slowMs: 0, lossShare: 0 };
    troubles.set(nodeId, known);
    return known;
  };

  /** Milliseconds for one way; `never` when it does not get through. */
  const way = (nodeId: string): number => {
    const { cut, slowMs } = trouble(nodeId);
    if (cut || vanished.has(nodeId)) return never;
    const slow = slowMs > 0 && random.next() < 0.3 ? random.next() * slowMs : 0;
    return random.within(usualMs) + slow;
  };

  cluster.world.processListeners.add((node, up) => {
    if (up || vanished.has(node.id)) return;
    for (const broke of Array.from(links.get(node.id) ?? [])) broke('ECONNRESET', 'read ECONNRESET');
  });

  const nodeAt = (address: Address): SimNode | undefined => cluster.listener(address);

  function wires(process: ServiceProcess, sender: () => { expansionId: string; epoch: number }): Wires {
    return {
      after: (ms, run) => process.after(ms, run),
      ips: (connectedTo) => [connectedTo],
      open: (address, signal) =>
        new Promise((resolve, reject) => {
          const node = nodeAt(address);
          const abort = (): void => reject(new LinkError('ETIMEDOUT', 'no connection within the limit'));
          if (signal.aborted) return abort();
          signal.addEventListener('abort', abort, { once: true });
          const delay = node ? way(node.id) : random.within(usualMs);
          if (delay === never) return;
          time.after(delay, () =>
            process.deliver(() => {
              signal.removeEventListener('abort', abort);
              if (node?.alive) resolve(openLink(process, node, sender));
              else
                reject(new LinkError('ECONNREFUSED', `connect ECONNREFUSED ${address.host}:${address.port}`));
            }, 'reply'),
          );
        }),
    };
  }

  function openLink(
    process: ServiceProcess,
    node: SimNode,
    sender: () => { expansionId: string; epoch: number },
  ): Link {
    const { life } = node;
    const session = cluster.session();
    const waiting = new Set<(error: LinkError) => void>();
    let usable = true;

    const end = (code: string, text: string): void => {
      usable = false;
      links.get(node.id)?.delete(broke);
      for (const reject of Array.from(waiting)) reject(new LinkError(code, text));
      waiting.clear();
    };
    const broke = (code: string, text: string): void => process.deliver(() => end(code, text), 'reply');
    const known = links.get(node.id) ?? new Set();
    links.set(node.id, known.add(broke));

    function send(commands: readonly Command[]): Promise<Reply[]> {
      return new Promise((resolve, reject) => {
        if (!usable) return reject(new LinkError('ECLOSED', 'the node closed the connection'));
        if (!process.alive) return;
        waiting.add(reject);
        const sent = commands.map((command): SentCommand => {
          const one = {
            argv: command.map(String),
            node: node.id,
            process: process.name,
            ...sender(),
            sentAt: time.now(),
          };
          listener.sent(one);
          return one;
        });
        const delay = way(node.id);
        if (delay === never) return;
        const replies: Reply[] = [];
        const answer = (): void => {
          waiting.delete(reject);
          resolve(replies);
        };
        time.after(delay, () => run(sent, replies, answer));
      });
    }

    /** Runs what has arrived, one after another; a stalled node goes on later. */
    function run(sent: readonly SentCommand[], replies: Reply[], answer: () => void): void {
      if (!node.alive || node.life !== life) {
        if (!vanished.has(node.id)) broke('ECONNRESET', 'read ECONNRESET');
        return;
      }
      const before = time.now();
      let readyAt = before;
      for (let at = replies.length; at < sent.length; at += 1) {
        try {
          listener.arriving(sent[at]!);
          const outcome = cluster.perform(node.id, sent[at]!.argv, session);
          listener.executed(sent[at]!, outcome.reply);
          replies.push(asReply(outcome.reply));
          readyAt = Math.max(readyAt, outcome.readyAt);
        } catch (error) {
          if (error instanceof NodeStalled) {
            time.after(error.untilMs - before, () => run(sent, replies, answer));
            return;
          }
          if (error instanceof NodeRefused) return;
          throw error;
        }
      }
      const back = way(node.id);
      if (back === never || random.next() < trouble(node.id).lossShare) return;
      time.after(readyAt - before + back, () => process.deliver(() => usable && answer(), 'reply'));
    }

    return {
      connectedTo: isLoopback(node.host) ? null : node.host,
      get usable() {
        return usable;
      },
      send,
      destroy: () => end('ECLOSED', 'the connection was given up'),
    };
  }

  return {
    trouble,
    vanished,
    calm: () => troubles.clear(),
    wires,
  };
}

function asReply(reply: ModelReply): Reply {
  return typeof reply === 'object' && reply !== null && isFailure(reply)
    ? { error: reply.error }
    : { value: plain(reply) };
}

function plain(reply: ModelReply): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  if (typeof reply === 'object' && reply !== null && 'status' in reply) return reply.status;
  return reply;
}
