import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setImmediate as soon } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAdmission } from '../../src/admission/admission.ts';
import { idMaker } from '../../src/admission/ids.ts';
import { parseAddress } from '../../src/admission/targets.ts';
import { WireConnection } from '../../src/compare/wire/wire.ts';
import type { Credential } from '../../src/engines/engine.ts';
import { objection, realNetwork } from '../../src/engines/node-access.ts';
import { createPikaEngine } from '../../src/engines/pika/engine.ts';
import { notAllowedStep } from '../../src/model/not-allowed.ts';
import type { Address } from '../../src/model/observation.ts';
import { nobody } from '../../src/model/text.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { parseRule } from '../../src/platform/server-rules.ts';
import { fakeDoorbell } from '../api/support.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { outside } from './outside.ts';

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

const world = outside(() => port);
beforeEach(() => {
  world.names.clear();
  world.dialled.splice(0);
});

const otherName = '203.0.113.8:9221';

const configOf = (env: Record<string, string>) => loadConfig({ PIKA_PASSWORD: password, ...env });

function admissionOn(env: Record<string, string>) {
  const config = configOf(env);
  return createAdmission({
    store: createMemoryStore({ now: Date.now }),
    doorbell: fakeDoorbell(),
    engine: createPikaEngine({ secrets: config.secrets, network: world }),
    credentials: config.credentials,
    now: Date.now,
    newId: idMaker(Date.now),
    limits: config.limits,
    perNodeHost: null,
  });
}

const me = { name: 'me', via: 'rest' } as const;
const codesOf = (plan: { readonly findings: readonly { readonly code: string }[] }) =>
  plan.findings.map(({ code }) => code);

/** Every way in which a request names a server: what each of them says of it. */
async function allSay(env: Record<string, string>, name: string, credential?: string): Promise<string[]> {
  const admission = admissionOn(env);
  const server = credential === undefined ? name : { address: name, credential };
  const wire = WireConnection.open({
    address: parseAddress(name, 'left'),
    credential: configOf(env).credentials.get(credential ?? null),
    timeoutMs: 5000,
    network: world,
  });
  const tried = await Promise.allSettled([
    admission.topology(name, credential),
    admission.expand({ master: otherName, nodes: [server] }, me, null),
    wire.then((open) => open.close()),
  ]);
  const plans = await Promise.all([
    admission.plan({ master: server, nodes: [otherName] }, me),
    admission.plan({ master: otherName, nodes: [server] }, me),
    admission.preview({ master: server, nodes: [otherName] }),
  ]);
  const refused = tried.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'done'));
  return [...refused, ...plans.map((plan) => codesOf(plan).join(' '))];
}

const metadata = ['169.254.169.254:80', '[fe80::1]:9221', '[fd00:ec2::254]:80', '100.100.100.200:80'];

describe('a server that the configuration does not allow is not connected to', () => {
  test.each([
    ['a public address', '203.0.113.7:9221'],
    ['an address that carriers share', '100.64.0.9:9221'],
    ['an IPv6 address outside', '[2001:db8::7]:9221'],
    ['an address outside in the clothes of IPv6', '[::ffff:203.0.113.7]:9221'],
    ['a name that leads outside', 'evil.example:9221'],
    ['the same name, written otherwise', 'EVIL.example.:9221'],
    ...metadata.map((address): [string, string] => ['a metadata service of a cloud', address]),
  ])('%s', async (_, name) => {
    world.names.set('evil.example', [['203.0.113.7', '2001:db8::7', '169.254.169.254']]);
    const said = await allSay({}, name);
    expect(
      said.slice(0, 3).every((text) => /may not be sent to|never connects to|to be followed/.test(text)),
    ).toBe(true);
    expect(said.slice(3).every((codes) => /(master|node)_not_allowed/.test(codes))).toBe(true);
    expect([world.dialled, heard]).toEqual([[], '']);
  });

  test('nor without any password, where the configuration says where nodes are', async () => {
    const admission = admissionOn({ PIKA_PASSWORD: '', PIKA_EXPANDER_NODE_NETWORKS: '10.0.0.0/8' });
    const plan = await admission.plan({ master: '192.168.0.1:9221', nodes: ['203.0.113.7:9221'] }, me);
    expect(codesOf(plan)).toEqual(expect.arrayContaining(['master_not_allowed', 'node_not_allowed']));
    expect(JSON.stringify(plan.findings)).toContain('PIKA_EXPANDER_NODE_NETWORKS');
    expect(world.dialled).toEqual([]);
  });

  test('a metadata service is none of them, whatever a list says, with or without a password', async () => {
    world.names.set('inside.example', [['169.254.169.254']]);
    for (const env of [{ PIKA_NODES: '0.0.0.0/0,::/0,*.example' }, { PIKA_PASSWORD: '' }])
      for (const name of [...metadata, 'inside.example:80']) {
        const admission = admissionOn(env);
        const plan = await admission.preview({ master: otherName, nodes: [name] });
        expect([name, codesOf(plan).includes('node_not_allowed')]).toEqual([name, true]);
      }
    expect(world.dialled.filter((ip) => ip !== otherName)).toEqual([]);
  });

  test('without any configuration the service looks wherever nodes are, as it has no password to lose', async () => {
    const admission = admissionOn({ PIKA_PASSWORD: '' });
    await admission.topology('203.0.113.7:9221', undefined).catch(() => undefined);
    expect(world.dialled).toEqual(['203.0.113.7:9221']);
    expect(heard).not.toContain('AUTH');
  });
});

