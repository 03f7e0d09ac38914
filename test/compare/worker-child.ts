/** A process of its own that works on comparisons until it is killed: `worker-child.ts CONNECTION OWNER`. */
import { startComparisonWorker } from '../../src/work/comparison/handler.ts';
import { openTestStores } from '../support/postgres.ts';

const [connection, owner] = process.argv.slice(2) as [string, string];
const { comparisons } = openTestStores(JSON.parse(connection));
startComparisonWorker({
  comparisons,
  credentials: { get: () => null, names: [] },
  owner,
  now: Date.now,
  concurrency: 1,
  pollMs: 50,
  leaseMs: 3000,
  heartbeatMs: 200,
});
