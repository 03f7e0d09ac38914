import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSender } from '../../src/net/send.ts';
import { parseOutgoingUrl } from '../../src/net/url.ts';
import { signatureOf, verifyWebhook } from '../../src/webhooks/signature.ts';
import { newWebhook, shownWebhook } from '../../src/webhooks/subscribe.ts';
import { Receiver } from '../webhooks/receiver.ts';

const never = new AbortController().signal;

describe('one request to a receiver', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await new Receiver().start();
  });
  afterEach(() => receiver.close());

  const hook = (url = receiver.url) => ({
    url,
    secret: 'whsec_test',
    deliveryId: 'dlv_1',
    type: 'expansion.succeeded',
    payload: { seq: 7, text: 'Fertig: 完成' },
  });
  const wayOut = { allowed: ['127.0.0.1'] };
  const send = (timeoutMs = 5000) => createSender({ timeoutMs, now: () => 1_700_000_000_500, wayOut });

  it('is signed over time and body, so that the receiver can tell it is genuine and fresh', async () => {
    const answer = await send()(hook(), never);
    expect(answer).toMatchObject({ status: 204, error: null });
    const { method, headers, body } = receiver.received[0]!;
    expect(method).toBe('POST');
    expect(JSON.parse(body)).toEqual({ seq: 7, text: 'Fertig: 完成' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'pika-expander-event': 'expansion.succeeded',
      'pika-expander-delivery': 'dlv_1',
      'pika-expander-timestamp': '1700000000',
    });
    expect(verifyWebhook('whsec_test', headers, body, 1_700_000_100)).toBe(true);
    expect(verifyWebhook('whsec_test', headers, body, 1_700_000_301)).toBe(false);
    expect(verifyWebhook('whsec_test', headers, `${body} `, 1_700_000_100)).toBe(false);
    expect(verifyWebhook('whsec_else', headers, body, 1_700_000_100)).toBe(false);
    const moved = { ...headers, 'pika-expander-timestamp': '1700000001' };
    expect(verifyWebhook('whsec_test', moved, body, 1_700_000_100)).toBe(false);
    expect(verifyWebhook('whsec_test', {}, body, 1_700_000_100)).toBe(false);
  });

  it('has the documented signature', () => {
    // echo -n '1700000000.{}' | openssl dgst -sha256 -hmac s
    expect(signatureOf('s', 1_700_000_000, '{}')).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(signatureOf('s', 1_700_000_000, '{}')).not.toBe(signatureOf('s', 1_700_000_001, '{}'));
  });

  it('follows no redirect: the answer is the redirect', async () => {
    receiver.answer = (response) => response.writeHead(302, { location: receiver.url }).end();
    expect(await send()(hook(), never)).toMatchObject({ status: 302 });
    expect(receiver.received).toHaveLength(1);
  });

  it('ends in time when the receiver never answers', async () => {
    receiver.answer = () => {};
    const answer = await send(200)(hook(), never);
    expect(answer).toMatchObject({ status: null, error: { code: 'no_answer', facts: { seconds: 0.2 } } });
  });

  it('reads no more of an answer than it shows, even of one that never ends', async () => {
    receiver.answer = (response) => {
      response.writeHead(500);
      const pour = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    };
    const answer = await send()(hook(), never);
    expect(answer.status).toBe(500);
    expect(answer.text.length).toBeLessThanOrEqual(1000);
  });

  it('takes the status of a receiver whose body drips as its answer', async () => {
    receiver.answer = (response) => {
      response.writeHead(503);
      response.write('maintenance');
    };
    expect(await send(3000)(hook(), never)).toMatchObject({ status: 503, text: 'maintenance' });
  });

  it('says in words why there was no answer', async () => {
    const gone = await new Receiver().start();
    const { url } = gone;
    await gone.close();
    expect((await send()(hook(url), never)).error?.code).toBe('connection_refused');
    expect((await send()(hook('http://name.invalid/'), never)).status).toBeNull();
  });
});

describe('the address of a receiver', () => {
  it.each([
    ['nonsense', 'not an absolute URL'],
    ['ftp://h/', 'neither http'],
    ['file:///etc/passwd', 'neither http'],
    ['https://user:pw@h/', 'user name'],
    ['https://h/#x', 'fragment'],
    ['http://169.254.169.254/latest/meta-data/', 'link-local'],
    ['http://[fe80::1]/', 'link-local'],
    ['http://[::ffff:169.254.169.254]/', 'link-local'],
    ['http://2852039166/', 'link-local'],
    ['http://0.0.0.0/', 'unspecified'],
    [`https://h/${'x'.repeat(2000)}`, 'longer'],
  ])('cannot be %s', (text, message) => {
    expect(() => parseOutgoingUrl(text, ['127.0.0.1'])).toThrow(message);
  });

  it('may be inside the own network only where the configuration names it', () => {
    for (const [host, rule] of [
      ['10.0.0.1', '10.0.0.0/8'],
      ['192.168.1.1', '192.168.1.1:80'],
      ['127.0.0.1', '127.0.0.0/8'],
      ['[::1]', '::1'],
      ['[fd12::1]', '[fd00::]/8:80'],
    ] as const) {
      expect(() => parseOutgoingUrl(`http://${host}/`, [])).toThrow('private address');
      expect(parseOutgoingUrl(`http://${host}/`, [rule]).pathname).toBe('/');
    }
    expect(() => parseOutgoingUrl('http://192.168.1.1:81/', ['192.168.1.1:80'])).toThrow('private address');
  });
});

describe('a new webhook', () => {
  const made = { id: 'whk_1', createdBy: 'anna', createdAt: 1 };

  it('has a secret of its own that is not shown again, nor is what the address holds', () => {
    const one = newWebhook({ url: 'https://h/s3cret/p?token=t0p' }, made, []);
    const two = newWebhook({ url: 'https://h/p' }, made, []);
    expect(one.secret).toMatch(/^whsec_[\w-]{43}$/);
    expect(one.secret).not.toBe(two.secret);
    const shown = JSON.stringify(shownWebhook(one));
    expect(shown).not.toContain(one.secret);
    expect(shown).not.toMatch(/t0p|s3cret/);
  });

  it('refuses types where they mean nothing', () => {
    expect(() => newWebhook({ url: 'https://h/', kind: 'veto', types: ['node.verified'] }, made, [])).toThrow(
      'types',
    );
  });
});
