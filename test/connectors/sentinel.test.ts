import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { HookStep } from '../../src/model/hook-steps.ts';
import type { Reason } from '../../src/model/reasons.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { aQuestion, connect, connectorsIn, someParts } from './questions.ts';
import { startSentinel } from './real-sentinel.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const started: TestRedis[] = [];
let master: TestRedis;
let replica: TestRedis;
let sentinels: readonly TestRedis[];

beforeAll(async () => {
  const kept = async (server: Promise<TestRedis>) => {
    started.push(await server);
    return started.at(-1)!;
  };
  [master, replica] = (await Promise.all([kept(startRedis()), kept(startRedis())])) as [TestRedis, TestRedis];
  sentinels = await Promise.all([kept(startSentinel(master.port)), kept(startSentinel(master.port))]);
  for (const sentinel of sentinels)
    await sentinel.run(
      'SENTINEL',
      'DEBUG',
      'info-period',
      '200',
      'ping-period',
      '100',
      'publish-period',
      '200',
    );
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
});

const at = ({ port }: { readonly port: number }) => `127.0.0.1:${port}`;

function ask(step: HookStep, more: { of?: readonly string[]; master?: string; rest?: string } = {}) {
  const { of = sentinels.map(at), rest = '' } = more;
  const yaml = `- { kind: sentinel, name: s, sentinels: ${JSON.stringify(of)}, masterName: shop ${rest} }`;
  return connect(connectorsIn(yaml), someParts())(aQuestion(step, more.master ?? at(master), at(replica)));
}

const untilSays = (what: string, reason: () => Promise<Reason | null>) =>
  until(async () => ((await reason())?.text ?? 'nothing').includes(what), { what, everyMs: 100 });

test('a node is published when each sentinel has it as a live replica, and no longer when it is taken out', async () => {
  const [first, second] = sentinels.map(at);
  const published = () => ask('after_verified');
  const text = (await published())?.text;
  expect(text).toContain(`sentinel ${first} does not list it as a replica of shop yet`);
  expect(text).toContain(`sentinel ${second} does not list it`);

  await replica.run('REPLICAOF', '127.0.0.1', String(master.port));
  await untilSays('nothing', published);
  expect((await ask('after_verified', { master: '127.0.0.1:1' }))?.text).toContain(
    `for sentinel ${first}, shop is ${at(master)} and not 127.0.0.1:1`,
  );

  // Taken out, but alive: a sentinel hands it to readers, and makes it a slave again.
  const listed = await ask('after_detach');
  expect(listed?.text).toContain(`sentinel ${first} still lists it as a live replica of shop`);
  expect(listed?.text).toContain('SENTINEL RESET shop');

  await replica.kill();
  await untilSays('has it as', published);
  await untilSays('nothing', () => ask('after_detach'));

  // With permission it is forgotten: by one sentinel after the other.
  await until(async () =>
    String(await sentinels[0]!.run('SENTINEL', 'SLAVES', 'shop')).includes(at(replica)),
  );
  const seen: string[] = [];
  await until(
    async () => {
      const reason = await ask('after_detach', { rest: ', reset: true' });
      if (reason !== null) seen.push(reason.text);
      return reason === null;
    },
    { what: () => seen.at(-1) ?? '', everyMs: 100 },
  );
  expect(seen.filter((said) => said.includes('has just reset shop'))).toHaveLength(2);
  for (const sentinel of sentinels)
    expect(String(await sentinel.run('SENTINEL', 'SLAVES', 'shop'))).not.toContain(at(replica));
});

test('a sentinel that does not answer, that knows no such master or that wants a password holds the step', async () => {
  const closed = '127.0.0.1:1';
  expect((await ask('after_verified', { of: [closed] }))?.text).toMatch(
    /sentinel 127\.0\.0\.1:1 does not answer \(.*ECONNREFUSED/,
  );
  expect((await ask('after_verified', { of: [at(master)] }))?.text).toContain(
    `${at(master)} says: ERR unknown command`,
  );
  const unknown = await ask('after_detach', { rest: '-2' });
  expect(unknown?.text).toContain('says: ERR No such master with that name');
  const locked = await startSentinel(master.port, ['requirepass letmein']);
  started.push(locked);
  expect((await ask('after_verified', { of: [at(locked)] }))?.text).toContain('NOAUTH');
  const reason = await ask('after_verified', { of: [at(locked)], rest: ', password: { env: P }' });
  expect(reason?.text).toMatch(/WRONGPASS|invalid password/);
  expect(reason?.text).not.toContain('secret of P');
});

test('other steps are not its affair', async () => {
  expect(await ask('before_detach', { of: ['127.0.0.1:1'] })).toBeNull();
});
