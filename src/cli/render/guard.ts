import { guardSummary } from '../../model/guard-texts.ts';
import { nobody } from '../../model/text.ts';
import type { Guard } from '../../model/views/guard.ts';
import { formatTime, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** A guard with what is wrong now, the errors first, each with its next step. */
export function renderGuard(
  { id, label, state, end, counts, audits, masters }: Guard,
  style: Style,
): string[] {
  const name = label === null ? '' : ` (${printable(label)})`;
  const findings = masters.flatMap((master) =>
    master.findings.map((finding) => ({ ...finding, master: master.target.name })),
  );
  const rank = { error: 0, warning: 1 };
  return [
    style.bold(`${id}${name}  ${state}: ${guardSummary.en(counts, nobody)}`),
    ...(end ? [`  ended by ${printable(end.by)}: ${printable(end.reason)}`] : []),
    ...(audits?.nextAt && state === 'watching' ? [`  next audit: ${formatTime(audits.nextAt)}`] : []),
    ...(audits?.last ? [`  last audit: pika-expander audits ${audits.last}`] : []),
    ...findings
      .toSorted((a, b) => rank[a.level] - rank[b.level] || a.since - b.since)
      .flatMap(({ level, reason, since, nextStep }) => [
        `  ${(level === 'error' ? style.red : style.yellow)(level)}  since ${formatTime(since)}: ${printable(reason.text)}`,
        ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
      ]),
  ];
}
