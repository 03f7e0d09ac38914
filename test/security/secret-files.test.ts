import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processContext, speaking } from '../../src/cli/context.ts';
import { resolveSettings } from '../../src/cli/settings.ts';
import { newPrivateKey, readSigningKey } from '../../src/evidence/signing-key.ts';
import { type ConfigError, loadConfig } from '../../src/platform/config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pika-expander-secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string, mode: number): string {
  const path = join(folder, `${mode.toString(8)}-${text.length}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const secret = 'a-token-long-enough';
const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};

test.each([0o644, 0o604, 0o602, 0o666])('a file with a secret of mode %o is refused', (mode) => {
  const path = fileWith(secret, mode);
  for (const name of ['PIKA_EXPANDER_OPERATOR_TOKEN_FILE', 'PIKA_PASSWORD_FILE']) {
    const problems = problemsOf({ [name]: path });
    expect(problems).toEqual([expect.stringContaining(`chmod o= ${path}`)]);
    expect(problems.join()).not.toContain(secret);
  }
  const context = { ...speaking('en', processContext()), env: {}, homeDirectory: folder };
  expect(() => resolveSettings({ tokenFile: path }, context)).toThrow('Every user');
  const config = fileWith(JSON.stringify({ token: secret }), mode);
  expect(() => resolveSettings({ config }, context)).toThrow('Every user');
});

test.each([0o600, 0o640, 0o400])('a file with a secret of mode %o is read', (mode) => {
  const path = fileWith(secret, mode);
  expect(problemsOf({ PIKA_EXPANDER_OPERATOR_TOKEN_FILE: path })).toEqual([]);
  const context = { ...speaking('en', processContext()), env: {}, homeDirectory: folder };
  expect(resolveSettings({ tokenFile: path }, context).token).toBe(secret);
});

test('the key by which evidence is signed is a secret file, and of the right kind', () => {
  const key = newPrivateKey();
  const env = (path: string) => ({ PIKA_EXPANDER_SIGNING_KEY_FILE: path });
  const path = fileWith(key, 0o600);
  expect(loadConfig(env(path)).signingKey?.keyId).toBe(readSigningKey(key).keyId);
  expect(problemsOf(env(fileWith(key, 0o644)))).toEqual([expect.stringContaining('chmod o=')]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  expect(problemsOf(env(fileWith(other, 0o600)))).toEqual([expect.stringContaining('openssl genpkey')]);
  const problems = problemsOf(env(fileWith(secret, 0o600)));
  expect(problems).toEqual([expect.stringContaining('holds no private key')]);
  expect(problems.join()).not.toContain(secret);
});
