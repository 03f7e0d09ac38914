import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { JoinView } from '../../model/views/expansion.ts';
import { formatClock, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** Each cause that could explain it: what speaks for it, what against, and what would tell; then what is done. */
export function diagnosisLines(
  { phase, diagnosis, problem }: Pick<JoinView, 'phase'> & Partial<Pick<JoinView, 'diagnosis' | 'problem'>>,
  style: Style,
): readonly string[] {
  if (!diagnosis) return [];
  const words = style.words.diagnosis;
  const causes = diagnosis.causes.flatMap(
    ({ text, speaksFor, speaksAgainst, wouldTell, copyHelps }, index) => [
      `${style.dim(index === 0 ? words.likeliest : words.or)} ${printable(text)} ${style.dim(`(${words.copyHelps[copyHelps]})`)}`,
      ...speaksFor.map((each) => `  + ${printable(each.text)}`),
      ...speaksAgainst.map((each) => `  - ${printable(each.text)}`),
      `  ? ${printable(wouldTell)}`,
    ],
  );
  const isOver = problem || phase === 'verified' || phase === 'skipped' || phase === 'cancelled';
  return isOver ? causes : [...causes, ...remedyLines(diagnosis.remedy, words)];
}

function remedyLines(remedy: Diagnosis['remedy'], words: CommandLineWords['diagnosis']): readonly string[] {
  switch (remedy.kind) {
    case 'wait':
      return [`→ ${words.waits(formatClock(remedy.until))}`];
    case 'reattach':
      return [`→ ${words.reattaches}`];
    case 'ask_for_dump':
      return [`→ ${words.asksForDump}`];
    case 'person':
      return remedy.steps.map((step) => `→ ${printable(step)}`);
  }
}
