// `npm test`: sets up what is missing, then checks types, style and behaviour.
// With arguments it runs only those test files, without the checks: npm test -- test/core
import { spawnSync } from 'node:child_process';
import { bin, ensureDependencies, ensureTestServers, runAndExit } from './setup.mjs';

ensureDependencies();
ensureTestServers();

const files = process.argv.slice(2);
if (files.length === 0) {
  const checks = [
    ['types', bin('tsc'), ['-p', '.']],
    ['types of the dashboard', bin('tsc'), ['-p', 'src/dashboard']],
    ['style', bin('biome'), ['check']],
    ['build', process.execPath, ['scripts/build.mjs']],
  ];
  for (const [name, command, args] of checks) {
    console.log(`Checking: ${name}`);
    if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) {
      console.error(`The check of ${name} failed: see above.`);
      process.exit(1);
    }
  }
}
runAndExit(bin('vitest'), ['run', ...files]);
