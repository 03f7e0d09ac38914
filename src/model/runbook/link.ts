/** Where the runbook says more about a code: one place makes every link. */
import { anomalyTable } from '../anomaly-table.ts';
import { auditReasons } from '../audit-texts.ts';
import type { Topic } from '../channel.ts';
import { findingTable } from '../findings.ts';
import { guardReasons } from '../guard-texts.ts';
import { problems } from '../problems.ts';
import { reasons } from '../reasons.ts';
import { alertAdvice } from './alerts.ts';
import { anchorOf, type RunbookKind } from './entry.ts';
import { noticeAdvice } from './notices.ts';
import { campaignAdvice, holdAdvice, replacementAdvice } from './others.ts';
import { phaseAdvice, stateAdvice } from './states.ts';

/** The page that the service serves. */
export const runbookPath = '/runbook';

const codesOf: Readonly<Record<RunbookKind, object>> = {
  anomaly: anomalyTable,
  problem: problems,
  finding: findingTable,
  guard: guardReasons,
  audit: auditReasons,
  state: stateAdvice,
  phase: phaseAdvice,
  hold: holdAdvice,
  campaign: campaignAdvice,
  replacement: replacementAdvice,
  reason: reasons,
  alert: alertAdvice,
  notice: noticeAdvice,
};

/** Where the runbook says more about what people are told of. */
export const runbookOfTopic = (topic: Topic): string => `${runbookPath}#${anchorOf('notice', topic)}`;

/**
 * The place of the runbook for a code, below the address of the service; null = the runbook does not know the code.
 * Without a kind the first that has the code, as what went wrong is named: anomaly, problem, finding, guard, audit.
 */
export function runbookOf(code: string, kind?: RunbookKind): string | null {
  const kinds = kind === undefined ? (Object.keys(codesOf) as RunbookKind[]) : [kind];
  const found = kinds.find((each) => Object.hasOwn(codesOf[each], code));
  return found === undefined ? null : `${runbookPath}#${anchorOf(found, code)}`;
}
