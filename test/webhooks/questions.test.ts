import { afterEach, beforeEach, expect, it } from 'vitest';
import { questionRoutes } from '../../src/api/routes/questions.ts';
import type { StoredQuestion } from '../../src/store/webhooks.ts';
import { signatureOf, webhookHeaders } from '../../src/webhooks/signature.ts';
import { bearer, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { MemoryWebhooks, webhookOf } from './memory-webhooks.ts';

const asked: StoredQuestion = {
  id: 'qst_1',
  webhookId: 'v',
  state: 'waiting',
  payload: { type: 'after_verified', expansionId: 'exp_1', replacementId: null, nodes: ['a:1'] },
  askedAt: 1,
  times: 1,
  until: 2,
  answeredAt: null,
  answeredBy: null,
  reason: null,
};

let api: TestApi;
let webhooks: MemoryWebhooks;
let rung: string[];
beforeEach(async () => {
  webhooks = new MemoryWebhooks();
  rung = [];
  const bell = (what: string) => ({ ring: async (id: string) => void rung.push(`${what} ${id}`) });
  const doorbells = { expansion: bell('expansion'), replacement: bell('replacement') };
  api = await testApi({
    tokens: [operator, viewer],
    api: { routes: [questionRoutes({ webhooks, doorbells })] },
  });
  await webhooks.create(webhookOf('v', 'https://h.example/', 'veto'));
  await webhooks.saveQuestion(asked);
});
afterEach(() => api.app.close());

const answer = (payload: string, headers: object, id = 'qst_1') =>
  api.app.inject({
    method: 'POST',
    url: `/v1/questions/${id}/answer`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });
const now = () => Math.floor(api.clock.now / 1000);
const signed = (body: string, secret = 'whsec_v', at = now()) => ({
  [webhookHeaders.timestamp]: String(at),
  [webhookHeaders.signature]: signatureOf(secret, at, body),
});
const yes = '{ "answer":"yes" }';

it('is taken from the webhook that signs it, over the bytes as they came, and wakes who waits', async () => {
  const { items } = (await api.app.inject({ url: '/v1/questions', headers: bearer(viewer) })).json();
  expect(items).toMatchObject([{ id: 'qst_1', state: 'waiting', payload: { nodes: ['a:1'] } }]);
  expect((await answer(yes, signed(yes))).statusCode).toBe(204);
  expect(webhooks.questions.get('qst_1')).toMatchObject({ state: 'yes', answeredBy: 'webhook v' });
  expect(rung).toEqual(['expansion exp_1']);
});

it('wakes the replacement that waits for it', async () => {
  const payload = { type: 'before_detach', expansionId: null, replacementId: 'rep_1', nodes: ['a:1'] };
  await webhooks.saveQuestion({ ...asked, payload });
  expect((await answer(yes, signed(yes))).statusCode).toBe(204);
  expect(rung).toEqual(['replacement rep_1']);
});

it.each([
  ['nobody signed it', () => ({})],
  ['another secret signed it', () => signed(yes, 'whsec_w')],
  ['something else was signed', () => signed('{"answer":"yes"}')],
  ['it was signed long ago', () => signed(yes, 'whsec_v', now() - 301)],
  ['a viewer asks', () => bearer(viewer)],
  ['a token is unknown', () => ({ authorization: 'Bearer none' })],
])('is refused where %s', async (_why, headers) => {
  const refused = await answer(yes, headers());
  expect([refused.statusCode, refused.json().error.code]).toEqual([401, 'bad_signature']);
  expect(webhooks.questions.get('qst_1')?.state).toBe('waiting');
});

it('tells a stranger nothing of which questions there are', async () => {
  const [known, unknown] = [await answer(yes, {}), await answer(yes, {}, 'qst_2')];
  expect(unknown.json().error.message).toBe(known.json().error.message);
  expect(unknown.statusCode).toBe(known.statusCode);
  expect((await answer(yes, bearer(operator), 'qst_2')).json().error.code).toBe('no_such_question');
});

it('is taken from an operator in its place, once', async () => {
  const no = JSON.stringify({ answer: 'no', reason: 'peak hours' });
  expect((await answer(no, bearer(operator))).statusCode).toBe(204);
  expect(webhooks.questions.get('qst_1')).toMatchObject({ state: 'no', reason: 'peak hours' });
  const again = await answer(yes, bearer(operator));
  expect([again.statusCode, again.json().error.code]).toEqual([409, 'question_answered']);
  expect(rung).toHaveLength(1);
});

it.each([
  ['no answer', '{}', 400],
  ['another answer', '{"answer":"maybe"}', 400],
  ['no JSON', 'no json', 400],
  ['nothing', '', 400],
  ['too much', JSON.stringify({ answer: 'yes', reason: 'x'.repeat(5000) }), 413],
])('%s is refused before anybody is asked', async (_what, body, status) => {
  expect((await answer(body, signed(body))).statusCode).toBe(status);
  expect(webhooks.questions.get('qst_1')?.state).toBe('waiting');
});
