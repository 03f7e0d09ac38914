import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ComparisonSpec, compareNodes, type Endpoint, resolveSpec } from '../../src/compare/compare.ts';
import { type RunState, run } from '../../src/compare/run.ts';
import { type Answer, bulk, fakeServer, soundAnswer } from './fake-server.ts';
import { redisMissing, startRedis, startRedisSlave, type TestServer, until } from './servers.ts';

const keys = 5000;

describe.skipIf(redisMissing !== null)(`a comparison never says equal when ${redisMissing ?? ''}`, () => {
  let master: TestServer;
  let slave: TestServer;

  beforeAll(async () => {
    master = await startRedis();
    await master.load(Array.from({ length: keys }, (_, i) => ['SET', `key:${i}`, `value ${i}`]));
  });
  beforeEach(async () => {
    slave = await startRedisSlave(master);
    return () => slave.stop();
  });
  afterAll(() => master.stop());

  const slow = { depth: 'full', maxOpsPerSecond: 2000, timeoutMs: 1500 } as const;

  /** Compares, and does something to the servers once the comparison is on its way. */
  async function compareAnd(
    disturb: () => unknown,
    right: Endpoint = slave.endpoint,
    spec: Partial<ComparisonSpec> = slow,
  ) {
    let disturbed = null as Promise<unknown> | null;
    const report = await compareNodes({
      left: master.endpoint,
      right,
      spec: resolveSpec(spec),
      onProgress: ({ lookedAtKeys }) => {
        if (lookedAtKeys > 0) disturbed ??= Promise.resolve(disturb());
      },
    });
    await disturbed;
    expect(report.verdict).toBe('inconclusive');
    return report;
  }

  it('the slave hangs', async () => {
    const report = await compareAnd(() => process.kill(slave.pid, 'SIGSTOP'));
    expect(report.reason).toMatch(new RegExp(`127\\.0\\.0\\.1:${slave.port}: did not answer within \\d+ ms`));
    process.kill(slave.pid, 'SIGCONT');
  });

  it('the slave hangs for a while: it says so meanwhile, and goes on afterwards', async () => {
    const reasons = new Set<string | null>();
    let stopped = false;
    const report = await compareNodes({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec({ ...slow, timeoutMs: 30_000 }),
      onProgress: ({ lookedAtKeys, heldBy }) => {
        reasons.add(heldBy?.replace(/\d+ ms/, 'N ms') ?? null);
        if (lookedAtKeys > 0 && !stopped) process.kill(slave.pid, 'SIGSTOP');
        stopped ||= lookedAtKeys > 0;
        if (heldBy !== null) process.kill(slave.pid, 'SIGCONT');
      },
    });
    expect(reasons).toContain(`127.0.0.1:${slave.port}: did not answer within N ms`);
    expect(report).toMatchObject({ verdict: 'equal', lookedAtKeys: keys });
  });

  it('the slave dies', async () => {
    const report = await compareAnd(() => process.kill(slave.pid, 'SIGKILL'));
    expect(report.reason).toContain(`127.0.0.1:${slave.port}`);
  });

  it('the slave is re-pointed in the middle', async () => {
    const report = await compareAnd(() => slave.call('REPLICAOF', 'NO', 'ONE'));
    expect(report.reason).toMatch(/its (role|master) changed .* during the comparison/);
  });

  it('the two change places in the middle', async () => {
    const report = await compareAnd(async () => {
      await slave.call('REPLICAOF', 'NO', 'ONE');
      await master.call('REPLICAOF', '127.0.0.1', slave.port);
    });
    expect(report.reason).toMatch(/its (role|master) changed .* during the comparison/);
    await master.call('REPLICAOF', 'NO', 'ONE');
  });

  const follows = async (server: TestServer) =>
    /master_link_status:up/.test(String(await server.call('INFO', 'replication')));

  /** Gives the slave a whole new copy of the data, and leaves it where it was. */
  async function copyAnew(other: TestServer): Promise<void> {
    for (const port of [other.port, master.port]) {
      await slave.call('REPLICAOF', '127.0.0.1', port);
      await until(() => follows(slave));
    }
  }

  it('the slave follows another master for a while, in the middle', async () => {
    const other = await startRedis();
    const report = await compareAnd(() => copyAnew(other));
    expect(report.reason).toMatch(
      /its (master|replication id) changed|took over a new copy|may have taken over a new copy|loads other data/,
    );
    await other.stop();
  });

  it('the slave was given a new copy of the data before the comparison goes on where it was', async () => {
    const stop = new AbortController();
    const states: RunState[] = [];
    const task = { left: master.endpoint, right: slave.endpoint, spec: resolveSpec(slow) };
    await run({
      ...task,
      signal: stop.signal,
      onCheckpoint: ({ state }) => {
        states.push(state);
        stop.abort();
      },
    });
    const other = await startRedis();
    await copyAnew(other);
    await other.stop();
    const { report, fault } = await run({ ...task, resume: states[0]! });
    expect(states[0]!.tally.lookedAt).toBeGreaterThan(0);
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('may have taken over a new copy of the data'),
    });
    expect(fault!.code).toBe('changed');
  });

  it('a server loads its data in the middle: what was compared before is gone, and not gone on with', async () => {
    let gets = 0;
    const servers = [await fakeServer(loadingAfterTwo('a')), await fakeServer(loadingAfterTwo('b'))];
    function loadingAfterTwo(name: string): Answer {
      const sound = soundAnswer('redis', name);
      return (parts, socket) => {
        const [command, first] = parts;
        if (command === 'MGET') gets += 1;
        if (command === 'MGET' && gets > 4) return '-LOADING Redis is loading the dataset in memory\r\n';
        if (command === 'SCAN')
          return `*2\r\n${bulk(String(Number(first) + 1))}*1\r\n${bulk(`key:${first}`)}`;
        return sound(parts, socket);
      };
    }
    const [left, right] = servers.map((server) => server.endpoint);
    const { report, fault } = await run({ left: left!, right: right!, spec: resolveSpec(slow) });
    await Promise.all(servers.map((server) => server.stop()));
    expect(report.lookedAtKeys).toBeGreaterThan(0);
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('it loads other data than were compared before'),
    });
    expect(fault!.code).toBe('changed');
  });

  it('a server takes over a new copy of the data for a while, and says so only then', async () => {
    let keys = 0;
    const copying = () => keys > 200 && keys < 1800;
    function walkable(name: string): Answer {
      const sound = soundAnswer('redis', name);
      return (parts, socket) => {
        const [command, first] = parts;
        if (command === 'MGET') keys += 1;
        if (command === 'SCAN')
          return `*2\r\n${bulk(first === '2000' ? '0' : String(Number(first) + 1))}*1\r\n${bulk(`key:${first}`)}`;
        const text = sound(parts, socket);
        return parts[1] === 'replication' && copying()
          ? bulk('role:slave\r\nmaster_sync_in_progress:1')
          : text;
      };
    }
    const servers = [await fakeServer(walkable('a')), await fakeServer(walkable('b'))];
    const [left, right] = servers.map((server) => server.endpoint);
    const spec = resolveSpec({ depth: 'full', maxOpsPerSecond: 1000, ttlToleranceMs: null });
    const { report } = await run({ left: left!, right: right!, spec });
    await Promise.all(servers.map((server) => server.stop()));
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining(
        'it took over a new copy of the data of its master during the comparison',
      ),
    });
    expect(report.lookedAtKeys).toBeGreaterThan(0);
  });

  it('the slave refuses the login', async () => {
    await slave.call('CONFIG', 'SET', 'requirepass', 'right');
    const wrong = { ...slave.endpoint, credential: { username: null, password: 'wrong' } };
    const report = await compareAnd(() => undefined, wrong);
    expect(report).toMatchObject({ lookedAtKeys: 0, reason: expect.stringContaining('refused the login') });
    expect(JSON.stringify(report)).not.toContain('wrong"');
    const none = await compareAnd(() => undefined);
    expect(none.reason).toContain('NOAUTH');
  });

  it('nobody listens', async () => {
    const report = await compareAnd(() => undefined, {
      address: { host: '127.0.0.1', port: 1 },
      credential: null,
    });
    expect(report.reason).toContain('127.0.0.1:1: cannot be reached (ECONNREFUSED)');
  });

  it('one is a node of a cluster', async () => {
    const node = await startRedis('--cluster-enabled', 'yes');
    const report = await compareAnd(() => undefined, node.endpoint);
    await node.stop();
    expect(report.reason).toContain('is a node of a cluster');
  });

  it('both are the same server', async () => {
    const report = await compareAnd(() => undefined, master.endpoint);
    expect(report.reason).toContain('the same server');
  });

  it.each([
    ['is loading its data', '-LOADING Redis is loading the dataset in memory\r\n', 'LOADING'],
    ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'does not speak the Redis protocol'],
  ])('the other side %s', async (_, answer, reason) => {
    const other = await answering(answer);
    try {
      const report = await compareAnd(() => undefined, {
        address: { host: '127.0.0.1', port: portOf(other) },
        credential: null,
      });
      expect(report.reason).toContain(reason);
    } finally {
      other.close();
    }
  });

  it('it is told to stop', async () => {
    const stop = new AbortController();
    const report = await compareNodes({
      left: master.endpoint,
      right: slave.endpoint,
      spec: resolveSpec(slow),
      signal: stop.signal,
      onProgress: ({ lookedAtKeys }) => lookedAtKeys > 0 && stop.abort(),
    });
    expect(report.verdict).toBe('inconclusive');
  });

  it('the slave does not take part in replication any more and keys differ', async () => {
    await slave.call('CONFIG', 'SET', 'replica-read-only', 'no');
    await slave.call('DEL', 'key:7');
    await master.call('CONFIG', 'SET', 'repl-timeout', '3600');
    await slave.call('REPLICAOF', '127.0.0.1', 1);
    await master.load([['SET', 'later', '1']]);
    const report = await compareAnd(() => undefined, slave.endpoint, {
      depth: 'full',
      catchUpTimeoutMs: 500,
    });
    expect(report.reason).toMatch(/did not reach within 500 ms the position/);
    await master.call('DEL', 'later');
  });
});

function answering(answer: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(answer));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;
