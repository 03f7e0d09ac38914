import type { Facts, Reader } from '../../model/text.ts';
import { trailFaults, trailVerdicts, trailVerificationHead } from '../../model/trail-texts.ts';
import { verificationHead, verificationText } from '../../model/verification-texts.ts';
import type { Page } from '../../model/views/schema.ts';
import type { TrailEntry, TrailHead } from '../../model/views/trail.ts';
import type { TrailVerification } from '../../verify/trail.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { writeNewFile } from '../new-file.ts';
import { parseDuration } from '../quantities.ts';
import { openSession, printDocument, type Session } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';
import { type Style, styleFor } from '../style.ts';

export interface ListOptions {
  readonly who?: string;
  readonly act?: string;
  readonly object?: string;
  readonly since?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

export interface ExportOptions {
  readonly out?: string;
  readonly after?: string;
}

export async function listTrail(session: Session, options: ListOptions): Promise<ExitCode> {
  const { who, act, object, since, limit, cursor } = options;
  const page = await session.client.get<Page<TrailEntry>>('/v1/trail', {
    who,
    act,
    object,
    limit,
    cursor,
    since: since === undefined ? undefined : sinceOf(since, session.context.now()),
  });
  const { words } = session.context;
  session.print(page, () => {
    if (page.items.length === 0) return [words.trail.none];
    const rows = page.items.map(({ seq, at, who: by, from, act: what, object: about, outcome, times }) => [
      String(seq),
      formatTime(at),
      printable(by.name ?? '-'),
      printable(from.address ?? '-'),
      from.via,
      printable(what),
      printable(about ?? ''),
      `${outcome.status ?? ''} ${outcome.code ?? ''}${times > 1 ? ` × ${times}` : ''}`.trim(),
    ]);
    const lines = table([Object.values(words.trail.columns), ...rows]);
    return page.nextCursor === null ? lines : [...lines, words.lists.more(page.nextCursor)];
  });
  return exitCodes.succeeded;
}

function sinceOf(text: string, now: number): number {
  const ago = parseDuration(text);
  const at = ago === null ? Date.parse(text) : now - ago;
  if (Number.isFinite(at)) return Math.max(0, Math.round(at));
  throw new UsageError(({ trail }) => trail.noTime(printable(text)));
}

export async function exportTrail(session: Session, { out, after }: ExportOptions): Promise<ExitCode> {
  const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
  const lines = exported(session, query);
  if (out === undefined) {
    for await (const text of lines) session.context.stdout.write(text);
    return exitCodes.succeeded;
  }
  await writeNewFile(out, lines);
  session.print({ file: out }, () => [session.context.words.trail.written(out)]);
  return exitCodes.succeeded;
}

const exported = (session: Session, query = ''): AsyncGenerator<string> =>
  session.client.text(`/v1/trail/export${query}`, 'application/x-ndjson');

export async function trailHead(session: Session): Promise<ExitCode> {
  const head = await session.client.get<TrailHead>('/v1/trail/head');
  session.context.stdout.write(`${JSON.stringify(head)}\n`);
  return exitCodes.succeeded;
}

/** Checks a file without the service; without a file the trail of the service. */
export async function verifyTrail(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & { readonly head?: string; readonly key?: string },
  file: string | undefined,
): Promise<ExitCode> {
  const source = file ?? exported(openSession(options, context));
  const result = await verified(entrances, source, options);
  const withTexts = {
    ...result,
    faults: result.faults.map((fault) => ({
      ...fault,
      text: verificationText(trailFaults, fault.code, fault.facts),
    })),
  };
  printDocument(options, context, withTexts, () => linesOf(result, styleFor(context), context.reader));
  if (result.verdict === 'whole') return exitCodes.succeeded;
  return result.verdict === 'not_compared' ? exitCodes.needsPerson : exitCodes.failed;
}

async function verified(
  entrances: Entrances,
  source: string | AsyncIterable<string>,
  { head = null, key = null }: { readonly head?: string | null; readonly key?: string | null },
): Promise<TrailVerification> {
  try {
    return await entrances.verifyTrail(source, { head, key });
  } catch (error) {
    const { which, message } = error as Error & { readonly which?: 'trail' | 'head' | 'key' };
    if (which === undefined) throw error;
    throw new CliError(
      `${which}_unreadable`,
      ({ trail }) => trail.unreadable(which, message),
      [({ trail }) => trail.forms[which]],
      exitCodes.failed,
    );
  }
}

function linesOf(result: TrailVerification, style: Style, reader: Reader): string[] {
  const { verdict, follows, last, entries, at, keyId, keyPinned, headSeq, faults } = result;
  const says = (code: keyof typeof trailVerificationHead, facts: Facts = {}) =>
    `  ${verificationText(trailVerificationHead, code, facts, reader)}`;
  const isWhole = verdict === 'whole';
  const mark = isWhole ? style.green('✔') : verdict === 'not_compared' ? style.yellow('–') : style.red('✖');
  const signed = keyPinned ? 'signed_by' : 'signed_by_unpinned';
  return [
    `${mark} ${verificationText(trailVerdicts, verdict, {}, reader)}`,
    ...(follows === null
      ? []
      : [`${says('entries', { follows, last, entries })}${at === null ? '' : `, ${formatTime(at)}`}`]),
    ...(keyId === null ? [] : [`  ${verificationText(verificationHead, signed, { keyId }, reader)}`]),
    ...(isWhole ? [headSeq === null ? says('without_head') : says('with_head', { seq: headSeq })] : []),
    ...faults.map(
      ({ code, facts }) =>
        `  ${style.red('✖')} ${printable(verificationText(trailFaults, code, facts, reader))}`,
    ),
  ];
}
