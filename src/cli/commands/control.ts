import type { ControlVerb } from '../../model/expansion.ts';
import type { Freeze } from '../../model/views/service.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { writeJsonLine } from '../view.ts';
import { watchExpansion } from '../watching.ts';
import { freezeLines, pathOf } from './look.ts';

export interface ControlOptions {
  readonly reason?: string;
  readonly watch?: boolean;
}

/** Asks for pause, resume, cancel, approve, retry or skip; the worker applies it at the next safe point. */
export async function control(
  session: Session,
  verb: ControlVerb,
  id: string,
  node: string | null,
  options: ControlOptions,
): Promise<ExitCode> {
  const { words } = session.context;
  const reason = reasonOf(options);
  const where = node === null ? '' : `/nodes/${encodeURIComponent(node)}`;
  const answer = await session.client.post<unknown>(`${pathOf(id)}${where}/${verb}`, { reason });
  const lines = [words.expansion.controlled(verb, node, id)];
  if (options.watch) {
    if (session.options.json)
      writeJsonLine(session.context, { kind: 'control', verb, expansionId: id, node, reason });
    else session.context.stdout.write(`${lines.join('\n')}\n`);
    return watchExpansion(session, id, { afterSeq: 0, waitForPerson: false });
  }
  session.print(answer ?? { expansionId: id, verb, node, reason }, () => [
    ...lines,
    words.expand.watchIt(id),
  ]);
  return exitCodes.succeeded;
}

/** Why somebody steers. Throws UsageError where it is not said. */
export function reasonOf({ reason = '' }: { readonly reason?: string | undefined }): string {
  if (reason.trim() !== '') return reason;
  throw new UsageError((words) => words.expansion.reasonMissing, [(words) => words.expansion.sayWhy]);
}

/** Keeps every worker from any new SLAVEOF, or lifts that. */
export async function setFreeze(
  session: Session,
  verb: 'freeze' | 'unfreeze',
  options: { readonly reason?: string },
): Promise<ExitCode> {
  const reason = reasonOf(options);
  const state = await (verb === 'freeze'
    ? session.client.post<Freeze>('/v1/freeze', { reason })
    : session.client.delete<Freeze>('/v1/freeze', { reason }));
  session.print(state, () => freezeLines(state, session.context.words));
  return exitCodes.succeeded;
}
