import { describe, expect, test } from 'vitest';
import { ApiClient } from '../../src/cli/client.ts';
import { ApiError } from '../../src/cli/errors.ts';
import { type FollowOptions, follow } from '../../src/cli/follow.ts';
import { commandLine } from '../../src/model/command-line/index.ts';
import type { ExpansionView } from '../../src/model/views/expansion.ts';
import { expansionOf } from './fake-api.ts';

const quiet = { onEvent: () => undefined, onChange: () => undefined, onConnection: () => undefined };
const turnOfSockets = () => new Promise((resolve) => setImmediate(resolve));

/** Time that only moves when the test moves it. */
class Time {
  now = 0;
  readonly #sleepers = new Map<() => void, number>();

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      if (signal?.aborted) return wake();
      this.#sleepers.set(wake, this.now + ms);
      signal?.addEventListener('abort', wake, { once: true });
    });

  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; this.now += 10) {
      await turnOfSockets();
      for (const [wake, at] of this.#sleepers) if (at <= this.now) wake();
    }
  }
}

/** An event stream that goes on until it is left. */
function openStream(signal: AbortSignal): { readonly response: Response; push(text: string): void } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made;
    },
  });
  signal.addEventListener('abort', () => controller.error(signal.reason), { once: true });
  return {
    response: new Response(body),
    push: (text) => controller.enqueue(new TextEncoder().encode(text)),
  };
}

/** A service that answers each request as the test says, and when each request came. */
class Service {
  readonly time = new Time();
  readonly looks: number[] = [];
  readonly streams: number[] = [];
  readonly stop = new AbortController();
  expansion: ExpansionView = expansionOf(['10.0.0.2:9221']);
  /** null = the expansion is shown. */
  refusal: (() => Response) | null = null;
  openStream: (signal: AbortSignal) => Response = (signal) => openStream(signal).response;

  readonly client = new ApiClient(
    { url: 'http://service', urlSource: 'test', token: null },
    {
      reader: { language: 'en', tool: 'cli' },
      words: commandLine.en,
      now: () => this.time.now,
      sleep: this.time.sleep,
      fetch: async (url, init) => {
        const stream = new Headers(init?.headers).get('accept') === 'text/event-stream';
        (stream ? this.streams : this.looks).push(this.time.now);
        if (stream) return this.openStream(init!.signal!);
        if (this.refusal !== null) return this.refusal();
        const body = (url as string).includes('/events') ? { items: [] } : this.expansion;
        return Response.json(body);
      },
    },
  );

  follow(options: Partial<FollowOptions> = {}) {
    return follow(this.client, 'exp_1', quiet, {
      afterSeq: 0,
      signal: this.stop.signal,
      waitForPerson: true,
      settleMs: 2000,
      refreshMs: 10_000,
      now: () => this.time.now,
      sleep: this.time.sleep,
      ...options,
    });
  }
}

const refused = (status: number, retryAfter: string) => () =>
  Response.json(
    { error: { code: 'rate_limited', message: 'Too many requests.', next_steps: [] } },
    { status, headers: { 'retry-after': retryAfter } },
  );

const gapsOf = (times: readonly number[]) => times.slice(1).map((at, i) => at - times[i]!);

describe('following an expansion', () => {
  test('asks no more often than every ten seconds for as long as a person is waited for', async () => {
    const service = new Service();
    service.expansion = { ...service.expansion, state: 'halted' };
    const ended = service.follow();
    await service.time.pass(200_000);
    service.stop.abort();
    expect((await ended).kind).toBe('detached');
    expect(service.looks.length).toBeLessThanOrEqual(22);
    expect(Math.min(...gapsOf(service.looks).slice(1))).toBeGreaterThanOrEqual(10_000);
  });

  test('asks no more often than twice a second, however many events come', async () => {
    const service = new Service();
    let push: (text: string) => void = () => undefined;
    service.openStream = (signal) => {
      const stream = openStream(signal);
      push = stream.push;
      return stream.response;
    };
    const ended = service.follow();
    for (let seq = 1; seq <= 200; seq += 1) {
      await service.time.pass(50);
      push(`id: ${seq}\ndata: ${JSON.stringify({ seq, text: 'a step' })}\n\n`);
    }
    service.stop.abort();
    await ended;
    expect(service.looks.length).toBeGreaterThan(10);
    expect(Math.min(...gapsOf(service.looks))).toBeGreaterThanOrEqual(500);
  });

  test.each([429, 503])(
    'leaves a service alone that refuses with %i for as long as it says',
    async (status) => {
      const service = new Service();
      const ended = service.follow();
      await service.time.pass(5000);
      service.refusal = refused(status, '45');
      service.openStream = refused(status, '45');
      await service.time.pass(300_000);
      service.stop.abort();
      await ended;
      const refusedLooks = service.looks.filter((at) => at > 5000);
      expect(refusedLooks.length).toBeGreaterThan(3);
      expect(Math.min(...gapsOf(refusedLooks))).toBeGreaterThanOrEqual(45_000);
    },
  );

  test('knows its end although the service refuses for a while', async () => {
    const service = new Service();
    const ended = service.follow();
    await service.time.pass(1000);
    service.expansion = { ...service.expansion, state: 'succeeded' };
    let looks = 0;
    service.refusal = () => {
      looks += 1;
      return looks === 2
        ? refused(429, '30')()
        : Response.json(looks === 1 ? service.expansion : { items: [] });
    };
    await service.time.pass(60_000);
    expect((await ended).kind).toBe('ended');
    expect(looks).toBe(3);
  });
});

describe('an event stream', () => {
  test('that is refused is asked for again when the service says', async () => {
    const service = new Service();
    service.openStream = refused(503, '20');
    const ended = service.follow();
    await service.time.pass(100_000);
    service.stop.abort();
    await ended;
    expect(service.streams.length).toBeGreaterThan(2);
    expect(Math.min(...gapsOf(service.streams))).toBeGreaterThanOrEqual(20_000);
  });

  test('that ends as soon as it is open is opened ever less often', async () => {
    const service = new Service();
    service.openStream = () => new Response('id: 1\ndata: {"seq":1}\n\n');
    const ended = service.follow();
    await service.time.pass(60_000);
    service.stop.abort();
    await ended;
    expect(service.streams.length).toBeLessThan(12);
    expect(gapsOf(service.streams).at(-1)).toBeGreaterThanOrEqual(10_000);
  });
});

test('a refusal tells when to ask again', async () => {
  const service = new Service();
  service.refusal = refused(429, '17');
  const error = await service.client.get('/v1/expansions').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, retryAfterMs: 17_000 });
});
