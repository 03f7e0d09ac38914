import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Agent, type AgentParts } from '../../src/agent/agent.ts';
import { Host, logFile, sha256 } from './host.ts';

let host: Host;
beforeEach(async () => {
  host = await Host.start();
});
afterEach(() => host.stop());

const line = (message: string): string => `I20261128 04:00:15.000000 7 a.cc:1] ${message}\n`;
const last = () => host.reports.at(-1)?.servers[0];

function recorded(name: string): Buffer {
  const folder = join(import.meta.dirname, '../recordings/logs', name);
  const file = readdirSync(folder).find((each) => /\.log\.INFO\./.test(each))!;
  const bytes = readFileSync(join(folder, file));
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

test('reports each server that runs: its log, its folders and its disk, under every address', async () => {
  await host.server('a', 9221);
  await host.server('b', 9222);
  await host.runs(20, 'a');
  await host.runs(21, 'b');
  await host.write(`a/log/${logFile}`, recorded('04a-3.5.4-burst3-gaps-2-2/slave1'));
  await host.run(() => host.reports.length > 0);
  const [report] = host.reports;
  expect(report).toMatchObject({ format: 1, host: hostname(), version: '1.2.3' });
  expect(report!.servers.map(({ processId, config }) => [processId, config])).toEqual([
    [20, host.path('a/pika.conf')],
    [21, host.path('b/pika.conf')],
  ]);
  const [a] = report!.servers;
  expect(a!.attempts).toMatchObject([{ db: 'db0', verdict: 'incomplete', cause: 'snapshot_superseded' }]);
  expect(a!.log.map(({ code }) => code)).toContain('newer_dump');
  expect(a!.log.map(({ code }) => code)).not.toContain('list_file');
  expect(a!.paths.db).toMatchObject({ path: host.path('a/db'), problem: null });
  expect(a!.sharesDiskWith).toEqual([9222]);
  expect(a!.addresses).toContainEqual({ host: '127.0.0.1', port: 9221 });
});

test('speaks for the addresses that it is given instead of its own', async () => {
  const conf = await host.server('a', 9221);
  const knownAs = [{ port: 9221, address: { host: '10.8.0.2', port: 19_221 } }];
  await host.run(() => host.reports.length > 0, { confs: [conf], knownAs });
  expect(last()!.addresses).toEqual([{ host: '10.8.0.2', port: 19_221 }]);
  expect(last()!.processId).toBe(null);
});

test('sends listings, hashes and port tries when the service asks for them', async () => {
  const listening = createServer();
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  const { port } = listening.address() as { port: number };
  await host.server('a', 9221);
  await host.writeOld('a/dbsync/db0/strings/000012.sst', 'table');
  await host.writeOld('a/dbsync/db0/info', 'info');
  host.orders = {
    nextReportInMs: 1000,
    servers: [
      { port: 9221, listFiles: true, hashFiles: true, held: [], tryPorts: [{ host: '127.0.0.1', port }] },
      { port: 9999, listFiles: true, hashFiles: true, held: [], tryPorts: [] },
    ],
  };
  await host.runs(20, 'a');
  await host.run(() => last()?.copies[0]?.listing?.every(({ sha256 }) => sha256 !== null) === true);
  listening.close();
  expect(host.reports[0]!.servers[0]!.copies[0]).toMatchObject({ files: 2, bytes: 9, listing: null });
  expect(last()!.copies[0]!.listing).toEqual([
    { name: 'info', bytes: 4, sha256: sha256('info') },
    { name: 'strings/000012.sst', bytes: 5, sha256: sha256('table') },
  ]);
  expect(last()!.ports[0]).toMatchObject({ to: { host: '127.0.0.1', port }, outcome: 'open' });
});

test('changes nothing in the folders of a server, and its pika.conf neither', async () => {
  const conf = await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write(`a/log/${logFile}`, line('DB: db0 Need Wait To Sync'));
  await host.write('a/db/db0/strings/CURRENT', 'MANIFEST-000005\n');
  await host.write('a/dump/20261128/db0/info', 'x');
  const before = await host.picture('a');
  host.orders = {
    nextReportInMs: 500,
    servers: [{ port: 9221, listFiles: true, hashFiles: true, held: [], tryPorts: [] }],
  };
  const stateFile = host.path('a/log/agent.json');
  await host.run(() => host.reports.length > 20, { stateFile });
  expect(await host.picture('a')).toBe(before);
  expect(host.said).toContain(
    `The agent cannot keep its state in ${stateFile}: it lies in a folder of a server.`,
  );
  expect(conf).toBe(host.path('a/pika.conf'));
});

test('sends no password of a pika.conf, and keeps none', async () => {
  await host.server('a', 9221, 'masterauth : s3cret-of-master\n');
  await host.runs(20, 'a');
  await host.write(
    `a/log/${logFile}`,
    line('db0 create new backup failed :auth hunter22 failed') +
      line('copy remote meta failed! error:s3cret-of-master\x01'),
  );
  const stateFile = host.path('agent.json');
  await host.run(() => host.reports.length > 0, { stateFile });
  const sent = JSON.stringify(host.reports) + readFileSync(stateFile, 'utf8');
  expect(sent).not.toMatch(/hunter22|s3cret/);
  expect(last()!.log.map(({ values }) => values.error)).toEqual(['auth [redacted] failed', '[redacted]?']);
});

test('a service that is away is asked again, ever more rarely, and hears the whole picture then', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write(`a/log/${logFile}`, line('DB: db0 Need Wait To Sync'));
  host.status = 503;
  await host.run(async () => {
    if (host.askedAt.length === 9) host.status = 200;
    return host.reports.length > 0;
  });
  const gaps = host.askedAt.slice(1).map((at, index) => (at - host.askedAt[index]!) / 1000);
  for (const [index, seconds] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    expect(gaps[index]).toBeGreaterThanOrEqual(seconds);
    // Time also passes while a report is made, as long as that takes on a busy machine.
    expect(gaps[index]).toBeLessThan(seconds + 30);
  }
  expect(last()!.attempts).toMatchObject([{ db: 'db0', verdict: 'running' }]);
  expect(host.said.filter((text) => /not take/.test(text))).toHaveLength(1);
  expect(host.said.find((text) => /not take/.test(text))).toContain('HTTP 503: not now');
});

