import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentView } from '../../src/model/views/agent.ts';
import { anAgent, troubledAgent } from '../support/agents.ts';
import { FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());
const run = (...args: string[]) => new Harness().run(...args, '--url', api.url);

const agent = anAgent('pika-31', Date.now());
const answer = (...items: AgentView[]) => api.answers.set('GET /v1/agents', { status: 200, body: { items } });

describe('agents', () => {
  it('shows each agent with its servers, in a line where all is well', async () => {
    answer(agent);
    const { exitCode, out } = await run('agents');
    expect(exitCode).toBe(0);
    const lines = out.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/token-of-pika-31 +pika-31 +1\.2\.0 .*10\.20\.0\.31:9221 10\.20\.0\.31:9222/);
  });

  it('says what is silent, contested, dropped and refused', async () => {
    answer(troubledAgent('pika-31', Date.now()));
    const { out } = await run('agents');
    for (const part of [
      'It has been silent since',
      'systemctl status pika-expander-agent',
      'host-8@pika-8 reports of 10.20.0.31:9221 too',
      '3 addresses of its latest report did not count',
      '1 server of its latest report did not count',
      'refused 2 reports',
      'Its clock is 61 s behind',
      'ago, silent',
      'no report had room for 9 lines',
      'cannot read dump-path (/backup/dump): EACCES',
      'cannot read the log: EACCES',
      'It left out 300 MB',
      'No process of 10.20.0.31:9221 runs',
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
