import { expect, test } from 'vitest';
import type { Engine } from '../../../src/engines/engine.ts';
import type { Look } from '../../../src/model/observation.ts';
import { createObserver } from '../../../src/work/expansion/observer.ts';
import { nodeTarget } from '../../support/expansions.ts';

test.each([
  ['taken in', 10_000, 1],
  ['asked for anew', 10_001, 2],
])('an answer that came late is %s after %i ms', async (_, ms, asked) => {
  let now = 0;
  const answers: ((look: Look) => void)[] = [];
  const connection = {
    look: () => new Promise<Look>((resolve) => answers.push(resolve)),
    close: () => undefined,
  };
  const observer = createObserver({
    engine: { connect: () => connection } as unknown as Engine,
    clock: { now: () => now, sleep: async () => undefined },
    credentialOf: () => null,
  });
  const look = () => observer.look(nodeTarget('127.0.0.1:9221'), ['server'], 'node', null);
  expect(await look()).toBeNull();
  const late: Look = { kind: 'answered', at: 0, tookMs: 0, facts: {} };
  answers[0]!(late);
  await new Promise(setImmediate);
  now = ms;
  expect(await look()).toBe(asked === 1 ? late : null);
  expect(answers).toHaveLength(asked);
});
