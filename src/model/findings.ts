/** Every finding of preflight and of the check before each batch. Codes are stable; one code has one severity. */
import type { Finding } from './finding.ts';
import { addressFindings } from './findings/addresses.ts';
import { hostFindings } from './findings/hosts.ts';
import { reachFindings } from './findings/reach.ts';
import type { FindingRow, Named } from './findings/row.ts';
import { settingFindings } from './findings/settings.ts';
import { standingFindings } from './findings/standing.ts';
import { versionFindings } from './findings/versions.ts';
import { nobody, type Reader, read } from './text.ts';

export const findingTable = {
  ...reachFindings,
  ...addressFindings,
  ...hostFindings,
  ...standingFindings,
  ...settingFindings,
  ...versionFindings,
};

export type FindingCode = keyof typeof findingTable;

type AllFacts<Code extends FindingCode> = (typeof findingTable)[Code] extends FindingRow<infer F> ? F : never;

/** The facts of a finding beyond the names of the master and of the node. */
export type FindingFacts<Code extends FindingCode> = Omit<AllFacts<Code>, keyof Named>;

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many different facts
const rows: Readonly<Record<string, FindingRow<any>>> = findingTable;

/** A finding with the severity and the words of its row. */
export function makeFinding<Code extends FindingCode>(
  code: Code,
  about: { readonly master: string; readonly node: string | null },
  facts: FindingFacts<Code>,
): Finding {
  const { severity, text, nextStep } = rows[code]!;
  const named = { ...facts, master: about.master };
  const all = { ...named, node: about.node ?? '' };
  return {
    code,
    severity,
    node: about.node,
    text: text.en(all, nobody),
    nextStep: nextStep.en(all, nobody),
    facts: named,
  };
}

/** The same finding in the words of this reader. */
export function findingFor(finding: Finding, reader: Reader): Finding {
  const known = rows[finding.code];
  const facts = { ...finding.facts, node: finding.node ?? '' };
  return {
    ...finding,
    text: read(known?.text, facts, reader, finding.text),
    nextStep: read(known?.nextStep, facts, reader, finding.nextStep),
  };
}
