// `npm run check`: types, style, faults, what nobody uses, and the build; as many side by side as there are cores.
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { bin, ensureDependencies, outcomeOf } from './setup.mjs';

/** One thread each: more of them do much of the work twice, and the checks keep the cores busy side by side. */
const oneThread = { env: { ...process.env, GOMAXPROCS: '1' } };

// The types are a check of their own.
export const build = { name: 'build', command: process.execPath, args: ['scripts/build.mjs', '--noCheck'] };
export const readings = [
  { name: 'types', command: bin('tsc'), args: ['-p', '.', '--singleThreaded'] },
  { name: 'types of the dashboard', command: bin('tsc'), args: ['-p', 'src/dashboard', '--singleThreaded'] },
  { name: 'style (biome)', command: bin('biome'), args: ['check'] },
  { name: 'faults (oxlint)', command: bin('oxlint'), args: ['--type-aware'] },
  { name: 'unused code (knip)', command: bin('knip'), args: [] },
];

/** Says how a check ended; what it printed is shown if it failed. */
async function check({ name, command, args }) {
  const startedAt = performance.now();
  const { isGood, output } = await outcomeOf(command, args, oneThread);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`check of ${name}: ${isGood ? 'good' : 'FAILED'}, ${seconds} s`);
  if (!isGood) process.stdout.write(output);
  return isGood ? null : name;
}

/** The names of the checks that failed. */
export async function failedChecks(checks) {
  const waiting = [...checks];
  const failed = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) failed.push(await check(next));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed.filter((name) => name !== null);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureDependencies();
  process.exit((await failedChecks([build, ...readings])).length > 0 ? 1 : 0);
}
