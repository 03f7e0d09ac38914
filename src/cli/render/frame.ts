import { isActive } from '../../model/expansion.ts';
import { stateWord } from '../../model/state-words.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import type { ExpansionView, JoinView } from '../../model/views/expansion.ts';
import { cutTo, displayWidth, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { eventLine, headline, joinLine } from './expansion.ts';

/** Everything that a picture of a running expansion shows. */
export interface FrameState {
  readonly expansion: ExpansionView;
  readonly recentEvents: readonly StoredEvent[];
  /** The trouble with the connection; null = it is there. */
  readonly connectionLost: string | null;
  readonly now: number;
}

const eventLines = 5;
const plainLines = 4;

/**
 * One picture, no larger than the terminal: a larger one could not be overwritten by the next. Where not all
 * nodes cutTo, those that need attention and those at work come first, and the rest is counted.
 */
export function renderFrame(state: FrameState, columns: number, rows: number, style: Style): string[] {
  const { expansion } = state;
  const width = Math.max(20, columns - 1);
  const events = state.recentEvents.slice(-Math.min(eventLines, Math.max(1, rows - 12)));
  const room = Math.max(1, rows - events.length - plainLines - 1);
  const shown = choose(expansion.joins, room);
  const nameWidth = Math.max(4, ...shown.map((join) => join.target.name.length));
  return [
    headlineFitting(expansion, width, style),
    ...shown.map((join) => joinLine(join, nameWidth, width, style, state.now)),
    ...hiddenLine(expansion.joins, shown, width, style),
    ...events.map((event) => eventLine({ ...event, text: cutTo(printable(event.text), width - 30) }, style)),
    state.connectionLost === null
      ? style.dim(cutTo(style.words.expansion.stopWatching, width))
      : style.yellow(cutTo(style.words.expansion.connectionLost(printable(state.connectionLost)), width)),
  ];
}

function headlineFitting(expansion: ExpansionView, width: number, style: Style): string {
  const text = headline(expansion, style);
  return displayWidth(style.strip(text)) <= width ? text : cutTo(style.strip(text), width);
}

function urgency(join: JoinView): number {
  if (join.phase === 'failed' || join.phase === 'quarantined') return 0;
  if (isActive(join.phase) || join.published === false) return 1;
  return join.phase === 'waiting' ? 2 : 3;
}

function choose(joins: readonly JoinView[], room: number): readonly JoinView[] {
  if (joins.length <= room) return joins;
  const chosen = new Set([...joins].sort((a, b) => urgency(a) - urgency(b)).slice(0, Math.max(1, room - 1)));
  return joins.filter((join) => chosen.has(join));
}

function hiddenLine(
  joins: readonly JoinView[],
  shown: readonly JoinView[],
  width: number,
  style: Style,
): string[] {
  if (shown.length === joins.length) return [];
  const counts = new Map<string, number>();
  for (const join of joins) {
    if (!shown.includes(join)) counts.set(join.phase, (counts.get(join.phase) ?? 0) + 1);
  }
  const text = [...counts].map(([phase, count]) => `${count} ${stateWord(phase, style.reader)}`).join(', ');
  return [style.dim(cutTo(`  ${style.words.expansion.more(joins.length - shown.length, text)}`, width))];
}
