/** Replacements and holds as the command line shows them. */
export const replacements = {
  accepted: (id: string) => `Replacement ${id} is accepted.`,
  watchIt: (id: string) => `Watch it: pika-expander replacement show ${id} --watch`,
  notAPair: (text: string) => `"${text}" is not old=new.`,
  pairForm:
    'Write a pair as 10.0.0.2:9221=10.0.0.5:9221, with what the request permits of the new node after commas.',
  none: 'No replacements.',
  columns: { id: 'ID', state: 'STATE', since: 'SINCE', master: 'MASTER', out: 'OUT', label: 'LABEL' },
  goesOn: (id: string) => `Replacement ${id} goes on: pika-expander replacement show ${id} --watch`,
  cancelling: (id: string) => `Replacement ${id} is being cancelled.`,
  approved: (id: string) => `Replacement ${id} is approved.`,
  headline: (facts: { id: string; label: string | null; state: string; reason: string }) =>
    `${facts.id}${facts.label === null ? '' : ` (${facts.label})`}  ${facts.state}: ${facts.reason}`,
  master: (name: string) => `master ${name}`,
  newNodes: (expansionId: string) => `new nodes: pika-expander show ${expansionId}`,
  approvedBy: (by: string, reason: string) => `approved by ${by}: ${reason}`,
  cancelledBy: (by: string, reason: string) => `cancelled by ${by}: ${reason}`,
  pair: (facts: { old: string; node: string | null; phase: string; reason: string | null }) =>
    `${facts.old}${facts.node === null ? '' : ` → ${facts.node}`}  ${facts.phase}${facts.reason === null ? '' : `: ${facts.reason}`}`,
};

export const holds = {
  asked: (id: string) => `Hold ${id}.`,
  waitForIt: (id: string) => `Wait for it: pika-expander hold show ${id} --wait`,
  endIt: (id: string) => `End it: pika-expander hold end ${id} --reason "…"`,
  goesOn: (id: string) => `The hold goes on: pika-expander hold show ${id}`,
  none: 'No holds.',
  noneActive: 'No hold is active.',
  columns: { id: 'ID', master: 'MASTER', state: 'STATE', until: 'UNTIL', by: 'BY', reason: 'REASON' },
  ended: (id: string, master: string) => `Hold ${id} is ended: full syncs of ${master} may begin.`,
  endedBy: (facts: { id: string; master: string; by: string; reason: string }) =>
    `Hold ${facts.id} of ${facts.master} was ended by ${facts.by}: ${facts.reason}`,
  expired: (facts: { id: string; master: string; by: string; reason: string }) =>
    `The time of hold ${facts.id} of ${facts.master} is over (${facts.by}: ${facts.reason}).`,
  safe: (facts: { id: string; master: string; by: string; reason: string; until: string }) =>
    `Safe: make the dump of ${facts.master} now. Hold ${facts.id}, until ${facts.until} (${facts.by}: ${facts.reason})`,
  notSafe: (facts: {
    id: string;
    master: string;
    by: string;
    reason: string;
    until: string;
    waitingFor: string;
  }) =>
    `Not safe yet: ${facts.waitingFor}. Hold ${facts.id} of ${facts.master}, until ${facts.until} (${facts.by}: ${facts.reason})`,
  fullSync: (facts: {
    node: string;
    expansionId: string;
    phase: string;
    since: string;
    ends: string | null;
  }) =>
    `${facts.node} (${facts.expansionId}): ${facts.phase} since ${facts.since}${facts.ends === null ? '' : `, this phase should end at ${facts.ends}`}`,
};
