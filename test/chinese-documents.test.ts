import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const chinese: readonly (readonly [english: string, chinese: string])[] = [
  ['README.md', 'README.zh-CN.md'],
  ...readdirSync(join(root, 'docs/zh'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => [`docs/${file}`, `docs/zh/${file}`] as const),
];

const blocks = (text: string): readonly string[] =>
  [...text.matchAll(/^```.*\n[\s\S]*?^```$/gm)].map(([block]) => block);
const headings = (text: string): readonly string[] =>
  [...text.replaceAll(/^```.*\n[\s\S]*?^```$/gm, '').matchAll(/^(#+) /gm)].map(([, level]) => level!);

/** The `code` of the first cells of tables: commands, fields, states. A bracket of the other language does not matter. */
const rows = (text: string): readonly string[] =>
  [...text.matchAll(/^\| *([^|]*?(?:\\\|[^|]*?)*) *\|/gm)]
    .map(([, cell]) => [...cell!.matchAll(/`[^`]+`/g)].map(([code]) => code).join(' '))
    .filter((codes) => codes !== '');

test('what an operator needs first is there in Chinese', () => {
  expect(chinese.map(([, file]) => file)).toEqual(
    expect.arrayContaining([
      'README.zh-CN.md',
      'docs/zh/campaigns.md',
      'docs/zh/cli.md',
      'docs/zh/knowledge.md',
      'docs/zh/runbook.md',
    ]),
  );
});

describe.each(chinese)('%s and %s', (english, translated) => {
  const [en, zh] = [read(english), read(translated)];

  test('give the same commands and examples', () => {
    expect(blocks(en).length).toBeGreaterThan(0);
    expect(blocks(zh)).toEqual(blocks(en));
  });

  test('have the same chapters, and a row for the same commands, fields and states', () => {
    expect(headings(zh)).toEqual(headings(en));
    expect(rows(zh)).toEqual(rows(en));
  });

  test('lead to each other', () => {
    expect(en).toMatch(/^\[中文\]\(\S+\)$/m);
    expect(zh).toMatch(/^\[English\]\(\S+\)$/m);
  });

  test('no line is left in English', () => {
    const lines = zh
      .replaceAll(/^```.*\n[\s\S]*?^```$/gm, '')
      .split('\n')
      .filter((line) => !/^<!--|^Apache License/.test(line) && !/\p{Script=Han}/u.test(line))
      .filter((line) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(line.replaceAll(/`[^`]*`/g, '')));
    expect(lines).toEqual([]);
  });
});
