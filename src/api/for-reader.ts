/** Stored texts, made again for the reader. */

import { anomalyFor } from '../model/anomalies.ts';
import { batchReasons } from '../model/batch-reasons.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { reportFor } from '../model/comparison-texts.ts';
import { diagnosisFor } from '../model/diagnosis.ts';
import { evidenceFor } from '../model/evidence.ts';
import type { Expansion, Intent, Join } from '../model/expansion.ts';
import { findingFor } from '../model/findings.ts';
import { driftFor, forecastFor } from '../model/forecast-texts.ts';
import type { Knowledge } from '../model/knowledge.ts';
import { problemFor } from '../model/problems.ts';
import { reasonFor } from '../model/reasons.ts';
import { type Reader, saidFor } from '../model/text.ts';
import { pairReasons, upgradeAdvice, versionReason } from '../model/versions.ts';
import type { CampaignPlan } from '../model/views/campaign.ts';
import type { ExpansionSummary, ProgressMessage } from '../model/views/expansion.ts';
import type { Plan } from '../model/views/plan.ts';
import type { KnowledgeView } from '../model/views/service.ts';

/** The same with its reasons as sentences. */
function capabilitiesFor(capabilities: Capabilities | null, reader: Reader) {
  if (capabilities === null) return null;
  const reasons = Object.entries(capabilities.reasons).map(([name, reason]): [string, string] => [
    name,
    versionReason(capabilities, reason, reader),
  ]);
  return { ...capabilities, reasons: Object.fromEntries(reasons) };
}

export const planFor = <P extends Omit<Plan, 'policy'>>(plan: P, reader: Reader) => ({
  ...plan,
  ports: plan.ports ? reasonFor(plan.ports, reader) : null,
  batchSizeReason: saidFor(batchReasons, plan.batchSizeReason, reader),
  forecast: forecastFor(plan.forecast ?? null, reader),
  capabilities: capabilitiesFor(plan.capabilities, reader),
  findings: plan.findings.map((finding) => findingFor(finding, reader)),
});

export const campaignPlanFor = (plan: CampaignPlan, reader: Reader): CampaignPlan => ({
  ...plan,
  members: plan.members.map((member) => ({
    ...member,
    batchSizeReason: saidFor(batchReasons, member.batchSizeReason, reader),
    forecast: forecastFor(member.forecast, reader),
    findings: member.findings.map((finding) => findingFor(finding, reader)),
  })),
});

const intentFor = (intent: Intent, reader: Reader): Intent => ({
  ...intent,
  reason: reasonFor(intent.reason, reader),
  reply: typeof intent.reply === 'object' ? reasonFor(intent.reply, reader) : intent.reply,
});

type AttemptLike = Pick<Join['attempts'][number], 'intents'>;
const attemptFor = <A extends AttemptLike>(attempt: A, reader: Reader): A => ({
  ...attempt,
  intents: attempt.intents.map((intent) => intentFor(intent, reader)),
});

/** What is said of one node; fields that the view leaves out stay left out. */
export const joinFor = <
  J extends Partial<
    Pick<
      Join,
      'anomalies' | 'comparison' | 'diagnosis' | 'findings' | 'evidence' | 'waitingFor' | 'problem'
    > & {
      readonly progress: Join['progress'] | null;
      readonly attempts: readonly AttemptLike[];
    }
  >,
>(
  join: J,
  reader: Reader,
) => ({
  ...join,
  ...(join.waitingFor && { waitingFor: reasonFor(join.waitingFor, reader) }),
  ...(join.progress?.atBound && {
    progress: { ...join.progress, atBound: reasonFor(join.progress.atBound, reader) },
  }),
  ...(join.comparison?.report && {
    comparison: { ...join.comparison, report: reportFor(join.comparison.report, reader) },
  }),
  ...(join.problem && { problem: problemFor(join.problem, reader) }),
  ...(join.attempts && { attempts: join.attempts.map((attempt) => attemptFor(attempt, reader)) }),
  ...(join.anomalies && { anomalies: join.anomalies.map((anomaly) => anomalyFor(anomaly, reader)) }),
  ...(join.diagnosis && { diagnosis: diagnosisFor(join.diagnosis, reader) }),
  ...(join.findings && { findings: join.findings.map((finding) => findingFor(finding, reader)) }),
  ...(join.evidence && { evidence: evidenceFor(join.evidence, reader) }),
});

/** What a live display needs between two events. */
export const progressFor = (message: ProgressMessage, reader: Reader): ProgressMessage => ({
  ...message,
  joins: message.joins.map((join) => joinFor(join, reader)),
});

export const expansionFor = <
  E extends Pick<
    Expansion,
    'batchSizeReason' | 'capabilities' | 'findings' | 'forecast' | 'forecastDrift' | 'problem' | 'stateReason'
  > & { readonly joins: readonly object[] },
>(
  expansion: E,
  reader: Reader,
) => ({
  ...expansion,
  batchSizeReason: saidFor(batchReasons, expansion.batchSizeReason, reader),
  forecast: forecastFor(expansion.forecast, reader),
  forecastDrift: driftFor(expansion.forecastDrift, reader),
  stateReason: reasonFor(expansion.stateReason, reader),
  problem: expansion.problem && problemFor(expansion.problem, reader),
  capabilities: capabilitiesFor(expansion.capabilities, reader),
  findings: expansion.findings.map((finding) => findingFor(finding, reader)),
  joins: expansion.joins.map((join) => joinFor(join as E['joins'][number], reader)),
});

export const expansionSummaryFor = (expansion: ExpansionSummary, reader: Reader): ExpansionSummary => ({
  ...expansion,
  stateReason: reasonFor(expansion.stateReason, reader),
  problem: expansion.problem && problemFor(expansion.problem, reader),
  joins: expansion.joins.map((join) => joinFor(join, reader)),
});

export function knowledgeFor({ releases, builds, pairs, faults }: Knowledge, forWhom: Reader): KnowledgeView {
  const { language } = forWhom;
  return {
    releases: releases.map(({ versions, upgrade, reasons, ...release }) => ({
      versions: [...versions],
      maxConcurrentFullSyncs: release.maxConcurrentFullSyncs,
      opensSupersededCopy: release.opensSupersededCopy,
      reusesDump: release.reusesDump,
      upgrade: upgrade === null ? null : upgradeAdvice[upgrade][language]({}, forWhom),
      reasons: Object.fromEntries(
        Object.entries(reasons).map(([what, reason]) => [
          what,
          versionReason({ version: versions[0], ...release }, reason, forWhom),
        ]),
      ),
    })),
    builds,
    pairs: pairs.map(({ slave, master, verdict, reason }) => ({
      slave: [...slave],
      master: [...master],
      verdict: verdict as 'fits' | 'flawed' | 'refused',
      text:
        reason === null
          ? null
          : pairReasons[reason].text[language]({ masterVersion: master[0], nodeVersion: slave[0] }, forWhom),
    })),
    // Cause and signs serve the diagnosis.
    faults: faults.map(({ versions, commands, text, shows, instead, cause: _, signs: __, ...fault }) => ({
      ...fault,
      versions: versions.map((range) => [...range]),
      commands: [...commands],
      text: text[language],
      shows: shows[language],
      instead: instead[language],
    })),
  };
}
