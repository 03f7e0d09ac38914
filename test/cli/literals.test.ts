import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

/** Texts that people read are made in src/model, in each language: no file of the command line or the demo holds any. */

const source = join(import.meta.dirname, '..', '..', 'src');

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const nodesIn = (node: Node): readonly Node[] => Object.values(node).flat().filter(isNode);

/** What a literal says; `…` stands for what is put in. null = it is no text. */
function textOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type !== 'TemplateLiteral') return null;
  return (node.quasis as readonly { readonly value: { readonly cooked: string } }[])
    .map(({ value }) => value.cooked)
    .join('…');
}

const isError = (node: Node): boolean =>
  node.type === 'NewExpression' && String((node.callee as Node).name).endsWith('Error');

/** Errors of the program itself go to nobody who reads two languages. */
const isBug = (node: Node): boolean => isError(node) && (node.callee as Node).name === 'Error';
const skipped = (node: Node): boolean => /^Import|^Export.*From|^TS/.test(node.type) || isBug(node);

const command = /(?:pika-expander|npm run|npx) [^"']*/g;
const prose = /[A-Za-z]{2,}[,:;]? [a-z]{2,}|^[A-Z][a-z]+(?: ….*)?[:.]/;
const head = /^[A-Z]{2,}( [A-Z]+)*$/;

const says = (node: Node): string => textOf(node)?.replaceAll(command, '') ?? '';

/** The head of a table: not the words of a command. */
const isHead = (node: Node): boolean =>
  node.type === 'ArrayExpression' && nodesIn(node).filter((each) => head.test(says(each))).length > 1;

function texts(node: Node): readonly string[] {
  if (skipped(node)) return [];
  return [
    ...(isHead(node) ? ['the head of a table'] : []),
    ...(prose.test(says(node)) ? [says(node)] : []),
    ...nodesIn(node).flatMap(texts),
  ];
}

/** Literals inside an error for the user. */
const errorTexts = (node: Node): readonly string[] =>
  isError(node) && !isBug(node) ? texts(node) : nodesIn(node).flatMap(errorTexts);

const programOf = (file: string, code: string): Node => {
  const { program, errors } = parseSync(file, code);
  expect(errors).toEqual([]);
  return program as unknown as Node;
};
const programIn = (file: string): Node => programOf(file, readFileSync(join(source, file), 'utf8'));

/** Its texts are the keys of the help in other languages: test/cli/language reads that. */
const holdsHelp = (file: string): boolean => /(program|policy-options|wiring|completion)\.ts$/.test(file);

const files = ['cli', 'demo'].flatMap((folder) =>
  readdirSync(join(source, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);

describe('texts stand in the tables of src/model, not in', () => {
  it.each(files)('%s', (file) => {
    const program = programIn(file);
    expect(holdsHelp(file) ? errorTexts(program) : texts(program)).toEqual([]);
  });
});

it.each([
  ['print(() => [`Audit ${', 'id} is accepted.`])'],
  ["throw new UsageError('No master", " is named.')"],
  ["print(table([['SLAVE', 'FULL SYNC']", ', ...rows]))'],
  ['print(() => [`Hold ${', 'id}.`])'],
  ['write(`${', 'rows} rows are there`)'],
])('finds %s%s', (...code) => {
  expect(texts(programOf('a.ts', code.join('')))).not.toEqual([]);
});
