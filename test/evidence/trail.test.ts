import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/evidence/canonical.ts';
import { chainStart, linkHash } from '../../src/evidence/chain.ts';
import { newPrivateKey, readSigningKey } from '../../src/evidence/signing-key.ts';
import type { TrailEntry } from '../../src/model/views/trail.ts';
import { exportLines } from '../../src/trail/export.ts';
import { signedHead } from '../../src/trail/head.ts';
import { type TrailVerification, verifyTrail } from '../../src/verify/trail.ts';
import { aTrailEntry } from '../support/trail.ts';
import { aKey } from './made.ts';

const otherKey = readSigningKey(newPrivateKey());

/** Entries as the store links them. */
function chain(count: number, asked: (seq: number) => unknown = (seq) => ({ text: `entry ${seq}` })) {
  let before = chainStart;
  return Array.from({ length: count }, (_, index): TrailEntry => {
    const entry = { ...aTrailEntry({ asked: asked(index + 1) }), v: 1, seq: index + 1 };
    before = linkHash(before, entry);
    return { ...entry, hash: before };
  });
}

const storeOf = (entries: readonly TrailEntry[]) => ({
  after: async (seq: number, limit: number) => entries.filter((entry) => entry.seq > seq).slice(0, limit),
  end: async () => entries.at(-1) ?? { seq: 0, hash: chainStart },
});

async function exported(entries: readonly TrailEntry[], after = 0, key = aKey): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of exportLines(storeOf(entries), after, key, () => 1000)) lines.push(line);
  return lines;
}

const headOf = ({ seq, hash }: TrailEntry, key = aKey): string =>
  JSON.stringify(signedHead({ seq, hash }, 900, key));

const check = (lines: readonly string[], head: string | null = null, trustedKeyId: string | null = null) =>
  verifyTrail(lines, { head, trustedKeyId });

const codes = ({ faults }: TrailVerification) => faults.map(({ code }) => code);

const entries = chain(12);
const lines = await exported(entries);

test('a whole export is whole, also in pieces, of a part, and empty', async () => {
  expect(await check(lines)).toMatchObject({
    verdict: 'whole',
    follows: 0,
    last: 12,
    entries: 12,
    at: 1000,
    keyId: aKey.keyId,
  });
  expect((await check(lines.join('').split(''))).verdict).toBe('whole');
  expect(await check(await exported(entries, 7))).toMatchObject({
    verdict: 'whole',
    follows: 7,
    last: 12,
    entries: 5,
  });
  expect(await check(await exported([]))).toMatchObject({ verdict: 'whole', last: 0, entries: 0 });
  expect(await check(await exported(entries, 99))).toMatchObject({
    verdict: 'whole',
    follows: 12,
    entries: 0,
  });
});

test('the change of any character is found', async () => {
  const whole = lines.join('');
  for (let at = 0; at < whole.length; at += 1) {
    const other = whole[at] === '1' ? '2' : '1';
    const result = await check([whole.slice(0, at) + other + whole.slice(at + 1)]);
    expect([at, result.verdict]).not.toEqual([at, 'whole']);
  }
});

test('the removal, the repetition, the swap and the insertion of any line is found', async () => {
  for (const [at, line] of lines.entries()) {
    const verdicts = await Promise.all(
      [
        lines.filter((_, index) => index !== at),
        [...lines.slice(0, at), line, ...lines.slice(at)],
        ...(at === 0 ? [] : [[...lines.slice(0, at - 1), line, lines[at - 1]!, ...lines.slice(at + 1)]]),
        [...lines.slice(0, at + 1), '{}\n', ...lines.slice(at + 1)],
        [...lines.slice(0, at), line.trimEnd(), ...lines.slice(at + 1)],
      ].map((changed) => check(changed)),
    );
    for (const { verdict } of verdicts) expect([at, verdict]).not.toEqual([at, 'whole']);
  }
});

test('whoever links changed entries again cannot sign the end', async () => {
  const forged = chain(12, (seq) => (seq === 5 ? 'forged' : { text: `entry ${seq}` }));
  const [head, ...rest] = await exported(forged);
  expect((await check([head!, ...rest.slice(0, -1), lines.at(-1)!])).verdict).toBe('altered');
  const signedByOther = await exported(forged, 0, otherKey);
  expect((await check(signedByOther)).verdict).toBe('whole');
  expect(await check(signedByOther, null, aKey.keyId)).toMatchObject({
    verdict: 'other_key',
    keyPinned: true,
  });
  expect(codes(await check(signedByOther, headOf(entries[7]!)))).toEqual([
    'head_of_other_key',
    'head_differs',
  ]);
});

test('with the key in hand, entries that were changed or taken away show by a head that was kept', async () => {
  for (const kept of [entries[0]!, entries[6]!, entries[11]!])
    expect(await check(lines, headOf(kept))).toMatchObject({ verdict: 'whole', headSeq: kept.seq });
  const cut = await check(await exported(entries.slice(0, 8)), headOf(entries[9]!));
  expect([cut.verdict, cut.faults[0]]).toEqual([
    'truncated',
    { code: 'head_beyond_end', facts: { seq: 10, last: 8, at: 900 } },
  ]);
  const again = chain(12, (seq) => (seq === 5 ? 'forged' : { text: `entry ${seq}` }));
  const written = await check(await exported(again), headOf(entries[9]!));
  expect([written.verdict, codes(written)]).toEqual(['altered', ['head_differs']]);
  expect((await check(await exported(again), headOf(entries[2]!))).verdict).toBe('whole');
});

test('a head that cannot be compared, or is none, is no proof', async () => {
  const part = await exported(entries, 7);
  expect(await check(part, headOf(entries[2]!))).toMatchObject({ verdict: 'not_compared' });
  expect((await check(part, headOf(entries[6]!))).verdict).toBe('whole');
  expect((await check(part, headOf({ ...entries[6]!, hash: 'x' }))).verdict).toBe('altered');
  for (const none of ['', '{', '[]', '{"format":"pika-expander trail 1"}'])
    expect((await check(lines, none)).verdict).toBe('not_compared');
  const unsigned = JSON.stringify({ ...JSON.parse(headOf(entries[2]!)), seq: 1, hash: entries[0]!.hash });
  expect(codes(await check(lines, unsigned))).toEqual(['head_unsigned']);
});

test.each([
  ['nothing', ['']],
  ['another file', ['hello\n']],
  ['evidence', [`${canonicalJson({ format: 'pika-expander evidence 2' })}\n`]],
  ['deep', [`${'['.repeat(100_000)}\n`]],
  ['an endless line', Array.from({ length: 100 }, () => 'x'.repeat(100_000))],
  ['another start', [lines[0]!.replace(chainStart, 'f'.repeat(64)), ...lines.slice(1)]],
])('what is no export is refused: %s', async (_name, given) => {
  expect((await check(given)).verdict).toBe('altered');
});