describe('a credential with a list of its own', () => {
  const env = {
    PIKA_CREDENTIAL_DC2_PASSWORD: 'the-password-of-dc2',
    PIKA_CREDENTIAL_DC2_NODES: '198.51.100.0/24:9221,*.dc2.example',
  };

  test.each(['198.51.100.4:9221', 'a.dc2.example:9300'])(
    'is sent to %s, which the list names',
    async (name) => {
      world.names.set('a.dc2.example', [['203.0.113.50']]);
      await allSay(env, name, 'dc2');
      expect(heard).toContain('the-password-of-dc2');
      expect(heard).not.toContain(password);
    },
  );

  test.each([
    ['another port', '198.51.100.4:9222'],
    ['the name above', 'dc2.example:9221'],
    ['a name that only ends like theirs', 'xdc2.example:9221'],
    ['a private network, which is not among them', '10.0.0.5:9221'],
    ['loopback, which is not among them', '127.0.0.1:9221'],
  ])('is not sent to %s', async (_, name) => {
    world.names.set('dc2.example', [['198.51.100.4']]);
    world.names.set('xdc2.example', [['203.0.113.52']]);
    await allSay({ ...env, PIKA_CREDENTIAL_DC2_NODES: '198.51.100.0/24:9223,*.dc2.example' }, name, 'dc2');
    expect(heard).not.toContain('the-password-of-dc2');
  });
});

describe('a name', () => {
  test('is resolved once for a connection: what it leads to when it is judged is where the connection goes', async () => {
    world.names.set('rebinding.example', [['10.0.0.9'], ['203.0.113.7']]);
    const admission = admissionOn({});
    await admission.topology('rebinding.example:9221', undefined).catch(() => undefined);
    expect(world.dialled).toEqual(['10.0.0.9:9221']);
    expect(heard).toContain(password);
  });

  test('that leads elsewhere at the next connection is judged again', async () => {
    world.names.set('rebinding.example', [['10.0.0.9'], ['203.0.113.7']]);
    const admission = admissionOn({});
    await admission.topology('rebinding.example:9221', undefined).catch(() => undefined);
    heard = '';
    await expect(admission.topology('rebinding.example:9221', undefined)).rejects.toThrow(
      'rebinding.example:9221 (203.0.113.7)',
    );
    expect([world.dialled, heard]).toEqual([['10.0.0.9:9221'], '']);
  });

  test('with several addresses leads to an allowed one only', async () => {
    world.names.set('mixed.example', [['203.0.113.7', '10.0.0.9', '169.254.169.254']]);
    await admissionOn({})
      .topology('mixed.example:9221', undefined)
      .catch(() => undefined);
    expect(world.dialled).toEqual(['10.0.0.9:9221']);
  });
});

describe('nodes are told to follow no master to which they may not send their password', () => {
  const refusal = (env: Record<string, string>, host: string) => {
    const { credentials } = configOf(env);
    return createPikaEngine({ network: world }).objectionToFollow(
      { host, port: 9221 },
      credentials.get(null),
    );
  };

  test.each([
    ['203.0.113.7', 'not_listed'],
    ['169.254.169.254', 'never'],
    ['evil.example', 'not_listed'],
    // The nodes resolve the name themselves, and may take any of its addresses.
    ['mixed.example', 'not_listed'],
    ['nowhere.invalid', 'unresolved'],
  ])('%s: %s', async (host, why) => {
    world.names.set('evil.example', [['203.0.113.7']]);
    world.names.set('mixed.example', [['10.0.0.9', '203.0.113.7']]);
    expect(await refusal({}, host)).toMatchObject({ why, followed: true });
  });

  test('they may follow one in the networks, and a name that the configuration lists', async () => {
    world.names.set('good.example', [['10.0.0.9', '192.168.1.1']]);
    for (const host of ['172.18.0.2', 'good.example', '127.0.0.1'])
      expect(await refusal({}, host)).toBeNull();
    const env = { PIKA_EXPANDER_NODE_NETWORKS: '10.0.0.0/8,pika-master' };
    expect(await refusal(env, 'pika-master')).toBeNull();
    expect(await refusal({ PIKA_PASSWORD: '' }, 'pika-master')).toBeNull();
  });

  test('a plan says so, and the master is asked nothing', async () => {
    const master = { address: '127.0.0.1:9221', seenAs: '203.0.113.7:9221' };
    const plan = await admissionOn({}).plan({ master, nodes: [otherName] }, me);
    const found = plan.findings.find(({ code }) => code === 'master_not_allowed');
    expect(found?.text).toContain('203.0.113.7:9221');
    expect(found?.nextStep).toContain('PIKA_EXPANDER_NODE_NETWORKS');
    expect(world.dialled).toEqual([]);
  });
});

