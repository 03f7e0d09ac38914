import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { ComparisonReport, DifferenceKind } from '../../model/comparison.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import { formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';

type Words = CommandLineWords['comparisons'];

/** A comparison with what it found and how much it looked at. */
export function renderComparison(comparison: Comparison, style: Style): string[] {
  const { report, problem } = comparison;
  return [
    style.words.comparisons.title({
      id: style.bold(comparison.id),
      left: comparison.left.name,
      right: comparison.right.name,
      state: stateText(comparison, style),
    }),
    ...reasonLines(comparison, style),
    ...(report === null ? progressLines(comparison, style) : reportLines(report, style.words.comparisons)),
    ...(problem
      ? [style.red(printable(problem.text)), ...problem.nextSteps.map((s) => `  → ${printable(s)}`)]
      : []),
  ];
}

function stateText(comparison: Comparison, style: Style): string {
  const { words, reader } = style;
  if (comparison.report === null) return style.yellow(stateWord(comparison.state, reader));
  const { verdict } = comparison.report;
  const word = words.comparisons.verdicts[verdict];
  if (verdict === 'equal') return style.green(word);
  return verdict === 'different' ? style.red(word) : style.yellow(word);
}

/** Why it is as it is, and what is asked of it and not done yet. */
function reasonLines({ stateReason, report, pendingControl }: Comparison, { words }: Style): string[] {
  const asked = pendingControl && words.comparisons.askedFor(pendingControl.verb, pendingControl.reason);
  const reason = stateReason?.text ?? null;
  return [reason === report?.reason ? null : reason, asked ?? null]
    .filter((line) => line !== null)
    .map((line) => `  ${printable(line)}`);
}

const progressLines = (comparison: Comparison, style: Style): string[] =>
  comparison.progress === null ? [] : [`  ${progressText(comparison, style)}`];

/** One line that says how far a comparison is, or what it waits for. */
export const comparisonProgress = (comparison: Comparison, style: Style): string =>
  comparison.state === 'running' && comparison.stateReason !== null
    ? printable(comparison.stateReason.text)
    : progressText(comparison, style);

function progressText({ progress, state }: Comparison, { words: all, reader }: Style): string {
  const words = all.comparisons;
  if (progress === null) return stateWord(state, reader);
  const { activity, lookedAtKeys, estimatedKeys, differences, keysPerSecond, remainingSeconds, heldBy } =
    progress;
  const parts = [
    activity ?? stateWord(state, reader),
    lookedAtKeys === undefined ? null : words.keys(lookedAtKeys, estimatedKeys || null),
    keysPerSecond ? words.keysPerSecond(Math.round(keysPerSecond)) : null,
    typeof remainingSeconds === 'number' ? words.left(formatDuration(remainingSeconds)) : null,
    differences === undefined ? null : words.differencesSoFar(differences),
    heldBy ? words.waits(heldBy) : null,
  ];
  return printable(words.parts(parts.filter((part) => part !== null)));
}

function reportLines(report: ComparisonReport, words: Words): string[] {
  if (report.depth === 'counts') return countLines(report, words);
  const kinds = Object.entries(report.differencesByKind).map(
    ([kind, count]) => [words.kinds[kind as DifferenceKind], count] as const,
  );
  const took = formatDuration((report.endedAt - report.startedAt) / 1000);
  return [
    ...(report.reason === null ? [] : [`  ${printable(report.reason)}`]),
    `  ${words.lookedAt({
      keys: report.lookedAtKeys,
      share: report.share === null ? null : percent(report.share),
      estimated: report.estimatedKeys,
      took,
      depth: words.depths[report.depth],
    })}`,
    ...(report.smallestLossFound === null ? [] : [`  ${lossText(report.smallestLossFound, words)}`]),
    `  ${words.differences(report.differencesTotal, kinds)}`,
    ...report.examples.map(
      ({ db, type, key, kind, left, right }) =>
        `    ${words.example({
          db,
          type,
          key: printable(key),
          kind: words.kinds[kind],
          left: left === null ? null : printable(left),
          right: right === null ? null : printable(right),
        })}`,
    ),
    ...(report.differencesTotal > report.examples.length
      ? [`    ${words.more(report.differencesTotal - report.examples.length)}`]
      : []),
    ...(report.notes ?? []).map((note) => `  ${words.note(printable(note))}`),
  ];
}

function countLines({ reason, counts, notes = [] }: ComparisonReport, words: Words): string[] {
  const names = Object.keys({ ...counts?.left, ...counts?.right }).sort();
  const held = names.filter((name) => (counts?.left[name] ?? 0) + (counts?.right[name] ?? 0) > 0);
  return [
    ...(reason === null ? [] : [`  ${printable(reason)}`]),
    ...held.map(
      (name) => `  ${words.counted(printable(name), counts?.left[name] ?? 0, counts?.right[name] ?? 0)}`,
    ),
    ...notes
      .filter((note) => reason === null || !note.includes(reason))
      .map((note) => `  ${words.note(printable(note))}`),
  ];
}

const lossText = (smallestLoss: number, words: Words): string =>
  smallestLoss === 0 ? words.anyLoss : words.smallestLoss(Math.ceil(smallestLoss * 1e6) / 1e4);

/** Three significant digits, never rounded up to a whole that was not reached. */
function percent(share: number): string {
  if (share >= 1) return '100 %';
  return `${Math.floor(share * 1e6) / 1e4} %`;
}
