/** A process of its own: compares two servers on the ports given, and prints its largest memory use in megabytes. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type * as Engine from '../../src/compare/compare.ts';

const [left, right, engine = new URL('../../src/compare/compare.ts', import.meta.url).pathname] =
  process.argv.slice(2);
const { compareNodes, resolveSpec }: typeof Engine = await import(pathToFileURL(engine).href);
const endpoint = (port: string) => ({ address: { host: '127.0.0.1', port: Number(port) }, credential: null });
const report = await compareNodes({
  left: endpoint(left!),
  right: endpoint(right!),
  spec: resolveSpec({ depth: 'full' }),
});
const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
console.log(JSON.stringify({ report, peakMegabytes: Math.round(Number(kilobytes) / 1024) }));
