import type { Finding } from '../../model/finding.ts';
import { printable } from '../format.ts';
import { levelColour, type Style } from '../style.ts';

const marks = { error: '✖', warning: '⚠', info: 'ℹ' } as const;
const order = { error: 0, warning: 1, info: 2 } as const;

/**
 * Every finding with its next step, the worst first. What is found of several nodes in the same words is said once,
 * with the names of the others.
 */
export function renderFindings(findings: readonly Finding[], style: Style): string[] {
  const sorted = [...findings].sort((a, b) => order[a.severity] - order[b.severity]);
  const alike = new Map<string, Finding[]>();
  for (const finding of sorted) {
    const sameWords = [
      finding.severity,
      finding.code,
      withoutNode(finding, finding.text),
      withoutNode(finding, finding.nextStep),
    ];
    const key = JSON.stringify(sameWords);
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  return [...alike.values()].flatMap(([finding, ...others]) => [
    ...findingLines(finding!, style),
    ...(others.length === 0
      ? []
      : [
          `    ${style.words.findings.alsoOf(others.length, printable(others.map(({ node }) => node).join(', ')))}`,
        ]),
  ]);
}

const withoutNode = ({ node }: Finding, text: string): string =>
  node === null ? text : text.replaceAll(node, '\u0000');

function findingLines(finding: Finding, style: Style): string[] {
  const isNamed = finding.node === null || finding.text.includes(finding.node);
  const where = isNamed ? '' : `${finding.node}: `;
  const head = `${marks[finding.severity]} ${where}${finding.text}`;
  const lines = [
    `${levelColour(style, finding.severity, printable(head))} ${style.dim(`[${finding.code}]`)}`,
  ];
  return finding.nextStep === '' ? lines : [...lines, `    → ${printable(finding.nextStep)}`];
}
