import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ProtocolError } from '../resp/reader.ts';
import { type Cluster, NodeRefused, NodeStalled } from './cluster.ts';
import type { Session } from './commands.ts';
import { CommandParser, complaints, encodeReply } from './resp.ts';
import { replicationPorts, type SimNode, takePort } from './world.ts';

export interface ServeOptions {
  /** Virtual milliseconds per real one. Default 1. */
  readonly timeScale?: number;
  /** Where to listen. Default 127.0.0.1. */
  readonly host?: string;
  /** `free`: the system chooses all ports; `given`: those of the nodes. Default `free`. */
  readonly ports?: 'free' | 'given';
}

export interface ServedCluster {
  /** Per node id, `host:port`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Adds a node that was made after the start. */
  serve(id: string): Promise<string>;
  /** Closes all connections and stops the clock. */
  close(): Promise<void>;
}

/** Another process can have a port that lies 2000 or 10001 from a free one, so listening is tried again for a while. */
const listenTries = 50;
const listenAgainMs = 20;

/** Longest sleep between two looks at the clock; Node's timers overflow beyond 24 days. */
const longestSleepMs = 3_600_000;

/**
 * Serves every node of the model over RESP, in real time: virtual time runs with the wall clock. Several tests can
 * serve clusters in one process; each has its own clock.
 */
export async function serveCluster(cluster: Cluster, options: ServeOptions = {}): Promise<ServedCluster> {
  const host = options.host ?? '127.0.0.1';
  const scale = options.timeScale ?? 1;
  const wallStart = performance.now();
  const virtualStart = cluster.now();
  const listeners = new Map<string, Listener>();
  const addresses: Record<string, string> = {};
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;
  let closed = false;

  const virtualNow = (): number => virtualStart + (performance.now() - wallStart) * scale;

  const catchUp = (): void => {
    if (!closed) cluster.world.clock.advanceTo(virtualNow());
    arm();
  };

  const arm = (): void => {
    const next = cluster.nextEventAt();
    if (closed || next === null || (timer !== null && timerAt <= next)) return;
    if (timer !== null) clearTimeout(timer);
    timerAt = next;
    const inMs = Math.min(longestSleepMs, Math.max(0, (next - virtualNow()) / scale));
    timer = setTimeout(() => {
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      catchUp();
    }, inMs);
  };

  async function serve(id: string): Promise<string> {
    const node = cluster.node(id);
    const listener = createListener(cluster, node);
    const port = await listener.listen(host, options.ports === 'given' ? node.port : 0);
    takePort(cluster.world, node, port);
    listeners.set(id, listener);
    addresses[id] = `${host}:${node.port}`;
    return addresses[id];
  }

  const onProcess = (node: SimNode, up: boolean): void => {
    const listener = listeners.get(node.id);
    if (closed || listener === undefined) return;
    if (up) void listener.listen(host, node.port).catch(() => {});
    else {
      void listener.stop();
      listener.hold(host, node.port);
    }
  };

  for (const node of cluster.nodes) await serve(node.id);
  cluster.world.catchUp = catchUp;
  cluster.world.clock.onEarlier(arm);
  cluster.world.processListeners.add(onProcess);
  catchUp();
  return {
    addresses,
    serve,
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      cluster.world.processListeners.delete(onProcess);
      await Promise.all([...listeners.values()].map((listener) => listener.stop()));
    },
  };
}

interface Listener {
  /** The port. Rejects when it cannot be had. */
  listen(host: string, port: number): Promise<number>;
  /** Keeps the port of a dead node from other programs, whose answers would be taken for the node's. Nobody can connect. */
  hold(host: string, port: number): void;
  stop(): Promise<void>;
}

