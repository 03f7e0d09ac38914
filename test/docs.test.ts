import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { blocks, documentWith, made } from '../scripts/docs.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const filesUnder = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));

test('each fact about Pika that code cites is in docs/pika-facts.md', () => {
  const facts = new Set(
    [...read('docs/pika-facts.md').matchAll(/^#{2,3} (\d+(?:\.\d+)?)/gm)].map(([, number]) => number),
  );
  const cited = [...filesUnder('src', /\.tsx?$/), ...filesUnder('test', /\.tsx?$/)].flatMap((file) =>
    [...read(file).matchAll(/pika-facts (\d+(?:\.\d+)?)/g)].map(([, number]) => ({ file, number })),
  );
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter(({ number }) => !facts.has(number))).toEqual([]);
});

test('each file that a document links to is there', () => {
  const documents = [
    ...readdirSync(root).filter((file) => file.endsWith('.md')),
    ...filesUnder('docs', /\.md$/),
  ];
  const links = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => ({
      file,
      target: join(dirname(file), target!),
    })),
  );
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter(({ target }) => !existsSync(join(root, target)))).toEqual([]);
});

test('each file of the project that a document names is there', () => {
  const documents = [
    ...readdirSync(root).filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md'),
    ...filesUnder('docs', /\.md$/),
  ];
  const named = documents.flatMap((file) =>
    [...read(file).matchAll(/\b(?:src|test|scripts|knowledge|migrations)\/[\w./-]*\w/g)].map(([path]) => ({
      file,
      path,
    })),
  );
  expect(named.length).toBeGreaterThan(50);
  const isThere = (path: string): boolean =>
    [path, `${path}.test.ts`, `${path}.ts`].some((name) => existsSync(join(root, name)));
  expect(named.filter(({ path }) => !isThere(path))).toEqual([]);
});

test('the table of rooms has each folder of the code', () => {
  const rooms = read('ARCHITECTURE.md');
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => name).filter((name) => !rooms.includes(`\`src/${name}`))).toEqual([]);
});

test.each(blocks)('$file holds what the tables of the code say today (else: npm run docs)', (block) => {
  const { now, wanted } = documentWith(block);
  expect(now).toBe(wanted);
});

test.each(made)('$file is what the code makes of it today (else: npm run docs)', ({ file, text }) => {
  expect(read(file) === text).toBe(true);
});