test('over loopback: a list that names a port is not sent to another one', async () => {
  const listed = configOf({ PIKA_NODES: `127.0.0.1:${port + 1}` }).credentials.get(null);
  const address = { host: '127.0.0.1', port };
  await expect(WireConnection.open({ address, credential: listed, timeoutMs: 5000 })).rejects.toThrow(
    'may not be sent to',
  );
  const connection = createPikaEngine().connect(targetAt('127.0.0.1'), listed);
  const look = await connection.look({ sections: ['server'], timeoutMs: 5000 });
  expect(look).toMatchObject({ kind: 'denied', code: 'NOT_ALLOWED', notAllowed: { why: 'not_listed' } });
  expect(await connection.ping(5000)).toBeNull();
  expect(await connection.command({ kind: 'slaveof_no_one' }, 5000)).toMatchObject({ outcome: 'refused' });
  await soon();
  expect(heard).toBe('');
});

test('a redirect of a server leads nowhere', async () => {
  const moved = createServer((socket) =>
    socket.on('data', () => socket.write('-MOVED 1 203.0.113.7:9221\r\n')),
  );
  await new Promise<void>((resolve) => moved.listen(0, '127.0.0.1', resolve));
  const connected: string[] = [];
  const network = {
    ...realNetwork,
    connect: (options: Parameters<typeof realNetwork.connect>[0]) => {
      connected.push(String(options.host));
      return realNetwork.connect(options);
    },
  };
  const { port: movedPort } = moved.address() as { port: number };
  const address = { host: '127.0.0.1', port: movedPort };
  const credential = configOf({}).credentials.get(null);
  const connection = createPikaEngine({ network }).connect(
    { ...targetAt('127.0.0.1'), address, seenAs: address },
    credential,
  );
  await connection.look({ sections: ['server', 'replication'], timeoutMs: 5000 });
  connection.close();
  await new Promise((resolve) => moved.close(resolve));
  expect(connected).toEqual(['127.0.0.1']);
});

test('one place connects to nodes: no other file of the service opens a socket, but to mail servers and its database', () => {
  const source = join(import.meta.dirname, '../../src');
  // Simulated nodes connect to nothing but their own ports.
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && file !== 'simulator/server.ts',
  );
  const opening = files.filter((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    return /import \{[^}]*\b(connect|createConnection|Socket)\b[^}]*\} from 'node:(net|tls)'/.test(
      text.replaceAll(/\btype Socket\b/g, ''),
    );
  });
  expect(opening.sort()).toEqual(['engines/node-access.ts', 'net/mail.ts', 'platform/postgres-client.ts']);
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
  const may = (of: Credential, asked: Address, ip: string | null) =>
    objection({ asked, credential: of }, ip) === null;

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
    expect(may(shared, { host, port: 9221 }, host)).toBe(allowed);
    expect(may(shared, { host: 'some.name', port: 9221 }, host)).toBe(allowed);
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
    expect(may(credential(nodes), { host, port: 9221 }, ip)).toBe(allowed);
  });

  test('made by nothing but code: to loopback', () => {
    expect(may(credential(), { host: '127.0.0.1', port: 1 }, '127.0.0.1')).toBe(true);
    expect(may(credential(), { host: '10.0.0.1', port: 1 }, '10.0.0.1')).toBe(false);
  });

  test('a list of its own takes the place of what all may do, and each credential has its variable', () => {
    const { credentials } = configOf({
      PIKA_NODES: '10.0.0.5',
      PIKA_CREDENTIAL_DC2_PASSWORD: 'other',
      PIKA_CREDENTIAL_DC2_NODES: '*.dc2.example, 10.2.0.0/16',
      PIKA_EXPANDER_NODE_NETWORKS: '203.0.113.0/24',
    });
    const at = (host: string) => ({ host, port: 9221 });
    expect(may(credentials.get(null)!, at('10.0.0.6'), '10.0.0.6')).toBe(false);
    expect(may(credentials.get('dc2')!, at('10.2.9.9'), '10.2.9.9')).toBe(true);
    const refused = objection({ asked: at('10.0.0.6'), credential: credentials.get('dc2') }, '10.0.0.6');
    expect(notAllowedStep.en(refused!, nobody)).toContain('PIKA_CREDENTIAL_DC2_NODES');
  });

  test('entries that are none are named at the start', () => {
    for (const text of ['', '10.0.0.0/33', 'a b', '10.0.0.1:99999', 'http://x', '1:2:3'])
      expect([text, parseRule(text)]).toEqual([text, null]);
    expect(() => configOf({ PIKA_NODES: '10.0.0.0/99' })).toThrow('PIKA_NODES holds "10.0.0.0/99"');
    expect(() => configOf({ PIKA_EXPANDER_NODE_NETWORKS: 'a b' })).toThrow('PIKA_EXPANDER_NODE_NETWORKS');
  });
});
