import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditRoutes } from '../../src/api/routes/audits.ts';
import { formatTime } from '../../src/cli/format.ts';
import { countsOf } from '../../src/core/audit/audit.ts';
import type { AuditVerdict } from '../../src/model/views/audit.ts';
import { credentialSource } from '../../src/platform/config.ts';
import type { AuditStore } from '../../src/store/audits.ts';
import { fakeDoorbell, healthyNode, masterName, type TestApi, testApi } from '../api/support.ts';
import { slaveOf } from '../core/plan/preflight-support.ts';
import { damagedSlave, MemoryAudits } from '../support/memory-audits.ts';
import { Harness, type HarnessOptions, jsonLines } from './harness.ts';

const slave = '10.0.0.2:9221';
let api: TestApi;
let audits: MemoryAudits;
let url: string;
/** Ends each audit that is asked for with these verdicts of its slaves. */
let verdicts: readonly AuditVerdict[] = [];
beforeEach(async () => {
  audits = new MemoryAudits();
  const create = audits.create.bind(audits);
  audits.create = async (audit) => {
    await create(audit);
    const servers = verdicts.map((verdict, at) => ({
      ...damagedSlave(at + 1, `10.0.0.${at + 2}:9221`),
      verdict,
    }));
    const counts = countsOf(
      [...audit.servers.map((server) => ({ ...server, state: 'judged' as const })), ...servers],
      0,
    );
    audits.change(audit.doc.id, { state: 'completed', endedAt: 3, counts }, servers);
  };
  const routes = auditRoutes({
    audits: audits as unknown as AuditStore,
    doorbell: fakeDoorbell(),
    credentials: credentialSource(new Map()),
  });
  api = await testApi({ api: { routes: [routes] } });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterEach(() => api.app.close());

const run = (args: readonly string[], options: HarnessOptions = {}) =>
  new Harness({ env: { PIKA_EXPANDER_URL: url }, ...options }).run(...args);

describe('the exit code of an audit', () => {
  test.each<[readonly AuditVerdict[], number]>([
    [[], 0],
    [['whole', 'whole'], 0],
    [['whole', 'damaged', 'not_judged'], 1],
    [['whole', 'doubtful'], 4],
    [['whole', 'not_judged'], 4],
  ])('with %j is %i', async (found, code) => {
    verdicts = found;
    expect((await run(['audit', masterName])).exitCode).toBe(code);
  });
});

test('what is damaged is shown with what is missing, since when, and the next step', async () => {
  verdicts = ['whole', 'damaged'];
  const { out } = await run(['audit', masterName]);
  const id = [...audits.rows.keys()][0]!;
  expect(out).toContain('1 master, 2 slaves: 1 damaged, 0 doubtful, 0 not judged, 1 whole');
  expect(out).toContain('damaged  10.0.0.3:9221: The data of 10.0.0.3:9221 differ');
  expect(out).toContain(`proven whole at ${formatTime(1)} (exp_1)`);
  expect(out).toContain('db0 string user:1: missing');
  expect(out).toContain(`→ Give it a full sync: pika-expander audits ${id} --repair 10.0.0.3:9221`);
  expect(out).not.toContain('10.0.0.2:9221:');
});

test('masters come from the command line and a file, slaves with the address that their master lists', async () => {
  const files = { 'masters.txt': '# dc 2\n10.0.0.4:9221,credential=dc2\n\n10.0.0.5:9221\n' };
  const wrong = await run(['audit', masterName, '--file', 'masters.txt'], { files });
  expect(wrong.err).toContain('masters[1].credential');
  files['masters.txt'] = '10.0.0.4:9221 # other rack\n';
  const flags = [
    '--slave',
    '203.0.113.7:19221,seen-as=10.0.0.2:9221',
    '--depth',
    'full',
    '--max-running',
    '3',
  ];
  const { out, exitCode } = await run(
    ['audit', masterName, '-f', 'masters.txt', ...flags, '--detach', '--json'],
    {
      files,
    },
  );
  expect(exitCode).toBe(0);
  const audit = JSON.parse(out);
  expect(audit).toMatchObject({
    spec: { depth: 'full' },
    maxRunning: 3,
    slaves: [{ name: '203.0.113.7:19221' }],
  });
});

test.each([
  [['audit'], 'No master is named'],
  [['audit', '--all', masterName], 'exclude each other'],
  [['audits', 'aud_1', '--cancel'], '--reason'],
])('%j is wrong usage', async (args, text) => {
  const { exitCode, err } = await run(args);
  expect([exitCode, err.includes(text)]).toEqual([2, true]);
});

test('audits are listed, printed as Markdown, and ended', async () => {
  expect((await run(['audits'])).out).toContain('No audits');
  verdicts = ['damaged'];
  await run(['audit', masterName]);
  const id = [...audits.rows.keys()][0]!;
  expect((await run(['audits'])).out).toMatch(new RegExp(`${id} +completed .* 1 +1 +0 +0`));
  const report = await run(['audits', id, '--report']);
  expect([report.out, report.exitCode]).toEqual([expect.stringContaining('## Damaged'), 1]);
  expect((await run(['audits', id])).exitCode).toBe(1);
  const late = await run(['audits', id, '--cancel', '--reason', 'peak']);
  expect(late.err).toContain('has ended');
});

describe('a repair', () => {
  beforeEach(async () => {
    verdicts = ['damaged', 'damaged'];
    await run(['audit', masterName]);
    for (const name of [slave, '10.0.0.3:9221'])
      api.engine.set(
        name,
        healthyNode(name, { replication: slaveOf('10.0.0.1', 9221), facts: { holdsKeys: true } }),
      );
  });
  const id = () => [...audits.rows.keys()][0]!;

  test('is an expansion that was planned and asked for like any other', async () => {
    const asked = await run(['audits', id(), '--repair']);
    expect([asked.exitCode, asked.err.includes('--yes')]).toEqual([2, true]);
    const { out, exitCode } = await run(['plan', '-m', masterName, `${slave},repoint,overwrite-data`]);
    expect([exitCode, out.includes('Nothing was changed')]).toEqual([0, false]);
  });

  test('of one slave leaves the others alone', async () => {
    const harness = new Harness({ env: { PIKA_EXPANDER_URL: url } });
    const ran = harness.run('audits', id(), '--repair', slave, '--yes', '--json');
    const accepted = () => jsonLines(harness.out).find(({ kind }) => kind === 'accepted');
    while (accepted() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    harness.pressCtrlC();
    expect((await ran).exitCode).toBe(130);
    const [expansion] = (await api.store.list({ limit: 10 })).items;
    expect(expansion!.label).toBe(`repair after ${id()}`);
    expect(expansion!.joins.map(({ target }) => target)).toMatchObject([
      { name: slave, repoint: true, overwriteData: true },
    ]);
  });

  test('of a slave that the audit cannot repair says so', async () => {
    const { exitCode, err } = await run(['audits', id(), '--repair', '10.9.9.9:1', '--yes']);
    expect([exitCode, err.includes(`Name one of: ${slave}`)]).toEqual([1, true]);
  });
});
