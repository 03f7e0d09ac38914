import { WireConnection } from '../../src/compare/wire/wire.ts';
import { CommandWriter } from '../../src/resp/writer.ts';
import type { TestServer } from './servers.ts';

export interface Writing {
  /** Ends it, and tells how many commands were written. */
  stop(): Promise<number>;
}

/**
 * Writes to the very keys under comparison until it is stopped: values, deletions, expiries, counters, members. Of `keys`
 * keys `key:0`, `key:1`, ...; of fifty hashes the fields `f0` to `f39`.
 */
export function startWriting(server: TestServer, keys: number, writesPerSecond: number): Writing {
  let stopped = false;
  let written = 0;
  const startedAt = Date.now();
  const work = (async () => {
    const connection = await WireConnection.open({ ...server.endpoint, timeoutMs: 30_000 });
    const writer = new CommandWriter();
    while (!stopped) {
      const due = Math.min(200, Math.floor(((Date.now() - startedAt) / 1000) * writesPerSecond) - written);
      writer.reset();
      for (let i = 0; i < due; i++) write(writer, written + i, keys);
      if (due > 0) await connection.sendBytes(Buffer.from(writer.toBuffer()), writer.commands);
      written += Math.max(0, due);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    connection.close();
  })();
  return {
    stop: async () => {
      stopped = true;
      await work;
      return written;
    },
  };
}

function write(writer: CommandWriter, turn: number, keys: number): void {
  const name = `key:${Math.abs(Math.imul(turn, 7919) % keys)}`;
  switch (turn % 8) {
    case 0:
      writer.add('DEL', name);
      break;
    case 1:
      writer.add('SET', name, `short ${turn}`);
      writer.add('EXPIRE', name, 1);
      break;
    case 2:
      writer.add('INCR', 'counter');
      break;
    case 3:
      writer.add('HSET', `hash:${turn % 50}`, `f${turn % 40}`, turn);
      break;
    case 4:
      writer.add('RPUSH', 'queue', turn).add('LPOP', 'queue');
      break;
    case 5:
      writer.add('EXPIRE', name, 1000 + (turn % 1000));
      break;
    default:
      writer.add('SET', name, `value ${turn}`);
  }
}
