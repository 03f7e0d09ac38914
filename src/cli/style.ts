import { Ansis } from 'ansis';
import type { JoinPhase } from '../model/expansion.ts';
import type { CliContext } from './context.ts';

/** How things are written for who reads them: the colours of the terminal, and the words of the language. */
export type Style = Ansis & Pick<CliContext, 'reader' | 'words'>;

export const styleFor = (context: CliContext): Style =>
  Object.assign(new Ansis(hasColours(context) ? 1 : 0), { reader: context.reader, words: context.words });

/** Colours for a terminal; none elsewhere, nor where NO_COLOR is set. FORCE_COLOR asks for them anyway. */
function hasColours({ env: { NO_COLOR, FORCE_COLOR, TERM }, stdout }: CliContext): boolean {
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return true;
  return stdout.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

const phaseMarks: Readonly<Record<JoinPhase, string>> = {
  waiting: '·',
  preflight: '▸',
  attaching: '▸',
  snapshotting: '▸',
  transferring: '▸',
  swapping: '▸',
  catching_up: '▸',
  verifying: '▸',
  verified: '✔',
  failed: '✖',
  quarantined: '✖',
  skipped: '-',
  cancelled: '-',
};

export const phaseMark = (phase: JoinPhase): string => phaseMarks[phase] ?? '?';

/** Colours a text as the phase deserves it. */
export function phaseColour(style: Style, phase: JoinPhase, text: string): string {
  if (phase === 'verified') return style.green(text);
  if (phase === 'failed' || phase === 'quarantined') return style.red(text);
  if (phase === 'waiting' || phase === 'skipped' || phase === 'cancelled') return style.dim(text);
  return style.cyan(text);
}

export function levelColour(style: Style, level: 'info' | 'warning' | 'error', text: string): string {
  if (level === 'error') return style.red(text);
  return level === 'warning' ? style.yellow(text) : text;
}
