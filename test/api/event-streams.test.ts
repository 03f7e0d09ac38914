import { once } from 'node:events';
import { connect } from 'node:net';
import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createEventStreams,
  type EventStreamOptions,
  type StreamRequest,
} from '../../src/api/event-streams.ts';
import type { StoredEvent } from '../../src/model/views/event.ts';
import { ProgressMessage } from '../../src/model/views/expansion.ts';
import type { Store } from '../../src/store/store.ts';
import { storedEvent } from '../support/events.ts';
import { until } from '../support/until.ts';
import { flawOf } from './strict-answers.ts';
import { bearer, goodRequest, nodeName, operator, type TestApi, testApi, viewer } from './support.ts';

let api: TestApi;
let base: string;
const open: AbortController[] = [];

beforeEach(async () => {
  api = await testApi();
  base = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const controller of open.splice(0)) controller.abort();
  await api.app.close();
});

interface Message {
  readonly id: number | null;
  readonly event: string;
  readonly data: unknown;
}

/** Reads a stream over a real socket, as a browser does. */
async function follow(path: string, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  open.push(controller);
  const response = await fetch(base + path, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: controller.signal,
  });
  const messages: Message[] = [];
  let raw = '';
  let ended = false;
  const done = (async () => {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        const text = decoder.decode(chunk, { stream: true });
        raw += text;
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        messages.push(...blocks.flatMap(parse));
      }
    } catch {
      // The test has closed it.
    }
    ended = true;
  })();
  return {
    response,
    messages,
    events: () => messages.filter((message) => message.id !== null),
    raw: () => raw,
    ended: () => ended,
    async close() {
      controller.abort();
      await done;
    },
  };
}

function parse(block: string): Message[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
  const data = field('data');
  const id = field('id');
  return data === undefined
    ? []
    : [
        {
          id: id === undefined ? null : Number(id),
          event: field('event') ?? 'message',
          data: JSON.parse(data),
        },
      ];
}

async function start(node = nodeName): Promise<string> {
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/expansions',
    payload: { ...goodRequest, nodes: [node] },
  });
  return response.json().id;
}

/** Stores events, as a worker would. */
async function say(id: string, ...texts: string[]): Promise<void> {
  const lease = (await api.store.claim(id, 'test', 60_000))!;
  const expansion = (await api.store.get(id))!;
  const events = texts.map((text) => storedEvent('test.said', { text, data: { line: 'a\nb' } }));
  await api.store.save(lease, expansion, expansion, { events, lookAgainInMs: null });
  await api.store.release(lease);
}

const texts = (messages: readonly Message[]) => messages.map((message) => (message.data as StoredEvent).text);

