import { describe, expect, test } from 'vitest';
import { type EvidenceRule, isMet, type RuleName, ruleFor, ruleTable } from '../../src/model/evidence.ts';
import type { Text } from '../../src/model/text.ts';
import { expectText, readers } from '../support/texts.ts';

/** All that any statement is made from. */
const facts = {
  unseen: ['db1'],
  version: '3.3.6',
  receivedBytes: 156e6,
  snapshotBytes: 166e6,
  requiredShare: 0.9,
  nodeTableBytesAfterSwap: 4e6,
  unseenMs: 3200,
  follows: '10.0.0.1:9221',
  lookedAtKeys: 4000,
  share: 0.4,
  smallestLossFound: 0.001,
  differencesTotal: 1,
  reason: 'the node went away',
  looks: 2,
  required: 3,
  on: 'master' as const,
  db: 'db0',
  cause: 'snapshot_superseded',
  copied: 2,
  listed: 54,
  gone: 1,
  tables: 54,
  afterMs: 5200,
  others: 1,
  example: 'strings/000012.sst',
  files: 3,
  dumpBytes: 4_194_304,
  nodeBytes: 12,
  hashed: 3,
  bytes: 140e6,
  replaced: 2,
  unhashed: 1,
  problem: 'strings/000012.sst: missing',
};

const statements = Object.entries(ruleTable).flatMap(([rule, { statements }]) =>
  Object.entries<Text<typeof facts>>(statements).map(([code, words]) => ({ rule, code, words })),
);
const ruleOf = (statement: string, holds: boolean | null): EvidenceRule => ({
  rule: 'bytes_received',
  holds,
  statement,
  text: 'as stored',
  facts,
  at: 0,
});

describe('evidence', () => {
  test.each(statements)('$rule, $code reads in both languages', ({ rule, code, words }) => {
    for (const reader of readers) {
      const said = ruleFor(
        { rule: rule as RuleName, holds: true, statement: code, text: 'as stored', facts, at: 0 },
        reader,
      );
      expect(said.text).toBe(words[reader.language](facts, reader));
      for (const text of [said.label, said.text]) expectText(text, reader.language);
    }
  });

  test('says how much of the snapshot came, not that all of it did', () => {
    expect(ruleFor(ruleOf('enough', true), readers[0]!)).toMatchObject({
      label: 'Share of the snapshot’s bytes that came',
      text: "93 % of the snapshot's bytes came (156 MB for a snapshot of 166 MB). 90 % are required, since both figures are samples.",
    });
  });

  test('of an earlier release keeps its words', () => {
    const { statement: _statement, ...old } = ruleOf('enough', true);
    expect(ruleFor(old, readers.at(-1)!).text).toBe('as stored');
  });

  test('a rule that was not judged counts only where its version leaves nothing to judge it by', () => {
    expect(isMet(ruleOf('unknown', null))).toBe(false);
    expect(isMet({ ...ruleOf('not_counted', null), leftOut: true })).toBe(true);
  });
});
