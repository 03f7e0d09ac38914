import type { Page } from '../../model/views/schema.ts';
import type { DeliveryView, WebhookKind, WebhookView } from '../../model/views/webhook.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { parseDuration } from '../quantities.ts';
import type { Session } from '../session.ts';

const kinds: readonly WebhookKind[] = ['notify', 'veto', 'trail'];

export interface AddWebhookOptions {
  readonly kind?: string;
  readonly events?: string;
  readonly steps?: string;
  readonly answerWithin?: string;
}

/** The key alone goes to standard output, so that it can go into a file. */
export async function addWebhook(
  session: Session,
  url: string,
  options: AddWebhookOptions,
): Promise<ExitCode> {
  const { words } = session.context;
  const { kind, events, steps, answerWithin } = options;
  if (kind !== undefined && !(kinds as readonly string[]).includes(kind))
    throw new UsageError(words.webhooks.wrongKind(kind, kinds.join(', ')));
  const answerWithinMs = answerWithin === undefined ? undefined : parseDuration(answerWithin);
  if (answerWithinMs === null)
    throw new UsageError(({ flags }) => flags.give('--answer-within', answerWithin!, [flags.duration]));
  const made = await session.client.post<WebhookView & { readonly secret: string }>('/v1/webhooks', {
    url,
    ...(kind !== undefined && { kind }),
    ...(events !== undefined && { types: events.split(',') }),
    ...(steps !== undefined && { steps: steps.split(',') }),
    ...(answerWithinMs !== undefined && { answerWithinMs }),
  });
  if (!session.options.json) session.context.stderr.write(`${words.webhooks.made(made.id)}\n`);
  session.print(made, () => [made.secret]);
  return exitCodes.succeeded;
}

export async function listWebhooks(session: Session): Promise<ExitCode> {
  const page = await session.client.get<Page<WebhookView>>('/v1/webhooks');
  const words = session.context.words.webhooks;
  session.print(page, () => {
    if (page.items.length === 0) return [words.none];
    const rows = page.items.map(({ id, kind, types, steps, url, createdBy, createdAt }) => [
      id,
      kind,
      kind === 'notify' && types.length === 0 ? words.all : [...types, ...steps].join(','),
      printable(url),
      printable(createdBy),
      formatTime(createdAt),
    ]);
    const { columns } = words;
    return table([[columns.id, columns.kind, columns.of, columns.url, columns.by, columns.since], ...rows]);
  });
  return exitCodes.succeeded;
}

/** What became of what was sent to it, the newest first. */
export async function showDeliveries(
  session: Session,
  id: string,
  limit: string | undefined,
): Promise<ExitCode> {
  const query = limit === undefined ? {} : { limit };
  const page = await session.client.get<Page<DeliveryView>>(`${pathOf(id)}/deliveries`, query);
  const words = session.context.words.webhooks;
  session.print(page, () => {
    if (page.items.length === 0) return [words.noDelivery];
    const rows = page.items.map(({ createdAt, type, state, attempts, lastStatus, lastError }) => [
      formatTime(createdAt),
      type,
      words.states[state],
      String(attempts),
      printable(lastError ?? (lastStatus === null ? '' : String(lastStatus))),
    ]);
    const { at, type, state, tries, answer } = words.deliveries;
    return table([[at, type, state, tries, answer], ...rows]);
  });
  return exitCodes.succeeded;
}

export async function removeWebhook(session: Session, id: string): Promise<ExitCode> {
  await session.client.delete(pathOf(id));
  session.print({ id, removed: true }, () => [session.context.words.webhooks.removed(id)]);
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/webhooks/${encodeURIComponent(id)}`;
