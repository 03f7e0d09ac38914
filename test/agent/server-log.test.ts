import { readdirSync, readFileSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LogPlace, ServerLog } from '../../src/agent/server-log.ts';
import { newLogJudge } from '../../src/core/sync/log-attempts.ts';
import { readLogLine } from '../../src/engines/pika/log-lines.ts';

const recordings = join(import.meta.dirname, '../recordings/logs');
const noLimits = { bytes: Number.MAX_SAFE_INTEGER, ms: Number.MAX_SAFE_INTEGER };
const needs = { clean: (text: string) => text, onTime: () => {} };

let folder: string;
let log: ServerLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'server-log-'));
  log = new ServerLog(folder, null, needs);
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true });
});

const first = 'pika.vm.root.log.INFO.20261128-040014.12733';
const second = 'pika.vm.root.log.INFO.20261128-050000.13000';
const at = (file: string): string => join(folder, file);
const line = (message: string, thread = 7, time = '04:00:15.000000'): string =>
  `I20261128 ${time} ${thread} a.cc:1] ${message}\n`;
const granted = (db: string): string => line(`DB: ${db} Need Wait To Sync`);
const seen = (): (string | undefined)[] => log.facts().map(({ code, values }) => values.db ?? code);
const restarted = async (place: LogPlace | null = log.place()): Promise<void> => {
  await log.close();
  log = new ServerLog(folder, JSON.parse(JSON.stringify(place)), needs);
};

describe('every recorded log, growing while it is followed', () => {
  const recorded = readdirSync(recordings).flatMap((recording) =>
    recording.endsWith('.json')
      ? []
      : readdirSync(join(recordings, recording)).map((server) => `${recording}/${server}`),
  );

  test.each(recorded)('%s', async (path) => {
    const judge = newLogJudge();
    for (const name of readdirSync(join(recordings, path)).filter((each) => /\.log\.INFO\./.test(each))) {
      const packed = readFileSync(join(recordings, path, name));
      const bytes = name.endsWith('.gz') ? gunzipSync(packed) : packed;
      for (const text of bytes.toString().split('\n')) {
        const fact = readLogLine(text, 2026)?.fact;
        if (fact) judge.take(fact);
      }
      const step = Math.ceil(bytes.length / 5) + 7;
      for (let from = 0; from < bytes.length; from += step) {
        await appendFile(at(name.replace(/\.gz$/, '')), bytes.subarray(from, from + step));
        expect(await log.read(noLimits)).toBe(true);
        // An agent that is started again says the same as one that went on.
        if (from === 2 * step) await restarted();
      }
    }
    expect(log.attempts()).toEqual(judge.soFar().slice(-64));
    expect(log.problem).toBe(null);
  });
});

test('a log that does not exist yet is read when it appears', async () => {
  await rm(folder, { recursive: true });
  await log.read(noLimits);
  expect(log.problem).toBe('ENOENT');
  await mkdir(folder);
  await log.read(noLimits);
  expect(log.problem).toBe('ENOENT');
  await writeFile(at(first), granted('db0'));
  await log.read(noLimits);
  expect([log.problem, seen()]).toEqual([null, ['db0']]);
});

test('rotation: the older file is read to its end, and the newer one from its beginning', async () => {
  await writeFile(at(first), granted('db0'));
  await log.read(noLimits);
  await appendFile(at(first), granted('db1'));
  await writeFile(at(second), granted('db2'));
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db1', 'db2']);
});

test('a file that is renamed or removed is followed until the server begins another one', async () => {
  await writeFile(at(first), granted('db0'));
  await log.read(noLimits);
  await rename(at(first), at(`${first}.1`));
  await appendFile(at(`${first}.1`), granted('db1'));
  await log.read(noLimits);
  const handle = await (await import('node:fs/promises')).open(at(`${first}.1`), 'a');
  await rm(at(`${first}.1`));
  await handle.write(granted('db2'));
  await log.read(noLimits);
  await writeFile(at(second), granted('db3'));
  await handle.write(granted('db4'));
  await handle.close();
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db1', 'db2', 'db4', 'db3']);
});

test('a truncated file is read from its beginning, also if it has grown beyond its old length', async () => {
  await writeFile(at(first), granted('db0') + granted('db1'));
  await log.read(noLimits);
  await truncate(at(first));
  await appendFile(at(first), granted('db2'));
  await log.read(noLimits);
  await truncate(at(first));
  await appendFile(at(first), granted('db3') + granted('db4') + granted('db5'));
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db1', 'db2', 'db3', 'db4', 'db5']);
});

