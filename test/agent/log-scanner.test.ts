import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogScanner } from '../../src/agent/log-scanner.ts';
import { readLogLine } from '../../src/engines/pika/log-lines.ts';
import type { LogFact } from '../../src/model/full-sync-log.ts';

const recordings = join(import.meta.dirname, '../recordings/logs');
const logs = readdirSync(recordings, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.log\.INFO\./.test(path))
  .map((path) => {
    const bytes = readFileSync(join(recordings, path));
    return { path, bytes: path.endsWith('.gz') ? gunzipSync(bytes) : bytes };
  });

/** What the scanner finds in these pieces. */
function scan(pieces: readonly Buffer[], start = '20261128-000000'): LogFact[] {
  const facts: LogFact[] = [];
  const scanner = new LogScanner((fact) => facts.push(fact));
  scanner.begin(start);
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  return facts;
}

const line = (message: string, prefix = 'I20261128 03:54:00.076643 17533 a.cc:1] '): string =>
  `${prefix}${message}\n`;
const granted = line('DB: db0 Need Wait To Sync');
const codes = (facts: readonly LogFact[]): string[] => facts.map(({ code }) => code);

test('finds each line that the table knows in every recorded log', () => {
  let found = 0;
  for (const { path, bytes } of logs) {
    const expected = bytes
      .toString()
      .split('\n')
      .map((text) => readLogLine(text, 2026)?.fact)
      .filter((fact) => fact != null);
    expect([path, scan([bytes])]).toEqual([path, expected]);
    found += expected.length;
  }
  expect(found).toBeGreaterThan(5000);
});

test('it does not matter where the pieces end', () => {
  const bytes = Buffer.from(`${granted}no prefix\n${granted}\n\n${line('TrySync Ok')}${granted}`);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(codes(scan(pieces))).toEqual(['sync_granted', 'sync_granted', 'sync_granted']);
    }),
  );
});

test('a line of 10 MB is cut, and the next one is read', () => {
  const long = Buffer.from(line(`DB: db0 Need Wait To Sync ${'x'.repeat(10_000_000)}`));
  const pieces = Array.from({ length: Math.ceil(long.length / 65_536) }, (_, index) =>
    long.subarray(index * 65_536, (index + 1) * 65_536),
  );
  expect(codes(scan([...pieces, Buffer.from(granted)]))).toEqual(['sync_granted', 'sync_granted']);
});

test('bytes that are no UTF-8 harm nothing but their own line', () => {
  const facts = scan([
    Buffer.from(line('pwrite failed, filename: a')),
    Buffer.from([0xff, 0xfe, 0x0a, 0x49, 0x00, 0x0a]),
    Buffer.from('W20261128 03:54:00.000000     7 rsync_client.cc:1] pwrite failed, filename: '),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('errno: No space left on device n: 3\n'),
  ]);
  expect(codes(facts)).toEqual(['write_failed']);
  expect(facts[0]!.values.error).toBe('No space left on device');
});

test('lines of builds that write no year are of the year in which the file began, or of the next one', () => {
  const short = (date: string): string =>
    line('DB: db0 Need Wait To Sync', `I${date} 03:54:00.000000    33 pika_repl_client_conn.cc:1] `);
  const facts = scan([Buffer.from(short('1231') + short('0101'))], '20261130-235959');
  expect(facts.map(({ at }) => new Date(at).toISOString().slice(0, 10))).toEqual([
    '2026-12-31',
    '2027-01-01',
  ]);
});
