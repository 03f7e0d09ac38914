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
    const hide = hidingAddresses(await run.e());
    const hidden = lines.map(hide);
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

test('no address and no name of a host stays, in whatever place, and the same stand for the same', async () => {
  const run = await begin({ nodes: ['n1'] });
  const hide = hidingAddresses(await run.e());
  const masterHost = run.cluster.node('m').host;
  const line = JSON.stringify({
    text: `Receive MetaSync, Slave ip: 192.168.7.8, Slave port:9221 from ${masterHost}:9221, [fd00::7]:9221`,
    addresses: [
      { host: 'pika-7.example', port: 9221 },
      { host: '192.168.7.8', port: 9221 },
      { host: '127.0.0.1', port: 1 },
    ],
    config: '/data/PIKA-7.example/pika.conf',
    version: '3.5.4',
    time: '12:34:56.789012',
  });
  const hidden = hide(line);
  for (const gone of ['192.168.7.8', masterHost, 'fd00', 'ika-7', 'IKA-7'])
    expect(hidden).not.toContain(gone);
  for (const kept of ['127.0.0.1', '3.5.4', '12:34:56.789012', '9221']) expect(hidden).toContain(kept);
  const [, stand] = /Slave ip: ([\d.]+)/.exec(hidden)!;
  expect(JSON.parse(hidden).addresses[1].host).toBe(stand);
  expect(hide(line)).toBe(hidden);
});
