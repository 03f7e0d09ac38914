import type { Finding } from '../model/finding.ts';
import type { ExpansionView } from '../model/views/expansion.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { exitCodeOf, follow } from './follow.ts';
import { nextCommands, renderExpansion } from './render/expansion.ts';
import { runbookOfExpansion } from './runbook.ts';
import type { Session } from './session.ts';
import { JsonView, type View, viewFor, writeJsonLine } from './view.ts';

export interface WatchOptions {
  readonly afterSeq: number;
  readonly waitForPerson: boolean;
  /** What was said of the plan just now: people do not read it again among the events. */
  readonly told?: readonly Finding[];
}

const settleMs = 2000;
const refreshMs = 10_000;

/**
 * Shows an expansion until it is over, then its summary; returns the exit code. Ctrl-C ends only the watching,
 * and says so.
 */
export async function watchExpansion(session: Session, id: string, options: WatchOptions): Promise<ExitCode> {
  const { context } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  const view = session.options.json
    ? new JsonView(context)
    : without(options.told ?? [], await viewFor(context, session.options.plain === true));
  try {
    const end = await follow(session.client, id, view, {
      ...options,
      signal: interrupted.signal,
      settleMs,
      refreshMs,
      now: () => context.now(),
      sleep: (ms, signal) => context.sleep(ms, signal),
    });
    view.close();
    return end.kind === 'detached' ? sayDetached(session, end.expansion) : sayEnd(session, end.expansion);
  } finally {
    view.close();
    undo();
  }
}

/** The view, for which the events of these findings do not come. */
function without(told: readonly Finding[], view: View): View {
  const texts = new Set(told.map(({ text }) => text));
  return {
    onEvent(event) {
      if (event.type !== 'preflight.finding' || !texts.has(event.text)) view.onEvent(event);
    },
    onChange: (expansion) => view.onChange(expansion),
    onConnection: (lost) => view.onConnection(lost),
    close: () => view.close(),
  };
}

function sayEnd(session: Session, expansion: ExpansionView): ExitCode {
  const { context, style } = session;
  const exitCode = exitCodeOf(expansion);
  if (session.options.json) {
    writeJsonLine(context, {
      kind: 'end',
      expansionId: expansion.id,
      state: expansion.state,
      exitCode,
      expansion,
    });
    return exitCode;
  }
  const lines = [
    '',
    ...renderExpansion(expansion, style, context.now()),
    '',
    ...nextCommands(expansion, session.context.words),
    ...runbookOfExpansion(expansion, session.client.settings.url, session.context.words),
    context.words.expansion.evidence(expansion.id),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
  return exitCode;
}

function sayDetached(session: Session, expansion: ExpansionView): ExitCode {
  const { id } = expansion;
  const words = session.context.words.expansion;
  if (session.options.json) {
    writeJsonLine(session.context, { kind: 'detached', expansionId: id, exitCode: exitCodes.detached });
    return exitCodes.detached;
  }
  session.context.stderr.write(
    [
      '',
      words.stopped(id),
      `  ${words.watchAgain(id)}`,
      `  ${words.pauseIt(id)}`,
      `  ${words.cancelIt(id)}`,
      '',
    ].join('\n'),
  );
  return exitCodes.detached;
}
