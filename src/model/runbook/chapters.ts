/** The runbook: what each code means, what the service does, what a person does, and how the person knows that it is over. */

import { type AnomalyCode, anomalyInGeneral } from '../anomalies.ts';
import { type AnomalyRow, anomalyTable, remedyTexts } from '../anomaly-table.ts';
import { auditReasons } from '../audit-texts.ts';
import type { Severity } from '../finding.ts';
import type { FindingRow } from '../findings/row.ts';
import { findingTable } from '../findings.ts';
import { guardReasons } from '../guard-texts.ts';
import { problems } from '../problems.ts';
import { type ReasonCode, reasons } from '../reasons.ts';
import type { Reader, Text, TextTable } from '../text.ts';
import type { AuditVerdict } from '../views/audit.ts';
import { alertAdvice } from './alerts.ts';
import { type Advice, anchorOf, type Chapter, type Entry, entryOf, type RunbookKind } from './entry.ts';
import { auditMeanings, findingSteps, guardMeanings, problemMeanings } from './general-words.ts';
import { inGeneral } from './in-general.ts';
import { noticeAdvice } from './notices.ts';
import { campaignAdvice, holdAdvice, replacementAdvice } from './others.ts';
import { groupOfReason, groupWords, reasonGroups, reasonsInGeneral } from './reasons.ts';
import { phaseAdvice, stateAdvice } from './states.ts';
import { chapterWords, severityWords, sharedWords, verdictWords } from './words.ts';

/** The whole runbook in the words of a reader. */
export function runbook(reader: Reader): readonly Chapter[] {
  return [
    ofAdvice('state', stateAdvice, reader),
    ofAdvice('phase', phaseAdvice, reader),
    anomalyChapter(reader),
    problemChapter(reader),
    ...(['error', 'warning', 'info'] as const).map((severity) => findingChapter(severity, reader)),
    guardChapter(reader),
    ofAdvice('hold', holdAdvice, reader),
    ofAdvice('campaign', campaignAdvice, reader),
    ofAdvice('replacement', replacementAdvice, reader),
    ...(['damaged', 'doubtful', 'not_judged', 'whole'] as const).map((verdict) =>
      auditChapter(verdict, reader),
    ),
    ...reasonGroups.map((group) => reasonChapter(group, reader)),
    ofAdvice('notice', noticeAdvice, reader),
    ofAdvice('alert', alertAdvice, reader),
  ];
}

const sayTo =
  (reader: Reader) =>
  (text: Text): string =>
    text[reader.language]({}, reader);

function ofAdvice(
  kind: 'state' | 'phase' | 'hold' | 'campaign' | 'replacement' | 'alert' | 'notice',
  table: Readonly<Record<string, Advice>>,
  reader: Reader,
): Chapter {
  const say = sayTo(reader);
  return {
    id: `chapter-${kind}`,
    title: say(chapterWords[kind].title),
    about: say(chapterWords[kind].about),
    shared: null,
    entries: Object.entries(table).map(([code, row]) => entryOf(kind, code, row, reader)),
  };
}

function anomalyChapter(reader: Reader): Chapter {
  const say = sayTo(reader);
  // biome-ignore lint/suspicious/noExplicitAny: rows of many different facts
  const rows: Readonly<Record<string, AnomalyRow<any>>> = anomalyTable;
  return {
    id: 'chapter-anomaly',
    title: say(chapterWords.anomaly.title),
    about: say(chapterWords.anomaly.about),
    shared: null,
    entries: Object.entries(rows).map(([code, row]) => {
      const { title, cause, versions, underWay, nextSteps } = anomalyInGeneral(code as AnomalyCode, reader);
      return {
        anchor: anchorOf('anomaly', code),
        code,
        title,
        means: say(sharedWords.withVersions(cause, versions)),
        service: say(sharedWords.remedy(say(remedyTexts[row.remedy]), underWay)),
        steps: nextSteps,
        over: say(row.over),
      };
    }),
  };
}

