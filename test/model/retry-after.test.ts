import { expect, test } from 'vitest';
import { retryAfterMs } from '../../src/model/retry-after.ts';

const now = Date.UTC(2026, 10, 22, 12);

test.each([
  ['30', 30_000],
  [' 7 ', 7000],
  ['0', 0],
  [new Date(now + 90_000).toUTCString(), 90_000],
  [new Date(now - 90_000).toUTCString(), 0],
  ['31536000', 3_600_000],
  ['9'.repeat(400), 3_600_000],
  ['-5', 0],
  ['soon', 0],
  ['', 0],
  [null, 0],
  [undefined, 0],
])('%s', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});
