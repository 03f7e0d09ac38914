import type { Diagnosis } from '../../model/diagnosis.ts';
import type { JoinView } from '../../model/views/expansion.ts';
import { formatClock, printable } from '../format.ts';
import type { Style } from '../style.ts';

const copyWords = {
  yes: 'another copy can help',
  once: 'another copy can help once',
  no: 'another copy cannot help',
} as const;

/** Each cause that could explain it: what speaks for it, what against, and what would tell; then what is done. */
export function diagnosisLines(
  { phase, diagnosis, problem }: Pick<JoinView, 'phase'> & Partial<Pick<JoinView, 'diagnosis' | 'problem'>>,
  style: Style,
): readonly string[] {
  if (!diagnosis) return [];
  const causes = diagnosis.causes.flatMap(
    ({ text, speaksFor, speaksAgainst, wouldTell, copyHelps }, index) => [
      `${style.dim(index === 0 ? 'likeliest cause' : 'or')} ${printable(text)} ${style.dim(`(${copyWords[copyHelps]})`)}`,
      ...speaksFor.map((each) => `  + ${printable(each.text)}`),
      ...speaksAgainst.map((each) => `  - ${printable(each.text)}`),
      `  ? ${printable(wouldTell)}`,
    ],
  );
  const isOver = problem || phase === 'verified' || phase === 'skipped' || phase === 'cancelled';
  return isOver ? causes : [...causes, ...remedyLines(diagnosis.remedy)];
}

function remedyLines(remedy: Diagnosis['remedy']): readonly string[] {
  switch (remedy.kind) {
    case 'wait':
      return [`→ The node can help itself. The service waits until ${formatClock(remedy.until)}.`];
    case 'reattach':
      return ['→ The service attaches the node again.'];
    case 'ask_for_dump':
      return ['→ The service asks the master for a new dump, and attaches the node again.'];
    case 'person':
      return remedy.steps.map((step) => `→ ${printable(step)}`);
  }
}
