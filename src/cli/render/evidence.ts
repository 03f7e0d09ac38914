import type { EvidenceRule } from '../../model/evidence.ts';
import { isActive } from '../../model/states.ts';
import type { EvidenceReport, NodeEvidence } from '../../model/views/expansion.ts';
import { formatTime, pad, printable } from '../format.ts';
import { phaseColour, phaseMark, type Style, words } from '../style.ts';
import { diagnosisLines } from './diagnosis.ts';

/** Per node every rule of "verified", whether it holds, and the sentence with its facts. */
export function renderEvidence(evidence: EvidenceReport, style: Style): string[] {
  return [
    style.bold(`Evidence of ${evidence.expansionId}, master ${evidence.master.name}`),
    ...evidence.nodes.flatMap((node) => ['', ...nodeLines(node, style)]),
  ];
}

function nodeLines(node: NodeEvidence, style: Style): string[] {
  const head = phaseColour(style, node.phase, `${phaseMark(node.phase)} ${node.node}  ${words(node.phase)}`);
  const anomalies = node.anomalies.map(
    (anomaly) =>
      `  ${style.yellow(`⚠ ${anomaly.code}`)} (attempt ${anomaly.attempt}, ${formatTime(anomaly.at)}): ${printable(anomaly.text)}`,
  );
  const diagnosis = diagnosisLines(node, style).map((line) => `  ${line}`);
  if (node.evidence === null) return [head, `  ${withoutEvidence(node)}`, ...anomalies, ...diagnosis];
  const width = Math.max(0, ...node.evidence.rules.map((rule) => rule.rule.length));
  return [
    `${head} ${style.dim(`(verdict ${words(node.evidence.verdict)}, attempt ${node.evidence.attempt})`)}`,
    ...node.evidence.rules.map((rule) => ruleLine(rule, width, style)),
    ...comparisonLines(node),
    ...anomalies,
    ...diagnosis,
  ];
}

const withoutEvidence = ({ phase }: NodeEvidence): string =>
  phase === 'waiting' || isActive(phase)
    ? 'No evidence yet.'
    : 'No evidence: no full sync of this node went far enough to be judged.';

function ruleLine(rule: EvidenceRule, width: number, style: Style): string {
  const mark = rule.holds === null ? style.dim('–') : rule.holds ? style.green('✔') : style.red('✖');
  const judged = rule.holds === null ? '(not judged) ' : '';
  return `  ${mark} ${pad(rule.rule, width)}  ${judged}${printable(rule.text)}`;
}

function comparisonLines(node: NodeEvidence): string[] {
  if (!node.comparison) return [];
  return [`  Comparison ${node.comparison.id}: ${node.comparison.report?.verdict ?? 'not ended'}`];
}
