// `npm run crashes`: the process killed at every crash point, also at its later times and on a second version of Pika.
// `npm test` has the quick form: each point once.
import { bin, ensureDependencies, ensureTestServers, runAndExit } from './setup.mjs';

ensureDependencies();
ensureTestServers();
runAndExit(bin('vitest'), ['run', 'test/crash'], { CRASHES: 'all' });
