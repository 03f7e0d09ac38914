// Makes a fresh clone runnable: dependencies by `npm ci`, and for the tests the servers that they drive.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a program to its end; whether that was a good one. */
function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;
}

/** Runs a program beside others; whether its end was a good one, and what it printed unless it inherits the streams. */
export function outcomeOf(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const pieces = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece) => pieces.push(piece));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => {
      // With inherited streams nobody prints the pieces.
      if (child.stdout) pieces.push(Buffer.from(`${message}\n`));
      else console.error(message);
    });
    child.once('close', (code) => resolve({ isGood: code === 0, output: Buffer.concat(pieces) }));
  });
}

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

/** Installs the dependencies unless those of this lock file are there already. */
export function ensureDependencies() {
  const stamp = join(root, 'node_modules', '.installed');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const installed = join(root, 'node_modules', '.package-lock.json');
  const fresh =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  if (!fresh) {
    console.log('Installing dependencies (npm ci) ...');
    if (!run('npm', ['ci', '--no-audit', '--no-fund'])) {
      console.error('npm ci failed: see above. Without the dependencies nothing here can run.');
      process.exit(1);
    }
  }
  writeFileSync(stamp, lock);
}

/** Debian packages that the tests use when they are there; what cannot be installed is skipped by the tests, which say so. */
export function ensureTestServers() {
  const wanted = [
    ['redis-server', 'redis-server'],
    ['chromium', 'chromium'],
    ['openssl', 'openssl'],
    ['promtool', 'prometheus'],
  ].filter(([program]) => !has(program));
  if (wanted.length === 0) return;
  const packages = wanted.map(([, name]) => name);
  if (!has('apt-get') || process.getuid?.() !== 0) {
    console.log(
      `Not installed: ${packages.join(', ')}. Tests that need them are skipped; install them to run all tests.`,
    );
    return;
  }
  console.log(`Installing for the tests: ${packages.join(', ')} ...`);
  aptGet('update', '-qq');
  if (!aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages)) {
    console.log(`Could not install ${packages.join(', ')}: the tests that need them are skipped.`);
  }
}

/** Waits up to 10 minutes while another program installs something: apt-get itself waits for dpkg's lock, but not for its own. */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C' };
  for (let tries = 0; ; tries += 1) {
    const options = { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' };
    const { status, stderr } = spawnSync('apt-get', args, options);
    if (status === 0) return true;
    if (tries === 120 || !/Could not get lock/.test(stderr)) {
      console.error(stderr);
      return false;
    }
    if (tries === 0) console.log('Waiting for another program that is installing something ...');
    spawnSync('sleep', ['5']);
  }
}

/** Runs a program of this project with its dependencies in place; ends with its exit code. */
export function runAndExit(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  process.exit(result.status ?? 1);
}

export const bin = (name) => join(root, 'node_modules', '.bin', name);
