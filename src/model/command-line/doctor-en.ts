import { counted } from '../text.ts';

/** `doctor`: how the service is, on one screen. */
export const doctor = {
  parts: {
    service: 'Service',
    database: 'Database',
    queue: 'Queue',
    workers: 'Workers',
    freeze: 'Freeze',
    agents: 'Agents',
  },
  service: (version: string, url: string) => `version ${version} at ${url}`,
  serviceAt: (url: string) => `answers at ${url}`,
  signedIn: (name: string, role: string) => `you are ${name} (${role})`,
  open: 'no token is configured, so everybody on this machine may do everything',
  workers: (count: number) => `${counted(count, 'process takes', 'processes take')} work`,
  noWorker: 'No process takes work. What was accepted waits.',
  startWorker:
    'Start a worker: pika-expander serve (or serve --role worker), with the settings of this service.',
  workersUnknown: 'The queue does not tell who takes work.',
  overdue: (count: number) =>
    `${counted(count, 'expansion is', 'expansions are')} due, and no worker takes ${count === 1 ? 'it' : 'them'}.`,
  busy: (atWork: number, waiting: number) =>
    `${counted(atWork, 'expansion is', 'expansions are')} worked on; ${waiting} ${waiting === 1 ? 'waits' : 'wait'} until the workers have time`,
  lookAtWorkers: 'Look at the logs of the workers.',
  lookAtLog: 'Look at the log of the service.',
  notFrozen: 'nothing is frozen',
  frozen: (by: string, since: string, reason: string) => `frozen by ${by} since ${since}: ${reason}`,
  unfreeze: 'To let workers attach nodes again: pika-expander unfreeze --reason "…"',
  agents: (reporting: number, silent: number) =>
    `${counted(reporting, 'agent reports', 'agents report')}${silent === 0 ? '' : `, ${counted(silent, 'agent is', 'agents are')} silent`}`,
  noAgent: 'none reports; the service works without agents, and sees no disks and log files then',
  unknown: (message: string) => `not known: ${message}`,
  atWork: 'Running and waiting:',
  nothingAtWork: 'No expansion is running or waiting.',
  needsPerson: 'Needs a person:',
  nothingNeedsPerson: 'Nothing needs a person.',
  asked: (verb: string, by: string) => `${by} asked to ${verb}; it takes effect at the next safe point`,
  quarantined: (nodes: string) => `may hold partial data and is of no use: ${nodes}`,
  retry: (id: string, nodes: string) => `pika-expander expand --retry-of ${id} ${nodes}`,
  guardFinds: (errors: number) => `${counted(errors, 'error')} found by this guard`,
  noReason: 'waits for a person',
};
