import { appendFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManifestError, ManifestReader } from '../../src/agent/manifest.ts';
import { change, log, sized, table } from '../../src/simulator/manifest.ts';
import { fixture } from './host.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-'));
});
afterEach(() => rm(folder, { recursive: true }));

const path = (): string => join(folder, 'MANIFEST-000005');

async function advance(reader: ManifestReader): Promise<ManifestReader> {
  const file = await open(path());
  try {
    await reader.advance(file);
    return reader;
  } finally {
    await file.close();
  }
}
async function read(bytes: Buffer): Promise<ManifestReader> {
  await writeFile(path(), bytes);
  return advance(new ManifestReader());
}
const numbers = (reader: ManifestReader): number[] => reader.tables().map(({ number }) => number);

describe('MANIFESTs that real servers wrote', () => {
  test.each([
    ['3.5.4-MANIFEST-000005', [{ number: 9, bytes: 358_472 }]],
    ['3.5.4-MANIFEST-000013', []],
    ['4.0.1-MANIFEST-000005', [{ number: 21, bytes: 172_890 }]],
  ])('%s', async (name, tables) => {
    const reader = await read(await fixture(name));
    expect([reader.tables(), reader.cutShort]).toEqual([tables, false]);
  });

  test('cut anywhere, it says so unless a record ends there; what is added later is read on', async () => {
    const bytes = await fixture('4.0.1-MANIFEST-000005');
    let whole = 0;
    for (let length = 0; length < bytes.length; length++) {
      const reader = await read(bytes.subarray(0, length));
      if (!reader.cutShort) whole++;
      await appendFile(path(), bytes.subarray(length));
      await advance(reader);
      expect([length, numbers(reader), reader.cutShort]).toEqual([length, [21], false]);
    }
    expect(whole).toBeGreaterThan(1);
    expect(whole).toBeLessThan(20);
  });

  test('one wrong byte is never taken for something else', async () => {
    const bytes = await fixture('4.0.1-MANIFEST-000005');
    for (let at = 0; at < bytes.length; at += 3) {
      const wrong = Buffer.from(bytes);
      wrong[at]! ^= 0x10;
      const reader = await read(wrong).catch((error) => error);
      if (reader instanceof ManifestError) continue;
      expect([at, reader.cutShort]).toEqual([at, true]);
    }
  });
});

test('records may fill many blocks', async () => {
  const long = change(5, 0, sized(Buffer.alloc(100_000, 1)), table(12));
  const fitting = change(5, 0, sized(Buffer.alloc(32_600, 1)));
  expect(numbers(await read(log([long, fitting, table(13), long])))).toEqual([12, 13]);
  expect(numbers(await read(log([long, table(13)], 7)))).toEqual([12, 13]);
});

test('room that was reserved and not written ends the log', async () => {
  const reader = await read(Buffer.concat([log([table(12)]), Buffer.alloc(5000)]));
  expect([numbers(reader), reader.cutShort]).toEqual([[12], false]);
});

test('knows every form in which a table file is added, and when it is deleted', async () => {
  const older = [7, 100, 102].map((tag) => {
    const ends = [sized('a'), sized('z'), ...(tag === 7 ? [] : [1, 2])];
    return change(tag, 0, 10 + tag, ...(tag === 102 ? [0] : []), 5, ...ends);
  });
  const reader = await read(log([...older, table(300, 2 ** 40), change(6, 0, 110)]));
  expect(reader.tables()).toEqual([
    { number: 17, bytes: 5 },
    { number: 112, bytes: 5 },
    { number: 300, bytes: 2 ** 40 },
  ]);
});

test('a column family has tables of its own, and they go with it', async () => {
  const added = change(200, 1, 201, sized('other'));
  const inFamily = change(200, 1, table(12));
  expect(numbers(await read(log([table(12), added, inFamily, change(200, 1, 6, 0, 12)])))).toEqual([12]);
  expect(numbers(await read(log([added, inFamily, table(13), change(200, 1, 202)])))).toEqual([13]);
});

test('of a group of changes all count, or none', async () => {
  const group = [change(table(12), 300, 1), change(6, 0, 11, 300, 0)];
  await writeFile(path(), log([table(11), ...group]));
  const length = log([table(11), group[0]!]).length;
  const all = await open(path()).then(async (file) => {
    const bytes = await file.readFile();
    await file.close();
    return bytes;
  });
  await truncate(path(), length);
  const reader = await advance(new ManifestReader());
  expect(numbers(reader)).toEqual([11]);
  await appendFile(path(), all.subarray(length));
  expect(numbers(await advance(reader))).toEqual([12]);
});

test('skips what may be skipped', async () => {
  const fields = Buffer.concat([change(6, sized('created'), 7, sized('checksum'), 65, sized('\0'), 1)]);
  const record = change((1 << 13) + 1, sized('id of the database'), 203, 5, table(12, 100, fields));
  expect(numbers(await read(log([record])))).toEqual([12]);
});

test.each([
  ['an unknown change', change(400, sized('x')), 'a change has the tag 400'],
  ['a field that must be heeded', table(12, 1, change(66, sized('x'), 1)), 'a table file has the field 66'],
  ['a table elsewhere', table(12, 1, change(65, sized('\u0001'), 1)), 'a table file lies in another folder'],
  ['a change that ends too early', table(12).subarray(0, 9), 'a change ends too early'],
  ['a number without an end', Buffer.alloc(20, 0xff), 'a number is too long'],
])('refuses %s, with the reason', async (_what, record, reason) => {
  await expect(read(log([record]))).rejects.toThrow(new ManifestError(reason));
});

test('refuses a record of an unknown type, and a piece without its beginning', async () => {
  const unknown = log([table(12)]);
  unknown[6] = 9;
  await expect(read(unknown)).rejects.toThrow('a record has the type 9');
  const bytes = log([Buffer.alloc(40_000)]);
  await expect(read(bytes.subarray(32_768))).rejects.toThrow('does not follow');
});
