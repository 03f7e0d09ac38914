import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainStart, linkHash } from '../../src/evidence/chain.ts';
import { exportLines } from '../../src/trail/export.ts';
import { signedHead } from '../../src/trail/head.ts';
import { verifyTrailFile } from '../../src/verify/file.ts';
import { aKey } from '../evidence/made.ts';
import { aTrailEntry } from '../support/trail.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

const bare = {
  ...aTrailEntry({ who: { name: 'li\u001b[31m', role: 'operator' }, object: 'exp_1' }),
  v: 1,
  seq: 1,
};
const entry = { ...bare, hash: linkHash(chainStart, bare) };
const store = { after: async (seq: number) => (seq < 1 ? [entry] : []), end: async () => entry };
let text = '';
for await (const line of exportLines(store, 0, aKey, () => 0)) text += line;
const head = JSON.stringify(signedHead(entry, 0, aKey));

let folder: string;
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pika-expander-trail-'));
  writeFileSync(file('trail.jsonl'), text);
  writeFileSync(file('changed.jsonl'), text.replace('exp_1', 'exp_2'));
  writeFileSync(file('bytes.jsonl'), Buffer.from([0xff, 0xfe, 0x0a]));
  writeFileSync(file('head.json'), head);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], env: Record<string, string> = {}, group = 'trail') =>
  new Harness({ env, entrances: { verifyTrail: verifyTrailFile } }).run(group, ...args);

test('an export is checked without a service, with a head and a key', async () => {
  const good = await run(['verify', file('trail.jsonl')]);
  expect([good.exitCode, good.out]).toEqual([0, expect.stringContaining('✔ Each entry follows')]);
  expect(good.out).toContain('No kept head was given');
  const kept = await run(['verify', file('trail.jsonl'), '--head', file('head.json'), '--key', aKey.keyId]);
  expect([kept.exitCode, kept.out]).toEqual([0, expect.stringContaining('what the kept head saw: entry 1')]);
  expect((await run(['verify', file('trail.jsonl')], {}, 'audit-log')).exitCode).toBe(0);
});

test('what was changed ends with 1 and says where', async () => {
  const changed = await run(['verify', file('changed.jsonl')]);
  expect([changed.exitCode, changed.out]).toEqual([1, expect.stringContaining('✖ Entry 1 was changed')]);
  expect((await run(['verify', file('changed.jsonl')], { LANG: 'zh_CN.UTF-8' })).out).toContain('条目 1');
  expect((await run(['verify', file('bytes.jsonl')])).exitCode).toBe(1);
  const json = await run(['verify', file('changed.jsonl'), '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ verdict: 'altered', faults: [{ code: 'entry_altered' }] });
});

test('a file that cannot be read is named', async () => {
  const gone = await run(['verify', file('no.jsonl')]);
  expect([gone.exitCode, gone.err]).toEqual([1, expect.stringContaining('The trail cannot be read')]);
  const noHead = await run(['verify', file('trail.jsonl'), '--head', file('no.json')]);
  expect([noHead.exitCode, noHead.err]).toEqual([1, expect.stringContaining('The kept head cannot be read')]);
});

test('the trail of the service is listed and exported, its head printed, and it is checked', async () => {
  const api = await new FakeApi().start();
  try {
    api.answers.set('GET /v1/trail', { status: 200, body: { items: [entry], nextCursor: '1' } });
    api.answers.set('GET /v1/trail/head', { status: 200, body: JSON.parse(head) });
    const env = { PIKA_EXPANDER_URL: api.url };
    const list = await run(['list', '--since', '24h', '--who', 'li'], env);
    expect([list.exitCode, list.out]).toEqual([0, expect.stringContaining('POST /v1/plans')]);
    expect(list.out).not.toContain('\u001b');
    expect(list.out).toContain('--cursor 1');
    expect((await run(['list', '--since', 'yesterday'], env)).exitCode).toBe(2);
    expect((await run(['head'], env)).out).toBe(`${head}\n`);
  } finally {
    await api.close();
  }
});
