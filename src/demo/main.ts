import { runDemo } from './index.ts';

process.exit(await runDemo({ keep: process.argv.includes('--keep') }));
