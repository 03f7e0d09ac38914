import { expect } from 'vitest';
import type { Language, Reader } from '../../src/model/text.ts';

/** Everybody for whom a text is made. */
export const readers: readonly Reader[] = (['en', 'zh'] as const).flatMap((language) =>
  (['rest', 'cli', 'dashboard'] as const).map((tool) => ({ language, tool })),
);

/** Whether a text is whole, in its language, and speaks of nothing that only this repository knows. */
export function expectText(text: string, language: Language): void {
  expect(text).not.toMatch(/undefined|NaN|\[object|\bnull\b|Infinity| {2}|\.\./);
  expect(text).not.toMatch(/\brecordings?\b|\bfacts \d|\b1 (nodes|batches|files|looks|slaves|copies|keys)\b/);
  if (language === 'zh') expect(text).toMatch(/[\u4e00-\u9fff]/);
  else expect(text).not.toMatch(/[\u4e00-\u9fff]/);
}
