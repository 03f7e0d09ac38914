import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelRoutes } from '../../src/api/routes/channels.ts';
import { afterEvents } from '../../src/core/notice/incidents.ts';
import { deliverySays } from '../../src/model/webhook-texts.ts';
import type { NoticeAnswer, OutgoingNotice } from '../../src/notices/send.ts';
import type { StoredChannel } from '../../src/store/channels.ts';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { failed, halted } from '../core/notice/samples.ts';
import { MemoryChannels } from './memory-channels.ts';

let api: TestApi;
let channels: MemoryChannels;
let sent: { readonly channel: StoredChannel; readonly notice: OutgoingNotice }[];
let answer: NoticeAnswer;
beforeEach(async () => {
  channels = new MemoryChannels();
  sent = [];
  answer = { delivered: true, error: null, refused: false, pauseMs: null };
  const send = async (channel: StoredChannel, notice: OutgoingNotice): Promise<NoticeAnswer> => {
    sent.push({ channel, notice });
    return answer;
  };
  api = await testApi({
    tokens: [operator, viewer],
    api: { routes: [channelRoutes({ channels, send, allowed: [] })] },
  });
});
afterEach(() => api.app.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
function call(method: Method, url: string, payload?: object, who = operator, language = 'en') {
  const headers = { ...bearer(who), 'accept-language': language };
  return api.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
}

const slack = { name: 'on call', kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/slackSecret' };
const ding = {
  name: 'ding',
  kind: 'dingtalk',
  url: 'https://oapi.dingtalk.com/robot/send?access_token=dingToken',
  secret: 'SECsecret',
};
const mail = {
  name: 'mail',
  kind: 'email',
  url: 'smtps://mail.example.net',
  user: 'pika',
  secret: 'mailPassword',
  from: 'pika@example.net',
  to: ['oncall@example.net'],
};
const generic = { name: 'mine', kind: 'generic', url: 'https://hooks.example.net/x' };

async function make(body: object): Promise<string> {
  const made = await call('POST', '/v1/channels', body);
  expect(made.statusCode).toBe(201);
  return made.json().id;
}

describe('channels', () => {
  it('show neither their secret nor what their address holds, nowhere', async () => {
    const id = await make(ding);
    await make(slack);
    await make(mail);
    const answers = await Promise.all([
      call('GET', '/v1/channels'),
      call('GET', `/v1/channels/${id}`),
      call('PATCH', `/v1/channels/${id}`, { name: 'other' }),
      call('GET', '/v1/channels', undefined, viewer),
    ]);
    const all = [...answers.map(({ body }) => body), ...api.logLines].join('\n');
    for (const secret of ['SECsecret', 'dingToken', 'slackSecret', 'mailPassword'])
      expect(all).not.toContain(secret);
    expect(answers[0]!.json().items.map(({ url }: { url: string }) => url)).toEqual([
      'https://oapi.dingtalk.com/…',
      'https://hooks.slack.com/…',
      'smtps://mail.example.net',
    ]);
  });

  it('of the kind generic get a secret, which is shown once', async () => {
    const made = (await call('POST', '/v1/channels', generic)).json();
    expect(made.secret).toMatch(/^chsec_/);
    expect((await call('GET', `/v1/channels/${made.id}`)).body).not.toContain(made.secret);
    const own = (await call('POST', '/v1/channels', { ...generic, secret: 'my own secret' })).json();
    expect(own).toMatchObject({ secret: null, hasSecret: true });
  });

  it('are made, changed, tested and deleted by operators only', async () => {
    const id = await make(slack);
    const forbidden = await Promise.all([
      call('POST', '/v1/channels', slack, viewer),
      call('PATCH', `/v1/channels/${id}`, { name: 'x' }, viewer),
      call('POST', `/v1/channels/${id}/test`, undefined, viewer),
      call('DELETE', `/v1/channels/${id}`, undefined, viewer),
    ]);
    expect(forbidden.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403]);
    // The dashboard gives a reason with everything that it takes away.
    expect((await call('DELETE', `/v1/channels/${id}`, { reason: 'moved' })).statusCode).toBe(204);
    expect((await call('GET', `/v1/channels/${id}`)).json().error.code).toBe('no_such_channel');
  });

  it('change what the request names, and nothing else', async () => {
    const id = await make({ ...ding, topics: ['halted'], masters: ['10.0.0.0/8'], language: 'zh' });
    const quiet = { from: '22:00', to: '08:00', timeZone: 'Asia/Shanghai' };
    const changed = (await call('PATCH', `/v1/channels/${id}`, { quiet, repeatMinutes: null })).json();
    expect(changed).toMatchObject({
      topics: ['halted'],
      masters: ['10.0.0.0/8'],
      language: 'zh',
      repeatMinutes: null,
      quiet: { ...quiet, breakThrough: ['halted', 'unattended'] },
    });
    expect(channels.channels[0]).toMatchObject({ secret: 'SECsecret', url: ding.url });
  });

  it('of the kind generic keep their secret where a change takes it away', async () => {
    const made = (await call('POST', '/v1/channels', generic)).json();
    expect((await call('PATCH', `/v1/channels/${made.id}`, { secret: null })).statusCode).toBe(200);
    expect(channels.channels[0]!.secret).toBe(made.secret);
  });

  it('send a stored password to no other mail server', async () => {
    const id = await make(mail);
    const change = (payload: object) => call('PATCH', `/v1/channels/${id}`, payload);
    for (const url of [
      'smtps://mail.attacker.example',
      'smtps://mail.example.net:2525',
      'smtp://mail.example.net',
    ])
      expect((await change({ url })).json().error).toMatchObject({
        code: 'validation_failed',
        field: 'secret',
      });
    expect(channels.channels[0]).toMatchObject({ url: mail.url, secret: mail.secret });
    expect((await change({ url: 'smtps://other.example.net', secret: 'its own' })).statusCode).toBe(200);
    expect((await change({ url: 'smtps://third.example.net', secret: null, user: null })).statusCode).toBe(
      200,
    );
  });

  it.each([
    [{ ...slack, secret: 'x' }, 'secret'],
    [{ ...slack, url: 'http://169.254.169.254/' }, 'url'],
    [{ ...slack, url: 'http://10.0.0.1/' }, 'url'],
    [{ ...slack, url: 'not a url' }, 'url'],
    [{ ...slack, from: 'a@example.net' }, 'from'],
    [{ ...slack, masters: ['10.0.0.*'] }, 'masters[0]'],
    [{ ...slack, quiet: { from: '22:00', to: '8:00', timeZone: 'UTC' } }, 'quiet.to'],
    [{ ...slack, quiet: { from: '22:00', to: '08:00', timeZone: 'Mars/Base' } }, 'quiet.timeZone'],
    [{ ...slack, topics: ['everything'] }, 'topics[0]'],
    [{ ...slack, repeatMinutes: 1 }, 'repeatMinutes'],
    [{ ...mail, url: 'https://mail.example.net' }, 'url'],
    [{ ...mail, url: 'smtp://user:pass@mail.example.net' }, 'url'],
    [{ ...mail, url: 'smtp://127.0.0.1' }, 'url'],
    [{ ...mail, url: 'smtp+plain://mail.example.net' }, 'secret'],
    [{ ...mail, to: ['a@example.net, b@example.net'] }, 'to[0]'],
    [{ ...mail, to: ['a@example.net\r\nBcc: b@example.net'] }, 'to[0]'],
    [{ ...mail, from: 'nobody' }, 'from'],
    [{ ...mail, secret: undefined }, 'secret'],
    [{ ...mail, user: undefined }, 'user'],
    [{ ...mail, to: undefined }, 'to'],
  ])('refuse %j and name the field', async (body, field) => {
    const refused = await call('POST', '/v1/channels', body);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toMatchObject({ code: 'validation_failed', field });
    expect(channels.channels).toEqual([]);
  });

  it('are not without number', async () => {
    for (let n = 0; n < 100; n += 1) await make(slack);
    const refused = await call('POST', '/v1/channels', slack);
    expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'too_many_channels']);
  });

  it('are tested at once, in their language, and say what came of it', async () => {
    const id = await make({ ...slack, language: 'zh' });
    expect((await call('POST', `/v1/channels/${id}/test`)).json()).toEqual({ delivered: true, error: null });
    expect(sent[0]!.notice.text.title).toBe('渠道测试');
    const error = deliverySays('refused', { code: '310000', quoted: ': sign not match' });
    answer = { delivered: false, error, refused: true, pauseMs: null };
    expect((await call('POST', `/v1/channels/${id}/test`)).json()).toEqual({
      delivered: false,
      error: 'refused with code 310000: sign not match',
    });
    expect((await call('POST', `/v1/channels/${id}/test`, undefined, operator, 'zh')).json().error).toContain(
      '拒绝，错误码 310000',
    );
  });

  it('show operators alone what a service has answered', async () => {
    const id = await make(slack);
    const error = deliverySays('answered', { status: 500, quoted: ': deep inside' });
    channels.last.set(id, { state: 'pending', attempts: 2, createdAt: 1, endedAt: null, error });
    const [own, other] = await Promise.all([
      call('GET', `/v1/channels/${id}`),
      call('GET', `/v1/channels/${id}`, undefined, viewer),
    ]);
    expect(own.json().last).toMatchObject({ state: 'pending', error: 'answered 500: deep inside' });
    expect(other.json().last).toMatchObject({ error: 'answered 500' });
  });
});

