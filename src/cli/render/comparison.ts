import type { ComparisonReport } from '../../model/comparison.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import { formatDuration, printable } from '../format.ts';
import { type Style, words } from '../style.ts';

/** A comparison with what it found and how much it looked at. */
export function renderComparison(comparison: Comparison, style: Style): string[] {
  const { report, problem } = comparison;
  return [
    `${style.bold(comparison.id)}  ${comparison.left.name} (left) and ${comparison.right.name} (right): ${stateText(comparison, style)}`,
    ...reasonLines(comparison),
    ...(report === null ? progressLines(comparison) : reportLines(report)),
    ...(problem
      ? [style.red(printable(problem.text)), ...problem.nextSteps.map((s) => `  → ${printable(s)}`)]
      : []),
  ];
}

function stateText(comparison: Comparison, style: Style): string {
  const verdict = comparison.report?.verdict;
  if (verdict === 'equal') return style.green('equal');
  if (verdict === 'different') return style.red('different');
  return style.yellow(verdict ?? words(comparison.state));
}

/** Why it is as it is, and what is asked of it and not done yet. */
function reasonLines({ stateReason, report, pendingControl }: Comparison): string[] {
  const asked = pendingControl && `${pendingControl.verb} is asked for: ${pendingControl.reason}`;
  const reason = stateReason?.text ?? null;
  return [reason === report?.reason ? null : reason, asked ?? null]
    .filter((line) => line !== null)
    .map((line) => `  ${printable(line)}`);
}

const progressLines = (comparison: Comparison): string[] =>
  comparison.progress === null ? [] : [`  ${progressText(comparison)}`];

/** One line that says how far a comparison is, or what it waits for. */
export const comparisonProgress = (comparison: Comparison): string =>
  comparison.state === 'running' && comparison.stateReason !== null
    ? printable(comparison.stateReason.text)
    : progressText(comparison);

function progressText(comparison: Comparison): string {
  const { progress } = comparison;
  if (progress === null) return words(comparison.state);
  const { activity, lookedAtKeys, estimatedKeys, differences, keysPerSecond, remainingSeconds, heldBy } =
    progress;
  const of = estimatedKeys ? ` of about ${estimatedKeys}` : '';
  const parts = [
    activity ?? words(comparison.state),
    lookedAtKeys === undefined ? null : `${lookedAtKeys}${of} keys`,
    keysPerSecond ? `${Math.round(keysPerSecond)} keys/s` : null,
    typeof remainingSeconds === 'number' ? `${formatDuration(remainingSeconds)} left` : null,
    differences === undefined ? null : `${differences} differences so far`,
    heldBy ? `waits: ${heldBy}` : null,
  ];
  return printable(parts.filter((part) => part !== null).join(', '));
}

function reportLines(report: ComparisonReport): string[] {
  if (report.depth === 'counts') return countLines(report);
  const kinds = Object.entries(report.differencesByKind).map(([kind, count]) => `${count} ${kind}`);
  const took = formatDuration((report.endedAt - report.startedAt) / 1000);
  return [
    ...(report.reason === null ? [] : [`  ${printable(report.reason)}`]),
    `  Looked at ${report.lookedAtKeys} keys${shareText(report)} in ${took}, depth ${report.depth}`,
    ...(report.smallestLossFound === null ? [] : [`  ${lossText(report.smallestLossFound)}`]),
    `  Differences: ${report.differencesTotal}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`,
    ...report.examples.map(
      (d) =>
        `    db${d.db} ${d.type} ${printable(d.key)}: ${d.kind}; left ${printable(d.left ?? 'nothing')}, right ${printable(d.right ?? 'nothing')}`,
    ),
    ...(report.differencesTotal > report.examples.length
      ? [`    and ${report.differencesTotal - report.examples.length} more`]
      : []),
    ...(report.notes ?? []).map((note) => `  Note: ${printable(note)}`),
  ];
}

function countLines({ reason, counts, notes = [] }: ComparisonReport): string[] {
  const names = Object.keys({ ...counts?.left, ...counts?.right }).sort();
  const held = names.filter((name) => (counts?.left[name] ?? 0) + (counts?.right[name] ?? 0) > 0);
  return [
    ...(reason === null ? [] : [`  ${printable(reason)}`]),
    ...held.map(
      (name) =>
        `  ${printable(name)}: ${counts?.left[name] ?? 0} keys left, ${counts?.right[name] ?? 0} right`,
    ),
    ...notes
      .filter((note) => reason === null || !note.includes(reason))
      .map((note) => `  Note: ${printable(note)}`),
  ];
}

const lossText = (smallestLoss: number): string =>
  smallestLoss === 0
    ? 'Every key was looked at, so that the loss of a single one would have been found'
    : `A loss of ${Math.ceil(smallestLoss * 1e6) / 1e4} % of the keys or more would have been found (99 %)`;

function shareText(report: ComparisonReport): string {
  return report.share === null ? '' : ` (${percent(report.share)} of about ${report.estimatedKeys ?? '?'})`;
}

/** Three significant digits, never rounded up to a whole that was not reached. */
function percent(share: number): string {
  if (share >= 1) return '100 %';
  return `${Math.floor(share * 1e6) / 1e4} %`;
}
