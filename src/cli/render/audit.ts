import { auditSummaryText, wholeAtText } from '../../model/audit-report.ts';
import { verdictWord } from '../../model/audit-texts.ts';
import { stateWord } from '../../model/state-words.ts';
import type { Audit, AuditServer, AuditVerdict } from '../../model/views/audit.ts';
import { formatTime, printable } from '../format.ts';
import type { Style } from '../style.ts';

/** How far an audit is, or what it came to. */
export const auditLine = ({ id, state, counts }: Audit, { words, reader }: Style): string =>
  words.audits.line(id, stateWord(state, reader), auditSummaryText[reader.language](counts, reader));

const order: readonly AuditVerdict[] = ['damaged', 'doubtful', 'not_judged'];

/** An audit with everything that is not whole, the damaged slaves first, each with its next step. */
export function renderAudit(audit: Audit, style: Style): string[] {
  const { servers, cancel } = audit;
  return [
    style.bold(auditLine(audit, style)),
    ...(cancel ? [`  ${style.words.audits.endedBy(printable(cancel.by), printable(cancel.reason))}`] : []),
    ...order.flatMap((verdict) =>
      servers.filter((server) => server.verdict === verdict).flatMap((server) => serverLines(server, style)),
    ),
  ];
}

function serverLines(server: AuditServer, style: Style): string[] {
  const { verdict, target, reason, examples, findings, nextStep } = server;
  const color = verdict === 'damaged' ? style.red : style.yellow;
  const { reader, words } = style;
  const since =
    verdict === 'damaged' ? wholeAtText[reader.language]({ ...server, time: formatTime }, reader) : '';
  return [
    `  ${color(verdictWord(verdict!, reader))}  ${printable(target.name)}: ${printable(reason?.text ?? '')}`,
    ...(since === '' ? [] : [`    ${printable(since)}`]),
    ...examples.map(
      ({ db, type, key, kind }) => `    db${db} ${type} ${printable(key)}: ${words.comparisons.kinds[kind]}`,
    ),
    ...findings
      .filter(({ severity }) => severity !== 'info')
      .map(({ text, nextStep: step }) => `    ${printable(text)} ${printable(step)}`),
    ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
  ];
}
