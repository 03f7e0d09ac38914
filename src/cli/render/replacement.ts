import type { Replacement } from '../../model/views/replacement.ts';
import { printable } from '../format.ts';
import { type Style, words } from '../style.ts';

/** A replacement with each slave, why it waits, and what to do next. */
export function renderReplacement(
  { id, label, state, stateReason, master, newNodes, pairs, approval, cancel }: Replacement,
  style: Style,
): string[] {
  const name = label === null ? '' : ` (${printable(label)})`;
  return [
    style.bold(`${id}${name}  ${words(state)}: ${printable(stateReason?.text ?? '')}`),
    `  master ${printable(master.name)}`,
    ...(newNodes?.expansionId ? [`  new nodes: pika-expander show ${newNodes.expansionId}`] : []),
    ...(approval ? [`  approved by ${printable(approval.by)}: ${printable(approval.reason)}`] : []),
    ...(cancel ? [`  cancelled by ${printable(cancel.by)}: ${printable(cancel.reason)}`] : []),
    ...pairs.flatMap(({ old, new: node, phase, reason, nextStep }) => [
      `  ${printable(old.name)}${node === null ? '' : ` → ${printable(node)}`}  ${words(phase)}${reason === null ? '' : `: ${printable(reason.text)}`}`,
      ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
    ]),
  ];
}