/** The port of one node; it goes with the process and comes back with it. */
function createListener(cluster: Cluster, node: SimNode): Listener {
  const sockets = new Set<Socket>();
  let servers: Server[] = [];
  let held: Socket | null = null;

  const release = (): void => {
    held?.resetAndDestroy();
    held = null;
  };

  const accept = (socket: Socket): void => {
    sockets.add(socket);
    node.counters.connections++;
    node.counters.clients = sockets.size;
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    node.clients.add(address);
    socket.on('close', () => {
      sockets.delete(socket);
      node.clients.delete(address);
      node.counters.clients = sockets.size;
    });
    serveClient(cluster, node, socket);
  };

  const tryListen = (host: string, port: number, onSocket: (socket: Socket) => void): Promise<Server> =>
    new Promise((resolve, reject) => {
      const made = createServer({ noDelay: true }, onSocket);
      // Also later, when it changes nothing: a connection that cannot be accepted is the client's loss alone.
      made.on('error', reject);
      made.listen(port, host, 511, () => resolve(made));
    });

  const stop = async (): Promise<void> => {
    release();
    const stopping = servers;
    servers = [];
    for (const socket of sockets) socket.destroy();
    await Promise.all(
      stopping.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  };

  return {
    async listen(host, port) {
      for (let attempt = 1; ; attempt++) {
        try {
          servers.push(await tryListen(host, port, accept));
          release();
          const own = portOf(servers[0]!);
          for (const derived of replicationPorts({ ...node, port: own })) {
            const listening = tryListen(host, derived, (socket) => socket.destroy());
            // Where the port was given, another program may have a port that lies so far from it.
            const derivedServer = await (port === 0 ? listening : listening.catch(() => null));
            if (derivedServer !== null) servers.push(derivedServer);
          }
          return own;
        } catch (error) {
          await stop();
          if (attempt >= listenTries || !node.alive) throw error;
          await new Promise((resolve) => setTimeout(resolve, listenAgainMs));
        }
      }
    },
    hold(host, port) {
      // A connection from the port to itself: it is taken, and no server listens.
      held = connect({ host, port, localAddress: host, localPort: port });
      held.on('error', () => {});
      held.unref();
    },
    stop,
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Answers one connection in order; while the node is stalled the commands wait. */
function serveClient(cluster: Cluster, node: SimNode, socket: Socket): void {
  const parser = new CommandParser();
  const session: Session = cluster.session();
  const queue: string[][] = [];
  let head = 0;
  let waiting = false;

  const send = (text: string): void => {
    if (text === '' || socket.destroyed) return;
    node.counters.netOut += text.length;
    socket.write(text, 'latin1');
  };

  const waitUntil = (at: number, then: () => void): void => {
    waiting = true;
    cluster.world.clock.at(at, () => {
      waiting = false;
      then();
      drain();
    });
  };

  const drain = (): void => {
    if (waiting || socket.destroyed || head >= queue.length) return;
    let text = '';
    while (head < queue.length && !waiting) {
      const argv = queue[head++]!;
      const answer = answerTo(cluster, node, session, argv);
      if (answer.kind === 'refused') return void socket.destroy();
      if (answer.kind === 'stalled') {
        head--;
        waitUntil(answer.untilMs, () => {});
      } else if (answer.readyAt > cluster.now()) {
        const late = answer.text;
        waitUntil(answer.readyAt, () => send(late));
      } else text += answer.text;
      if (argv[0]?.toLowerCase() === 'quit' && answer.kind === 'answered') socket.end(text, 'latin1');
    }
    if (head >= queue.length) {
      queue.length = 0;
      head = 0;
    }
    send(text);
  };

  socket.on('data', (bytes) => {
    try {
      queue.push(...parser.push(bytes));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      socket.end(`-ERR Protocol error: ${complaints[error.fault ?? 'mark']}\r\n`);
      return;
    }
    drain();
  });
  socket.on('error', () => socket.destroy());
}

type Answer =
  | { readonly kind: 'answered'; readonly text: string; readonly readyAt: number }
  | { readonly kind: 'stalled'; readonly untilMs: number }
  | { readonly kind: 'refused' };

function answerTo(cluster: Cluster, node: SimNode, session: Session, argv: readonly string[]): Answer {
  try {
    const { reply, readyAt } = cluster.perform(node.id, argv, session);
    return { kind: 'answered', text: encodeReply(reply), readyAt };
  } catch (error) {
    if (error instanceof NodeStalled) return { kind: 'stalled', untilMs: error.untilMs };
    if (error instanceof NodeRefused) return { kind: 'refused' };
    throw error;
  }
}
