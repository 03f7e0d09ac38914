// Runs a TypeScript file of this project: node scripts/run.mjs src/cli/main.ts serve
import { bin, ensureDependencies, runAndExit } from './setup.mjs';

ensureDependencies();
runAndExit(bin('tsx'), process.argv.slice(2));
