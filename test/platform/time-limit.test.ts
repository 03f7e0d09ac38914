import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { withTimeLimit } from '../../src/platform/time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Work that ends only by its signal; resolves with the reason. */
const untilAborted = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason;
};

describe('work under a limit of time', () => {
  it('is told to end when the limit is over, also after garbage was collected', async () => {
    const ended = withTimeLimit(50, new AbortController().signal, untilAborted);
    collectGarbage();
    expect(await ended).toMatchObject({ name: 'TimeoutError' });
  });

  it('is told to end when the caller gives up, with the reason', async () => {
    const caller = new AbortController();
    const ended = withTimeLimit(60_000, caller.signal, untilAborted);
    caller.abort(new Error('enough'));
    expect(await ended).toMatchObject({ message: 'enough' });
    const late = withTimeLimit(60_000, caller.signal, untilAborted);
    expect(await late).toMatchObject({ message: 'enough' });
  });

  it('leaves nothing behind: what listened to its signal is told, and the caller’s signal is let go', async () => {
    const caller = new AbortController();
    let leftOver: Promise<unknown> = Promise.resolve();
    const done = await withTimeLimit(60_000, caller.signal, async (signal) => {
      leftOver = untilAborted(signal);
      return 'done';
    });
    expect(done).toBe('done');
    await leftOver;
    await expect(
      withTimeLimit(60_000, null, async () => {
        throw new Error('its own');
      }),
    ).rejects.toThrow('its own');
  });
});