/** A row of a table whose chapter says what the service does, and when it is over. */
function short(
  kind: RunbookKind,
  code: string,
  { means, steps }: { readonly means: string; readonly steps: readonly string[] },
): Entry {
  return { anchor: anchorOf(kind, code), code, title: '', means, service: '', steps, over: '' };
}

/** The words of a row in general, or the ones that were written for the runbook. */
function general<T extends string | readonly string[]>(
  // biome-ignore lint/suspicious/noExplicitAny: rows of many different facts
  text: Text<any, T>,
  otherwise: Text | undefined,
  reader: Reader,
): T | string {
  return otherwise === undefined ? (inGeneral(text, reader) ?? '') : otherwise[reader.language]({}, reader);
}

const listOf = (steps: string | readonly string[]): readonly string[] =>
  typeof steps === 'string' ? [steps].filter(Boolean) : steps;

function problemChapter(reader: Reader): Chapter {
  const say = sayTo(reader);
  return {
    id: 'chapter-problem',
    title: say(chapterWords.problem.title),
    about: say(chapterWords.problem.about),
    shared: { service: say(sharedWords.problemService), over: say(sharedWords.problemOver) },
    entries: Object.entries(problems).map(([code, row]) =>
      short('problem', code, {
        means: general(row.text, problemMeanings[code], reader),
        steps: listOf(general(row.nextSteps, undefined, reader)),
      }),
    ),
  };
}

function findingChapter(severity: Severity, reader: Reader): Chapter {
  const say = sayTo(reader);
  const words = severityWords[severity];
  // biome-ignore lint/suspicious/noExplicitAny: rows of many different facts
  const rows: Readonly<Record<string, FindingRow<any>>> = findingTable;
  return {
    id: `chapter-finding-${severity}`,
    title: say(words.title),
    about: say(words.about),
    shared: { service: say(words.service), over: say(words.over) },
    entries: Object.entries(rows)
      .filter(([, row]) => row.severity === severity)
      .map(([code, row]) =>
        short('finding', code, {
          means: say(row.meaning),
          steps: listOf(general(row.nextStep, findingSteps[code], reader)),
        }),
      ),
  };
}

function guardChapter(reader: Reader): Chapter {
  const say = sayTo(reader);
  return {
    id: 'chapter-guard',
    title: say(chapterWords.guard.title),
    about: say(chapterWords.guard.about),
    shared: null,
    entries: Object.entries(guardReasons).map(([code, row]) => ({
      ...short('guard', code, {
        means: general(row.text, guardMeanings[code], reader),
        steps: listOf(general(row.nextStep, undefined, reader)),
      }),
      service: say(sharedWords.guardService),
      over: say(row.over),
    })),
  };
}

function auditChapter(verdict: AuditVerdict, reader: Reader): Chapter {
  const say = sayTo(reader);
  const words = verdictWords[verdict];
  return {
    id: `chapter-audit-${verdict}`,
    title: say(words.title),
    about: say(words.about),
    shared: { service: say(words.service), over: say(words.over) },
    entries: Object.entries(auditReasons)
      .filter(([, row]) => row.verdict === verdict)
      .map(([code, row]) =>
        short('audit', code, {
          means: general(row.text, auditMeanings[code], reader),
          steps: listOf(general(row.nextStep, undefined, reader)),
        }),
      ),
  };
}

function reasonChapter(group: (typeof reasonGroups)[number], reader: Reader): Chapter {
  const say = sayTo(reader);
  const words = groupWords[group];
  const table: TextTable = reasons;
  return {
    id: `chapter-reason-${group}`,
    title: say(words.title),
    about: say(words.means),
    shared: { service: say(words.service), over: say(words.over) },
    entries: Object.entries(groupOfReason)
      .filter(([, of]) => of === group)
      .map(([code]) =>
        short('reason', code, {
          means: general(table[code]!, reasonsInGeneral[code as ReasonCode], reader),
          steps: [say(words.step)],
        }),
      ),
  };
}
