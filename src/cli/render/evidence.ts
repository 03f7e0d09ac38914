import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { EvidenceRule } from '../../model/evidence.ts';
import { stateWord } from '../../model/state-words.ts';
import { isActive } from '../../model/states.ts';
import type { EvidenceReport, NodeEvidence } from '../../model/views/expansion.ts';
import { formatTime, pad, printable } from '../format.ts';
import { phaseColour, phaseMark, type Style } from '../style.ts';
import { diagnosisLines } from './diagnosis.ts';

/** Per node every rule of "verified", whether it holds, and the sentence with its facts. */
export function renderEvidence(evidence: EvidenceReport, style: Style): string[] {
  return [
    style.bold(style.words.evidence.title(evidence.expansionId, evidence.master.name)),
    ...evidence.nodes.flatMap((node) => ['', ...nodeLines(node, style)]),
  ];
}

function nodeLines(node: NodeEvidence, style: Style): string[] {
  const words = style.words.evidence;
  const head = phaseColour(
    style,
    node.phase,
    `${phaseMark(node.phase)} ${node.node}  ${stateWord(node.phase, style.reader)}`,
  );
  const anomalies = node.anomalies.map(
    ({ code, attempt, at, text }) =>
      `  ${style.yellow(`⚠ ${code}`)} ${words.attempt(attempt, formatTime(at))}: ${printable(text)}`,
  );
  const diagnosis = diagnosisLines(node, style).map((line) => `  ${line}`);
  if (node.evidence === null) return [head, `  ${withoutEvidence(node, words)}`, ...anomalies, ...diagnosis];
  const width = Math.max(0, ...node.evidence.rules.map((rule) => rule.rule.length));
  return [
    `${head} ${style.dim(words.verdict(stateWord(node.evidence.verdict, style.reader), node.evidence.attempt))}`,
    ...node.evidence.rules.map((rule) => ruleLine(rule, width, style)),
    ...comparisonLines(node, words),
    ...anomalies,
    ...diagnosis,
  ];
}

const withoutEvidence = ({ phase }: NodeEvidence, words: CommandLineWords['evidence']): string =>
  phase === 'waiting' || isActive(phase) ? words.notYet : words.none;

function ruleLine(rule: EvidenceRule, width: number, style: Style): string {
  const mark = rule.holds === null ? style.dim('–') : rule.holds ? style.green('✔') : style.red('✖');
  const judged = rule.holds === null ? style.words.evidence.notJudged : '';
  return `  ${mark} ${pad(rule.rule, width)}  ${judged}${printable(rule.text)}`;
}

function comparisonLines(node: NodeEvidence, words: CommandLineWords['evidence']): string[] {
  if (!node.comparison) return [];
  return [`  ${words.comparison(node.comparison.id, node.comparison.report?.verdict ?? null)}`];
}
