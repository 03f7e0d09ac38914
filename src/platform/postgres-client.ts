import pg from 'pg';

/**
 * A connection to PostgreSQL whose loss never ends the process. It breaks whenever it likes, also between two steps of
 * whoever took it from a pool, and an error event that nobody listens to is thrown. Whoever uses the connection learns of
 * the loss from the query: it rejects, as every later one does.
 */
export class PostgresClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