test('a list of files that the service has is not sent again, until the service has it no more or it has changed', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.writeOld('a/dbsync/db0/strings/000012.sst', 'table');
  const wanted = { port: 9221, listFiles: true, hashFiles: false, tryPorts: [] };
  const orders = (held: readonly string[]) => {
    host.orders = { nextReportInMs: 1000, servers: [{ ...wanted, held }] };
  };
  const copy = () => last()?.copies[0];
  const next = async (is: (folder: ReturnType<typeof copy>) => boolean) => {
    const before = host.reports.length;
    await host.run(() => host.reports.length > before + 1 && is(copy()));
  };
  orders([]);
  await next((folder) => folder?.listing != null);
  const { listingId } = copy()!;
  orders([listingId!]);
  await next((folder) => folder?.listing === null);
  expect(copy()!.listingId).toBe(listingId);
  // Another database, or another release.
  orders([]);
  await next((folder) => folder?.listing?.length === 1);
  orders([listingId!]);
  await next((folder) => folder?.listing === null);
  await host.writeOld('a/dbsync/db0/strings/000013.sst', 'table');
  await next((folder) => folder?.listing?.length === 2);
  expect(copy()!.listingId).not.toBe(listingId);
});

test('a report that is too big is sent without listings', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write('a/dbsync/db0/info', 'info');
  const orders = [{ port: 9221, listFiles: true, hashFiles: false, held: [], tryPorts: [] }];
  host.orders = { nextReportInMs: 1000, servers: orders };
  await host.run(() => last()?.copies[0]?.listing != null);
  const listed = host.sizes.at(-1)!;
  host.status = 413;
  await host.run(() => {
    if (host.askedAt.length > 3) host.status = 200;
    return host.reports.length > 3;
  });
  expect(listed).toBeGreaterThan(0);
  expect(last()!.copies[0]).toMatchObject({ files: 1 });
});

test('looks at once after a line that matters, and not before the service asks otherwise', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write(`a/log/${logFile}`, line('DB: db0 TrySync Ok'));
  host.orders = { nextReportInMs: 60_000, servers: [] };
  let written = false;
  await host.run(async () => {
    if (host.reports.length === 1 && !written) {
      written = true;
      await appendFile(host.path('a/log', logFile), line('DB: db0, Change db success'));
    }
    return host.reports.length > 1;
  });
  expect(host.askedAt[1]! - host.askedAt[0]!).toBeLessThan(60_000);
  expect(last()!.log.map(({ code }) => code)).toEqual(['increments_run', 'swap_done']);
});

