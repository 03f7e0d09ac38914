/**
 * Serves the dashboard on an example of a busy night, for looking at it and for the pictures of docs/images:
 *
 *   npx vite build src/dashboard --outDir /tmp/dashboard --emptyOutDir
 *   npx tsx scripts/example-dashboard.ts /tmp/dashboard 8087
 *   npx tsx scripts/screenshots.ts http://127.0.0.1:8087
 */
import { startMockApi } from '../test/dashboard/mock-api.ts';
import { populatedWorld } from '../test/dashboard/mock-world.ts';

const [dashboard, port = '8087'] = process.argv.slice(2);
if (dashboard === undefined) throw new Error('Give the folder of the built dashboard.');
const { url } = await startMockApi({
  dashboard,
  port: Number(port),
  world: populatedWorld(Date.now()),
  speed: 0,
  campaignsOnOverview: true,
});
console.log(url);
