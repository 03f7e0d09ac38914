import type { CommandLineWords } from '../../model/command-line/index.ts';
import { isActive, isEnded, leftUnverified, needsPerson } from '../../model/expansion.ts';
import { labels } from '../../model/labels/index.ts';
import { shown, shownRows } from '../../model/shown.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Reader } from '../../model/text.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import type { ExpansionSummary, ExpansionView, JoinView } from '../../model/views/expansion.ts';
import {
  cutTo,
  formatBytes,
  formatClock,
  formatDuration,
  formatMilliseconds,
  pad,
  printable,
} from '../format.ts';
import { levelColour, phaseColour, phaseMark, type Style } from '../style.ts';
import { diagnosisLines } from './diagnosis.ts';
import { scheduleLines } from './schedule.ts';

/** One line that says how far an expansion is. */
export function headline(expansion: ExpansionView, style: Style): string {
  const done = expansion.joins.filter((join) => join.phase === 'verified').length;
  const state = stateText(expansion, style);
  return `${style.bold(expansion.id)}  ${style.words.expansion.headline({
    master: expansion.master.name,
    verified: done,
    nodes: expansion.joins.length,
    batch: batchNumber(expansion),
    batches: expansion.batchCount,
  })}, ${state}`;
}

function batchNumber(expansion: ExpansionView): number {
  return Math.min(expansion.currentBatch + 1, expansion.batchCount ?? 1);
}

function stateText(expansion: ExpansionView, style: Style): string {
  const text = stateWord(expansion.state, style.reader);
  if (expansion.state === 'succeeded') return style.green(text);
  if (needsPerson(expansion.state)) return style.yellow(text);
  return isEnded(expansion.state) ? style.red(text) : style.cyan(text);
}

/** A node's line without its mark: phase and, in a full sync, bar, bytes, rate and remaining time. */
export function joinLine(
  join: JoinView,
  nameWidth: number,
  columns: number,
  style: Style,
  now: number,
): string {
  const head = `${phaseMark(join.phase)} ${pad(join.target.name, nameWidth)}  ${pad(stateWord(join.phase, style.reader), 12)}`;
  const room = columns - head.length - 2;
  const silent = silentText(join, now, style);
  if (silent !== null)
    return `  ${style.red(`${head.slice(0, columns - 2)}${cutTo(` ${silent}`, Math.max(0, room - 1))}`)}`;
  const rest = progressText(join, room, style) ?? waitText(join);
  return `  ${phaseColour(style, join.phase, head.slice(0, columns - 2))}${cutTo(rest, Math.max(0, room - 1))}`.trimEnd();
}

/** `unreachable for 28 s, the attempt ends in 32 s`; null = the node answers. */
export function silentText({ phase, progress }: JoinView, now: number, { words }: Style): string | null {
  const { silent } = progress;
  if (!silent || !isActive(phase)) return null;
  const left = silent.attemptEndsAt - now;
  const since = formatMilliseconds(Math.max(0, now - silent.since));
  return words.expansion.silent(silent.how, since, left > 0 ? formatMilliseconds(left) : null);
}

function progressText(join: JoinView, room: number, style: Style): string | null {
  const words = style.words.expansion;
  const { receivedBytes, snapshotBytes, bytesPerSecond, remainingSeconds, lagBytes } = join.progress;
  if (join.phase === 'catching_up') return ` ${words.behind(formatBytes(lagBytes))}`;
  if (join.phase !== 'transferring') return null;
  const rate = bytesPerSecond === null ? words.rateUnknown : `${formatBytes(bytesPerSecond)}/s`;
  const remaining =
    remainingSeconds === null ? words.remainingUnknown : words.left(formatDuration(remainingSeconds));
  const text = `${words.copied(formatBytes(receivedBytes), formatBytes(snapshotBytes))}${filesText(join, words)}  ${rate}  ${remaining}`;
  const share = snapshotBytes && receivedBytes !== null ? Math.min(1, receivedBytes / snapshotBytes) : null;
  const barWidth = Math.min(24, room - text.length - 10);
  if (share === null || barWidth < 6) return ` ${share === null ? '' : `${percent(share)}  `}${text}`;
  return ` ${bar(share, barWidth)} ${percent(share)}  ${text}`;
}

/** `, 32 of 54 files`; nothing without an agent on the node's host. */
function filesText({ progress: { files } }: JoinView, words: CommandLineWords['expansion']): string {
  if (!files) return '';
  return words.files(files.copied, files.listed);
}

const percent = (share: number): string => `${String(Math.floor(share * 100)).padStart(3)} %`;

