import { expect, it } from 'vitest';
import { ListedStrings } from '../../src/resp/strings.ts';
import { CommandWriter } from '../../src/resp/writer.ts';

it('the same command for each of many keys is what each of them by itself would be', () => {
  const lengths = [0, 1, 9, 10, 64, 65, 99, 100, 1000, 20_000];
  const keys = lengths.map((length) => Buffer.alloc(length, `key of ${length}`));
  for (const [before, after] of [
    [['TTL'], []],
    [['LRANGE'], [0, -1]],
  ] as const) {
    const each = new CommandWriter().add('PING');
    const alone = new CommandWriter().add('PING');
    each.addEach(ListedStrings.of(keys), before, after);
    for (const key of keys) alone.add(...before, key, ...after);
    expect(each.toBuffer().equals(alone.toBuffer())).toBe(true);
    expect(each.commands).toBe(alone.commands);
  }
});

it('the same command for some of many keys, with arguments for which there is no room yet', () => {
  const keys = ListedStrings.of(Array.from({ length: 100 }, (_, i) => Buffer.from(`key ${i}`)));
  const long = 'x'.repeat(30_000);
  for (const [from, to] of [
    [0, 0],
    [0, 1],
    [99, 100],
    [10, 60],
  ] as const) {
    const each = new CommandWriter().add('PING').addEach(keys, ['A', long], ['B', long], from, to);
    const alone = new CommandWriter().add('PING');
    for (let i = from; i < to; i++) alone.add('A', long, keys.get(i), 'B', long);
    expect(each.toBuffer().equals(alone.toBuffer())).toBe(true);
    expect(each.commands).toBe(1 + to - from);
  }
});
