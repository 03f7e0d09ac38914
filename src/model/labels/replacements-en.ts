import { stateLabels } from '../state-words.ts';
import { pairPhases, replacementStates } from '../states.ts';

/** The texts of the replacements' pages in English. */
export const replacements = {
  title: 'Replacements',
  none: 'No replacement yet.',
  noneText:
    'A replacement takes slaves from their master: a new slave is verified first, and the old one is drained before it is detached.',
  state: 'State',
  states: stateLabels(replacementStates, 'en'),
  phases: stateLabels(pairPhases, 'en'),
  since: 'Since',
  label: 'Label',
  out: 'Taken out',
  start: 'New replacement',
  startText:
    'Adds and verifies the new nodes, then drains and detaches the old ones. Old nodes are left as they are.',
  master: 'Master',
  pairs: 'Slaves that go',
  pairsHelp: 'One a line: old=new replaces a slave, old alone takes it out.',
  keep: 'Verified slaves to keep',
  reason: 'Reason',
  submit: 'Start the replacement',
  cancel: 'Cancel',
  cancelTitle: 'Cancel this replacement?',
  cancelText: 'No further slave is detached. A slave that was withdrawn is published again.',
  approve: 'Approve',
  approveTitle: 'Approve that these slaves go?',
  approveText: 'Slaves without a new node are then taken out, as long as enough proven slaves stay.',
  approvedBy: (by: string, reason: string) => `Approved by ${by}: ${reason}`,
  cancelledBy: (by: string, reason: string) => `Cancelled by ${by}: ${reason}`,
  newNodes: 'Expansion of the new nodes',
  old: 'Old',
  new: 'New',
  phase: 'Phase',
  what: 'What',
};
