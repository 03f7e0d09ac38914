import type { BurstNode, PlayedNode, PlayedRun, Rehearsal } from '../../model/views/rehearsal.ts';
import { formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';

const barColumns = 40;

/** A rehearsal as an operator reads it: the plain run as a timeline, the faults, and the burst beside it. */
export function renderRehearsal(rehearsal: Rehearsal, style: Style): string[] {
  const { predicted, burst } = rehearsal;
  return [
    style.bold(`Rehearsal of plan ${rehearsal.planId} on simulated Pika ${rehearsal.version}`),
    ...rehearsal.assumptions.map((text) => style.dim(`  ${printable(text)}`)),
    '',
    `  As planned: ${outcome(predicted)}`,
    ...predicted.nodes.map((node) => timeline(node, predicted.seconds)),
    '',
    ...rehearsal.faults.flatMap((run) => [
      `  ${run.text}`,
      `    ${outcome(run)}; ${run.nodes.map(nodeWords).join('; ')}`,
    ]),
    '',
    `  Without this service, all attached ${burst.gapSeconds} s apart: ${burst.dumps} dumps`,
    ...burst.nodes.map((node) => `    ${node.node}: ${burstWords(node)}`),
  ];
}

const outcome = (run: PlayedRun): string =>
  `${run.state} after ${formatDuration(run.seconds)}, ${run.dumps} ${run.dumps === 1 ? 'dump' : 'dumps'}`;

/** A line of time for one node: dots while it waits, then its sync. */
function timeline(node: PlayedNode, seconds: number): string {
  const begin = node.phases.find(({ phase }) => phase === 'attaching')?.atSeconds ?? seconds;
  const end = node.phases.at(-1)?.atSeconds ?? seconds;
  const column = (at: number): number => Math.round((at / Math.max(1, seconds)) * barColumns);
  const from = column(begin);
  const to = Math.max(from + 1, column(end));
  const bar = `${'.'.repeat(from)}${'#'.repeat(to - from)}`.padEnd(barColumns);
  return `    ${bar} ${node.node} ${node.phase} at ${formatDuration(end)}`;
}

const nodeWords = (node: PlayedNode): string =>
  `${node.node} ${node.phase}${node.attempts > 1 ? ` at attempt ${node.attempts}` : ''}${node.anomalies.length > 0 ? ` (${node.anomalies.join(', ')})` : ''}`;

function burstWords(node: BurstNode): string {
  const share = `${(node.lostShare * 100).toFixed(1)} % of the keys missing for good`;
  if (node.says === 'dead') return 'its process died on a partial database';
  if (node.says === 'syncing') return 'still not up at the end: it hangs in full sync';
  return node.lostKeys === 0 ? 'up and complete' : `says up, lag 0, and has ${share}`;
}
