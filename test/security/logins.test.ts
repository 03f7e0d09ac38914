import { createServer, type Server } from 'node:net';
import { setImmediate as soon } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAdmission } from '../../src/admission/admission.ts';
import { idMaker } from '../../src/admission/ids.ts';
import { WireConnection } from '../../src/compare/wire/wire.ts';
import type { Credential } from '../../src/engines/engine.ts';
import { loginRefusal, mayLogIn, parseRule } from '../../src/engines/login-rules.ts';
import { realWires } from '../../src/engines/pika/connection.ts';
import { createPikaEngine } from '../../src/engines/pika/engine.ts';
import { type Link, openLink } from '../../src/engines/pika/link.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { fakeDoorbell } from '../api/support.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const password = 'the-password-of-every-node';

/** Takes down what is sent to it, and answers everything with an error that repeats it. */
let listener: Server;
let port: number;
let heard = '';
beforeAll(async () => {
  listener = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard += String(bytes);
      const commands = String(bytes).split(/(?=\*\d+\r\n\$)/);
      for (const command of commands) socket.write(`-ERR unknown ${command.replaceAll(/\s+/g, ' ')}\r\n`);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  port = (listener.address() as { port: number }).port;
});
afterAll(() => new Promise((resolve) => listener.close(resolve)));
beforeEach(() => {
  heard = '';
});

/** Leads every address to the listener, and says that the other end is the one that was asked for. */
const ledAstray =
  (connectedTo: string | null): typeof openLink =>
  async (_address, limits, signal): Promise<Link> => {
    const link = await openLink({ host: '127.0.0.1', port }, limits, signal);
    return {
      connectedTo,
      get usable() {
        return link.usable;
      },
      send: (commands) => link.send(commands),
      destroy: () => link.destroy(),
    };
  };

const otherName = '203.0.113.8:9221';

const configOf = (env: Record<string, string>) => loadConfig({ PIKA_PASSWORD: password, ...env });

function admissionOn(env: Record<string, string>, connectedTo: string | null) {
  const config = configOf(env);
  const engine = createPikaEngine({
    secrets: config.secrets,
    wires: { ...realWires, open: ledAstray(connectedTo) },
  });
  return createAdmission({
    store: createMemoryStore({ now: Date.now }),
    doorbell: fakeDoorbell(),
    engine,
    credentials: config.credentials,
    now: Date.now,
    newId: idMaker(Date.now),
    limits: config.limits,
    perNodeHost: null,
  });
}

