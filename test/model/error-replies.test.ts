import { expect, test } from 'vitest';
import { codeOfDenial, isUnknownCommand, needsNoPassword } from '../../src/model/error-replies.ts';

test.each([
  ['ERR NOAUTH Authentication required.', 'NOAUTH'],
  ['NOAUTH Authentication required.', 'NOAUTH'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'WRONGPASS'],
  ['NOPERM this user has no permissions to run the command', 'NOPERM'],
  ['ERR invalid password', 'WRONGPASS'],
  ['ERR operation not permitted', 'WRONGPASS'],
  ['ERR wrong number of arguments', null],
  ['ERR value of NOAUTH', null],
])('"%s" refuses a login as %s', (error, code) => {
  expect(codeOfDenial(error)).toBe(code);
});

test.each([
  'ERR Client sent AUTH, but no password is set',
  'ERR AUTH <password> called without any password configured for the default user. Are you sure?',
])('"%s" lets everybody in', (error) => {
  expect(needsNoPassword(error)).toBe(true);
  expect(codeOfDenial(error)).toBeNull();
});

test.each([
  ["ERR unknown or unsupported command 'config\"'", true],
  ['ERR unknown command "config"', true],
  ['unknown command `config`', true],
  ['ERR unknown commander', false],
  ['ERR the script says: unknown command', false],
])('%s: an unknown command, %s', (error, unknown) => {
  expect(isUnknownCommand(error)).toBe(unknown);
});
