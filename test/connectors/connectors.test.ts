import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectorsParts } from '../../src/connectors/connectors.ts';
import { reasonFor } from '../../src/model/reasons.ts';
import { targetAt } from '../support/memory-audits.ts';
import { Receiver } from '../webhooks/receiver.ts';
import { aQuestion, connect, connectorsIn, someParts } from './questions.ts';

const master = '10.0.0.1:9221';
const [a, b] = ['10.0.0.2:9221', '10.0.0.3:9221'];

describe('requests over HTTP', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await new Receiver().start();
  });
  afterEach(() => receiver.close());

  const yaml = (more = '') => `
- kind: http
  name: proxy
  ${more}
  steps:
    after_verified:
      method: PUT
      url: ${receiver.url}/{{master.host}}/{{node.address}}
      headers: { Authorization: { env: TOKEN } }
      body: '{"label": "{{operation.label}}", "port": {{node.port}}, "batch": {{batch}}}'
    before_detach: { method: DELETE, url: '${receiver.url}/{{node.host}}' }`;

  test('say what the operator wrote, with the fields of the question, each escaped in its place', async () => {
    const ask = connect(connectorsIn(yaml()), someParts());
    const ipv6 = { ...targetAt(a!), seenAs: { host: 'fd00::2', port: 9221 } };
    expect(await ask(aQuestion('after_verified', master, a!))).toBeNull();
    expect(await ask(aQuestion('before_detach', master, ipv6))).toBeNull();
    expect(await ask(aQuestion('after_detach', master, a!))).toBeNull();
    const [put, del, ...rest] = receiver.received;
    expect(put).toMatchObject({ method: 'PUT', path: '/hook/10.0.0.1/10.0.0.2%3A9221' });
    expect(JSON.parse(put!.body)).toEqual({ label: 'shop "7"', port: 9221, batch: 1 });
    expect(put!.headers).toMatchObject({
      authorization: 'secret of TOKEN',
      'content-type': 'application/json',
      'idempotency-key': 'exp_1%2F10.0.0.2%3A9221%2F10.0.0.2%3A9221',
    });
    expect(del).toMatchObject({ method: 'DELETE', path: '/hook/fd00%3A%3A2', body: '' });
    expect(rest).toEqual([]);
  });

  test('hold the step on anything but 2xx; the reason tells the status, and no word of the answer', async () => {
    receiver.answer = (response) => response.writeHead(409).end('secret of TOKEN');
    const reason = await connect(connectorsIn(yaml()), someParts())(aQuestion('after_verified', master, a!));
    expect(reason?.text).toBe(
      '10.0.0.2:9221 is held by the connector proxy: answered 409. The service asks again after 5 s. ' +
        'To go on without this connector, take it out of the file that PIKA_EXPANDER_CONNECTORS names, and start the service again.',
    );
    expect(reasonFor(reason, { language: 'zh', tool: 'rest' })?.text).toContain(
      '被连接器 proxy 暂缓：返回 409',
    );
    expect(JSON.stringify(reason)).not.toContain('secret of');
  });

  test('go to no private address that the operator has not allowed', async () => {
    const ask = connect(connectorsIn(yaml()), someParts({ wayOut: { allowed: [] } }));
    expect((await ask(aQuestion('after_verified', master, a!)))?.text).toContain('127.0.0.1');
    expect(receiver.received).toEqual([]);
  });

  test('are held by no answer at all', async () => {
    receiver.answer = () => undefined;
    const ask = connect(connectorsIn(yaml()), someParts({ timeoutMs: 50 }));
    expect((await ask(aQuestion('after_verified', master, a!)))?.text).toContain('no answer within 0.05 s');
  });

  test('a no is remembered for a while; who is done is not asked again while another holds', async () => {
    const other = await new Receiver().start();
    try {
      other.answer = (response) => response.writeHead(503).end();
      const second = `\n- { kind: http, name: second, steps: { after_verified: { method: POST, url: "${other.url}" } } }`;
      const parts = someParts();
      const ask = connect(connectorsIn(yaml() + second), parts);
      const question = aQuestion('after_verified', master, a!);
      const [first, same] = await Promise.all([ask(question), ask(question)]);
      expect(first?.facts).toMatchObject({ connector: 'second' });
      expect(same).toEqual(first);
      await ask(question);
      expect([receiver.received.length, other.received.length]).toEqual([1, 1]);
      parts.clock += 5000;
      other.answer = (response) => response.writeHead(204).end();
      expect(await ask(question)).toBeNull();
      expect([receiver.received.length, other.received.length]).toEqual([1, 2]);
      // The same step again, as after another attempt: its work is done again.
      expect(await ask(question)).toBeNull();
      expect(receiver.received).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  test('reasons of several connectors come together; a connector of other masters is not asked', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    const three = [`masters: ['10.0.0.0/8']`, `masters: ['10.0.0.1:9221']`, `masters: ['*.shop.example']`]
      .map((more, at) => yaml(more).replace('name: proxy', `name: p${at}`))
      .join('');
    const reason = await connect(connectorsIn(three), someParts())(aQuestion('after_verified', master, a!));
    expect(reason).toMatchObject({
      code: 'several',
      facts: { reasons: [{ facts: { connector: 'p0' } }, { facts: { connector: 'p1' } }] },
    });
    expect(receiver.received).toHaveLength(2);
  });
});

