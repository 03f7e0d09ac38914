import type { ChaosReport } from './run.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const counts = (each: Readonly<Record<string, number>>): string =>
  Object.entries(each)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

/** The figures of a run, for people. */
export function figures(report: ChaosReport): string {
  const lines = [
    `chaos, seed ${report.seed}: ${report.expansions} expansions, ${report.nodesAsked} nodes, in ${seconds(report.wallMs)}`,
    `ended: ${counts(report.ends) || 'none'}; an operator had to decide ${report.operatorSteps} times`,
    `nodes verified: ${report.nodesVerified} of ${report.nodesAsked}; compared with the master by the observer: ${report.nodesCompared}, differing: ${report.nodesDiffering}`,
    `SLAVEOFs: ${report.slaveofs}; nodes attached again after a detach: ${report.nodesAttachedAgain}`,
    `faults: ${Object.values(report.faults).reduce((a, b) => a + b, 0)} (${counts(report.faults)})`,
    `takeovers of a full sync: ${report.takeovers}, the longest ${seconds(report.longestTakeoverMs)}; processes started again: ${report.restarts}`,
    `requests: ${report.requestsSent} sent, of which ${report.requestsSentAgain} for want of an answer; ${report.requestsRepeated} expansions asked for once more, ${report.requestsByQueue} asked for by the queue`,
    ...(report.unclean.length > 0 ? [`not ended by SIGTERM: ${report.unclean.join(', ')}`] : []),
    `promises broken: ${report.violations.length || 'none'}`,
  ];
  return lines.join('\n');
}

/** What was broken, with timelines. */
export function broken({ violations, timelines }: ChaosReport): string {
  return violations
    .map(
      ({ promise, text }, i) =>
        `BROKEN promise ${promise}: ${text}${timelines[i] ? `\n${timelines[i]}\n` : ''}`,
    )
    .join('\n');
}