describe('a listener at an address that the operator has not named gets no byte of a password', () => {
  test.each([
    ['a public address', '203.0.113.7', '203.0.113.7'],
    ['the address of a cloud that tells secrets', '169.254.169.254', '169.254.169.254'],
    ['a name that leads outside', 'pika.example', '203.0.113.7'],
    ['a name of which nobody knows where it leads', 'pika.example', null],
    ['an address outside in the clothes of IPv6', '::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ])('%s', async (_, host, connectedTo) => {
    const admission = admissionOn({}, connectedTo);
    const name = host.includes(':') ? `[${host}]:9221` : `${host}:9221`;
    const topology = await admission.topology(name, undefined).catch((error: Error) => error);
    expect(String((topology as Error).message)).toContain('may not be sent to');
    const plan = await admission.plan({ master: name, nodes: [otherName] }, { name: 'me', via: 'rest' });
    expect(JSON.stringify(plan.findings)).toContain('PIKA_NODES');
    await admission
      .expand({ master: otherName, nodes: [name] }, { name: 'me', via: 'rest' }, null)
      .catch(() => undefined);
    expect(heard).not.toContain(password);
    expect(heard).not.toContain('AUTH');
  });

  test('over loopback: a list that names a port is not sent to another one', async () => {
    const listed = configOf({ PIKA_NODES: `127.0.0.1:${port + 1}` }).credentials.get(null);
    await expect(
      WireConnection.open({ address: { host: '127.0.0.1', port }, credential: listed, timeoutMs: 5000 }),
    ).rejects.toThrow('may not be sent to');
    const look = await createPikaEngine()
      .connect(targetAt('127.0.0.1'), listed)
      .look({ sections: ['server'], timeoutMs: 5000 });
    expect(look).toMatchObject({ kind: 'denied', code: 'CREDENTIAL_NOT_ALLOWED' });
    await soon();
    expect(heard).toBe('');
  });
});

const targetAt = (host: string) => {
  const address = { host, port };
  return { name: `${host}:${port}`, address, seenAs: address, credential: null };
};

test('a node that repeats what it was sent gets it into no answer', async () => {
  for (const secret of [password, 'abc']) {
    const { credentials, secrets } = loadConfig({ PIKA_PASSWORD: secret });
    const connection = createPikaEngine({ secrets }).connect(targetAt('127.0.0.1'), credentials.get(null));
    heard = '';
    const look = await connection.look({ sections: ['server', 'replication'], timeoutMs: 5000 });
    const result = await connection.command({ kind: 'slaveof_no_one' }, 5000);
    connection.close();
    expect(heard).toContain(secret);
    expect(look.kind).not.toBe('answered');
    for (const told of [look, result]) {
      expect(JSON.stringify(told)).toContain('[redacted]');
      expect(JSON.stringify(told)).not.toMatch(new RegExp(`\\b${secret}\\b`));
    }
  }
});

describe('where a credential may be sent', () => {
  const credential = (nodes?: readonly string[]): Credential => ({
    username: null,
    password,
    ...(nodes ? { nodes } : {}),
  });
  const shared = configOf({}).credentials.get(null)!;

  test.each([
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['192.168.9.9', true],
    ['127.0.0.1', true],
    ['::1', true],
    ['fd12::1', true],
    ['100.64.0.1', false],
    ['169.254.1.1', false],
    ['172.32.0.1', false],
    ['8.8.8.8', false],
    ['fe80::1', false],
    ['2001:db8::1', false],
  ])('without a list: to %s %s', (host, allowed) => {
    expect(mayLogIn(shared, { host, port: 9221 }, null)).toBe(allowed);
    expect(mayLogIn(shared, { host: 'some.name', port: 9221 }, host)).toBe(allowed);
  });

  test.each([
    [['10.0.0.0/8'], '11.0.0.1', '11.0.0.1', false],
    [['10.0.0.0/8'], 'db.example', '10.9.9.9', true],
    [['*.pika.example'], 'a.b.pika.example', '203.0.113.7', true],
    [['*.pika.example'], 'pika.example', '203.0.113.7', false],
    [['*.pika.example'], 'x.pika.example.evil.test', '203.0.113.7', false],
    [['pika-1.example:9221'], 'PIKA-1.example', '203.0.113.7', true],
    [['pika-1.example:9222'], 'pika-1.example', '203.0.113.7', false],
    [['[fd00::]/8:9221'], 'x', 'fd00::5', true],
  ])('a list %j: to %s, which is %s: %s', (nodes, host, ip, allowed) => {
    expect(mayLogIn(credential(nodes), { host, port: 9221 }, ip)).toBe(allowed);
  });

  test('made by nothing but code: to loopback', () => {
    expect(mayLogIn(credential(), { host: '127.0.0.1', port: 1 }, null)).toBe(true);
    expect(mayLogIn(credential(), { host: '10.0.0.1', port: 1 }, null)).toBe(false);
  });

  test('a list of its own takes the place of what all may do, and each credential has its variable', () => {
    const { credentials } = configOf({
      PIKA_NODES: '10.0.0.5',
      PIKA_CREDENTIAL_DC2_PASSWORD: 'other',
      PIKA_CREDENTIAL_DC2_NODES: '*.dc2.example, 10.2.0.0/16',
      PIKA_EXPANDER_NODE_NETWORKS: '203.0.113.0/24',
    });
    const at = (host: string) => ({ host, port: 9221 });
    expect(mayLogIn(credentials.get(null)!, at('10.0.0.6'), null)).toBe(false);
    expect(mayLogIn(credentials.get('dc2')!, at('10.2.9.9'), null)).toBe(true);
    expect(loginRefusal(credentials.get('dc2')!, at('10.0.0.6'))).toContain('PIKA_CREDENTIAL_DC2_NODES');
  });

  test('entries that are none are named at the start', () => {
    for (const text of ['', '10.0.0.0/33', 'a b', '10.0.0.1:99999', 'http://x', '1:2:3'])
      expect([text, parseRule(text)]).toEqual([text, null]);
    expect(() => configOf({ PIKA_NODES: '10.0.0.0/99' })).toThrow('PIKA_NODES holds "10.0.0.0/99"');
    expect(() => configOf({ PIKA_EXPANDER_NODE_NETWORKS: 'a b' })).toThrow('PIKA_EXPANDER_NODE_NETWORKS');
  });
});
