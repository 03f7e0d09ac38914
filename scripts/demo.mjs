// `npm run demo`: needs nothing but Node and npm.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bin, ensureDependencies, runAndExit } from './setup.mjs';

ensureDependencies();
if (!existsSync('dist/dashboard/index.html')) {
  console.log('Building the dashboard ...');
  spawnSync(bin('vite'), ['build', 'src/dashboard', '--logLevel', 'error'], { stdio: 'inherit' });
}
runAndExit(bin('tsx'), ['src/demo/main.ts', ...process.argv.slice(2)]);
