/** What was found of the rules of "verified", and how it reads. */
import { type RuleName, type RuleRow, ruleTable } from './rule-table.ts';
import { type Facts, factsIn, nobody, type Reader, read, type Text } from './text.ts';
import type { Evidence, EvidenceRule } from './views/evidence.ts';

export * from './rule-table.ts';
export type { AnomalyRecord, CatchUp, Evidence, EvidenceRule } from './views/evidence.ts';

/** Whether a rule no longer prevents `verified`. */
export const isMet = ({ holds, leftOut }: Pick<EvidenceRule, 'holds' | 'leftOut'>): boolean =>
  holds === true || leftOut === true;

/** What was found of a rule, without its name. */
export type FoundInRule = Pick<EvidenceRule, 'holds' | 'text' | 'facts'> & { readonly statement: string };

const rows: Readonly<Record<string, RuleRow>> = ruleTable;

export const statementText = (rule: RuleName, statement: string, facts: object): string =>
  rows[rule]!.statements[statement]!.en(facts, nobody);

/** A rule with no facts but those that its words are made from: a figure that moves beside them is no other reason. */
export const inWords = <R extends Omit<EvidenceRule, 'at'>>(rule: R): R => {
  const statement: Text<Facts> | undefined = rows[rule.rule]!.statements[rule.statement ?? ''];
  return { ...rule, facts: statement ? factsIn(statement, rule.facts) : {} };
};

/** A rule in the words of this reader, with its label. */
export function ruleFor<R extends Omit<EvidenceRule, 'at'>>(
  rule: R,
  reader: Reader,
): R & { readonly label: string } {
  const row = rows[rule.rule];
  return {
    ...rule,
    label: row?.label[reader.language]({}, reader) ?? rule.rule,
    text: read(row?.statements[rule.statement ?? ''], rule.facts, reader, rule.text),
  };
}

export const evidenceFor = (evidence: Evidence | null, reader: Reader) =>
  evidence && { ...evidence, rules: evidence.rules.map((rule) => ruleFor(rule, reader)) };
