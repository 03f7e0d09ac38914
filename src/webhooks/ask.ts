import { createHash } from 'node:crypto';
import type { HookStep } from '../model/hook-steps.ts';
import { type AskStep, askedStep, type HookQuestion, type Hooks } from '../model/hooks.ts';
import { because, inOne, type Reason } from '../model/reasons.ts';
import type { Said } from '../model/text.ts';
import { deliverySays } from '../model/webhook-texts.ts';
import type { HookAnswer, SendHook } from '../net/send.ts';
import { shownUrl } from '../net/url.ts';
import type { StoredQuestion, Webhook, WebhookStore } from '../store/webhooks.ts';
import { isYes, outcomeOf } from './dispatcher.ts';
import { defaultAnswerWithinMs } from './subscribe.ts';

export interface WebhookHooksParts {
  readonly store: Pick<WebhookStore, 'list' | 'question' | 'saveQuestion' | 'addAnswered'>;
  readonly send: SendHook;
  now(): number;
  newId(prefix: string): string;
  onTrouble(error: unknown): void;
}

/** A receiver that said no is not asked again sooner. */
const askAgainMs = 10_000;
/** Whether an answer has come later is read so often. */
const readAgainMs = 1000;
/** More answers than this are not remembered; who is forgotten is asked again. */
const remembered = 1000;

interface Held {
  readonly reason: Reason;
  readonly until: number;
}

/**
 * The webhooks that may hold a step. A 2xx answer is a yes, 202 says that the answer comes later, by
 * `POST /v1/questions/:id/answer`; anything else, and no answer, holds the step. A yes is stored: nobody is asked twice about
 * the same step, also after a crash. A hold is remembered for a while, so `ask` may be called at every look.
 */
export function createWebhookHooks(parts: WebhookHooksParts): Hooks {
  const held = new Map<string, Held>();

  async function answerOf(webhook: Webhook, question: HookQuestion): Promise<Reason | null> {
    const id = questionIdOf(question, webhook);
    const known = held.get(id);
    if (known && known.until > parts.now()) return known.reason;
    held.delete(id);
    const reason = await askOne(parts, webhook, question, id);
    if (reason === null) return null;
    if (held.size >= remembered) held.clear();
    const againMs = reason.code === 'answer_comes_later' ? readAgainMs : askAgainMs;
    held.set(id, { reason, until: parts.now() + againMs });
    return reason;
  }

  const ask: AskStep = async (question) => {
    const asked = (await parts.store.list()).filter(({ steps }) => steps.includes(question.step));
    const answers = await Promise.all(asked.map((webhook) => answerOf(webhook, question)));
    return inOne(answers.filter((answer) => answer !== null));
  };

  return {
    ask,
    async steps() {
      return new Set((await parts.store.list()).flatMap(({ steps }) => steps)) as ReadonlySet<HookStep>;
    },
  };
}

/** The same for the same question to the same webhook. */
const questionIdOf = (question: HookQuestion, webhook: Webhook): string =>
  `qst_${createHash('sha256')
    .update(JSON.stringify([question.id, webhook.id]))
    .digest('hex')
    .slice(0, 32)}`;

async function askOne(
  parts: WebhookHooksParts,
  webhook: Webhook,
  question: HookQuestion,
  id: string,
): Promise<Reason | null> {
  const known = await parts.store.question(id);
  const now = parts.now();
  if (known?.state === 'yes') return null;
  if (known?.state === 'waiting' && now < known.until!) return later(webhook, question, known);
  if (known?.state === 'no' && now < known.answeredAt! + askAgainMs)
    return heldBy(webhook, question, deliverySays('answered_no'));
  const asked = await put(parts, webhook, question, { id, times: (known?.times ?? 0) + 1 });
  if ('stored' in asked) {
    await parts.store.saveQuestion(asked.stored);
    return asked.stored.state === 'yes' ? null : later(webhook, question, asked.stored);
  }
  return heldBy(webhook, question, asked.no);
}

/** Sends the question. What is to be stored of it, or why it was not answered with yes. */
async function put(
  parts: WebhookHooksParts,
  webhook: Webhook,
  question: HookQuestion,
  { id, times }: Pick<StoredQuestion, 'id' | 'times'>,
): Promise<{ readonly stored: StoredQuestion } | { readonly no: Said }> {
  const askedAt = parts.now();
  const payload = payloadOf(question, id, askedAt);
  const { url, secret } = webhook;
  const type = question.step;
  const delivery = { id: parts.newId('dlv'), webhookId: webhook.id, type, payload, createdAt: askedAt };
  const hook = { url, secret, deliveryId: delivery.id, type, payload };
  const answer = await parts.send(hook, new AbortController().signal);
  const outcome = { ...outcomeOf(answer, 1, 0), retryInMs: null };
  // The answer counts, whether or not it could be kept for reading.
  await parts.store.addAnswered(delivery, outcome).catch((error: unknown) => parts.onTrouble(error));
  if (!isYes(answer)) return { no: saidOf(answer) };
  const now = parts.now();
  const comesLater = answer.status === 202;
  return {
    stored: {
      id,
      webhookId: webhook.id,
      state: comesLater ? 'waiting' : 'yes',
      payload,
      askedAt,
      times,
      until: comesLater ? now + (webhook.answerWithinMs ?? defaultAnswerWithinMs) : null,
      answeredAt: comesLater ? null : now,
      answeredBy: comesLater ? null : `webhook ${webhook.id}`,
      reason: null,
    },
  };
}

/** Its words are for operators, and who reads the reason is not known. */
const saidOf = ({ error, status }: HookAnswer): Said =>
  error ?? deliverySays('answered', { status, quoted: '' });

/** The body of the question. */
function payloadOf(question: HookQuestion, questionId: string, at: number): Record<string, unknown> {
  const { step, operation, master, nodes, batch, batchCount } = question;
  return {
    type: step,
    at,
    questionId,
    expansionId: operation.kind === 'expansion' ? operation.id : null,
    replacementId: operation.kind === 'replacement' ? operation.id : null,
    label: operation.label,
    master: master.name,
    batch,
    batchCount,
    nodes: nodes.map(({ name }) => name),
  };
}

const heldBy = ({ id, url }: Webhook, question: HookQuestion, said: Said): Reason =>
  because('held_by_webhook', {
    ...askedStep(question),
    url: shownUrl(url),
    webhookId: id,
    said,
    askedAgainSeconds: askAgainMs / 1000,
  });

const later = ({ id, url }: Webhook, question: HookQuestion, stored: StoredQuestion): Reason =>
  because('answer_comes_later', {
    ...askedStep(question),
    url: shownUrl(url),
    webhookId: id,
    questionId: stored.id,
    until: stored.until!,
  });
