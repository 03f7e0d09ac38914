/** Servers whose keys change, or are so large, between two questions of a comparison, that few clusters ever show it. */
import { expect, it } from 'vitest';
import { resolveSpec } from '../../src/compare/compare.ts';
import { run } from '../../src/compare/run.ts';
import { type Answer, array, bulk, fakeServer, soundAnswer } from './fake-server.ts';

async function compare(answerOf: (name: string) => Answer) {
  const [left, right] = [await fakeServer(answerOf('a')), await fakeServer(answerOf('b'))];
  try {
    const spec = resolveSpec({ depth: 'full', timeoutMs: 30_000 });
    return (await run({ left: left.endpoint, right: right.endpoint, spec })).report;
  } finally {
    await Promise.all([left.stop(), right.stop()]);
  }
}

it('large hashes that are absent while sizes are asked for, and back afterwards, are compared', async () => {
  const fields = Array.from({ length: 600 }, (_, i) => [bulk(`f${i}`), bulk(`${i}`)]).flat();
  const report = await compare((name) => {
    const sound = soundAnswer('redis', name);
    return (parts, socket) => {
      switch (parts[0]) {
        case 'INFO':
          // So much for each key that all are asked for by their sizes.
          return bulk(String(sound(parts, socket)).replace('dataset:100', 'dataset:100000000').slice(5));
        case 'SCAN':
          return array(bulk('0'), array(bulk('h'), bulk('i')));
        case 'STRLEN':
          return ':0\r\n';
        case 'MGET':
          return array('$-1\r\n', '$-1\r\n');
        case 'TYPE':
          return '+hash\r\n';
        case 'HLEN':
          return ':600\r\n';
        case 'HSCAN':
          return array(bulk('0'), array(...fields));
        default:
          return sound(parts, socket);
      }
    };
  });
  expect(report).toMatchObject({ verdict: 'equal', lookedAtKeysByType: { hash: 2 } });
});

it('hashes whose names are too large to be kept together are compared, each once', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(3, '0').padEnd(200_000, 'n'));
  const asked: string[] = [];
  const report = await compare((name) => {
    const sound = soundAnswer('pika', name);
    return (parts, socket) => {
      const [command, type, from, , , limit] = parts;
      if (command === 'HLEN' && name === 'a') asked.push(parts[1]!.slice(0, 3));
      if (command !== 'PKSCANRANGE' || type !== 'hash') return sound(parts, socket);
      const at = names.findIndex((each) => each >= from!);
      const page = names.slice(at, at + Number(limit));
      return array(bulk(names[at + page.length] ?? ''), array(...page.map(bulk)));
    };
  });
  expect(report).toMatchObject({ verdict: 'equal', lookedAtKeysByType: { hash: names.length } });
  expect(asked).toEqual(names.map((each) => each.slice(0, 3)));
});
