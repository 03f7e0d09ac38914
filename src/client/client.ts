import { type ClientOptions, Connection } from './connection.ts';
import {
  type EventPage,
  type ExpansionView,
  type Operations,
  type ProgressMessage,
  routes,
} from './operations.ts';

type Name = keyof Operations;
type Request<N extends Name> = Operations[N]['request'];
type Answer<N extends Name> = Operations[N]['answer'];

/** What every call takes beside its own. */
interface Common {
  readonly signal?: AbortSignal;
}

/** Nothing has to be given where nothing is needed. */
type Arguments<N extends Name> =
  Record<never, never> extends Request<N> ? [request?: Request<N> & Common] : [request: Request<N> & Common];

/** The operations of the API, each as a function under its `operationId`. */
export type Calls = { readonly [N in Name]: (...request: Arguments<N>) => Promise<Answer<N>> };

type StreamName = { [N in Name]: (typeof routes)[N]['streams'] extends true ? N : never }[Name];
type ParamsOf<N extends Name> = Omit<Request<N>, 'query' | 'body' | 'idempotencyKey'>;

export type StoredEvent = EventPage['items'][number];

/** What a stream brings: an event of the history, or, of one expansion, how far its nodes are (at most once a second). */
export type StreamMessage =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'progress'; readonly progress: ProgressMessage };

export type StreamRequest<N extends StreamName> = ParamsOf<N> & {
  /** Events after this seq; default: from the first of what is asked for, and of all events from now on. */
  readonly after?: number;
  readonly signal?: AbortSignal;
};

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Also come back when the expansion waits for a person: paused, waiting for approval, halted. */
  readonly orNeedsPerson?: boolean;
  /** Told of the expansion as it is first, and after each event of its own. */
  readonly onChange?: (expansion: ExpansionView) => void;
}

export interface Client extends Calls {
  /** The address of the service. */
  readonly url: string;
  /** The events of an operation that lists events, as they happen; for ever, also over lost connections. */
  stream<N extends StreamName>(name: N, request: StreamRequest<N>): AsyncGenerator<StreamMessage>;
  /** The expansion when it has ended. Throws the reason of the signal where that comes first. */
  untilEnded(expansionId: string, options?: WaitOptions): Promise<ExpansionView>;
}

/** A client of one service. It opens nothing by itself, and holds no connection beside those that are asked for. */
export function createClient(options: ClientOptions): Client {
  const connection = new Connection(options);
  const calls = Object.fromEntries(
    (Object.keys(routes) as Name[]).map((name) => [
      name,
      (request: Record<string, unknown> = {}) => call(connection, name, request),
    ]),
  ) as unknown as Calls;
  const stream: Client['stream'] = (name, request) => streamOf(connection, name, request);
  return {
    ...calls,
    url: connection.url,
    stream,
    untilEnded: (id, wait = {}) => untilEnded({ ...calls, stream }, id, wait),
  };
}

async function call(connection: Connection, name: Name, request: Record<string, unknown>): Promise<unknown> {
  const { method, keyed } = routes[name];
  const { query, body, idempotencyKey, signal } = request;
  const made = {
    method,
    path: pathOf(name, request) + queryText(query as Query | undefined),
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal: signal as AbortSignal }),
  };
  if (!keyed) return method === 'GET' ? connection.callAgain(made) : connection.call(made);
  const key = (idempotencyKey as string | undefined) ?? crypto.randomUUID();
  return connection.callAgain({ ...made, idempotencyKey: key });
}

/** The path with its parameters. Throws TypeError where one is missing: without it, the path would be another route's. */
function pathOf(name: Name, request: object): string {
  return routes[name].path.replaceAll(/\{(\w+)\}/g, (_, param: string) => {
    const value: unknown = (request as Record<string, unknown>)[param];
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} needs "${param}"`);
    return encodeURIComponent(value);
  });
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function queryText(query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

async function* streamOf(
  connection: Connection,
  name: StreamName,
  request: { readonly after?: number; readonly signal?: AbortSignal },
): AsyncGenerator<StreamMessage> {
  const { after = 0, signal } = request;
  for await (const { id, event, data } of connection.messages(pathOf(name, request), after, signal)) {
    if (id !== undefined) yield { kind: 'event', event: JSON.parse(data) as StoredEvent };
    else if (event === 'progress') yield { kind: 'progress', progress: JSON.parse(data) as ProgressMessage };
  }
}

const ends: readonly string[] = ['succeeded', 'failed', 'cancelled'];
const forPersons: readonly string[] = ['paused', 'awaiting_approval', 'halted'];

async function untilEnded(
  { getExpansion, stream }: Pick<Client, 'getExpansion' | 'stream'>,
  id: string,
  { signal, orNeedsPerson = false, onChange }: WaitOptions,
): Promise<ExpansionView> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const read = () => getExpansion({ id, signal: either });
  const isOver = ({ state }: ExpansionView): boolean =>
    ends.includes(state) || (orNeedsPerson && forPersons.includes(state));
  try {
    let expansion = await read();
    onChange?.(expansion);
    if (isOver(expansion)) return expansion;
    for await (const message of stream('listExpansionEvents', { id, signal: either })) {
      if (message.kind === 'progress' || !message.event.type.startsWith('expansion.')) continue;
      expansion = await read();
      onChange?.(expansion);
      if (isOver(expansion)) return expansion;
    }
    throw either.reason;
  } finally {
    stop.abort();
  }
}
