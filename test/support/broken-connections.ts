import type { Socket } from 'node:net';
import pg from 'pg';
import { vi } from 'vitest';

/** Every connection that is taken from a pool breaks in that moment, until the returned function is called. */
export function breakTakenConnections(): () => void {
  const { emit } = pg.Pool.prototype;
  const spy = vi.spyOn(pg.Pool.prototype, 'emit').mockImplementation(function (this: pg.Pool, ...args) {
    const [event, client] = args as unknown as [string, { readonly connection: { readonly stream: Socket } }];
    if (event === 'acquire') client.connection.stream.destroy(new Error('read ECONNRESET'));
    return emit.apply(this, args);
  });
  return () => spy.mockRestore();
}
