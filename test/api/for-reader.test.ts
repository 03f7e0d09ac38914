import { expect, test } from 'vitest';
import { joinFor, progressFor } from '../../src/api/for-reader.ts';
import { verdictSays } from '../../src/model/comparison-texts.ts';
import { because } from '../../src/model/reasons.ts';
import type { ProgressMessage } from '../../src/model/views/expansion.ts';

const zh = { language: 'zh', tool: 'rest' } as const;

test('a message of progress reads in the language of whoever follows', () => {
  const waitingFor = because('copying');
  const message = {
    joins: [
      { node: 'n', waitingFor },
      { node: 'm', waitingFor: null },
    ],
  } as unknown as ProgressMessage;
  expect(progressFor(message, zh).joins).toEqual([
    { node: 'n', waitingFor: { ...waitingFor, text: '正在复制快照' } },
    { node: 'm', waitingFor: null },
  ]);
});

test('a comparison inside the answer about a node does so too', () => {
  const reason = verdictSays('nothing_counted');
  const report = { reason: reason.text, notes: [], said: { reason, notes: [] } };
  const join = { comparison: { id: 'c', report } } as unknown as Parameters<typeof joinFor>[0];
  expect(joinFor(join, zh).comparison?.report?.reason).toMatch(/[\u4e00-\u9fff]/);
  expect(joinFor({ comparison: null }, zh)).toEqual({ comparison: null });
});
