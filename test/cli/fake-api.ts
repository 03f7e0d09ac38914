import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expansionView } from '../../src/api/views.ts';
import { newExpansion } from '../../src/core/steps/new-expansion.ts';
import type { JoinPhase, NodeTarget } from '../../src/model/expansion.ts';
import { resolvePolicy } from '../../src/model/policy.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import type { ExpansionView, JoinView } from '../../src/model/views/expansion.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import { said } from '../support/said.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A small REST API with one expansion that a test moves by hand. */
export class FakeApi {
  readonly requests: SeenRequest[] = [];
  expansion: ExpansionView = expansionOf(['10.0.0.2:9221', '10.0.0.3:9221']);
  events: StoredEvent[] = [];
  plan: Plan = planOf(['10.0.0.2:9221', '10.0.0.3:9221']);
  /** Answers by `METHOD path`, before the built-in ones. */
  readonly answers = new Map<string, Answer | (() => Answer)>();
  /** Asked for every stream before it is opened; false = refuse with 503. */
  acceptStreams = true;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  #onStream: () => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.dropStreams();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Stores an event and sends it to whoever watches. */
  emit(type: string, text: string, more: Partial<StoredEvent> = {}): void {
    const event: StoredEvent = {
      seq: (this.events.at(-1)?.seq ?? 0) + 1,
      expansionId: this.expansion.id,
      type,
      at: 1_700_000_000_000,
      node: null,
      level: 'info',
      text,
      data: {},
      ...more,
    };
    this.events.push(event);
    for (const stream of this.#streams) stream.write(messageOf(event));
  }

  /** Sends the joins as they are, as the service does at most once a second. */
  sendProgress(): void {
    const joins = this.expansion.joins.map((join) => ({
      node: join.target.name,
      phase: join.phase,
      progress: join.progress,
    }));
    const data = JSON.stringify({ expansionId: this.expansion.id, state: this.expansion.state, joins });
    for (const stream of this.#streams) stream.write(`event: progress\ndata: ${data}\n\n`);
  }

  set(changes: Partial<ExpansionView>): void {
    this.expansion = { ...this.expansion, ...changes };
  }

  setJoin(index: number, changes: Partial<JoinView>): void {
    this.set({
      joins: this.expansion.joins.map((join, i) => (i === index ? { ...join, ...changes } : join)),
    });
  }

  /** Cuts every open stream, as a restart of the service would. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  /** Resolves when the next stream is open. */
  nextStream(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStream = resolve;
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const seen = {
      method: request.method ?? '',
      path: url.pathname + url.search,
      headers: request.headers,
      body: await bodyOf(request),
    };
    this.requests.push(seen);
    const given = this.answers.get(`${seen.method} ${url.pathname}`);
    const answer = typeof given === 'function' ? given() : (given ?? this.#answer(seen, url, response));
    if (answer === null) return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  }

  #answer(seen: SeenRequest, url: URL, response: ServerResponse): Answer | null {
    const own = `/v1/expansions/${this.expansion.id}`;
    if (seen.method === 'POST' && url.pathname === '/v1/plans') return { status: 200, body: this.plan };
    if (seen.method === 'POST' && url.pathname === '/v1/expansions')
      return { status: 202, body: this.expansion };
    if (seen.method === 'POST' && url.pathname.startsWith(`${own}/`))
      return { status: 202, body: { verb: url.pathname.split('/').at(-1) } };
    if (url.pathname === '/v1/expansions') {
      const states = url.searchParams.get('state')?.split(',') ?? [this.expansion.state];
      const items = states.includes(this.expansion.state) ? [this.expansion] : [];
      return { status: 200, body: { items, nextCursor: null } };
    }
    if (url.pathname === own) return { status: 200, body: this.expansion };
    if (url.pathname === `${own}/events`) return this.#eventsAnswer(seen, url, response);
    return { status: 404, body: { error: { code: 'not_found', message: 'There is none.', next_steps: [] } } };
  }

  #eventsAnswer(seen: SeenRequest, url: URL, response: ServerResponse): Answer | null {
    const after = Number(seen.headers['last-event-id'] ?? url.searchParams.get('after') ?? 0);
    const items = this.events.filter((event) => event.seq > after);
    if (seen.headers.accept !== 'text/event-stream')
      return { status: 200, body: { items, nextAfter: items.at(-1)?.seq ?? after } };
    if (!this.acceptStreams)
      return { status: 503, body: { error: { code: 'starting', message: 'Starting.', next_steps: [] } } };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(items.map(messageOf).join('') || ': open\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    this.#onStream();
    return null;
  }
}

const messageOf = (event: StoredEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? undefined : JSON.parse(text);
}

function targetOf(name: string): NodeTarget {
  const [host, port] = name.split(':') as [string, string];
  const address = { host, port: Number(port) };
  return { name, address, seenAs: address, credential: null };
}

export function joinOf(name: string, index: number, phase: JoinPhase = 'waiting'): JoinView {
  const { joins } = expansionOf([name]);
  return { ...joins[0]!, index, batch: index, phase };
}

export function expansionOf(nodes: readonly string[]): ExpansionView {
  const expansion = newExpansion({
    id: 'exp_1',
    master: targetOf('10.0.0.1:9221'),
    nodes: nodes.map((name) => ({ ...targetOf(name), overwriteData: false, repoint: false })),
    policy: resolvePolicy(),
    label: null,
    requestedBy: 'anna',
    via: 'rest',
    now: 1_700_000_000_000,
  });
  const joins = expansion.joins.map((join, batch) => ({ ...join, batch }));
  return expansionView({
    ...expansion,
    startedAt: 1_700_000_000_000,
    state: 'running',
    batchCount: nodes.length,
    joins,
  });
}

function planOf(nodes: readonly string[]): Plan {
  return {
    id: 'plan_1',
    at: 1_700_000_000_000,
    master: targetOf('10.0.0.1:9221'),
    policy: resolvePolicy(),
    capabilities: null,
    findings: [],
    acceptable: true,
    batchSize: 1,
    batchSizeReason: said(
      'Pika 3.5.4 spoils a copy when a second dump is made, so nodes are attached one at a time.',
    ),
    batches: nodes.map((node) => [node]),
    waitsFor: null,
    topology: {
      master: {
        name: '10.0.0.1:9221',
        version: '3.5.4',
        role: 'master',
        sstBytes: 541_212_678,
        binlog: {},
        replicationId: null,
      },
      slaves: [],
    },
    forecast: null,
  };
}
