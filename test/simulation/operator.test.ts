import { expect, test } from 'vitest';
import { createRandom } from '../../src/simulator/random.ts';
import { createOperator } from './operator.ts';

const alwaysAgain = { ...createRandom('operator'), next: () => 0 };

test('the operator gives up a node that is gone: its retries end before an attempt begins', () => {
  const decide = createOperator(alwaysAgain);
  const said = Array.from({ length: 5 }, () => decide('e n1', 2));
  expect(said).toEqual(['retry', 'retry', 'retry', 'skip', 'skip']);
  expect(decide('e n2', 2)).toBe('retry');
});

test('and a node that has had its attempts', () => {
  expect(createOperator(alwaysAgain)('e n1', 4)).toBe('skip');
});
