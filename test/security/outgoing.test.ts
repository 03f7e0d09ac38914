import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFigureReader } from '../../src/net/figure.ts';
import { createSender } from '../../src/net/send.ts';
import { isForbiddenIp, isPublicIp } from '../../src/platform/forbidden-ip.ts';
import { outside } from './outside.ts';

/** Whatever is dialled leads to this server on loopback; nothing else is ever connected to. */
let server: Server;
let answered = '7';
let location: string | null = null;
let asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (location !== null) response.writeHead(302, { location });
    response.end(answered);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const world = outside(() => (server.address() as AddressInfo).port);
beforeEach(() => {
  world.names.clear();
  world.dialled.splice(0);
  asked = [];
  answered = '7';
  location = null;
});

/** Every way out over HTTP: what comes back of it. */
async function everyWay(url: string, allowed: readonly string[] = []) {
  const wayOut = { allowed, network: world };
  const hook = { url, secret: 'whsec_x', deliveryId: 'd', type: 'test', payload: {} };
  const sender = createSender({ timeoutMs: 5000, now: () => 0, wayOut });
  return [
    await sender(hook, new AbortController().signal),
    await createFigureReader(5000, wayOut)(url),
  ] as const;
}

/** Each range that is not the open internet, written in every way that an address can be written in. */
const insideHosts = [
  // Decimal, octal, hexadecimal, short, with a trailing dot, in other digits.
  '127.0.0.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0x7f.1',
  '127.1',
  '127.0.0.1.',
  '１２７.0.0.1',
  '10.0.0.1',
  '012.0.0.1',
  '100.64.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '[::1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:0a00:1]',
  '[::ffff:0:10.0.0.1]',
  '[::10.0.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[64:ff9b::8.8.8.8]',
  '[64:ff9b:1::10.0.0.1]',
  '[2002:a00:1::]',
  '[2002:808:808::1]',
  '[2001:0:808:808::f7f7:f7f7]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[fc00::1]',
  '[fd12::1]',
  '[100::1]',
  '[4000::1]',
];
const metadataHosts = [
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.254.169.254.',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  '192.0.0.1',
  '0.0.0.0',
  '0',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[fd00:ec2::254]',
  '[fd00:ec2::1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:a9fe:a9fe::1]',
  '[2001:0:808:808::5601:5601]',
  '[2600:1::5efe:169.254.169.254]',
];
const anywhere = ['0.0.0.0/0', '::/0', '*', '*.example'];

describe('no request of the service goes', () => {
  test.each(insideHosts)('inside, to %s, unless the configuration names it', async (host) => {
    const [hook, figure] = await everyWay(`http://${host}:8080/`);
    expect([hook.status, figure, world.dialled]).toEqual([null, null, []]);
    const ip = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
    world.names.set('inside.example', [[ip]]);
    const [byName] = await everyWay('http://inside.example:8080/');
    expect([byName.status, byName.error?.code, world.dialled]).toEqual([null, 'private_address', []]);
    const [named] = await everyWay(`http://${host}:8080/`, anywhere);
    expect(named.status).toBe(200);
  });

  test.each(metadataHosts)('to %s, whatever the configuration names', async (host) => {
    const ip = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
    world.names.set('metadata.example', [[ip]]);
    for (const url of [`http://${host}/`, 'http://metadata.example/']) {
      const [hook, figure] = await everyWay(url, anywhere);
      expect([url, hook.status, figure, world.dialled]).toEqual([url, null, null, []]);
    }
  });

  test.each(['http://[fe80::1%25eth0]/', 'http://[fe80::1%eth0]/', 'http://%00/', 'gopher://8.8.8.8/'])(
    'to %s, which is no address',
    async (url) => {
      expect((await everyWay(url, anywhere))[0].status).toBeNull();
      expect(world.dialled).toEqual([]);
    },
  );

  test('where a name leads only with a zone behind its address', async () => {
    world.names.set('zone.example', [['fe80::1%eth0']]);
    expect((await everyWay('http://zone.example/', anywhere))[0].error?.code).toBe('forbidden_address');
  });
});

describe('a name is judged by its addresses at each connection', () => {
  test('what leads outside is asked', async () => {
    world.names.set('hooks.example', [['93.184.216.34']]);
    const [hook, figure] = await everyWay('http://hooks.example:8080/x');
    expect([hook.status, figure]).toEqual([200, 7]);
    expect(world.dialled).toEqual(['93.184.216.34:8080', '93.184.216.34:8080']);
    expect(asked).toEqual(['POST /x', 'GET /x']);
  });

  test('where it leads first outside and then inside, no connection goes inside', async () => {
    world.names.set('rebinding.example', [['93.184.216.34'], ['169.254.169.254']]);
    const [first, second] = await everyWay('http://rebinding.example/');
    expect([first.status, second, world.dialled]).toEqual([200, null, ['93.184.216.34:80']]);
  });

  test('of several addresses only those outside are tried', async () => {
    world.names.set('mixed.example', [['10.0.0.1', '169.254.169.254', '93.184.216.34', '::1']]);
    expect((await everyWay('http://mixed.example/'))[0].status).toBe(200);
    expect(new Set(world.dialled)).toEqual(new Set(['93.184.216.34:80']));
  });

  test('a listed name may lead inside, and to nothing else', async () => {
    world.names.set('hooks.pika.example', [['10.0.0.1']]);
    world.names.set('other.example', [['10.0.0.1']]);
    const allowed = ['*.pika.example:8080'];
    expect((await everyWay('http://hooks.pika.example:8080/', allowed))[0].status).toBe(200);
    expect((await everyWay('http://HOOKS.pika.example.:8080/', allowed))[0].status).toBe(200);
    expect((await everyWay('http://hooks.pika.example:8081/', allowed))[0].status).toBe(null);
    expect((await everyWay('http://other.example:8080/', allowed))[0].status).toBe(null);
  });
});

test('no redirect is followed', async () => {
  world.names.set('hooks.example', [['93.184.216.34']]);
  location = 'http://169.254.169.254/latest/meta-data/';
  const [hook, figure] = await everyWay('http://hooks.example/');
  expect([hook.status, figure, asked]).toEqual([302, null, ['POST /', 'GET /']]);
});

test('of an answer only a beginning comes back, and nothing that a terminal obeys', async () => {
  world.names.set('hooks.example', [['93.184.216.34']]);
  answered = `\u001b]0;owned\u0007\u009b31m\u202ereversed\r\n\0${'x'.repeat(100_000)}`;
  const [{ text }] = await everyWay('http://hooks.example/');
  expect(text.length).toBeLessThanOrEqual(1000);
  expect(text).toMatch(/^\]0;owned 31m reversed x+$/);
});

test.each(['93.184.216.34', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '172.32.0.1', '100.128.0.1'])(
  '%s is in the open internet',
  (ip) => {
    expect([isPublicIp(ip), isForbiddenIp(ip)]).toEqual([true, false]);
  },
);

test('one file sends requests of the service; the agent and the command line ask the service alone', () => {
  const source = join(import.meta.dirname, '../../src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.startsWith('dashboard/'),
  );
  const asking = files.filter((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    return (
      /import \{[^}]*\b(?:get|request|Agent)\b[^}]*\} from 'node:http/.test(text) ||
      /from '(?:undici|node:http2|axios|got)'/.test(text) ||
      /(?<![.\w#])fetch\(/.test(text.replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, ''))
    );
  });
  expect(asking.sort()).toEqual(['agent/post.ts', 'cli/context.ts', 'net/outgoing.ts']);
});
