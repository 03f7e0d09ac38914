import { counted } from '../text.ts';

/** Audits and guards as the command line shows them. */
export const audits = {
  accepted: (id: string) => `Audit ${id} is accepted.`,
  lookAtIt: (id: string) => `Look at it: pika-expander audits ${id}`,
  goesOn: (id: string) => `Audit ${id} goes on: pika-expander audits ${id}`,
  allAndMasters: '--all and masters exclude each other.',
  noMaster: 'No master is named.',
  nameMasters:
    'Name them (host:port …), or one a line in a file: --file FILE, or all that the service knows: --all.',
  nothingToRepair: (id: string, named: readonly string[] | null) =>
    named === null
      ? `Audit ${id} found no slave that an expansion can repair.`
      : `Audit ${id} has no repair for ${named.join(', ')}.`,
  nameOneOf: (slaves: readonly string[]) => `Name one of: ${slaves.join(', ')}`,
  seeWhy: (id: string) => `See why: pika-expander audits ${id}`,
  none: 'No audits.',
  columns: {
    id: 'ID',
    state: 'STATE',
    asked: 'ASKED',
    slaves: 'SLAVES',
    damaged: 'DAMAGED',
    doubtful: 'DOUBTFUL',
    notJudged: 'NOT JUDGED',
  },
  line: (id: string, state: string, summary: string) => `${id}  ${state}: ${summary}`,
  endedBy: (by: string, reason: string) => `ended by ${by}: ${reason}`,
};

export const guards = {
  on: (id: string) => `Guard ${id} is on.`,
  nextAuditBegins: (at: string) => `The next audit begins at ${at}.`,
  lookAtIt: (id: string) => `Look at it: pika-expander guard show ${id}`,
  needAuditAt: 'Options of audits need --audit-at.',
  auditAtExample: 'For example --audit-at "30 3 * * 1".',
  none: 'No guards.',
  columns: { id: 'ID', state: 'STATE', since: 'SINCE', finds: 'FINDS', label: 'LABEL' },
  howMany: (count: number) =>
    count === 0 ? 'No guard is on.' : `${counted(count, 'guard is', 'guards are')} on.`,
  startOne: 'Start one: pika-expander guard start --all',
  nameOne: (ids: readonly string[]) => `Name one: ${ids.join(', ')}`,
  ends: (id: string) => `Guard ${id} ends.`,
  forgets: (id: string, slave: string) => `Guard ${id} forgets ${slave}.`,
  headline: (facts: { id: string; label: string | null; state: string; summary: string }) =>
    `${facts.id}${facts.label === null ? '' : ` (${facts.label})`}  ${facts.state}: ${facts.summary}`,
  endedBy: (by: string, reason: string) => `ended by ${by}: ${reason}`,
  nextAudit: (at: string) => `next audit: ${at}`,
  lastAudit: (id: string) => `last audit: pika-expander audits ${id}`,
  levels: { error: 'error', warning: 'warning' },
  found: (level: string, since: string, text: string) => `${level}  since ${since}: ${text}`,
};
