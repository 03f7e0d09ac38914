import { afterEach, expect, test, vi } from 'vitest';
import { type Link, LinkError } from '../../../src/engines/pika/link.ts';
import { boundedLinks } from '../../../src/engines/pika/open-links.ts';

const most = 3;

afterEach(() => vi.useRealTimers());

/** Links that are opened and answer when told, and how many of them are open. */
function world() {
  let now = 0;
  let open = 0;
  let mostOpen = 0;
  const made: Link[] = [];
  const bounded = boundedLinks(
    async () => {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      let usable = true;
      const link: Link = {
        connectedTo: '127.0.0.1',
        get usable() {
          return usable;
        },
        send: async () => [],
        destroy() {
          if (usable) open -= 1;
          usable = false;
        },
      };
      made.push(link);
      return link;
    },
    most,
    () => now,
  );
  // As in the service, whoever asks has a signal of its own.
  const asking: AbortController[] = [];
  return {
    made,
    open: () => {
      const asks = new AbortController();
      asking.push(asks);
      const asked = { host: '127.0.0.1', port: 1 };
      return bounded(asked, asks.signal, { asked, credential: null });
    },
    endAsking: () => {
      for (const asks of asking) asks.abort();
    },
    pass: (ms: number) => {
      now += ms;
      if (vi.isFakeTimers()) vi.advanceTimersByTime(ms);
    },
    mostOpen: () => mostOpen,
  };
}

test('however many are asked for in one moment, no more than the cap are open', async () => {
  const { open, mostOpen, endAsking } = world();
  const asked = Array.from({ length: 20 }, () => open().catch((error: unknown) => error));
  const first = await Promise.race(asked);
  expect((first as Link).usable).toBe(true);
  endAsking();
  const got = await Promise.all(asked);
  expect(mostOpen()).toBe(most);
  expect(got.filter((each) => each instanceof LinkError)).toHaveLength(20 - most);
  expect(got.find((each) => each instanceof LinkError)).toMatchObject({ code: 'EMFILE' });
});

test('the idle link that was used longest ago is closed for another', async () => {
  const { open, pass, made } = world();
  const [first, second, third] = [await open(), await open(), await open()];
  pass(1000);
  await first.send([['PING']]);
  pass(1000);
  const fourth = await open();
  expect([first, second, third, fourth].map(({ usable }) => usable)).toEqual([true, false, true, true]);
  expect(made).toHaveLength(4);
});

test('a link that nobody uses is closed, and one that is awaited is not', async () => {
  vi.useFakeTimers();
  let reply: (() => void) | undefined;
  const { open, pass, made } = world();
  const [unused, used, awaited] = [await open(), await open(), await open()];
  made[2]!.send = () => new Promise((resolve) => (reply = () => resolve([])));
  const answer = awaited.send([['INFO', 'server']]);
  for (let seconds = 0; seconds < 20; seconds += 5) {
    pass(5000);
    await used.send([['PING']]);
  }
  expect([unused, used, awaited].map(({ usable }) => usable)).toEqual([false, true, true]);
  reply?.();
  await answer;
  pass(5000);
  expect(awaited.usable).toBe(true);
  pass(5000);
  expect([used, awaited].map(({ usable }) => usable)).toEqual([false, false]);
  expect(vi.getTimerCount()).toBe(0);
});

test('who waits goes on as soon as a link is given back', async () => {
  const { open } = world();
  const [first] = [await open(), await open(), await open()];
  let came = false;
  const waiting = open().then((link) => {
    came = true;
    return link;
  });
  await Promise.resolve();
  expect(came).toBe(false);
  first.destroy();
  expect((await waiting).usable).toBe(true);
});
