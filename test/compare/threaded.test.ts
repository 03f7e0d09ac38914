/** How many comparisons wait for their servers, so that others may run beside them. */
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { resolveSpec } from '../../src/compare/compare.ts';
import { comparisonsThatWait, runInThread } from '../../src/compare/threaded.ts';
import { upTo } from '../../src/queue/doorbell.ts';
import { type Answer, fakeServer, soundAnswer } from './fake-server.ts';
import { until } from './servers.ts';

it('comparisons of slow servers wait, as long as they are under way', async () => {
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
  const spec = resolveSpec({ depth: 'full', timeoutMs: 60_000 });
  const results = [1, 2].map(() => runInThread({ left: left.endpoint, right: right.endpoint, spec }));
  const room = upTo(2, comparisonsThatWait);
  expect([comparisonsThatWait(), room.take(2)]).toEqual([0, false]);
  await until(async () => comparisonsThatWait() === 2, 30_000);
  expect([room.take(3), room.take(4)]).toEqual([true, false]);
  answersNothing = false;
  for (const [socket, texts] of kept) socket.write(texts.join(''), 'latin1');
  const reports = await Promise.all(results);
  expect(reports.map(({ report }) => report.verdict)).toEqual(['equal', 'equal']);
  expect(comparisonsThatWait()).toBe(0);
  await Promise.all([left.stop(), right.stop()]);
});
