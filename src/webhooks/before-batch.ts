import type { Expansion } from '../model/expansion.ts';
import { because, type Reason } from '../model/reasons.ts';
import { deliverySays } from '../model/webhook-texts.ts';
import type { HookAnswer, SendHook } from '../net/send.ts';
import { shownUrl } from '../net/url.ts';
import type { Webhook, WebhookStore } from '../store/webhooks.ts';
import { isYes, outcomeOf } from './dispatcher.ts';

export interface BeforeBatchParts {
  readonly store: WebhookStore;
  readonly send: SendHook;
  now(): number;
  newId(prefix: string): string;
  onTrouble(error: unknown): void;
}

/** The question's type in header and deliveries. */
const beforeBatchType = 'before_batch';

/** A receiver that said no is not asked again sooner. */
const askAgainMs = 10_000;
/** More answers than this are not remembered; who is forgotten is asked again. */
const remembered = 1000;

interface Held {
  readonly reason: Reason;
  readonly until: number;
}

/**
 * Makes the function that asks every veto webhook whether a batch may begin. It resolves with null when all of them
 * answered 2xx, else with the reason: who holds the batch and why. No answer holds it as well. A hold is
 * remembered for a while, so that it may be called at every look.
 */
export function createBeforeBatch(
  parts: BeforeBatchParts,
): (expansion: Expansion, batch: number) => Promise<Reason | null> {
  const held = new Map<string, Held>();

  return async (expansion, batch) => {
    const key = `${expansion.id}/${batch}`;
    const known = held.get(key);
    if (known && known.until > parts.now()) return known.reason;
    held.delete(key);
    const reason = await askAll(parts, expansion, batch);
    if (reason === null) return null;
    if (held.size >= remembered) held.clear();
    held.set(key, { reason, until: parts.now() + askAgainMs });
    return reason;
  };
}

async function askAll(parts: BeforeBatchParts, expansion: Expansion, batch: number): Promise<Reason | null> {
  const webhooks = (await parts.store.list()).filter((webhook) => webhook.kind === 'veto');
  const answers = await Promise.all(webhooks.map((webhook) => ask(parts, webhook, expansion, batch)));
  const holding = answers.filter((answer) => answer !== null);
  return holding.length > 1 ? because('several', { reasons: holding }) : (holding[0] ?? null);
}

async function ask(
  parts: BeforeBatchParts,
  webhook: Webhook,
  expansion: Expansion,
  batch: number,
): Promise<Reason | null> {
  const question = questionOf(expansion, batch, parts.now());
  const delivery = {
    id: parts.newId('dlv'),
    webhookId: webhook.id,
    type: beforeBatchType,
    payload: question,
    createdAt: parts.now(),
  };
  const hook = {
    url: webhook.url,
    secret: webhook.secret,
    deliveryId: delivery.id,
    type: beforeBatchType,
    payload: question,
  };
  const answer = await parts.send(hook, new AbortController().signal);
  const outcome = { ...outcomeOf(answer, 1, 0), retryInMs: null };
  // The answer counts, whether or not it could be kept for reading.
  await parts.store.addAnswered(delivery, outcome).catch((error: unknown) => parts.onTrouble(error));
  return isYes(answer) ? null : heldBy(webhook, batch, answer);
}

/** The body of the question. */
function questionOf(expansion: Expansion, batch: number, now: number): Record<string, unknown> {
  const nodes = expansion.joins.filter((join) => join.batch === batch).map((join) => join.target.name);
  return {
    type: beforeBatchType,
    at: now,
    expansionId: expansion.id,
    label: expansion.label,
    master: expansion.master.name,
    batch,
    batchCount: expansion.batchCount,
    nodes,
  };
}

function heldBy({ id, url }: Webhook, batch: number, answer: HookAnswer): Reason {
  return because('held_by_webhook', {
    batch: batch + 1,
    url: shownUrl(url),
    webhookId: id,
    // Its words are for operators, and who reads the reason is not known.
    said: answer.error ?? deliverySays('answered', { status: answer.status, quoted: '' }),
    askedAgainSeconds: askAgainMs / 1000,
  });
}
