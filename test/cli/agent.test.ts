import { expect, test } from 'vitest';
import type { AgentRequest } from '../../src/agent/index.ts';
import { Harness, type HarnessOptions } from './harness.ts';

async function run(args: readonly string[], options: HarnessOptions = {}) {
  const requests: AgentRequest[] = [];
  const entrances = {
    agent: async (request: AgentRequest) => void requests.push(request),
    agentReport: async () => '{"format":1}',
  };
  const { exitCode, out, err } = await new Harness({ ...options, entrances }).run('agent', ...args);
  return { exitCode, out, err, request: requests[0] };
}
const env = { PIKA_EXPANDER_TOKEN: 'token-of-agent' };

test('takes the service, the servers and their addresses from flags', async () => {
  const flags = ['--service', 'https://expander:8080/', '--conf', '/a.conf', '--conf', '/b.conf'];
  const { exitCode, request } = await run(
    [...flags, '--as', '10.8.0.2:9221', '--as', '9222=[fd00::2]:19222', '--state', '/s.json'],
    { env },
  );
  expect(exitCode).toBe(0);
  expect(request).toMatchObject({
    service: 'https://expander:8080',
    token: 'token-of-agent',
    confs: ['/a.conf', '/b.conf'],
    knownAs: [
      { port: 9221, address: { host: '10.8.0.2', port: 9221 } },
      { port: 9222, address: { host: 'fd00::2', port: 19_222 } },
    ],
    stateFile: '/s.json',
  });
});

test('takes the same from a file, and flags win over it', async () => {
  const files = {
    '/agent.json': JSON.stringify({
      service: 'http://one:8080',
      tokenFile: '/token',
      conf: ['/a.conf'],
      as: ['9221=pika-1:19221'],
      state: '/from-file.json',
    }),
    '/token': 'of-the-file\n',
  };
  const first = await run(['--config', '/agent.json'], { files });
  expect(first.request).toMatchObject({
    service: 'http://one:8080',
    token: 'of-the-file',
    confs: ['/a.conf'],
    stateFile: '/from-file.json',
  });
  const second = await run(['--config', '/agent.json', '--service', 'http://two:8080'], { files, env });
  expect(second.request).toMatchObject({ service: 'http://two:8080', token: 'token-of-agent' });
});

test('keeps its state where systemd says, else in the home of its user', async () => {
  const of = async (more: Record<string, string>) => (await run([], { env: { ...env, ...more } })).request;
  expect(await of({ STATE_DIRECTORY: '/var/lib/x' })).toMatchObject({ stateFile: '/var/lib/x/agent.json' });
  expect(await of({})).toMatchObject({ stateFile: '/home/op/.local/state/pika-expander-agent.json' });
});

test('prints a report without a token', async () => {
  expect(await run(['--print'])).toMatchObject({ exitCode: 0, out: '{"format":1}\n' });
});

test.each([
  [['--token', 'x'], {}, 'takes no --token'],
  [[], {}, 'has no token'],
  [['--config', '/a'], { '/a': '{"token":"x"}' }, 'unknown key "token"'],
  [['--config', '/a'], { '/a': '{"conf":"x"}' }, '"conf" in the file /a must be a list of texts'],
  [['--config', '/a'], { '/a': '[]' }, 'does not hold a JSON object'],
  [['--config', '/none'], {}, 'cannot be read'],
])('refuses %j with %j', async (args, files, message) => {
  const { exitCode, err } = await run(args, { files });
  expect(exitCode).toBe(2);
  expect(err).toContain(message);
});

test('refuses an address that is none', async () => {
  expect((await run(['--as', 'no port'], { env })).exitCode).toBe(2);
  expect((await run(['--as', '1.2.3.4:1,repoint'], { env })).exitCode).toBe(2);
});
