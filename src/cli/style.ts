import { Ansis } from 'ansis';
import type { JoinPhase } from '../model/expansion.ts';
import type { CliContext } from './context.ts';

export type Style = Ansis;

/** Colours for a terminal; none elsewhere, nor where NO_COLOR is set. FORCE_COLOR asks for them anyway. */
export function styleFor(context: CliContext): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = context.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return new Ansis(1);
  const plain = !context.stdout.isTTY || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb';
  return new Ansis(plain ? 0 : 1);
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

/** `catching_up` as people read it. */
export const words = (name: string): string => name.replaceAll('_', ' ');
