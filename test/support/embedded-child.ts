/**
 * A process of its own with the embedded store, for tests that kill it: `embedded-child.ts DATA_DIR MODE`.
 * Mode `write` accepts expansions for ever and prints the id of each one that was acknowledged; mode `hold` prints
 * `ready` and stays. An EmbeddedPostgresError is printed as JSON, with exit code 1.
 */
import { EmbeddedPostgresError } from '../../src/store/embedded-error.ts';
import { openStore } from '../../src/store/open.ts';
import { newExpansion } from './expansions.ts';

const [dataDir, mode] = process.argv.slice(2) as [string, 'write' | 'hold'];
try {
  const opened = await openStore({ dataDir });
  await opened.store.migrate();
  process.stdin.on('end', () => void opened.close().then(() => process.exit(0)));
  process.stdin.resume();
  console.log('ready');
  for (let n = 0; mode === 'write'; n++) {
    const id = `${process.pid}-${n}`;
    await opened.store.accept(newExpansion({ id }), [], null);
    console.log(id);
  }
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  const { code, message, nextSteps } = error;
  console.log(JSON.stringify({ code, message, nextSteps }));
  process.exitCode = 1;
}
