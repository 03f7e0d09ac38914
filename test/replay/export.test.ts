import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Observation } from '../../src/model/views/observation.ts';
import { expansionRecording, hidingAddresses } from '../../src/replay/export.ts';
import { replayFile } from '../../src/replay/index.ts';
import type { StoredSight } from '../../src/store/agents.ts';
import { begin, ended, minute } from '../core/steps/played-expansion.ts';
import { MB } from '../scheduling/virtual-service.ts';
import { aSeenServer } from '../support/agents.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Run = Awaited<ReturnType<typeof begin>>;
const halfCopied = (run: Run) =>
  run.comesTo('half of a copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB);

async function exported(run: Run): Promise<readonly string[]> {
  const lines: string[] = [];
  async function* seen(): AsyncGenerator<Observation> {
    yield* await run.store.observations({ expansionId: 'e', afterSeq: 0, limit: 100_000 });
  }
  for await (const line of expansionRecording(await run.e(), seen())) lines.push(line);
  return lines;
}

async function replayed(name: string, lines: readonly string[]) {
  const file = join(folder, name);
  await writeFile(file, lines.join('\n'));
  return replayFile(file);
}

describe('what an expansion saw, replayed', () => {
  test('is complete where it was verified, also after a copy that was spoilt', async () => {
    const run = await begin({ nodes: ['n1', 'n2'] });
    await halfCopied(run);
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
    await run.comesTo('its end', ended);
    const lines = await exported(run);
    const result = await replayed('whole.jsonl', lines);
    expect(Object.entries(result).map(([node, { fullSync }]) => [node, fullSync])).toEqual([
      ['s1', 'complete'],
      ['s2', 'complete'],
    ]);
    expect(result.s1!.anomalies).toContain('snapshot_superseded');
    const { master, joins } = await run.e();
    const hider = hidingAddresses(
      [master, ...joins.map(({ target }) => target)].map(({ address }) => address),
    );
    const hidden = lines.map(hider.hide);
    for (const { host } of run.cluster.nodes) expect(hidden.join('\n')).not.toContain(host);
    expect(await replayed('hidden.jsonl', hidden)).toEqual(result);
  });

  test('names the same cause as the service where a copy was spoilt for good', async () => {
    const run = await begin({ nodes: ['n1'], policy: { maxAttempts: 1 } });
    await halfCopied(run);
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
    const { joins } = await run.comesTo('a halt', ({ state }) => state === 'halted');
    const { s1 } = await replayed('spoilt.jsonl', await exported(run));
    expect(s1!.fullSync).toBe('incomplete');
    expect(s1!.cause!.code).toBe(joins[0]!.diagnosis!.causes[0]!.code);
  });

  test('holds what agents told, each line of a log once', async () => {
    const died = {
      code: 'open_failed',
      thread: 1,
      values: { type: 'strings', error: 'x' },
      line: 'open db failed',
    };
    const run = await begin({
      nodes: ['n1'],
      policy: { maxAttempts: 1 },
      agents: (cluster) => ({
        async sights(addresses) {
          const now = Math.round(cluster.now());
          const { host, port, processId } = cluster.node('n1');
          if (!addresses.includes(`${host}:${port}`)) return [];
          const log = [
            { ...died, at: now - 60 * minute },
            { ...died, at: Math.floor(now / 5_000) * 5_000 },
          ];
          const known = { agent: 'a', host, version: '1', startedAt: 0, receivedAt: now, clockAheadMs: 0 };
          const counts = {
            nextReportInMs: 2_000,
            reports: 1,
            refused: 0,
            instances: [],
            dropped: { addresses: 0, servers: 0 },
          };
          const server = aSeenServer(host, port, { processId, log });
          return [{ ...known, ...counts, server, hasListings: false } satisfies StoredSight];
        },
        listings: async () => null,
      }),
    });
    await run.comesTo('its end', (expansion) => ended(expansion) || expansion.state === 'halted');
    const rows = (await exported(run)).map((line) => JSON.parse(line));
    const told = rows.flatMap(({ look }) => look?.sight?.server.log ?? []);
    expect(told.length).toBeGreaterThan(3);
    const recent = told.filter(({ at }) => at > -minute).map(({ at }) => at);
    expect(new Set(recent).size).toBe(recent.length);
    expect(rows[0].meta).toMatchObject({ format: 2, recorder: 'pika-expander service' });
    const { s1 } = await replayed(
      'told.jsonl',
      rows.map((each) => JSON.stringify(each)),
    );
    expect(s1!.fullSync).toBe('complete');
  });
});

describe('addresses are hidden', () => {
  const servers = ['pika-1.example.com', '192.168.7.1', 'm', 'master'].map((host) => ({ host, port: 9221 }));
  const hidden = (...rows: object[]) => {
    const hider = hidingAddresses(servers);
    const lines = rows.map((row) => JSON.stringify(row));
    for (const line of lines) hider.learn(line);
    return lines.map(hider.hide);
  };

  test('in whatever place they stand, and the same stands for the same', () => {
    const [line] = hidden({
      text: 'Receive MetaSync, Slave ip: 192.168.7.8, Slave port:9221 from pika-1.example.com:9221, [fd00::7]:9221',
      addresses: [
        { host: 'pika-7.example', port: 9221 },
        { host: '192.168.7.8', port: 9221 },
        { host: '127.0.0.1', port: 1 },
      ],
      config: '/data/PIKA-7.example/pika.conf',
      version: '3.5.4',
      time: '12:34:56.789012',
    });
    for (const gone of ['192.168.7.8', 'example', 'fd00', 'ika-7', 'IKA-7', 'pika-1'])
      expect(line).not.toContain(gone);
    for (const kept of ['127.0.0.1', '3.5.4', '12:34:56.789012', '9221']) expect(line).toContain(kept);
    const [, stand] = /Slave ip: ([\d.]+)/.exec(line!)!;
    expect(JSON.parse(line!).addresses[1].host).toBe(stand);
  });

  test('in INFO, in URLs, mapped to IPv6, by the short name, beside _ and in the name of a token', () => {
    const texts = hidden(
      { node: 's1', raw: 'master_host:pika-9.internal\r\nslave0:ip=reader-3,port=9221,conn_fd=1' },
      {
        message: 'http://user@pika-1.example.com:80/ and ::ffff:192.168.7.8, PIKA-1 says, /data/pika-1_old/',
      },
      {
        look: {
          sight: { agent: 'token-of-pika-1', server: { paths: { db: { path: '/mnt/reader-3/db' } } } },
        },
      },
    ).join('\n');
    expect(texts).not.toMatch(/pika-[19]|reader-3|192\.168|example|internal/i);
  });

  test('also where a line names a host before the line that tells of it', () => {
    const [first] = hidden({ message: 'DB: db0 from node-44' }, { host: 'node-44' });
    expect(first).not.toContain('node-44');
  });

  test('without changing what replay reads, even where a host is called like it', () => {
    const row = {
      t: 1.5,
      node: 'm',
      look: { kind: 'answered', facts: { replication: { role: 'master', m: 'm' } } },
    };
    const back = JSON.parse(hidden(row)[0]!);
    expect([back.node, back.look.facts.replication.role]).toEqual(['m', 'master']);
    expect(Object.keys(back.look.facts.replication)).toEqual(['role', 'm']);
    expect(back.look.facts.replication.m).not.toBe('m');
  });
});
