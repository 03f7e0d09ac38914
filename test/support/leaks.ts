import { afterAll, beforeAll } from 'vitest';
import { until } from './until.ts';

/** What would keep this process alive. Not told by Node for what was unref'ed, such as idle connections of fetch. */
const watched = ['ProcessWrap', 'TCPServerWrap', 'TCPSocketWrap', 'Timeout'];

function open(): ReadonlyMap<string, number> {
  const all = process.getActiveResourcesInfo();
  return new Map(watched.map((kind) => [kind, all.filter((each) => each === kind).length]));
}

let before: ReadonlyMap<string, number>;
beforeAll(() => {
  before = open();
});

/** Runs after the hooks of the test file: nothing that it started may be left. What was just closed takes a moment. */
afterAll(async () => {
  const left = () => [...open()].filter(([kind, count]) => count > before.get(kind)!);
  const told = () =>
    `nothing is left of this file; left are ${left()
      .map(([kind, count]) => `${count} ${kind}, before ${before.get(kind)}`)
      .join('; ')}`;
  await until(() => left().length === 0, { withinMs: 60_000, what: told });
});
