import { expect, test } from 'vitest';
import { ExpansionRequest } from '../../src/admission/request.ts';
import { validator } from '../../src/admission/validate.ts';
import { ReasonBody } from '../../src/api/schemas.ts';
import { nearest } from '../../src/model/nearest.ts';
import type { Refusal } from '../../src/model/refusal.ts';

const good = { master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221'] };

function refusalOf(check: (value: unknown) => unknown, value: unknown): Refusal {
  try {
    check(value);
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('nothing was refused');
}

const zh = { language: 'zh', tool: 'rest' } as const;
const checkExpansion = validator(ExpansionRequest);

test.each([
  [
    { policy: { bathSize: 2 } },
    'policy.bathSize is not a known field. Did you mean batchSize?',
    'policy.bathSize 不是已知的字段。是否想写 batchSize？',
  ],
  [{ policy: { quux: 2 } }, 'policy.quux is not a known field.', 'policy.quux 不是已知的字段。'],
  [
    { policy: { batchSize: 0 } },
    'policy.batchSize must be a whole number from 1 to 256 or auto.',
    'policy.batchSize 必须是整数（1 至 256）或 auto。',
  ],
  [
    { policy: { onFailure: 'ignore' } },
    'policy.onFailure must be halt, skip or rollback.',
    'policy.onFailure 必须是 halt、skip 或 rollback。',
  ],
  [
    { policy: { windows: [{ from: '25:00', to: '01:00' }] } },
    'policy.windows[0].from must be a time as HH:MM, from 00:00 to 23:59.',
    'policy.windows[0].from 必须是 HH:MM 形式的时间（00:00 至 23:59）。',
  ],
  [
    { nodes: [7] },
    'nodes[0] must be text (3 to 320 characters, for example “10.0.0.5:9221”) or an object.',
    'nodes[0] 必须是文字（3 至 320 个字符，例如“10.0.0.5:9221”）或对象。',
  ],
  [{ nodes: [{ adress: 'a:1' }] }, 'nodes[0].adress is not a known field. Did you mean address?', null],
  [{ nodes: [{}] }, 'nodes[0].address is missing.', 'nodes[0].address 缺失。'],
  [{ nodes: [] }, 'nodes must be a list of at least 1 entry.', null],
  [{ master: undefined }, 'master is missing.', null],
])('%j', (part, english, chinese) => {
  const refusal = refusalOf(checkExpansion, JSON.parse(JSON.stringify({ ...good, ...part })));
  expect(refusal.message).toBe(english);
  if (chinese !== null) expect(refusal.read(zh).message).toBe(chinese);
});

test('an unknown field names every field that is known there', () => {
  const { nextSteps } = refusalOf(checkExpansion, { ...good, nodes: [{ address: 'a:1', password: 'x' }] });
  expect(nextSteps).toEqual([
    'Use one of the fields that are known here: address, seenAs, credential, overwriteData and repoint.',
  ]);
});

test.each(['', '   '])('a reason of %j', (reason) => {
  expect(refusalOf(validator(ReasonBody), { reason }).message).toBe(
    'reason must be text with more than blanks (1 to 1000 characters, for example “switch maintenance until 04:00”).',
  );
});

test('what does not hold an object at all', () => {
  const refusal = refusalOf(checkExpansion, 'expand');
  expect([refusal.field, refusal.message, refusal.read(zh).message]).toEqual([
    null,
    'The request must be an object.',
    '请求必须是对象。',
  ]);
});

test('the nearest names are those that one or few letters lead to', () => {
  const known = ['batchSize', 'approval', 'onFailure', 'maxAttempts'];
  expect(nearest('batchsize', known)).toEqual(['batchSize']);
  expect(nearest('maxAttempt', known)).toEqual(['maxAttempts']);
  expect(nearest('force', known)).toEqual([]);
  expect(nearest('x'.repeat(100_000), known)).toEqual([]);
});
