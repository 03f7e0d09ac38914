import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { isTokenText, newTokenText } from '../../src/platform/token-text.ts';

test('a token that the service makes has a prefix, 32 characters of chance, and a check of them', () => {
  const texts = Array.from({ length: 200 }, newTokenText);
  for (const text of texts) expect(text).toMatch(/^pxt_[0-9A-Za-z]{38}$/);
  expect(texts.every(isTokenText)).toBe(true);
  expect(new Set(texts).size).toBe(texts.length);
});

test('a scanner can tell one by CRC-32 in base 62', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const text = newTokenText();
  let check = 0;
  for (const character of text.slice(36)) check = check * 62 + alphabet.indexOf(character);
  expect(check).toBe(crc32(text.slice(4, 36)));
});

test('a text with any character changed is none', () => {
  const text = newTokenText();
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === 'a' ? 'b' : 'a';
    expect(isTokenText(text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
  }
  for (const other of ['', text.slice(1), `${text}0`, ` ${text}`]) expect(isTokenText(other)).toBe(false);
});
