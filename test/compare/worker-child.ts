/** A process of its own that works on comparisons until it is killed: `worker-child.ts CONNECTION OWNER`. */
import { pino } from 'pino';
import { createComparisonHandler } from '../../src/work/comparison/handler.ts';
import { realClock } from '../../src/work/expansion/observer.ts';
import { startReconciler } from '../../src/work/reconciler.ts';
import { openTestStores } from '../support/postgres.ts';

const [connection, owner] = process.argv.slice(2) as [string, string];
const { comparisons } = openTestStores(JSON.parse(connection));
const handler = createComparisonHandler({
  comparisons,
  credentials: { get: () => null, names: [] },
  log: pino({ level: 'silent' }),
  owner,
  now: Date.now,
  sleep: realClock.sleep,
  leaseMs: 3000,
  heartbeatMs: 200,
});
const never = new AbortController().signal;
startReconciler({
  store: comparisons,
  doorbell: { ring: async (id) => void (await handler(id, never)) },
  intervalMs: 50,
  seldomMs: 50,
});
