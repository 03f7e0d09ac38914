import { expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { hideSecrets } from '../../src/platform/secrets.ts';

function logTo(lines: string[], secrets: readonly string[]) {
  return createLog({ level: 'trace', secrets, destination: { write: (line) => void lines.push(line) } });
}

test('a line is JSON with its level as a word and its time', () => {
  const lines: string[] = [];
  logTo(lines, []).info({ expansionId: 'exp_1' }, 'a plain message');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    msg: 'a plain message',
    expansionId: 'exp_1',
  });
  expect(JSON.parse(lines[0]!).time).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('promise 8: a secret is taken out wherever it turns up, and the line stays JSON', () => {
  const secrets = ['s3cret-pass', 'with"quote\\and', 'p@ss/word', 'pass'];
  const lines: string[] = [];
  const log = logTo(lines, secrets);
  log.info('message with s3cret-pass inside');
  log.error({ err: new Error('connect postgres://u:p%40ss%2Fword@h failed: p@ss/word') }, 'x');
  log.warn({ deep: { list: ['with"quote\\and'] } }, 'with"quote\\and');
  log.info({
    token: 'not-known-as-a-secret',
    user: { password: 'neither' },
    req: { headers: { authorization: 'Bearer y' } },
  });
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  const all = lines.join('');
  for (const leaked of ['s3cret', 'quote', 'p@ss', 'p%40ss', 'not-known', 'neither', 'Bearer y']) {
    expect(all).not.toContain(leaked);
  }
});

test('a text without secrets stays as it is', () => {
  expect(hideSecrets(['abcd', 'ab'])('abx abc abd')).toBe('abx abc abd');
});

test('a short secret is hidden as a word and in an address, and a line stays JSON', () => {
  const hide = hideSecrets(['abc', '12']);
  const line = JSON.stringify({
    count: 12,
    list: [12],
    said: "wrong password 'abc'",
    url: 'redis://u:12@h',
    is: 'abcde 12',
  });
  expect(JSON.parse(hide(line))).toEqual({
    count: 12,
    list: [12],
    said: "wrong password '[redacted]'",
    url: 'redis://u:[redacted]@h',
    is: 'abcde [redacted]',
  });
});

test('a line holds nothing that a terminal obeys, and stays JSON', () => {
  const lines: string[] = [];
  const log = logTo(lines, []);
  const hostile = '\u001b]0;owned\u0007\u009b31m\u007f\b\r\u0000 \\u001b a\\b';
  log.error({ err: new Error(hostile), [hostile]: [hostile] }, hostile);
  const { msg } = JSON.parse(lines[0]!) as { readonly msg: string };
  expect(msg).toBe('·]0;owned··31m···· \\u001b a\\b');
  expect(JSON.stringify(JSON.parse(lines[0]!))).not.toMatch(
    /[\u007f-\u009f]|(?<!\\)(?:\\\\)*\\(?:u00[01]|[bfr])/,
  );
});
