import { expect, test } from 'vitest';
import { batchReason, batchReasonFor, batchReasons } from '../../src/model/batch-reasons.ts';
import { expectText, readers } from '../support/texts.ts';

/** All that any reason is made from. */
const facts = {
  version: '3.5.4',
  node: null,
  size: 1,
  asked: 3,
  nodes: 1,
  hosts: 1,
  perNodeHost: null,
  snapshotBytes: 7e11,
  leastBytesPerSecond: 4e6,
  budget: null,
  seconds: 16_000,
};

test.each(Object.keys(batchReasons) as (keyof typeof batchReasons)[])(
  '%s reads in both languages',
  (code) => {
    for (const more of [{}, { node: '10.0.0.2:9221', size: 4, perNodeHost: 2, budget: 9e6 }]) {
      const { text, ...because } = batchReason(code, { ...facts, ...more });
      for (const reader of readers) expectText(batchReasonFor(text, because, reader), reader.language);
    }
  },
);

test('the reason of an earlier release keeps its words', () => {
  expect(batchReasonFor('As it was.', undefined, readers[0]!)).toBe('As it was.');
  expect(batchReasonFor(null, undefined, readers[0]!)).toBeNull();
});
