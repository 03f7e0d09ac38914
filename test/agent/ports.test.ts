import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { tryPort } from '../../src/agent/ports.ts';
import { realNetwork } from '../../src/engines/node-access.ts';

const now = () => 1;

test('a port is open while a server listens there, which hears nothing; and refused afterwards', async () => {
  const heard: Buffer[] = [];
  let ended = (): void => {};
  const whole = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const server = createServer((socket) => socket.on('data', (bytes) => heard.push(bytes)).on('close', ended));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  expect(await tryPort(to, 5000, now)).toEqual({ to, at: 1, outcome: 'open' });
  await whole;
  expect(heard).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
  expect(await tryPort(to, 5000, now)).toEqual({ to, at: 1, outcome: 'refused' });
});

test.each(['169.254.169.254', '224.0.0.1', 'metadata.example'])(
  'no order makes the agent connect to %s, where no server can be',
  async (host) => {
    const connected: string[] = [];
    const outcome = await tryPort({ host, port: 80 }, 5000, now, {
      resolve: (_name, _options, done) => done(null, [{ address: '169.254.169.254', family: 4 }]),
      connect: ({ lookup, ...options }) => {
        lookup!(options.host!, { all: true }, (error) => {
          if (!error) connected.push(options.host!);
        });
        return realNetwork.connect({ ...options, host: '127.0.0.1', port: 1 });
      },
    });
    expect(connected).toEqual([]);
    expect(outcome.outcome).not.toBe('open');
  },
);

test('a name that leads nowhere is not resolved, whether the answer is no or never comes', async () => {
  const to = { host: 'nowhere.example', port: 80 };
  const says = Object.assign(new Error('none'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
  const { connect } = realNetwork;
  const no = await tryPort(to, 60_000, now, { resolve: (_name, _options, done) => done(says, []), connect });
  const never = await tryPort(to, 0, now, { resolve: () => {}, connect });
  expect([no.outcome, never.outcome]).toEqual(['unresolved', 'unresolved']);
});
