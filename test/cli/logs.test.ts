import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadEntrances } from '../../src/cli/load-entrances.ts';
import { Harness } from './harness.ts';

const recording = join(import.meta.dirname, '../recordings/logs/04a-3.5.4-burst3-gaps-2-2');
const logs = (...args: string[]) => new Harness({ entrances: loadEntrances }).run('logs', ...args);

it('prints each full sync with its verdict, the cause and what to do, then the lines that tell of trouble', async () => {
  const { exitCode, out } = await logs(join(recording, 'slave2'));
  expect(exitCode).toBe(0);
  expect(out).toMatch(/STARTED +ENDED +DB +FILES +VERDICT/);
  expect(out).toMatch(
    /2026-11-28 03:56:13 +03:56:15 +db0 +14 of 60 +failed\n +snapshot_superseded: The master made a newer dump/,
  );
  expect(out).toMatch(/open_failed \(2 lines\), log of the slave: .*db0_bak.*\n +open hashes db failed/);
});

it('prints the same as one JSON document', async () => {
  const { exitCode, out } = await logs('--json', join(recording, 'slave1'), join(recording, 'slave1'));
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    attempts: [
      { db: 'db0', verdict: 'incomplete', cause: 'snapshot_superseded', files: { listed: 57, copied: 20 } },
    ],
    findings: expect.arrayContaining([
      expect.objectContaining({ code: 'newer_dump', log: 'slave', count: 1 }),
    ]),
  });
});

it('sends no terminal what it would obey, neither as text nor as JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-logs-'));
  const line =
    'W20261128 03:54:00.076643 17533 pika_repl_client_conn.cc:9] Meta Sync Failed: Auth with master error';
  await writeFile(join(folder, 'log'), `${line}\u001b]0;x\u0007\u009b2J\n`);
  for (const args of [['--json'], []]) {
    const { exitCode, out } = await logs(...args, join(folder, 'log'));
    expect(exitCode).toBe(0);
    expect(out).toContain('Auth with master error');
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
  await rm(folder, { recursive: true });
});

it('says which file it cannot read, and what to give', async () => {
  const { exitCode, err } = await logs('/nowhere/pika.INFO');
  expect(exitCode).toBe(1);
  expect(err).toContain('/nowhere/pika.INFO cannot be read');
  expect(err).toContain('pika.INFO in its log-path');
});

it('records nothing over a file that is there, and says what a flag may be', async () => {
  const record = (...args: string[]) =>
    new Harness({ entrances: loadEntrances }).run('record', '-m', '127.0.0.1:1', '127.0.0.1:2', ...args);
  const existing = await record('--out', import.meta.filename);
  expect(existing.exitCode).toBe(1);
  expect(existing.err).toMatch(/cannot be made: EEXIST/);
  for (const args of [
    ['--every', '1ms'],
    ['--for', 'soon'],
    ['--log', 's2=x'],
    ['--log', 's1'],
  ]) {
    const wrong = await record('--out', '/nowhere/recording', ...args);
    expect(wrong).toMatchObject({ exitCode: 2, err: expect.stringContaining(args[0]!) });
  }
});

it('records nothing of what it cannot follow: no empty file is left, and the next step is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pika-expander-record-'));
  const out = join(folder, 'recording.jsonl');
  const record = (...args: string[]) =>
    new Harness({ entrances: loadEntrances }).run('record', '--out', out, ...args);
  const noLog = await record('-m', '127.0.0.1:1', '--log', 'm=/nowhere/pika.INFO');
  expect(noLog).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/ended after 0 rows.*\n.*log file/),
  });
  expect(await readdir(folder)).toEqual([]);
  const more = await record('-m', '127.0.0.1:1,credential=of-others');
  expect(more).toMatchObject({ exitCode: 2, err: expect.stringContaining('--password-file') });
  const noPassword = await record('-m', '127.0.0.1:1', '--password-file', '/nowhere/password');
  expect(noPassword).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('The password file /nowhere/password'),
  });
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});
