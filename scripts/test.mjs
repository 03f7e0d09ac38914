// `npm test`: sets up what is missing, checks, builds, runs all tests on this Node and starts the service on the other versions.
// With arguments it runs only those test files, without the rest: npm test -- test/core
import { failedChecks } from './checks.mjs';
import { failedNodes, obtainNodes } from './other-nodes.mjs';
import { bin, ensureDependencies, ensureTestServers, run, runAndExit } from './setup.mjs';

ensureDependencies();
ensureTestServers();

const files = process.argv.slice(2);
if (files.length > 0) runAndExit(bin('vitest'), ['run', ...files]);

const startedAt = performance.now();
const nodes = obtainNodes();
const failed = await failedChecks();
if (failed.length > 0) {
  console.error(`Not good: ${failed.join(', ')}. See above; the tests were not run.`);
  process.exit(1);
}
if (!run(bin('vitest'), ['run'])) process.exit(1);
const failedOn = await failedNodes(await nodes);
if (failedOn.length > 0) {
  console.error(`Good on Node ${process.versions.node}, but not on ${failedOn.join(' and ')}: see above.`);
  process.exit(1);
}
console.log(`All good, in ${Math.round((performance.now() - startedAt) / 1000)} s.`);
