import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what the system hands out by itself, so that nobody takes the port while its owner is being restarted. */
const lowest = 10_000;
const highest = 21_999;
const tries = 200;

/** A port of loopback that nobody listens on. */
export async function quietPort(): Promise<number> {
  for (let i = 0; i < tries; i += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return port;
    } catch {
      // Somebody has it: another one.
    } finally {
      server.close();
    }
  }
  throw new Error(`no free port between ${lowest} and ${highest}`);
}