export function bar(share: number, width: number): string {
  const full = Math.floor(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function waitText(join: JoinView): string {
  if (join.problem) return ` ${printable(join.problem.text)}`;
  return join.waitingFor === null || join.waitingFor === undefined
    ? ''
    : ` ${printable(join.waitingFor.text)}`;
}

/** One event as one line. */
export function eventLine(event: StoredEvent, style: Style): string {
  const where = event.node === null || event.text.includes(event.node) ? '' : `${event.node}: `;
  const mark = style.words.expansion.levels[event.level];
  return `${style.dim(formatClock(event.at))} ${levelColour(style, event.level, printable(`${mark}${where}${event.text}`))}`;
}

/** One line of progress for a log that is no terminal; null when there is nothing to say. */
export function progressLine(join: JoinView, at: number, style: Style): string | null {
  const silent = silentText(join, at, style);
  const text = silent === null ? progressText(join, 0, style) : ` ${silent}`;
  return text === null
    ? null
    : `${formatClock(at)} ${join.target.name} ${stateWord(join.phase, style.reader)}:${text}`;
}

/** What is shown when watching ends, or by `show`. */
export function renderExpansion(expansion: ExpansionView, style: Style, now: number): string[] {
  const nameWidth = Math.max(4, ...expansion.joins.map((join) => join.target.name.length));
  return [
    headline(expansion, style),
    ...(expansion.stateReason === null ? [] : [`  ${printable(expansion.stateReason.text)}`]),
    ...pendingLines(expansion, style),
    ...shownLines(expansion, style.reader),
    ...scheduleLines(expansion, style),
    '',
    ...expansion.joins.flatMap((join) => [
      // Nothing is cut off here: a terminal breaks the line, and the reason can be read to its end.
      joinLine({ ...join, problem: null }, nameWidth, Number.POSITIVE_INFINITY, style, now),
      ...joinDetails(join, style, now),
    ]),
    ...problemLines(expansion, style),
  ];
}

/** A line per row of the table of shown facts. */
export const shownLines = (expansion: ExpansionView, reader: Reader, rows = shownRows): string[] =>
  (['head', 'pace'] as const)
    .flatMap((where) => shown(expansion, where, reader, rows))
    .map(({ label, value }) => `  ${label}: ${printable(value)}`);

function pendingLines({ pendingControl }: ExpansionView, { words }: Style): string[] {
  if (!pendingControl) return [];
  const { verb, by, reason } = pendingControl;
  return [`  ${words.expansion.asked(by, verb, printable(reason))}`];
}

/** When the present phase should end, and what the service does at the latest when. */
function endsLines({ progress }: JoinView, now: number, { reader }: Style): string[] {
  const { expectedEndsAt: expected, boundEndsAt: bound, atBound } = progress;
  const { expected: due, late, bound: atLast } = labels[reader.language].ends;
  return [
    ...(expected == null ? [] : [now > expected ? late(formatClock(expected)) : due(formatClock(expected))]),
    ...(bound == null || !atBound ? [] : [printable(atLast(formatClock(bound), atBound.text))]),
  ];
}

export function joinDetails(join: JoinView, style: Style, now: number): string[] {
  const anomalies = (join.anomalies ?? []).map(
    (anomaly) => `      ${style.yellow(`⚠ ${anomaly.code}`)}: ${printable(anomaly.text)}`,
  );
  const problem = join.problem && [
    `      ${style.red(printable(join.problem.text))} ${style.dim(`[${join.problem.code}]`)}`,
    ...join.problem.nextSteps.map((step) => `      → ${printable(step)}`),
  ];
  return [
    ...endsLines(join, now, style).map((line) => `      ${style.dim(line)}`),
    ...anomalies,
    ...(problem ?? []),
    ...diagnosisLines(join, style).map((line) => `      ${line}`),
  ];
}

function problemLines(expansion: ExpansionView, style: Style): string[] {
  if (!expansion.problem) return [];
  return [
    '',
    `${style.red(printable(expansion.problem.text))} ${style.dim(`[${expansion.problem.code}]`)}`,
    ...expansion.problem.nextSteps.map((step) => `  → ${printable(step)}`),
  ];
}

/** The commands that help where the expansion stands, below what they are for; none where nothing is to be done. */
export function nextCommands(expansion: ExpansionSummary, words: CommandLineWords): string[] {
  const step = nextStep(expansion, words);
  return step === null ? [] : [step.what, ...step.commands.map((command) => `  ${command}`)];
}

export function nextStep(
  expansion: ExpansionSummary,
  { next }: CommandLineWords,
): { readonly what: string; readonly commands: readonly string[] } | null {
  const { id, state } = expansion;
  const control = (verb: string, node = '') => `pika-expander ${verb} ${id}${node} --reason "…"`;
  if (state === 'awaiting_approval') return { what: next.approval, commands: [control('approve')] };
  if (state === 'paused') return { what: next.paused, commands: [control('resume')] };
  if (leftUnverified(expansion).length > 0)
    return { what: next.unverified, commands: [`pika-expander expand --retry-of ${id}`] };
  if (state !== 'halted') return null;
  const stuck = expansion.joins.find((join) => join.phase === 'failed' || join.phase === 'quarantined');
  const node = ` ${stuck?.target.name ?? 'NODE'}`;
  const commands = [control('retry', node), control('skip', node), control('cancel')];
  return { what: next.halted, commands };
}
