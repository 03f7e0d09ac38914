// `npm test`: sets up what is missing, builds, then checks, runs all tests on this Node and starts the service on the other versions.
// With arguments it runs only those test files, without the rest: npm test -- test/core
import { build, failedChecks, readings } from './checks.mjs';
import { failedNodes, obtainNodes } from './other-nodes.mjs';
import { bin, ensureDependencies, ensureTestServers, outcomeOf, runAndExit } from './setup.mjs';

ensureDependencies();
ensureTestServers();

const files = process.argv.slice(2);
if (files.length > 0) runAndExit(bin('vitest'), ['run', ...files]);

const startedAt = performance.now();
const nodes = obtainNodes();
if ((await failedChecks([build])).length > 0) {
  console.error('It cannot be built: see above. The tests were not run.');
  process.exit(1);
}
// The rest goes side by side: one uses the cores while another waits. Each says at once what is not good.
const tests = outcomeOf(bin('vitest'), ['run'], {
  stdio: 'inherit',
  env: { ...process.env, JUST_BUILT: '1' },
});
const otherNodes = nodes
  .then(async (obtained) => {
    // All unit tests once more on other versions would only slow these.
    if (process.env.ALL_NODES === '1') await tests;
    return failedNodes(obtained);
  })
  .catch((error) => [`the start on other Nodes (${error.message})`]);
const [{ isGood }, failed, failedOn] = await Promise.all([tests, failedChecks(readings), otherNodes]);
const notGood = [...(isGood ? [] : ['tests']), ...failed, ...failedOn];
if (notGood.length > 0) {
  console.error(`Not good: ${notGood.join(', ')}. See above.`);
  process.exit(1);
}
console.log(`All good, in ${Math.round((performance.now() - startedAt) / 1000)} s.`);
