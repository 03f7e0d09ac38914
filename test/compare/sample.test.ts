import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/compare/compare.ts';
import { mostSampledPerType } from '../../src/model/policy.ts';
import { type Answer, array, bulk, type FakeServer, fakeServer, soundAnswer } from './fake-server.ts';
import { redisMissing, startRedis, type TestServer } from './servers.ts';

describe('a sample of a Pika', () => {
  let servers: readonly FakeServer[] = [];
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  const keys = Array.from({ length: 3000 }, (_, i) => `user:${String(i).padStart(6, '0')}`);

  /** Strings alone, in ranges. `limits` = how many keys were asked for at a time. */
  function holding(name: string, limits: number[], estimatedKeys: number): Answer {
    const sound = soundAnswer('pika', name);
    return (parts, socket) => {
      const [command, type, from, , , limit] = parts;
      if (command === 'INFO' && type === 'rocksdb')
        return bulk(`instance0_estimate_num_keys:${estimatedKeys}`);
      if (command !== 'PKSCANRANGE' && command !== 'PKRSCANRANGE') return sound(parts, socket);
      limits.push(Number(limit));
      const within = type!.startsWith('string') ? keys : [];
      const ordered = command === 'PKSCANRANGE' ? within : [...within].reverse();
      const start = ordered.findIndex(
        (key) => from === '' || (command === 'PKSCANRANGE' ? key >= from! : key <= from!),
      );
      const page = start < 0 ? [] : ordered.slice(start, start + Number(limit));
      const next = start < 0 ? '' : (ordered[start + Number(limit)] ?? '');
      const items = type === 'string_with_value' ? page.flatMap((key) => [key, key]) : page;
      return array(bulk(next), array(...items.map(bulk)));
    };
  }

  async function sample(samplePerType: number, estimatedKeys = keys.length) {
    const limits: number[] = [];
    servers = [
      await fakeServer(holding('a', limits, estimatedKeys)),
      await fakeServer(holding('b', limits, estimatedKeys)),
    ];
    const [left, right] = servers.map((server) => server.endpoint);
    const report = await compareNodes({ left: left!, right: right!, spec: resolveSpec({ samplePerType }) });
    return { report, mostAtATime: Math.max(...limits) };
  }

  it('asks for few keys at a time, however many it may look at', async () => {
    const { report, mostAtATime } = await sample(mostSampledPerType);
    expect(report).toMatchObject({
      verdict: 'equal',
      lookedAtKeys: keys.length,
      share: 1,
      smallestLossFound: 0,
    });
    expect(report.notes).not.toContainEqual(expect.stringContaining('estimate'));
    expect(mostAtATime).toBeLessThanOrEqual(500);
  });

  it('states its share, and what its figures rest on', async () => {
    const { report } = await sample(200);
    expect(report.verdict).toBe('equal');
    expect(report.share).toBeCloseTo(report.lookedAtKeys / keys.length, 10);
    expect(report.notes).toContainEqual(expect.stringContaining('spread by the keys that were met'));
  });

  it('states no share of an estimate that cannot be true', async () => {
    const { report } = await sample(200, 50);
    expect(report).toMatchObject({ verdict: 'equal', share: null });
  });
});

describe.skipIf(redisMissing !== null)(`a sample of a Redis ${redisMissing ?? ''}`, () => {
  let servers: readonly [TestServer, TestServer];
  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('names the types that it did not meet', async () => {
    for (const server of servers)
      await server.load(Array.from({ length: 3000 }, (_, i) => ['SET', `key:${i}`, 'x']));
    const [left, right] = servers.map((server) => server.endpoint);
    const report = await compareNodes({
      left: left!,
      right: right!,
      spec: resolveSpec({ samplePerType: 50 }),
    });
    expect(report.verdict).toBe('equal');
    expect(report.notes).toContainEqual(
      expect.stringMatching(/^Of \d+ keys drawn from db0 none was a hash, list, set, zset or stream: /),
    );
  });
});
