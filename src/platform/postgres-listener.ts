import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresClient } from './postgres-client.ts';

/** null = it listens from now on, and may have missed messages before. */
export type Hear = (told: string | null) => void;

export interface Listener {
  /** Never throws. After its close nothing is heard any more. */
  listen(channel: string, hear: Hear): { close(): Promise<void> };
  close(): Promise<void>;
}

const connectAgainMs = 1000;

/**
 * Hears NOTIFY on any number of channels over one connection: opened at the first one, closed after the last one, and opened again
 * when it is lost. LISTEN belongs to a connection, so behind PgBouncer that has to be one of session pooling: where it pools
 * transactions nothing is heard, and everybody who listens has a slow interval to fall back on.
 */
export function createListener({
  connect,
  onLost,
}: {
  readonly connect: () => PostgresClient;
  readonly onLost: (error: Error) => void;
}): Listener {
  const channels = new Map<string, Set<Hear>>();
  let connection: { readonly close: () => Promise<void> } | null = null;
  /** The connection that listens, and to which channels. */
  let listening: { readonly client: PostgresClient; readonly to: Set<string> } | null = null;
  /** A connection takes one statement at a time. */
  let asked: Promise<unknown> = Promise.resolve();

  const tell = (channel: string, told: string | null): void => {
    for (const hear of channels.get(channel) ?? []) hear(told);
  };

  /** Whoever hears before the server has answered hears nothing that he has missed: null comes after it. */
  async function listenTo(client: PostgresClient, to: Set<string>, channel: string): Promise<void> {
    to.add(channel);
    const answer = asked.then(() => client.query(`listen ${channel}`));
    asked = answer.catch(() => undefined);
    await answer;
    tell(channel, null);
  }

  async function listenUntilEnd(client: PostgresClient, signal: AbortSignal): Promise<void> {
    await client.connect();
    const ended = once(client, 'end', { signal });
    ended.catch(() => undefined);
    client.on('notification', ({ channel, payload }) => tell(channel, payload ?? null));
    const to = new Set<string>();
    listening = { client, to };
    for (const channel of channels.keys()) if (!to.has(channel)) await listenTo(client, to, channel);
    await ended;
  }

  function open(): { close(): Promise<void> } {
    const closing = new AbortController();
    const { signal } = closing;
    const keepListening = async (): Promise<void> => {
      while (!signal.aborted) {
        const client = connect();
        try {
          await listenUntilEnd(client, signal);
          throw new Error('the server has closed it');
        } catch (error) {
          if (!signal.aborted) onLost(error as Error);
        } finally {
          if (listening?.client === client) listening = null;
          await client.end().catch(() => undefined);
        }
        await delay(connectAgainMs, undefined, { signal }).catch(() => undefined);
      }
    };
    const kept = keepListening();
    return {
      async close() {
        closing.abort();
        await kept;
      },
    };
  }

  async function closeConnection(): Promise<void> {
    const closed = connection;
    connection = null;
    await closed?.close();
  }

  return {
    listen(channel, hear) {
      const hearers = channels.get(channel) ?? new Set();
      channels.set(channel, hearers.add(hear));
      if (connection === null) connection = open();
      else if (listening?.to.has(channel)) queueMicrotask(() => hearers.has(hear) && hear(null));
      // Where the connection breaks meanwhile, the next one listens to it.
      else if (listening) void listenTo(listening.client, listening.to, channel).catch(() => undefined);
      return {
        async close() {
          hearers.delete(hear);
          if (hearers.size === 0 && channels.get(channel) === hearers) channels.delete(channel);
          if (channels.size === 0) await closeConnection();
        },
      };
    },
    async close() {
      channels.clear();
      await closeConnection();
    },
  };
}
