import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what the system hands out by itself, so that nobody takes a port while its owner is being restarted; and apart, since
 * the servers of a run and its nodes are made in different processes.
 */
const ranges = { servers: [10_000, 10_999], nodes: [11_000, 21_999] } as const;
const tries = 200;
/** A node's address is its name: no two of a run have the same, not even one after the other. */
const given = new Set<number>();

/** A port of loopback that nobody listens on, and that was not given before. */
export async function quietPort(whose: keyof typeof ranges): Promise<number> {
  const [lowest, highest] = ranges[whose];
  for (let i = 0; i < tries; i += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (given.has(port) || !(await isQuiet(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${lowest} and ${highest}`);
}

async function isQuiet(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
