/** The wires of the real engine over simulated nodes in virtual time: a reply takes a millisecond, a dead node refuses. */
import type { Wires } from '../engines/pika/connection.ts';
import { type Link, LinkError, type Reply } from '../engines/pika/link.ts';
import {
  type Cluster,
  isFailure,
  type Reply as ModelReply,
  NodeRefused,
  NodeStalled,
} from '../simulator/index.ts';

const oneWayMs = 0.5;

/** `stir` is called whenever something reached the service, so that the driver lets its promises settle. */
export function virtualWires(cluster: Cluster, stir: () => void): Wires {
  const time = cluster.world.clock;
  const after = (ms: number, run: () => void): (() => void) => {
    const entry = time.after(Math.max(0, ms), () => {
      stir();
      run();
    });
    return () => {
      entry.cancelled = true;
    };
  };

  return {
    after,
    ips: () => [],
    open: (address) =>
      new Promise((resolve, reject) => {
        after(oneWayMs, () => {
          const node = cluster.listener(address);
          if (node?.alive) resolve(linkTo(node.id));
          else reject(new LinkError('ECONNREFUSED', `connect ECONNREFUSED ${address.host}:${address.port}`));
        });
      }),
  };

  function linkTo(id: string): Link {
    const { life } = cluster.node(id);
    const session = cluster.session();
    let closed = false;
    const usable = (): boolean => !closed && cluster.node(id).alive && cluster.node(id).life === life;

    function run(
      commands: readonly (readonly unknown[])[],
      replies: Reply[],
      done: (error?: Error) => void,
    ): void {
      const gone = (): void => done(new LinkError('ECONNRESET', 'read ECONNRESET'));
      if (!usable()) {
        gone();
        return;
      }
      let readyAt = time.now();
      for (const command of commands.slice(replies.length)) {
        try {
          const outcome = cluster.perform(id, command.map(String), session);
          replies.push(asReply(outcome.reply));
          readyAt = Math.max(readyAt, outcome.readyAt);
        } catch (error) {
          if (error instanceof NodeStalled) {
            after(error.untilMs - time.now(), () => run(commands, replies, done));
            return;
          }
          if (!(error instanceof NodeRefused)) throw error;
          gone();
          return;
        }
      }
      after(readyAt - time.now() + oneWayMs, () => done());
    }

    return {
      connectedTo: null,
      get usable() {
        return usable();
      },
      send: (commands) =>
        new Promise((resolve, reject) => {
          const replies: Reply[] = [];
          after(oneWayMs, () =>
            run(commands, replies, (error) => (error ? reject(error) : resolve(replies))),
          );
        }),
      destroy() {
        closed = true;
      },
    };
  }
}

function asReply(reply: ModelReply): Reply {
  return typeof reply === 'object' && reply !== null && isFailure(reply)
    ? { error: reply.error }
    : { value: plain(reply) };
}

function plain(reply: ModelReply): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  return typeof reply === 'object' && reply !== null && 'status' in reply ? reply.status : reply;
}
