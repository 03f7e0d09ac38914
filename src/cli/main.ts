import { argv } from 'node:process';

// A reader that went away (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

async function start(): Promise<void> {
  if (argv.includes('agent')) (await import('../agent/lean.ts')).stayLean();
  const [{ processContext }, { loadEntrances }, { run }] = await Promise.all([
    import('./context.ts'),
    import('./load-entrances.ts'),
    import('./run.ts'),
  ]);
  process.exitCode = await run(argv.slice(2), processContext(), loadEntrances);
}

void start();
