/** Programs that a signal ends in the middle leave nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startService } from '../../src/main.ts';
import { isServerOn, pidInFile } from '../../src/store/embedded-processes.ts';
import { whenEnded } from '../support/ended.ts';
import { builtProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 300_000 });

let program: string;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  program = await builtProgram();
  // Short: a socket has to fit below it.
  folder = await mkdtemp(join(tmpdir(), 'told-'));
  await mkdir(temporary());
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const temporary = () => join(folder, 't');

/** Starts a command, sends it the signal once the condition is true, and returns what it printed and its exit code. */
async function toldOnce(isSo: (output: string) => boolean | Promise<boolean>, ...args: readonly string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: temporary(), PIKA_EXPANDER_PORT: '0' };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  await until(() => isSo(output), { withinMs: 120_000, what: () => `the moment to stop it: ${output}` });
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  await whenEnded(child);
  return { code: child.exitCode, output };
}

/** No server runs on the data folder of a service. */
async function isQuiet(dataDir: string): Promise<boolean> {
  const data = join(dataDir, 'postgres', 'data');
  const pid = await pidInFile(data);
  return pid === null || !(await isServerOn(pid, data));
}

test('the service, in its start: it does not begin its work, and ends with 0', async () => {
  const dataDir = join(folder, 'new');
  const { code, output } = await toldOnce(
    () => existsSync(join(dataDir, 'postgres', 'run')),
    'serve',
    '--data-dir',
    dataDir,
  );
  expect([code, output.includes('"stopped"'), output.includes('is running')]).toEqual([0, true, false]);
  expect(readdirSync(join(dataDir, 'postgres')).filter((name) => name.startsWith('data.new'))).toEqual([]);
  expect(await isQuiet(dataDir)).toBe(true);
});

test('the demo: its database and its folder are gone', async () => {
  const { code } = await toldOnce((output) => output.includes('SLAVEOF'), 'demo');
  expect(code).toBe(143);
  expect(readdirSync(temporary())).toEqual([]);
});

test('a backup that is being verified: neither file nor folder nor server stays', async () => {
  const dataDir = join(folder, 'data');
  await (await startService({ dataDir, port: 0, logLevel: 'silent' })).close();
  const file = join(folder, 'backup.gz');
  const isVerifying = () => readdirSync(temporary()).some((name) => name.startsWith('pika-expander-verify-'));
  const { code } = await toldOnce(isVerifying, 'backup', file, '--verify', '--data-dir', dataDir);
  expect(code).toBe(143);
  expect([existsSync(file), readdirSync(temporary())]).toEqual([false, []]);
  expect(await isQuiet(dataDir)).toBe(true);
});
