import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealed } from '../../src/evidence/bundle.ts';
import { verifyFile } from '../../src/verify/file.ts';
import { aKey } from '../evidence/made.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

const content = {
  format: 'pika-expander evidence 2',
  expansionId: 'exp_1',
  madeAt: 0,
  nodes: [],
  events: [],
  chain: '0'.repeat(64),
};
const text = sealed(content, aKey);
const unshown = sealed(
  {
    ...content,
    nodes: [
      { node: 'n1:9221', phase: 'verified', evidence: { verdict: 'verified', at: 5, attempt: 1, rules: [] } },
    ],
  },
  aKey,
);

let folder: string;
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pika-expander-evidence-'));
  writeFileSync(file('good.json'), text);
  writeFileSync(file('changed.json'), text.replace('exp_1', 'exp_2'));
  writeFileSync(file('lying.json'), unshown);
  writeFileSync(file('key.pem'), aKey.publicKeyPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  new Harness({ env, entrances: { verifyEvidence: async (path, key) => verifyFile(path, key) } }).run(
    'evidence',
    ...args,
  );

test('evidence is checked without a service, and the key is named', async () => {
  const { exitCode, out } = await run(['--verify', file('good.json')]);
  expect([exitCode, out]).toEqual([0, expect.stringContaining('✔ Every verified node follows')]);
  expect(out).toContain(`Signed by ${aKey.keyId} (not compared with a key that you trust: --key)`);
  for (const key of [aKey.keyId, aKey.keyId.slice(7), file('key.pem')]) {
    const pinned = await run(['--verify', file('good.json'), '--key', key]);
    expect([pinned.exitCode, pinned.out.includes('not compared')]).toEqual([0, false]);
  }
});

test('what was changed, signed by another key, or does not follow ends with 1 and says why', async () => {
  const changed = await run(['--verify', file('changed.json')]);
  expect([changed.exitCode, changed.out]).toEqual([1, expect.stringContaining('✖ The digest does not fit')]);
  const foreign = await run(['--verify', file('good.json'), '--key', `sha256:${'0'.repeat(64)}`]);
  expect([foreign.exitCode, foreign.out]).toEqual([
    1,
    expect.stringContaining('not by the key that you trust'),
  ]);
  const lying = await run(['--verify', file('lying.json'), '--json']);
  const found = JSON.parse(lying.out);
  expect([lying.exitCode, found.verdict]).toEqual([1, 'altered']);
  expect(found.faults[0]).toMatchObject({ code: 'events_differ', text: expect.stringContaining('n1:9221') });
  expect(found.nodes[0].rules[0]).toMatchObject({
    rule: 'full_sync_seen',
    text: expect.stringContaining('not among'),
  });
});

test('in the language of the terminal', async () => {
  const { out } = await run(['--verify', file('changed.json')], { LANG: 'zh_CN.UTF-8' });
  expect(out).toContain('摘要与内容不符');
});

test.each([
  [['--verify', '/nowhere/x.json'], 1, 'cannot be read'],
  [['--verify', 'FILE', '--key', '/nowhere/key.pem'], 1, 'The key cannot be read'],
  [['--verify', 'FILE', '--key', 'FILE'], 1, 'holds no key in PEM'],
  [['exp_1', '--verify', 'FILE'], 2, 'leave out the id'],
  [['exp_1', '--key', 'x'], 2, '--key belongs to --verify'],
])('%j is refused', async (args, code, said) => {
  const { exitCode, err } = await run(args.map((arg) => (arg === 'FILE' ? file('good.json') : arg)));
  expect([exitCode, err]).toEqual([code, expect.stringContaining(said)]);
});

test('a file without an end is not read to it', () => {
  expect(() => verifyFile('/dev/zero', null)).toThrow('larger than 128 MiB');
}, 60_000);

test('signed evidence comes as the service wrote it, byte by byte: to a new file, or as JSON', async () => {
  const api = new FakeApi();
  await api.start();
  try {
    api.answers.set('GET /v1/expansions/exp_1/evidence/bundle', { status: 200, body: JSON.parse(text) });
    const asSent = JSON.stringify(JSON.parse(text));
    const written = await run(['exp_1', '--out', file('out.json'), '--url', api.url]);
    expect([written.exitCode, readFileSync(file('out.json'), 'utf8')]).toEqual([0, asSent]);
    expect((await run(['exp_1', '--out', file('out.json'), '--url', api.url])).exitCode).toBe(1);
    expect((await run(['exp_1', '--json', '--url', api.url])).out).toBe(asSent);
  } finally {
    await api.close();
  }
});
