import type { Attempt, Expansion, Join } from '../model/expansion.ts';
import type {
  AttemptView,
  EvidenceReport,
  ExpansionView,
  JoinView,
  NodeDetail,
  ProgressMessage,
} from '../model/views/expansion.ts';

/*
 * What leaves the service: the core's shapes without the trackers, which are the working memory of the worker.
 */

function attemptView(attempt: Attempt): AttemptView {
  const { tracker: _tracker, ...shown } = attempt;
  return shown;
}

function joinView(join: Join): JoinView {
  return { ...join, attempts: join.attempts.map(attemptView) };
}

/** With what agents told last of the node's host and its master's. */
export const nodeDetail = (expansion: Expansion, join: Join): NodeDetail => ({
  ...joinView(join),
  hosts: {
    node: join.attempts.at(-1)?.tracker?.sight ?? null,
    master: expansion.masterTracker.sight ?? null,
  },
});

function withoutTracker(expansion: Expansion): Omit<Expansion, 'masterTracker'> {
  const { masterTracker: _tracker, ...shown } = expansion;
  return shown;
}

export function expansionView(expansion: Expansion): ExpansionView {
  return { ...withoutTracker(expansion), joins: expansion.joins.map(joinView) };
}

export function evidenceReport(expansion: Expansion): EvidenceReport {
  return {
    expansionId: expansion.id,
    master: expansion.master,
    nodes: expansion.joins.map((join) => ({
      node: join.target.name,
      phase: join.phase,
      evidence: join.evidence,
      anomalies: join.anomalies,
      diagnosis: join.diagnosis ?? null,
      attempts: join.attempts.map(attemptView),
      comparison: join.comparison,
    })),
  };
}

/** What a live display needs between two events. */
export function progressMessage(expansion: Expansion): ProgressMessage {
  return {
    expansionId: expansion.id,
    state: expansion.state,
    currentBatch: expansion.currentBatch,
    joins: expansion.joins.map((join) => ({
      node: join.target.name,
      phase: join.phase,
      progress: join.progress,
      waitingFor: join.waitingFor,
    })),
  };
}
