import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSaid } from '../../src/model/text.ts';
import { deliveryTexts } from '../../src/model/webhook-texts.ts';
import { clipped } from '../../src/notices/formats.ts';
import { createNoticeSender, namesMaster, type SendNotice } from '../../src/notices/send.ts';
import type { StoredChannel } from '../../src/store/channels.ts';
import { aChannel } from '../core/notice/samples.ts';
import { type Checked, Service, secrets } from './services.ts';

const kinds: readonly Checked[] = ['slack', 'dingtalk', 'feishu', 'wecom', 'generic'];

let service: Service;
afterEach(() => service?.close());

const sender = (
  over: { readonly timeoutMs?: number; readonly allowed?: readonly string[] } = {},
): SendNotice =>
  createNoticeSender({
    timeoutMs: over.timeoutMs ?? 20_000,
    now: Date.now,
    wayOut: { allowed: over.allowed ?? ['127.0.0.1'] },
  });

function channelTo(to: Service, over: Partial<StoredChannel> = {}): StoredChannel {
  const secret = (secrets as Partial<Record<Checked, string>>)[to.kind] ?? null;
  return { ...aChannel({ kind: to.kind }), url: to.url, secret, ...over };
}

const say = (title: string, ...lines: readonly string[]) => ({
  id: 'ntc_1',
  text: { subject: title, title, lines },
  notice: null,
});
const { signal } = new AbortController();
const errorOf = (error: Parameters<typeof readSaid>[1] | null) =>
  error === null ? null : readSaid(deliveryTexts, error, { language: 'en', tool: 'cli' });

describe.each(kinds)('%s', (kind) => {
  beforeEach(async () => {
    service = await new Service(kind).start();
  });

  it('takes what is sent, signed as its documents say', async () => {
    const answer = await sender()(channelTo(service), say('[Needs a person] 扩容任务', 'a & b < c'), signal);
    expect(answer).toMatchObject({ delivered: true, error: null });
    expect(service.taken[0]!.text).toContain('扩容任务');
    expect(service.taken[0]!.text).toMatch(/a & b [<‹] c/);
  });

  it.each(['节点 \u{1f600}', '"\\'.repeat(30), 'x'])('takes a message of any length, cut: %s', async (of) => {
    const lines = Array.from({ length: 9000 }, (_, n) => `${n} ${of}`);
    const answer = await sender()(channelTo(service), say(of.repeat(1000), ...lines), signal);
    expect(answer).toMatchObject({ delivered: true });
    expect(service.taken[0]!.text).not.toContain('\uFFFD');
  });

  it('calls nobody, whatever a label says', async () => {
    const evil = '<!channel> <@U1> <at user_id="all">all</at> @all [x](http://evil) *b*';
    const answer = await sender()(channelTo(service), say(evil, evil), signal);
    expect(answer).toMatchObject({ delivered: true });
    expect(service.taken[0]!.text).toContain('[x](http://evil) *b*');
  });

  it('tells of a receiver that hangs within the limit', async () => {
    service.answer = 'hang';
    const answer = await sender({ timeoutMs: 50 })(channelTo(service), say('t'), signal);
    expect(answer).toMatchObject({ delivered: false, refused: false });
    expect(errorOf(answer.error)).toBe('no answer within 0.05 s');
  });

  it('tries again after errors of the server, and not for ever after refusals', async () => {
    service.answer = { status: 503, body: 'away' };
    expect(await sender()(channelTo(service), say('t'), signal)).toMatchObject({
      delivered: false,
      refused: false,
    });
    service.answer = { status: 404, body: 'gone' };
    expect(await sender()(channelTo(service), say('t'), signal)).toMatchObject({
      delivered: false,
      refused: true,
    });
  });

  it('honours the time after which it may be asked again', async () => {
    service.answer = { status: 429, body: '', headers: { 'retry-after': '120' } };
    const answer = await sender()(channelTo(service), say('t'), signal);
    expect(answer).toMatchObject({ delivered: false, refused: false, pauseMs: 120_000 });
  });

  it('goes to no private address that the operator has not allowed', async () => {
    const answer = await sender({ allowed: [] })(channelTo(service), say('t'), signal);
    expect(answer.delivered).toBe(false);
    expect(service.asked).toBe(0);
  });
});

describe('an error in the answer of a success', () => {
  it.each([
    ['dingtalk', { errcode: 310000, errmsg: 'sign not match' }, '310000: sign not match', null, true],
    ['dingtalk', { errcode: 130101, errmsg: 'send too fast' }, '130101: send too fast', 600_000, false],
    ['feishu', { code: 19021, msg: 'sign match fail' }, '19021: sign match fail', null, true],
    ['feishu', { code: 11232, msg: 'frequency limited' }, '11232: frequency limited', 60_000, false],
    ['wecom', { errcode: 93000, errmsg: 'invalid webhook url' }, '93000: invalid webhook url', null, true],
    [
      'wecom',
      { errcode: 45009, errmsg: 'api freq out of limit' },
      '45009: api freq out of limit',
      60_000,
      false,
    ],
  ] as const)('of %s is none: %o', async (kind, body, says, pauseMs, refused) => {
    service = await new Service(kind).start();
    service.answer = { status: 200, body: JSON.stringify(body) };
    const answer = await sender()(channelTo(service), say('t'), signal);
    expect(answer).toMatchObject({ delivered: false, pauseMs, refused });
    expect(errorOf(answer.error)).toBe(`refused with code ${says}`);
  });

  it.each(kinds.filter((kind) => kind !== 'generic'))(
    'a page of a proxy is no answer of %s',
    async (kind) => {
      service = await new Service(kind).start();
      service.answer = { status: 200, body: '<html>Sign in</html>' };
      expect(await sender()(channelTo(service), say('t'), signal)).toMatchObject({ delivered: false });
    },
  );
});

it.each(['dingtalk', 'feishu', 'generic'] as const)(
  '%s refuses what another secret has signed',
  async (kind) => {
    service = await new Service(kind).start();
    const answer = await sender()(channelTo(service, { secret: 'another-secret' }), say('t'), signal);
    expect(answer).toMatchObject({ delivered: false, refused: true });
    expect(service.taken).toEqual([]);
  },
);

it('a secret that a service repeats is not kept', async () => {
  service = await new Service('wecom').start();
  service.answer = { status: 200, body: JSON.stringify({ errcode: 1, errmsg: 'no key wecomSecretKey' }) };
  const answer = await sender()(channelTo(service), say('t'), signal);
  expect(JSON.stringify(answer)).not.toContain('wecomSecretKey');
});

it('a text is cut to bytes at the edge of a character', () => {
  expect(clipped('节点', 6)).toBe('节点');
  expect(clipped('节点节', 8)).toBe('节…');
  expect(clipped('\u{1f600}\u{1f600}', 7)).toBe('\u{1f600}…');
});

it('a channel knows its masters by name, address and port', () => {
  expect(namesMaster(['10.0.0.0/8'], '10.1.2.3:9221')).toBe(true);
  expect(namesMaster(['10.0.0.0/8:9222'], '10.1.2.3:9221')).toBe(false);
  expect(namesMaster(['*.pika.example'], 'a.pika.example:9221')).toBe(true);
  expect(namesMaster(['fd00::1'], '[fd00::1]:9221')).toBe(true);
  expect(namesMaster(['10.0.0.1'], 'none')).toBe(false);
});
