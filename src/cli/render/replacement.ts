import { stateWord } from '../../model/state-words.ts';
import type { Replacement } from '../../model/views/replacement.ts';
import { printable } from '../format.ts';
import type { Style } from '../style.ts';

/** A replacement with each slave, why it waits, and what to do next. */
export function renderReplacement(
  { id, label, state, stateReason, master, newNodes, pairs, approval, cancel }: Replacement,
  style: Style,
): string[] {
  const { reader } = style;
  const words = style.words.replacements;
  return [
    style.bold(
      words.headline({
        id,
        label: label === null ? null : printable(label),
        state: stateWord(state, reader),
        reason: printable(stateReason?.text ?? ''),
      }),
    ),
    `  ${words.master(printable(master.name))}`,
    ...(newNodes?.expansionId ? [`  ${words.newNodes(newNodes.expansionId)}`] : []),
    ...(approval ? [`  ${words.approvedBy(printable(approval.by), printable(approval.reason))}`] : []),
    ...(cancel ? [`  ${words.cancelledBy(printable(cancel.by), printable(cancel.reason))}`] : []),
    ...pairs.flatMap(({ old, new: node, phase, reason, nextStep }) => [
      `  ${words.pair({
        old: printable(old.name),
        node: node === null ? null : printable(node),
        phase: stateWord(phase, reader),
        reason: reason === null ? null : printable(reason.text),
      })}`,
      ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
    ]),
  ];
}
