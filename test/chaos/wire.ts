import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { quietPort } from './ports.ts';

/** How a wire fails: nothing comes through and nothing is refused, or everything is refused at once. */
export type Cut = 'silent' | 'refusing';

/** A TCP proxy to one server, which can be cut. */
export interface Wire {
  readonly port: number;
  cut(how: Cut): Promise<void>;
  /** What was under way on a silent wire arrives now, as it does after an outage of the network. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  far: Socket | null;
}

/** Opens the proxy on a free port of loopback. */
export async function openWire(target: NetConnectOpts): Promise<Wire> {
  const pairs = new Set<Pair>();
  const port = await quietPort('servers');
  let server: Server | null = null;
  let silent = false;

  const join = (pair: Pair): void => {
    const far = connect({ ...target, allowHalfOpen: true });
    pair.far = far;
    const end = (): void => {
      pair.near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    far.on('error', end);
    far.on('close', end);
    flow(pair);
  };
  const flow = ({ near, far }: Pair): void => {
    if (far === null) return;
    near.pipe(far);
    far.pipe(near);
  };
  const halt = ({ near, far }: Pair): void => {
    near.unpipe();
    near.pause();
    far?.unpipe();
    far?.pause();
  };
  const accept = (near: Socket): void => {
    const pair: Pair = { near, far: null };
    pairs.add(pair);
    near.on('error', () => near.destroy());
    near.on('close', () => {
      // What it sent before it left still arrives.
      if (!silent) pair.far?.end();
      if (pair.far === null) pairs.delete(pair);
    });
    if (silent) near.pause();
    else join(pair);
  };
  const listen = async (): Promise<void> => {
    const made = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    made.listen(port, '127.0.0.1');
    await once(made, 'listening');
    server = made;
  };
  const drop = (): void => {
    for (const { near, far } of pairs) {
      near.destroy();
      far?.destroy();
    }
    pairs.clear();
  };
  const unlisten = async (): Promise<void> => {
    const stopping = server;
    server = null;
    if (stopping === null) return;
    const closed = once(stopping, 'close');
    stopping.close();
    drop();
    await closed;
  };

  await listen();
  return {
    port,
    async cut(how) {
      if (how === 'refusing') return unlisten();
      silent = true;
      for (const pair of pairs) halt(pair);
    },
    async mend() {
      if (server === null) await listen();
      if (!silent) return;
      silent = false;
      for (const pair of pairs) {
        if (pair.far === null) join(pair);
        else flow(pair);
      }
    },
    close: unlisten,
  };
}
