import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { languages } from '../../src/model/text.ts';

const source = join(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.tsx?$/.test(file),
);
const modules = await Promise.all(
  files
    .filter((file) => file.startsWith('model/'))
    .map(async (file) => ({ file, exported: (await import(join(source, file))) as object })),
);

/** Every place of what the model exports that holds words in English, and the languages that it holds. */
function wordsIn(value: unknown, place: string, seen = new Set<unknown>()): readonly [string, string[]][] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  if ('en' in value) return [[place, Object.keys(value)]];
  return Object.entries(value).flatMap(([key, each]) => wordsIn(each, `${place}.${key}`, seen));
}

const words = modules.flatMap(({ file, exported }) =>
  Object.entries(exported).flatMap(([name, each]) => wordsIn(each, `${file}: ${name}`)),
);

describe('a language is one folder, src/model', () => {
  test('every row of its tables of texts holds each language', () => {
    expect(words.length).toBeGreaterThan(700);
    const lacking = words.filter(([, held]) => languages.some((language) => !held.includes(language)));
    expect(lacking).toEqual([]);
  });

  test('no line of the source chooses its words by comparing the language: the compiler would not name it', () => {
    const compared = files.flatMap((file) =>
      readFileSync(join(source, file), 'utf8')
        .split('\n')
        .filter((line) => /language\w*\s*[!=]==? *'|\[language === /.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(compared).toEqual([]);
  });

  test('no other folder holds words in Chinese', () => {
    const elsewhere = files.filter(
      (file) =>
        !file.startsWith('model/') && /\p{Script=Han}/u.test(readFileSync(join(source, file), 'utf8')),
    );
    expect(elsewhere).toEqual([]);
  });
});
