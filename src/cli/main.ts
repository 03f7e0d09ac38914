#!/usr/bin/env node
import { processContext } from './context.ts';
import { loadEntrances } from './load-entrances.ts';
import { run } from './run.ts';

// A reader that went away (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), processContext(), loadEntrances);
