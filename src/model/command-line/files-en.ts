import { counted } from '../text.ts';

/** Backups and other files that commands write and read. */
export const backups = {
  written: (facts: { file: string; rows: number; tables: number; verified: boolean }) =>
    `The backup is in ${facts.file}: ${counted(facts.rows, 'row')} of ${counted(facts.tables, 'table')}${facts.verified ? '; restored elsewhere, it holds the same' : ''}.`,
  keepIt: 'It holds secrets of webhooks and the key of the service: keep it as you keep the database.',
  fileOrMark: 'Give a file to restore, or --mark after other means have restored the database.',
  marked: 'The database is marked as restored.',
  restored: (rows: number, tables: number, at: string) =>
    `Restored ${counted(rows, 'row')} of ${counted(tables, 'table')}, as they were at ${at}.`,
  next: 'Start the service: it freezes everything and pauses what was open. Look at the nodes, resume or cancel each, then lift the freeze.',
  failed: { backup: (why: string) => why, restore: (why: string) => why, mark: (why: string) => why },
  steps: {
    backup_broken: 'Use another backup.',
    backup_newer: 'Use the version of pika-expander that made the backup, or a newer one.',
    database_in_use: 'Stop every process of the service first.',
    database_holds_expansions: 'Name another database, or give --replace: what it holds is gone then.',
    database_empty:
      'Name the database of a service that was started before: DATABASE_URL, or --data-dir for the embedded one.',
    EEXIST: 'Name a new file.',
  },
  see: 'See docs/backup.md.',
};

export const files = {
  notMade: (path: string, why: string) => `${path} cannot be made: ${why}`,
  nameNew: 'Name a new file.',
  verifyAlone: '--verify FILE checks a file: leave out the id and --out.',
  evidenceUnreadable: (file: string, why: string) => `The evidence ${file} cannot be read: ${why}`,
  keyUnreadable: (why: string) => `The key cannot be read: ${why}`,
  evidenceForm: 'Evidence is a file as pika-expander evidence ID --out FILE writes it: docs/evidence.md.',
  keyForm: 'Give the id of the key, or a file with the public key in PEM: GET /v1/evidence-key.',
};

export const serve = {
  badPort: (text: string) => `--port is "${text}"; give a number from 0 to 65535.`,
};

export const runbook = {
  at: (address: string) => `Runbook: ${address}`,
};