describe('the live stream of an expansion', () => {
  test('begins with the whole history, then gives what happens', async () => {
    const id = await start();
    const stream = await follow(`/v1/expansions/${id}/events`);
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
    await until(() => stream.events().length > 0);
    expect(stream.events()[0]).toMatchObject({ event: 'expansion.accepted' });
    await say(id, 'one', 'two');
    await until(() => texts(stream.events()).includes('two'));
    const stored = await api.store.events({ expansionId: id, afterSeq: 0, limit: 100 });
    expect(stream.events().map((message) => message.data)).toEqual(stored);
    expect(stream.events().map((message) => message.id)).toEqual(stored.map((event) => event.seq));
  });

  test('goes on after Last-Event-ID with nothing missed and nothing twice, as often as it breaks', async () => {
    const id = await start();
    await say(id, ...Array.from({ length: 10 }, (_, i) => `before ${i}`));
    const got: Message[] = [];
    for (let round = 0; round < 4; round += 1) {
      const last = got.at(-1)?.id;
      const stream = await follow(
        `/v1/expansions/${id}/events?after=0`,
        last ? { 'last-event-id': String(last) } : {},
      );
      await until(() => stream.events().length >= 2);
      await stream.close();
      got.push(...stream.events());
      await say(id, `while it was broken, ${round} a`, `while it was broken, ${round} b`);
    }
    const stream = await follow(`/v1/expansions/${id}/events`, { 'last-event-id': String(got.at(-1)?.id) });
    const stored = await api.store.events({ expansionId: id, afterSeq: 0, limit: 1000 });
    await until(() => got.length + stream.events().length >= stored.length);
    expect([...got, ...stream.events()].map((message) => message.id)).toEqual(
      stored.map((event) => event.seq),
    );
  });

  test('gives only the events of its own expansion', async () => {
    const mine = await start();
    const other = await start('10.0.0.9:9221');
    const stream = await follow(`/v1/expansions/${mine}/events`);
    await say(other, 'not mine');
    await say(mine, 'mine');
    await until(() => texts(stream.events()).includes('mine'));
    expect(texts(stream.events())).not.toContain('not mine');
  });

  test('sends the progress of every node without an id, and again only when it changed', async () => {
    const id = await start();
    const stream = await follow(`/v1/expansions/${id}/events`);
    await until(() => stream.messages.some((message) => message.event === 'progress'));
    const progress = stream.messages.find((message) => message.event === 'progress')!;
    expect(flawOf(ProgressMessage, progress.data)).toBeNull();
    expect(progress).toMatchObject({
      id: null,
      data: {
        expansionId: id,
        joins: [{ node: nodeName, phase: 'waiting', progress: { receivedBytes: null } }],
      },
    });
    api.clock.now += 5000;
    await say(id, 'after five seconds');
    await until(() => texts(stream.events()).includes('after five seconds'));
    expect(stream.messages.filter((message) => message.event === 'progress')).toHaveLength(1);
  });

  test('a long history comes whole to a client that reads slowly', async () => {
    const id = await start();
    for (let i = 0; i < 3; i += 1)
      await say(id, ...Array.from({ length: 400 }, (_, k) => `${i}.${k} ${'x'.repeat(2000)}`));
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `GET /v1/expansions/${id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
    );
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      socket.pause();
      setImmediate(() => socket.resume());
    });
    const last = await api.store.lastSeq();
    await until(() => received.includes(`id: ${last}\n`));
    const ids = [...received.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    socket.destroy();
  });

  test('survives a database that is away for a while', async () => {
    const id = await start();
    const { stream, close } = await serveStream({ expansionId: id }, { lookEveryMs: 20 });
    await until(() => stream.events().length > 0);
    api.store.setUnavailable(true);
    await until(() => stream.raw().includes(': the database cannot be reached'));
    api.store.setUnavailable(false);
    await say(id, 'it is back');
    await until(() => texts(stream.events()).includes('it is back'));
    await close();
  });

  test('an unknown expansion, or an id that is none, is refused before the stream begins', async () => {
    const headers = { accept: 'text/event-stream' };
    expect((await fetch(`${base}/v1/expansions/exp_none/events`, { headers })).status).toBe(404);
    const id = await start();
    const response = await fetch(`${base}/v1/expansions/${id}/events`, {
      headers: { ...headers, 'last-event-id': 'abc' },
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { field: string } }).error.field).toBe('Last-Event-ID');
  });
});

test('the stream of all expansions begins with what happens from now on', async () => {
  const id = await start();
  await say(id, 'old');
  const stream = await follow('/v1/events');
  await until(() => stream.raw().includes('retry:'));
  await say(id, 'new');
  await until(() => stream.events().length > 0);
  expect(texts(stream.events())).toEqual(['new']);
});

test('closing the service ends open streams at once', async () => {
  const id = await start();
  const stream = await follow(`/v1/expansions/${id}/events`);
  await until(() => stream.events().length > 0);
  const startedAt = performance.now();
  await api.app.close();
  await until(() => stream.ended());
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test('a client that goes away frees its place', async () => {
  const id = await start();
  const stream = await follow(`/v1/expansions/${id}/events`);
  await until(() => stream.events().length > 0);
  await stream.close();
  await until(async () => (await api.metrics.registry.metrics()).includes('pika_expander_event_streams 0'));
});

test('there are only so many streams; the next is told when to come back', async () => {
  const small = await testApi({ limits: { maxEventStreams: 1 } });
  const url = await small.app.listen({ host: '127.0.0.1', port: 0 });
  const controller = new AbortController();
  const headers = { accept: 'text/event-stream' };
  const first = await fetch(`${url}/v1/events`, { headers, signal: controller.signal });
  expect(first.status).toBe(200);
  const second = await fetch(`${url}/v1/events`, { headers });
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toBe('10');
  controller.abort();
  await small.app.close();
});

test('one viewer token holds at most half of the streams, so that others find a place', async () => {
  const small = await testApi({ tokens: [operator, viewer], limits: { maxEventStreams: 4 } });
  const url = await small.app.listen({ host: '127.0.0.1', port: 0 });
  const controller = new AbortController();
  const statusFor = async (token: typeof operator) => {
    const headers = { accept: 'text/event-stream', ...bearer(token) };
    return (await fetch(`${url}/v1/events`, { headers, signal: controller.signal })).status;
  };
  const asked = [viewer, viewer, viewer, operator, operator, operator];
  const statuses: number[] = [];
  for (const token of asked) statuses.push(await statusFor(token));
  expect(statuses).toEqual([200, 200, 503, 200, 200, 503]);
  controller.abort();
  await small.app.close();
});

test('a stream needs a token like everything else', async () => {
  const locked = await testApi({ tokens: [operator, viewer] });
  const url = await locked.app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { accept: 'text/event-stream' };
  expect((await fetch(`${url}/v1/events`, { headers })).status).toBe(401);
  const controller = new AbortController();
  const response = await fetch(`${url}/v1/events`, {
    headers: { ...headers, ...bearer(viewer) },
    signal: controller.signal,
  });
  expect(response.status).toBe(200);
  controller.abort();
  await locked.app.close();
});

/** One stream, without the API around it. */
async function serveStream(about: StreamRequest['about'], options: Partial<EventStreamOptions>) {
  const streams = createEventStreams({
    store: api.store,
    log: api.app.log as never,
    now: () => 0,
    maxStreams: 10,
    onOpenChanged: () => {},
    ...options,
  });
  const app = fastify();
  app.get('/', async (request, reply) => {
    await streams.serve(request, reply, { about, afterSeq: 0 });
    return reply;
  });
  base = await app.listen({ host: '127.0.0.1', port: 0 });
  const stream = await follow('/');
  return {
    stream,
    async close() {
      await streams.close();
      await until(() => stream.ended());
      await app.close();
    },
  };
}

test('an idle stream sends something now and then, so that a dead connection is noticed', async () => {
  let now = 0;
  const { stream, close } = await serveStream(null, { now: () => now, heartbeatMs: 1000 });
  await until(() => stream.raw().includes('retry:'));
  now += 1000;
  await until(() => stream.raw().includes(': still here'));
  await close();
});

test('the table is looked at once for each news of an expansion, for all its streams, and never for those of another', async () => {
  const [mine, other] = [await start(), await start('10.0.0.9:9221')];
  let looks = 0;
  const store = Object.assign(Object.create(api.store) as Store, {
    events(filter: Parameters<Store['events']>[0]) {
      looks += 1;
      return api.store.events(filter);
    },
  });
  const { stream, close } = await serveStream({ expansionId: mine }, { store, lookEveryMs: 3_600_000 });
  const beside = await follow('/');
  // Each has looked for itself, and the feed at its beginning.
  await until(() => stream.events().length > 0 && beside.events().length > 0 && looks >= 3);
  const before = looks;
  await say(other, 'not mine');
  await say(mine, 'mine');
  await until(() => [stream, beside].every((each) => texts(each.events()).includes('mine')));
  expect(looks - before).toBe(1);
  await close();
});
