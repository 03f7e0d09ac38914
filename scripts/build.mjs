// `npm run build`: the service and the command line into dist/, the dashboard into dist/dashboard. Arguments are for tsc.

import { chmodSync, rmSync } from 'node:fs';
import { writeSbom } from './sbom.mjs';
import { bin, ensureDependencies, outcomeOf } from './setup.mjs';

ensureDependencies();
rmSync('dist', { recursive: true, force: true });

/** One after another; whether all were good. */
async function make(...steps) {
  for (const [command, ...args] of steps) {
    const { isGood } = await outcomeOf(command, args, { stdio: 'inherit' });
    if (!isGood) return false;
  }
  return true;
}

// Both to their ends: what goes on beside a failure would write into the next dist/.
const made = await Promise.all([
  make(
    [bin('tsc'), '-p', 'tsconfig.build.json', ...process.argv.slice(2)],
    [process.execPath, 'scripts/bundle.mjs', 'dist', 'dist/cli/main.js', 'dist/compare/thread.js'],
  ),
  make([bin('vite'), 'build', 'src/dashboard', '--logLevel', 'warn']),
]);
if (made.includes(false)) process.exit(1);
chmodSync('dist/cli/main.js', 0o755);
const notAllowed = writeSbom('dist/sbom.cdx.json');
if (notAllowed.length > 0) {
  console.error(
    `Licences that are not allowed (scripts/sbom.mjs has those that are):\n${notAllowed.join('\n')}`,
  );
  process.exit(1);
}
