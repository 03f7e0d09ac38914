import { expect, test } from 'vitest';
import { reader } from '../../src/api/reader.ts';

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['zh', 'zh'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['ZH-Hans', 'zh'],
  ['en-GB,en;q=0.9,zh;q=0.8', 'en'],
  ['en;q=0.2, zh;q=0.3', 'zh'],
  ['fr, zh;q=0.4, en;q=0.1', 'zh'],
  ['fr', 'en'],
  ['zh;q=0, en', 'en'],
  ['*', 'en'],
  [';;;q=,,zh;q=x', 'zh'],
])('Accept-Language %j is answered in %s', (accepted, language) => {
  const headers = accepted === undefined ? {} : { 'accept-language': accepted };
  expect(reader({ headers })).toEqual({ language, tool: 'rest' });
});

test.each([
  ['cli', 'cli'],
  ['dashboard', 'dashboard'],
  ['curl', 'rest'],
] as const)('the tool %s is answered in the words of %s', (named, tool) => {
  expect(reader({ headers: { 'pika-expander-tool': named } }).tool).toBe(tool);
});