describe('incidents', () => {
  const add = (...events: readonly ReturnType<typeof halted>[]): void => {
    channels.all.push(...afterEvents(new Map(), events, () => `inc_${channels.all.length + 1}`).values());
  };

  it('are listed in the language of the reader', async () => {
    add(halted());
    const [incident] = (await call('GET', '/v1/incidents?open=true', undefined, viewer, 'zh')).json().items;
    expect(incident).toMatchObject({
      id: 'inc_1',
      expansionId: 'exp_1',
      title: '扩容任务 exp_1（shop）',
      problems: [{ topic: 'halted', master: '10.0.0.1:9221' }],
    });
    expect(incident.problems[0].text).toMatch(/冻结/);
  });

  it('are acknowledged by those who steer, with a name', async () => {
    add(halted());
    expect((await call('POST', '/v1/incidents/inc_1/acknowledge', {}, viewer)).statusCode).toBe(403);
    const done = await call('POST', '/v1/incidents/inc_1/acknowledge', { reason: 'on it' });
    expect(done.json()).toMatchObject({
      endedAt: null,
      acknowledged: { by: operator.name, reason: 'on it' },
    });
    expect((await call('POST', '/v1/incidents/none/acknowledge')).json().error.code).toBe('no_such_incident');
  });

  it('that nothing else ends are over then, and cannot be acknowledged twice', async () => {
    add(failed());
    expect((await call('POST', '/v1/incidents/inc_1/acknowledge')).json().endedAt).not.toBeNull();
    const again = await call('POST', '/v1/incidents/inc_1/acknowledge');
    expect([again.statusCode, again.json().error.code]).toEqual([409, 'incident_over']);
  });
});
