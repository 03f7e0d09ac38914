/** The client of the REST API for programs in TypeScript: `import { createClient } from 'pika-expander/client'`. See docs/client.md. */
export type { Calls, Client, StoredEvent, StreamMessage, StreamRequest, WaitOptions } from './client.ts';
export { createClient } from './client.ts';
export type { ClientOptions } from './connection.ts';
export { ApiError, NoAnswerError } from './errors.ts';
export type * from './operations.ts';