test('an agent that is started again goes on where it was, also without the log and the process', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write(`a/log/${logFile}`, recorded('04a-3.5.4-burst3-gaps-2-2/slave1'));
  const stateFile = host.path('agent.json');
  await host.run(() => host.reports.length > 0, { stateFile });
  const before = last()!;
  await rm(host.path('a/log', logFile));
  await host.ends(20);
  host.reports.length = 0;
  await host.run(() => host.reports.length > 0, { stateFile });
  expect(last()).toMatchObject({
    attempts: before.attempts,
    log: before.log,
    processId: null,
    logProblem: 'ENOENT',
  });
});

test('a state file that is none is said, and replaced', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write('agent.json', '{"format":9}');
  const stateFile = host.path('agent.json');
  await host.run(() => host.reports.length > 0, { stateFile });
  expect(host.said[0]).toContain('The agent begins anew');
  expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ format: 1 });
});

test('a server that is killed in mid-copy has lost its copy, and stays in the report', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  await host.write(`a/log/${logFile}`, line('DB: db0 Need Wait To Sync'));
  await host.run(async () => {
    if (host.reports.length === 1) await host.ends(20).catch(() => {});
    return last()?.processId === null;
  });
  expect(host.reports[0]!.servers[0]!.attempts).toMatchObject([{ verdict: 'running', endedAt: null }]);
  expect(last()!.attempts).toMatchObject([{ verdict: 'failed', cause: 'node_restarted' }]);
});

test('a pika.conf that cannot be used is said, and the others are reported', async () => {
  const [a, b] = [await host.server('a', 9221), await host.server('b', 9222)];
  await host.write('b/pika.conf', 'port : none');
  await host.run(() => host.reports.length > 0, { confs: [a, b] });
  expect(host.reports[0]!.servers).toHaveLength(1);
  expect(host.said).toContain(`The agent cannot use ${b}: port is "none".`);
});

test.runIf(process.platform === 'linux')(
  'a pipe or a device in place of a pika.conf stops nothing',
  async () => {
    const a = await host.server('a', 9221);
    const [b, c] = [host.path('pipe.conf'), host.path('device.conf')];
    execFileSync('mkfifo', [b]);
    await symlink('/dev/zero', c);
    await host.run(() => host.reports.length > 0, { confs: [a, b, c] });
    expect(host.reports[0]!.servers).toHaveLength(1);
    for (const conf of [b, c])
      expect(host.said).toContain(`The agent cannot use ${conf}: not a regular file.`);
  },
);

test('what the service asks for beyond reason is not done', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  const tryPorts = Array.from({ length: 100 }, () => ({ host: '127.0.0.1', port: 1 }));
  host.orders = {
    nextReportInMs: -5,
    servers: [{ port: 9221, listFiles: false, hashFiles: false, held: [], tryPorts }],
  };
  await host.run(() => host.reports.length > 2);
  expect(host.askedAt[1]! - host.askedAt[0]!).toBeGreaterThanOrEqual(500);
  expect(host.reports[1]!.servers[0]!.ports).toHaveLength(16);
  expect(host.reports[2]!.servers[0]!.ports.length).toBeLessThanOrEqual(64);
});

test('ends although the service gives no answer, and says nothing of that', async () => {
  await host.server('a', 9221);
  await host.runs(20, 'a');
  let asked: AbortSignal | undefined;
  const post: AgentParts['post'] = (_url, _token, _json, _timeoutMs, signal) => {
    asked = signal;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  await host.run(() => asked !== undefined, {}, { post });
  expect(asked!.aborted).toBe(true);
  expect(host.said.filter((text) => /not take/.test(text))).toEqual([]);
});

test('says its picture without sending it', async () => {
  const conf = await host.server('a', 9221);
  const agent = new Agent(
    host.request({ confs: [conf] }),
    host.parts(() => {}),
  );
  await agent.look();
  const { report } = await agent.report();
  await agent.close();
  expect(report.servers).toHaveLength(1);
  expect(host.askedAt).toEqual([]);
});
