import type { Expansion } from '../model/expansion.ts';
import type { HookAnswer, SendHook } from '../net/send.ts';
import { shownUrl } from '../net/url.ts';
import type { Webhook, WebhookStore } from '../store/webhooks.ts';
import { isYes, outcomeOf, quoted } from './dispatcher.ts';

export interface BeforeBatchParts {
  readonly store: WebhookStore;
  readonly send: SendHook;
  now(): number;
  newId(prefix: string): string;
  onTrouble(error: unknown): void;
}

/** The question's type in header and deliveries. */
export const beforeBatchType = 'before_batch';

/** A receiver that said no is not asked again sooner. */
const askAgainMs = 10_000;
/** More answers than this are not remembered; who is forgotten is asked again. */
const remembered = 1000;

interface Held {
  readonly text: string;
  readonly until: number;
}

/**
 * Makes the function that asks every veto webhook whether a batch may begin. It resolves with null when all of them
 * answered 2xx, else with the text that says who holds the batch and why. No answer holds it as well. A hold is
 * remembered for a while, so that it may be called at every look.
 */
export function createBeforeBatch(
  parts: BeforeBatchParts,
): (expansion: Expansion, batch: number) => Promise<string | null> {
  const held = new Map<string, Held>();

  return async (expansion, batch) => {
    const key = `${expansion.id}/${batch}`;
    const known = held.get(key);
    if (known && known.until > parts.now()) return known.text;
    held.delete(key);
    const text = await askAll(parts, expansion, batch);
    if (text === null) return null;
    if (held.size >= remembered) held.clear();
    held.set(key, { text, until: parts.now() + askAgainMs });
    return text;
  };
}

async function askAll(parts: BeforeBatchParts, expansion: Expansion, batch: number): Promise<string | null> {
  const webhooks = (await parts.store.list()).filter((webhook) => webhook.kind === 'veto');
  const texts = await Promise.all(webhooks.map((webhook) => ask(parts, webhook, expansion, batch)));
  const holding = texts.filter((text) => text !== null);
  return holding.length === 0 ? null : holding.join(' ');
}

async function ask(
  parts: BeforeBatchParts,
  webhook: Webhook,
  expansion: Expansion,
  batch: number,
): Promise<string | null> {
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
  return isYes(answer) ? null : holdText(webhook, batch, answer);
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

function holdText(webhook: Webhook, batch: number, answer: HookAnswer): string {
  const said = answer.error ?? `answered ${answer.status}${quoted(answer.text)}`;
  return (
    `Batch ${batch + 1} is held by ${shownUrl(webhook.url)}: ${said} (webhook ${webhook.id}). ` +
    `It is asked again every ${askAgainMs / 1000} s; to go on without it, delete the webhook.`
  );
}
