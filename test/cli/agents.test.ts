import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentView } from '../../src/model/views/agent.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());
const run = (...args: string[]) => new Harness().run(...args, '--url', api.url);

const agent: AgentView = {
  agent: 'host-7',
  host: 'pika-7',
  version: '1.2.0',
  startedAt: 0,
  lastReportAt: Date.now(),
  stale: false,
  clockAheadMs: 12,
  reports: 3,
  refused: 0,
  dropped: { addresses: 0, servers: 0 },
  servers: [
    {
      addresses: ['10.0.0.7:9221', 'pika-7:9221'],
      processId: 4_711,
      config: '/etc/pika/pika.conf',
      contestedBy: [],
      logDropped: 0,
    },
  ],
};
const answer = (...items: AgentView[]) => api.answers.set('GET /v1/agents', { status: 200, body: { items } });

describe('agents', () => {
  it('shows each agent with its servers, in a line where all is well', async () => {
    answer(agent);
    const { exitCode, out } = await run('agents');
    expect(exitCode).toBe(0);
    const lines = out.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/host-7 +pika-7 +1\.2\.0 .*10\.0\.0\.7:9221/);
  });

  it('says what is stale, contested, dropped and refused', async () => {
    const servers = [{ ...agent.servers[0]!, contestedBy: ['host-8@pika-8'], logDropped: 9 }];
    answer({
      ...agent,
      stale: true,
      lastReportAt: -300_000,
      refused: 2,
      clockAheadMs: -61_000,
      dropped: { addresses: 3, servers: 1 },
      servers,
    });
    const { out } = await run('agents');
    for (const part of [
      'stale',
      'host-8@pika-8 reports of it too',
      'may not speak: 3',
      'do not count: 1',
      'reports refused: 2',
      'its clock is 1 min 01 s behind',
      '5 min 00 s ago, stale',
      '9 lines',
    ])
      expect(out).toContain(part);
  });

  it('says so when there is none, and prints the answer as JSON', async () => {
    answer();
    expect((await run('agents')).out).toContain('No agent has reported');
    answer(agent);
    expect(JSON.parse((await run('agents', '--json')).out)).toEqual({ items: [agent] });
  });
});

describe('recording', () => {
  it('writes to standard output or to a new file, never over another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pika-expander-recording-'));
    try {
      api.answers.set('GET /v1/expansions/exp_1/recording', { status: 200, body: { meta: {} } });
      expect((await run('recording', 'exp_1')).out).toBe('{"meta":{}}');
      const out = join(folder, 'incident.jsonl');
      const ran = await run('recording', 'exp_1', '--hide-addresses', '--out', out);
      expect([ran.exitCode, await readFile(out, 'utf8')]).toEqual([0, '{"meta":{}}']);
      expect(api.requests.at(-1)!.path).toBe('/v1/expansions/exp_1/recording?addresses=hidden');
      expect((await run('recording', 'exp_1', '--out', out)).exitCode).not.toBe(0);
      const none = join(folder, 'none.jsonl');
      expect((await run('recording', 'exp_none', '--out', none)).exitCode).not.toBe(0);
      await expect(readFile(none)).rejects.toThrow();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
