import { stateWord } from '../../model/state-words.ts';
import type { BurstNode, PlayedNode, PlayedRun, Rehearsal } from '../../model/views/rehearsal.ts';
import { formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';

const barColumns = 40;

/** A rehearsal as an operator reads it: the plain run as a timeline, the faults, and the burst beside it. */
export function renderRehearsal(rehearsal: Rehearsal, style: Style): string[] {
  const { predicted, burst } = rehearsal;
  const words = style.words.rehearsals;
  return [
    style.bold(words.title(rehearsal.planId, rehearsal.version)),
    ...rehearsal.assumptions.map((text) => style.dim(`  ${printable(text)}`)),
    '',
    `  ${words.asPlanned(outcome(predicted, style))}`,
    ...predicted.nodes.map((node) => timeline(node, predicted.seconds, style)),
    '',
    ...rehearsal.faults.flatMap((run) => [
      `  ${run.text}`,
      `    ${words.after(outcome(run, style), words.nodes(run.nodes.map((node) => nodeWords(node, style))))}`,
    ]),
    '',
    `  ${words.burst(burst.gapSeconds, burst.dumps)}`,
    ...burst.nodes.map((node) => `    ${words.burstNode(node.node, burstWords(node, style))}`),
  ];
}

const outcome = (run: PlayedRun, { words, reader }: Style): string =>
  words.rehearsals.outcome(stateWord(run.state, reader), formatDuration(run.seconds), run.dumps);

/** A line of time for one node: dots while it waits, then its sync. */
function timeline(node: PlayedNode, seconds: number, { words, reader }: Style): string {
  const begin = node.phases.find(({ phase }) => phase === 'attaching')?.atSeconds ?? seconds;
  const end = node.phases.at(-1)?.atSeconds ?? seconds;
  const column = (at: number): number => Math.round((at / Math.max(1, seconds)) * barColumns);
  const from = column(begin);
  const to = Math.max(from + 1, column(end));
  const bar = `${'.'.repeat(from)}${'#'.repeat(to - from)}`.padEnd(barColumns);
  return `    ${bar} ${words.rehearsals.reached(node.node, stateWord(node.phase, reader), formatDuration(end))}`;
}

const nodeWords = (node: PlayedNode, { words, reader }: Style): string =>
  words.rehearsals.node({ ...node, phase: stateWord(node.phase, reader) });

function burstWords(node: BurstNode, { words: { rehearsals: words } }: Style): string {
  if (node.says === 'dead') return words.dead;
  if (node.says === 'syncing') return words.syncing;
  return node.lostKeys === 0 ? words.complete : words.lost((node.lostShare * 100).toFixed(1));
}
