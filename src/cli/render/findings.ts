import type { Finding } from '../../model/finding.ts';
import { printable } from '../format.ts';
import { levelColour, type Style } from '../style.ts';

const marks = { error: '✖', warning: '⚠', info: 'ℹ' } as const;
const order = { error: 0, warning: 1, info: 2 } as const;

/** Every finding with its next step, the worst first. */
export function renderFindings(findings: readonly Finding[], style: Style): string[] {
  const sorted = [...findings].sort((a, b) => order[a.severity] - order[b.severity]);
  return sorted.flatMap((finding) => {
    const isNamed = finding.node === null || finding.text.startsWith(finding.node);
    const where = isNamed ? '' : `${finding.node}: `;
    const head = `${marks[finding.severity]} ${where}${finding.text}`;
    const lines = [
      `${levelColour(style, finding.severity, printable(head))} ${style.dim(`[${finding.code}]`)}`,
    ];
    return finding.nextStep === '' ? lines : [...lines, `    → ${printable(finding.nextStep)}`];
  });
}
