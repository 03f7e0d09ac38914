import { guardSummary } from '../../model/guard-texts.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Guard } from '../../model/views/guard.ts';
import { formatTime, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** A guard with what is wrong now, the errors first, each with its next step. */
export function renderGuard(
  { id, label, state, end, counts, audits, masters }: Guard,
  style: Style,
): string[] {
  const { words, reader } = style;
  const { guards } = words;
  const findings = masters.flatMap((master) =>
    master.findings.map((finding) => ({ ...finding, master: master.target.name })),
  );
  const rank = { error: 0, warning: 1 };
  return [
    style.bold(
      guards.headline({
        id,
        label: label === null ? null : printable(label),
        state: stateWord(state, reader),
        summary: guardSummary[reader.language](counts, reader),
      }),
    ),
    ...(end ? [`  ${guards.endedBy(printable(end.by), printable(end.reason))}`] : []),
    ...(audits?.nextAt && state === 'watching' ? [`  ${guards.nextAudit(formatTime(audits.nextAt))}`] : []),
    ...(audits?.last ? [`  ${guards.lastAudit(audits.last)}`] : []),
    ...findings
      .toSorted((a, b) => rank[a.level] - rank[b.level] || a.since - b.since)
      .flatMap(({ level, reason, since, nextStep }) => [
        `  ${guards.found(
          (level === 'error' ? style.red : style.yellow)(guards.levels[level]),
          formatTime(since),
          printable(reason.text),
        )}`,
        ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
      ]),
  ];
}
