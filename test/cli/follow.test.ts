import { expect, test } from 'vitest';
import type { ApiClient } from '../../src/cli/client.ts';
import { follow } from '../../src/cli/follow.ts';
import type { ExpansionView } from '../../src/model/views/expansion.ts';

const quiet = { onEvent: () => undefined, onChange: () => undefined, onConnection: () => undefined };

test('asks no more often than every ten seconds for as long as a person is waited for', async () => {
  const halted = { id: 'exp_1', state: 'halted', joins: [] } as unknown as ExpansionView;
  const stop = new AbortController();
  const client = {
    get: async () => halted,
    async *stream(_path: string, { signal }: { readonly signal: AbortSignal }) {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      yield* [];
    },
  } as unknown as ApiClient;
  const waits: number[] = [];
  let now = 0;
  const end = await follow(client, 'exp_1', quiet, {
    afterSeq: 0,
    signal: stop.signal,
    waitForPerson: true,
    settleMs: 2000,
    refreshMs: 10_000,
    now: () => now,
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
      if (waits.length === 20) stop.abort();
    },
  });
  expect(end.kind).toBe('detached');
  expect(waits).toEqual([2000, ...Array.from({ length: 19 }, () => 10_000)]);
});
