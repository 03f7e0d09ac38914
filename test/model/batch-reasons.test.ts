import { expect, test } from 'vitest';
import { batchReason, batchReasons } from '../../src/model/batch-reasons.ts';
import { saidFor } from '../../src/model/text.ts';
import { said } from '../support/said.ts';
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
      const reason = batchReason(code, { ...facts, ...more });
      for (const reader of readers) expectText(saidFor(batchReasons, reason, reader).text, reader.language);
    }
  },
);

test('the reason of an earlier release keeps its words', () => {
  for (const reader of readers)
    expect(saidFor(batchReasons, said('As it was.'), reader)).toEqual(said('As it was.'));
});
