import { randomUUID } from 'node:crypto';
import { replacementFields } from '../../model/replacement.ts';
import { stateWord } from '../../model/state-words.ts';
import { replacementHasEnded } from '../../model/states.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import type { Replacement, StoredReplacement } from '../../model/views/replacement.ts';
import type { Page } from '../../model/views/schema.ts';
import { storedEventOf } from '../client.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type FlagValues, inputFromFlags } from '../field-options.ts';
import { formatTime, printable, table } from '../format.ts';
import { type PolicyOptions, policyOf } from '../policy-options.ts';
import { eventLine } from '../render/expansion.ts';
import { renderReplacement } from '../render/replacement.ts';
import type { Session } from '../session.ts';
import { parseMaster, parseNode } from '../targets.ts';
import { writeJsonLine } from '../view.ts';
import { reasonOf } from './control.ts';

export interface ReplaceOptions extends FlagValues, PolicyOptions {
  readonly reason?: string;
  readonly label?: string;
  readonly notReader?: readonly string[];
  readonly slave?: readonly string[];
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
}

type Asked = { readonly replace: unknown } | { readonly takeOut: unknown };

/** Every server is looked at before the service answers. */
const answerWithinMs = 180_000;

/** Starts a replacement, and follows it where that is asked for. */
export async function replace(
  session: Session,
  master: string,
  asked: Asked,
  options: ReplaceOptions,
): Promise<ExitCode> {
  const { label, notReader, slave, watch, idempotencyKey } = options;
  const policy = 'replace' in asked ? policyOf(options, session.context) : undefined;
  const body = {
    master: parseMaster(master),
    ...('replace' in asked
      ? { replace: (asked.replace as readonly string[]).map(parsePair) }
      : { takeOut: (asked.takeOut as readonly string[]).map(parseOld) }),
    reason: reasonOf(options),
    ...(label === undefined ? {} : { label }),
    ...(notReader === undefined ? {} : { notReaders: notReader }),
    ...(slave === undefined ? {} : { slaves: slave.map(parseMaster) }),
    ...(policy === undefined ? {} : { policy }),
    ...inputFromFlags(replacementFields, options),
  };
  const key = idempotencyKey ?? randomUUID();
  const started = await session.client.postOnce<Replacement>('/v1/replacements', body, key, answerWithinMs);
  if (watch === true) return watchReplacement(session, started.id);
  const words = session.context.words.replacements;
  session.print(started, () => [words.accepted(started.id), words.watchIt(started.id)]);
  return exitCodes.succeeded;
}

/** `old=new`: everything after the first `=` behind a `host:port` is the new node. */
function parsePair(text: string): object {
  const [, old, node] = /^([^,=]+(?:,with-slaves)?)=(.+)$/.exec(text) ?? [];
  if (old === undefined || node === undefined)
    throw new UsageError(
      ({ replacements }) => replacements.notAPair(printable(text)),
      [({ replacements }) => replacements.pairForm],
    );
  return { old: parseOld(old), new: parseNode(node) };
}

/** As a master is written, with `with-slaves` where it may have slaves of its own. */
function parseOld(text: string): object {
  const parts = text.split(',').map((part) => part.trim());
  const withSlaves = parts.includes('with-slaves');
  const server = parseMaster(parts.filter((part) => part !== 'with-slaves').join(','));
  return withSlaves ? { ...server, withSlaves } : server;
}

export async function listReplacements(session: Session, limit?: string): Promise<ExitCode> {
  const page = await session.client.get<Page<StoredReplacement>>('/v1/replacements', limit ? { limit } : {});
  const { words, reader } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [words.replacements.none];
    const rows = page.items.map(({ id, state, createdAt, master, pairs, label }) => [
      id,
      stateWord(state, reader),
      formatTime(createdAt),
      master.name,
      `${pairs.filter(({ phase }) => phase === 'done').length}/${pairs.length}`,
      printable(label ?? ''),
    ]);
    return table([Object.values(words.replacements.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

const pathOf = (id: string): string => `/v1/replacements/${encodeURIComponent(id)}`;

export async function showReplacement(session: Session, id: string, watch: boolean): Promise<ExitCode> {
  if (watch) return watchReplacement(session, id);
  const replacement = await session.client.get<Replacement>(pathOf(id));
  session.print(replacement, () => renderReplacement(replacement, session.style));
  return exitOf(replacement);
}

function exitOf({ state }: Replacement): ExitCode {
  if (state === 'held') return exitCodes.needsPerson;
  return state === 'failed' || state === 'cancelled' ? exitCodes.failed : exitCodes.succeeded;
}

/** Tells its events until it ends or needs a person. Ctrl-C ends only the watching. */
async function watchReplacement(session: Session, id: string): Promise<ExitCode> {
  const { client, context, options } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  const tell = (event: StoredEvent): void => {
    if (options.json) writeJsonLine(context, { kind: 'event', ...event });
    else context.stdout.write(`${eventLine(event, session.style)}\n`);
  };
  try {
    const messages = client.stream(`${pathOf(id)}/events`, {
      after: 0,
      signal: interrupted.signal,
      onConnection: () => undefined,
    });
    for await (const message of messages) {
      const event = storedEventOf(message);
      if (event === null) continue;
      tell(event);
      const state = event.type.replace('replacement.', '');
      if (state === 'held' || isEnd(state)) break;
    }
    if (interrupted.signal.aborted) {
      context.stderr.write(`${context.words.replacements.goesOn(id)}\n`);
      return exitCodes.detached;
    }
    const replacement = await client.get<Replacement>(pathOf(id));
    if (options.json) writeJsonLine(context, { kind: 'end', replacement });
    else context.stdout.write(`${renderReplacement(replacement, session.style).join('\n')}\n`);
    return exitOf(replacement);
  } finally {
    undo();
  }
}

const isEnd = (state: string): boolean =>
  ['succeeded', 'failed', 'cancelled'].includes(state) && replacementHasEnded(state as Replacement['state']);

/** Ends a replacement before its time. */
export async function cancelReplacement(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const replacement = await session.client.post<Replacement>(`${pathOf(id)}/cancel`, {
    reason: reasonOf({ reason }),
  });
  session.print(replacement, () => [session.context.words.replacements.cancelling(id)]);
  return exitCodes.succeeded;
}

export async function approveReplacement(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const approved = await session.client.post<Replacement>(`${pathOf(id)}/approve`, {
    reason: reasonOf({ reason }),
  });
  session.print(approved, () => [session.context.words.replacements.approved(id)]);
  return exitCodes.succeeded;
}
