import { Socket } from 'node:net';
import pg from 'pg';

/**
 * A connection to PostgreSQL whose loss never ends the process. It breaks whenever it likes, also between two steps of
 * whoever took it from a pool, and an error event that nobody listens to is thrown. Whoever uses the connection learns of
 * the loss from the query: it rejects, as every later one does.
 */
export class PostgresClient extends pg.Client {
  readonly #socket: Socket;

  constructor(config?: pg.ClientConfig) {
    const socket = new Socket();
    super({ ...config, stream: () => socket });
    this.#socket = socket;
    this.on('error', () => undefined);
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  /** A server that refuses our certificate leaves the connection open, and `end` would wait for its end for ever. */
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (callback === undefined)
      return super.connect().catch((error: unknown) => {
        this.#socket.destroy();
        throw error;
      });
    super.connect((error: Error | null, client?: pg.Client) => {
      if (error) this.#socket.destroy();
      (callback as (error: Error | null, client?: pg.Client) => void)(error, client);
    });
    return undefined;
  }
}

type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/**
 * How to connect with these settings, each `-c name=value`, and under this name, by which others find the connection in PostgreSQL. In a
 * URL settings win over those beside it: `options` of both are joined, and a name in it does not count.
 */
export function withOptions<Place extends object>(
  place: Place | { readonly connectionString: string },
  options: string,
  name: string,
): pg.ClientConfig {
  const named = { application_name: name };
  if (!('connectionString' in place)) return { ...place, options, ...named };
  const url = new URL(place.connectionString);
  const theirs = url.searchParams.get('options');
  url.searchParams.delete('options');
  url.searchParams.delete('application_name');
  return {
    ...place,
    connectionString: url.toString(),
    options: theirs ? `${theirs} ${options}` : options,
    ...named,
  };
}
