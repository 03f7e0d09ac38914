import { counted } from '../text.ts';

/** Recordings, their replay, and rehearsals as the command line shows them. */
export const recordings = {
  begun: (file: string) => `Recording to ${file}. Ctrl-C ends it.`,
  neverAnswered: (node: string, error: string) => `${node} never answered: ${error}`,
  recorded: (rows: number, file: string) =>
    `${counted(rows, 'row is', 'rows are')} in ${file}. To judge them: pika-expander replay ${file}`,
  failed: (rows: number, why: string) => `The recording ended after ${counted(rows, 'row')}: ${why}`,
  checkFiles: 'Check that each log file can be read, and that there is room for the recording.',
  addressAlone: (text: string) => `"${text}": a server to record is host:port alone.`,
  givePassword: 'Give the password of the servers by --password-file.',
  isGiven: (flag: string, text: string) => `${flag} is "${text}".`,
  durationForm: (least: number, most: number) => `Write ${least} to ${most} ms, such as 500ms, 30s or 10m.`,
  logForm: (names: readonly string[]) => `Write NAME=FILE, where NAME is one of ${names.join(', ')}.`,
  written: (file: string) => `The recording is in ${file}. To judge it: pika-expander replay ${file}`,
  notReplayed: (file: string, why: string) => `The recording ${file} cannot be replayed: ${why}`,
  form: 'A recording is a file of JSON lines, as pika-expander record writes it: docs/recordings.md.',
  noSlave: 'The recording holds no slave.',
  columns: { slave: 'SLAVE', fullSync: 'FULL SYNC', received: 'RECEIVED', anomalies: 'ANOMALIES' },
  received: (received: string, snapshot: string) => `${received} of ${snapshot}`,
  phase: (phase: string, seconds: string) => `${phase} ${seconds}`,
};

export const rehearsals = {
  title: (planId: string, version: string) => `Rehearsal of plan ${planId} on simulated Pika ${version}`,
  asPlanned: (outcome: string) => `As planned: ${outcome}`,
  outcome: (state: string, duration: string, dumps: number) =>
    `${state} after ${duration}, ${counted(dumps, 'dump')}`,
  reached: (node: string, phase: string, at: string) => `${node} ${phase} at ${at}`,
  node: (facts: { node: string; phase: string; attempts: number; anomalies: readonly string[] }) =>
    `${facts.node} ${facts.phase}${facts.attempts > 1 ? ` at attempt ${facts.attempts}` : ''}${facts.anomalies.length > 0 ? ` (${facts.anomalies.join(', ')})` : ''}`,
  nodes: (nodes: readonly string[]) => nodes.join('; '),
  after: (outcome: string, nodes: string) => `${outcome}; ${nodes}`,
  burst: (gapSeconds: number, dumps: number) =>
    `Without this service, all attached ${gapSeconds} s apart: ${counted(dumps, 'dump')}`,
  burstNode: (node: string, text: string) => `${node}: ${text}`,
  dead: 'its process died on a partial database',
  syncing: 'still not up at the end: it hangs in full sync',
  complete: 'up and complete',
  lost: (percent: string) => `says up, lag 0, and has ${percent} % of the keys missing for good`,
};
