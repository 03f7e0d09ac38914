/** Comparisons wait for their servers: others may run beside them, and in their threads. */
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished, vi } from 'vitest';
import { resolveSpec } from '../../src/compare/compare.ts';
import type { RunResult } from '../../src/compare/run.ts';
import { comparisonsThatWait, runInThread } from '../../src/compare/threaded.ts';
import { upTo } from '../../src/queue/doorbell.ts';
import { type Answer, fakeServer, soundAnswer } from './fake-server.ts';
import { until } from './servers.ts';

/** Answer nothing but a first ECHO until they are let go on. */
async function slowServers() {
  let answersNothing = true;
  const kept = new Map<Socket, string[]>();
  const slow = (name: string): Answer => {
    const sound = soundAnswer('pika', name);
    return (parts, socket) => {
      if (!answersNothing || (parts[0] !== 'ECHO' && !kept.has(socket))) return sound(parts, socket);
      kept.set(socket, [...(kept.get(socket) ?? []), sound(parts, socket)!]);
      return null;
    };
  };
  const [left, right] = [await fakeServer(slow('a')), await fakeServer(slow('b'))];
  onTestFinished(async () => void (await Promise.all([left.stop(), right.stop()])));
  const spec = resolveSpec({ depth: 'full', timeoutMs: 60_000 });
  return {
    compare: (signal?: AbortSignal) =>
      runInThread({ left: left.endpoint, right: right.endpoint, spec, ...(signal && { signal }) }),
    goOn() {
      answersNothing = false;
      for (const [socket, texts] of kept) socket.write(texts.join(''), 'latin1');
    },
  };
}

/** All that begin from now on, which end with the test: the next one begins without any. */
function threadsFromNow(): readonly Worker[] {
  const begun: Worker[] = [];
  const onThread = (thread: Worker) => void begun.push(thread);
  process.on('worker', onThread);
  onTestFinished(async () => {
    process.off('worker', onThread);
    for (const thread of begun) await thread.terminate();
  });
  return begun;
}

/** On a busy machine a thread may have much to do for a moment: so often another comparison is begun. */
const mostTries = 10;

/** Begins comparisons beside one that waits until one shares a thread. */
async function untilOneShares(
  begun: Promise<RunResult>[],
  compare: () => Promise<RunResult>,
  threads: readonly Worker[],
): Promise<void> {
  do {
    if (begun.length > mostTries) throw new Error('each comparison has a thread of its own');
    await until(async () => comparisonsThatWait() === begun.length);
    begun.push(compare());
    // What it began is told in the next turn.
    await setImmediate();
  } while (threads.length === begun.length);
}

it('a thread is used again by the next comparison, but not by one beside it, and not once it was told to stop', async () => {
  const { compare, goOn } = await slowServers();
  goOn();
  const threads = threadsFromNow();
  const results = [await compare(), await compare()];
  expect(threads.length).toBe(1);
  results.push(...(await Promise.all([compare(), compare()])));
  expect(threads.length).toBe(2);
  const stop = new AbortController();
  stop.abort();
  await compare(stop.signal);
  results.push(...(await Promise.all([compare(), compare()])));
  expect(threads.length).toBe(3);
  for (const { report } of results) expect(report.verdict).toBe('equal');
});

it('comparisons of slow servers wait, as long as they are under way, and others share their threads', async () => {
  const { compare, goOn } = await slowServers();
  const threads = threadsFromNow();
  const results = [compare()];
  const room = upTo(2, comparisonsThatWait);
  expect([comparisonsThatWait(), room.take(2)]).toEqual([0, false]);
  results.push(compare());
  await until(async () => comparisonsThatWait() === 2 && room.take(3) && !room.take(4), 60_000);
  await untilOneShares(results, compare, threads);
  goOn();
  for (const { report } of await Promise.all(results)) expect(report.verdict).toBe('equal');
  expect(comparisonsThatWait()).toBe(0);
});

it('the fullest thread that has room is taken first, and not the one that was begun first', async () => {
  const [quick, slow] = [await slowServers(), await slowServers()];
  const threads = threadsFromNow();
  const ended = quick.compare();
  const results = [slow.compare()];
  quick.goOn();
  expect((await ended).report.verdict).toBe('equal');
  await until(async () => comparisonsThatWait() === 1);
  const told = threads.map((thread) => vi.spyOn(thread, 'postMessage'));
  results.push(slow.compare());
  expect(told.map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
  slow.goOn();
  for (const { report } of await Promise.all(results)) expect(report.verdict).toBe('equal');
});

it('comparisons whose thread breaks go on, each in a thread of its own', async () => {
  const { compare, goOn } = await slowServers();
  const threads = threadsFromNow();
  const results = [compare()];
  await untilOneShares(results, compare, threads);
  const broken = threads.length;
  goOn();
  for (const thread of threads) void thread.terminate();
  const ended = await Promise.allSettled(results);
  const equal = ended.filter((each) => each.status === 'fulfilled' && each.value.report.verdict === 'equal');
  // All but the two that shared a thread had one to themselves, and fail with it.
  expect([equal.length, ended.length, threads.length]).toEqual([2, broken + 1, broken + 2]);
});