test('a copy whose lines may have been lost is never called whole', async () => {
  const path = readdirSync(join(recordings, '01-4.0.1-healthy-light-writes/slave1')).find((name) =>
    /INFO/.test(name),
  )!;
  const packed = readFileSync(join(recordings, '01-4.0.1-healthy-light-writes/slave1', path));
  const text = gunzipSync(packed).toString();
  const middle = text.indexOf('work_thread index');
  const cut = text.lastIndexOf('\n', middle) + 1;
  await writeFile(at(first), text.slice(0, cut));
  await log.read(noLimits);
  expect(log.attempts().at(-1)).toMatchObject({ verdict: 'running' });
  await truncate(at(first));
  await appendFile(at(first), text.slice(cut));
  await log.read(noLimits);
  expect(log.attempts().at(-1)).toMatchObject({ verdict: 'undecided', cause: 'log_has_gaps' });
});

test('a line that is not finished waits, also for an agent that is started again', async () => {
  await writeFile(at(first), granted('db0') + granted('db1').slice(0, 50));
  await log.read(noLimits);
  await restarted();
  await appendFile(at(first), granted('db1').slice(50));
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db1']);
});

test('an attempt that goes on is read again from its beginning by an agent that is started again', async () => {
  await writeFile(at(first), line('DB: db0 TrySync Ok'));
  await log.read(noLimits);
  const whole = log.place();
  await appendFile(at(first), granted('db0'));
  await log.read(noLimits);
  expect(log.place()).toEqual(whole);
  await restarted();
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db0']);
  expect(log.attempts()).toMatchObject([{ db: 'db0', verdict: 'running' }]);
});

test('what an agent had found is not lost with the file', async () => {
  await writeFile(at(first), line('DB: db0 TrySync Ok'));
  await log.read(noLimits);
  await rm(at(first));
  await restarted();
  await log.read(noLimits);
  expect(seen()).toEqual(['db0']);
  await writeFile(at(second), granted('db1'));
  await log.read(noLimits);
  expect(seen()).toEqual(['db0', 'db1']);
});

test('links are not followed: a log file that is a link is no log file', async () => {
  const other = await mkdtemp(join(tmpdir(), 'elsewhere-'));
  await writeFile(join(other, 'secret'), granted('db0'));
  await symlink(join(other, 'secret'), at(first));
  await log.read(noLimits);
  expect(log.problem).toBe('ELOOP');
  expect(seen()).toEqual([]);
  await rm(other, { recursive: true });
});

test('lines of single files reach the judge alone; a line that repeats does not push others out', async () => {
  const loop = line('info path: /d/info not exist').repeat(1000);
  await writeFile(at(first), granted('db0'));
  await log.read(noLimits);
  log.sent(log.taken());
  await appendFile(at(first), line('file_set: a.sst') + loop);
  await log.read(noLimits);
  expect(seen().length).toBe(41);
  expect(seen()[0]).toBe('db0');
  expect(log.dropped).toBe(960);
  expect(log.attempts()).toMatchObject([{ verdict: 'failed', cause: 'hung_in_full_sync' }]);
});

test('what came in a report is not counted as dropped later', async () => {
  await writeFile(at(first), line('info path: /d/info not exist').repeat(40));
  await log.read(noLimits);
  log.sent(log.taken());
  await appendFile(at(first), line('info path: /d/info not exist').repeat(40));
  await log.read(noLimits);
  expect(log.dropped).toBe(0);
});

test('reads no more at a time than it may', async () => {
  await writeFile(at(first), granted('db0').repeat(100_000));
  expect(await log.read({ bytes: 1_000_000, ms: Number.MAX_SAFE_INTEGER })).toBe(false);
  expect(await log.read(noLimits)).toBe(true);
  expect(log.taken()).toBe(100_000);
});

test('what is not to be sent is taken out of what is kept', async () => {
  log = new ServerLog(folder, null, { ...needs, clean: (text) => text.replaceAll('hunter2', '…') });
  await writeFile(at(first), line('db0 create new backup failed :no hunter2'));
  await log.read(noLimits);
  expect(log.facts()[0]!.values).toEqual({ db: 'db0', error: 'no …' });
  expect(log.facts()[0]!.line).toBe('db0 create new backup failed :no …');
});

test('the time of the last line is set beside the time of the file', async () => {
  const times: number[] = [];
  log = new ServerLog(folder, null, { ...needs, onTime: (local) => times.push(local) });
  await writeFile(at(first), `${line('x', 1, '04:00:15.000000')}${line('no match', 1, '05:06:07.000000')}`);
  await log.read(noLimits);
  expect(times).toEqual([Date.UTC(2026, 10, 28, 5, 6, 7)]);
  expect(await readFile(at(first), 'utf8')).toContain('no match');
});
