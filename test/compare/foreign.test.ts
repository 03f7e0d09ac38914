import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compareNodes, resolveSpec } from '../../src/compare/compare.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';

const keys = 500;

describe.skipIf(redisMissing !== null)(`keys on the right side alone ${redisMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;

  beforeAll(async () => {
    master = await startRedis();
    slave = await startRedisSlave(master, '--replica-read-only', 'no', '--enable-debug-command', 'yes');
  });
  afterAll(() => Promise.all([slave, master].map((server) => server.stop())));
  beforeEach(async () => {
    await master.call('FLUSHALL');
    await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, 'x', 'EX', 1000]));
    await until(async () => Number(await slave.call('DBSIZE')) === keys);
  });

  const found = async (left: TestServer, right: TestServer) => {
    const report = await compareNodes({
      left: left.endpoint,
      right: right.endpoint,
      spec: resolveSpec({ depth: 'full' }),
    });
    return [report.verdict, ...report.examples.map(({ key, kind }) => `${key} ${kind}`)];
  };

  const walksOver = async (server: TestServer): Promise<number> =>
    Number(/cmdstat_scan:calls=(\d+)/.exec(String(await server.call('INFO', 'commandstats')))?.[1] ?? 0);

  it('need no walk over a slave that holds as many as its master at the same place', async () => {
    await slave.call('CONFIG', 'RESETSTAT');
    expect(await found(master, slave)).toEqual(['equal']);
    expect(await walksOver(slave)).toBe(0);
  });

  it('are found beside as many that are missing', async () => {
    await slave.load([
      ['DEL', 'key:5'],
      ['SET', 'foreign', 'x'],
    ]);
    expect(await found(master, slave)).toEqual(['different', 'key:5 missing', 'foreign foreign']);
  });

  it('are found where the left side counts as many that have expired, and shows them to nobody', async () => {
    await slave.call('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
    await slave.load([
      ['DEL', 'key:5'],
      ['SET', 'expired', 'x', 'PX', 1],
    ]);
    await until(async () => Number(await slave.call('EXISTS', 'expired')) === 0);
    expect(await slave.call('DBSIZE')).toBe(keys);
    expect(await found(slave, master)).toEqual(['different', 'key:5 foreign']);
    await slave.call('DEBUG', 'SET-ACTIVE-EXPIRE', 1);
  });
});
