// `npm run check`: types, style, faults, what nobody uses, and the build; as many side by side as there are cores.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { bin, ensureDependencies } from './setup.mjs';

const checks = [
  { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
  // The types are checked above.
  { name: 'build', command: process.execPath, args: ['scripts/build.mjs', '--noCheck'] },
  { name: 'types of the dashboard', command: bin('tsc'), args: ['-p', 'src/dashboard'] },
  { name: 'style (biome)', command: bin('biome'), args: ['check'] },
  { name: 'faults (oxlint)', command: bin('oxlint'), args: ['--type-aware'] },
  { name: 'unused code (knip)', command: bin('knip'), args: [] },
];

/** Says how a check ended; what it printed is shown if it failed. */
function run({ name, command, args }) {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => output.push(piece));
  return new Promise((resolve) => {
    child.once('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.once('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`check of ${name}: ${code === 0 ? 'good' : 'FAILED'}, ${seconds} s`);
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      resolve(code === 0 ? null : name);
    });
  });
}

/** The names of the checks that failed. */
export async function failedChecks() {
  const waiting = [...checks];
  const failed = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) failed.push(await run(next));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed.filter((name) => name !== null);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureDependencies();
  process.exit((await failedChecks()).length > 0 ? 1 : 0);
}