describe('a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pika-expander-file-'));
    path = join(folder, 'slaves.conf');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const yaml = (of = path) => `
- kind: file
  name: list
  path: ${of}
  template: |
    pool {
    {{#slaves}}
      server {{node.address}}; # of {{master.address}}
    {{/slaves}}
    }
`;
  const asker = (of?: string) => connect(connectorsIn(yaml(of)), someParts());
  const read = () => readFileSync(path, 'utf8');
  const line = (node: string, of = master) => `  server ${node}; # of ${of}\n`;

  test('lists the slaves that are published now, also after a restart', async () => {
    expect(await asker()(aQuestion('after_verified', master, a!))).toBeNull();
    expect(read()).toBe(`pool {\n${line(a!)}}\n`);
    await asker()(aQuestion('after_verified', master, b!));
    await asker()(aQuestion('after_verified', master, b!));
    expect(read()).toBe(`pool {\n${line(a!)}${line(b!)}}\n`);
    await asker()(aQuestion('before_detach', master, a!));
    expect(read()).toBe(`pool {\n${line(b!)}}\n`);
    await asker()(aQuestion('before_node', master, b!));
    expect(read()).toBe('pool {\n}\n');
    expect(readdirSync(folder).sort()).toEqual(['slaves.conf', 'slaves.conf.slaves']);
  });

  test('is not made for a node that was never published', async () => {
    expect(await asker()(aQuestion('before_node', master, a!))).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is whole after workers have changed it at the same time', async () => {
    const nodes = Array.from({ length: 24 }, (_, at) => `10.0.1.${at + 1}:9221`);
    await Promise.all(nodes.map((node) => asker()(aQuestion('after_verified', master, node))));
    await Promise.all([
      ...nodes.slice(0, 12).map((node) => asker()(aQuestion('before_detach', master, node))),
      ...nodes.slice(12).map((node) => asker()(aQuestion('after_verified', master, node))),
    ]);
    for (const [at, node] of nodes.entries())
      expect([node, read().includes(line(node))]).toEqual([node, at >= 12]);
  });

  test('can be one for each master; a node is listed as its master sees it', async () => {
    const ask = asker(join(folder, '{{master.host}}.conf'));
    const seen = { ...targetAt(a!), seenAs: { host: '192.168.7.2', port: 9222 } };
    await ask(aQuestion('after_verified', master, seen));
    await ask(aQuestion('after_verified', '10.0.0.9:9221', b!));
    expect(readFileSync(join(folder, '10.0.0.1.conf'), 'utf8')).toContain('192.168.7.2:9222');
    expect(readFileSync(join(folder, '10.0.0.9.conf'), 'utf8')).toContain(line(b!, '10.0.0.9:9221'));
  });

  test('that cannot be written holds the step', async () => {
    writeFileSync(join(folder, 'plain'), '');
    const ask = asker(join(folder, 'plain', 'slaves.conf'));
    expect((await ask(aQuestion('after_verified', master, a!)))?.text).toContain(
      `the service cannot write ${folder}/plain/slaves.conf (ENOTDIR)`,
    );
  });
});

test('without connectors nothing holds', async () => {
  expect(await connect([], someParts())(aQuestion('before_batch', master, a!))).toBeNull();
});

test('a node that is taken out is kept as withdrawn before it leaves its master; where that fails, the step is held', async () => {
  const withdrawn: unknown[] = [];
  const withdraw: ConnectorsParts['withdraw'] = async ({ step, operation }, node) =>
    void withdrawn.push([step, operation.id, node.name]);
  const ask = connect([], someParts({ withdraw }));
  for (const step of ['before_node', 'after_verified', 'before_detach', 'after_detach'] as const)
    expect(await ask(aQuestion(step, master, a!))).toBeNull();
  expect(withdrawn).toEqual([['before_detach', 'exp_1', a]]);
  const failing = someParts({ withdraw: () => Promise.reject(new Error('no database')) });
  expect((await connect([], failing)(aQuestion('before_detach', master, a!)))?.text).toContain(
    'the connection failed (no database)',
  );
});
