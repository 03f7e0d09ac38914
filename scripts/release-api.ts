/** Keeps the API as a release has it, so that later changes are compared with it: `npm run release-api`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiShape, apiShape } from './api-shape.ts';

const root = join(import.meta.dirname, '..');
export const releasedFile = join(root, 'docs/released-api.json');

/** A line for each operation and each schema, so that a change shows as one. */
function text({ operations, schemas }: ApiShape, version: string): string {
  const lines = (values: readonly unknown[]): string =>
    values.map((value) => JSON.stringify(value, withoutWords)).join(',\n');
  const named = Object.entries(schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema, withoutWords)}`);
  return `{\n"version": ${JSON.stringify(version)},\n"operations": [\n${lines(operations)}\n],\n"schemas": {\n${named.join(',\n')}\n}\n}\n`;
}

/** What is said for people may change. */
const withoutWords = (key: string, value: unknown): unknown =>
  (key === 'description' || key === 'summary') && typeof value === 'string' ? undefined : value;

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(releasedFile, text(await apiShape(), version));
}
