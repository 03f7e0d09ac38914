import { counted } from '../text.ts';

/** Agents, logs and the readiness of nodes as the command line shows them. */
export const agents = {
  none: 'No agent has reported within a day.',
  columns: {
    agent: 'AGENT',
    host: 'HOST',
    version: 'VERSION',
    lastReport: 'LAST REPORT',
    servers: 'SERVERS',
  },
  lastReport: (ago: string, silent: boolean) => `${ago} ago${silent ? ', silent' : ''}`,
};

/** The program beside the servers. */
export const agent = {
  noTokenFlag: 'The agent takes no --token: everybody on the host could read it in the process list.',
  tokenOtherwise: 'Give the token by --token-file or PIKA_EXPANDER_TOKEN.',
  noToken: 'The agent has no token.',
  giveToken: 'Give it by --token-file or PIKA_EXPANDER_TOKEN. docs/agent.md says how the service knows it.',
  badAs: (text: string) => `--as is "${text}".`,
  asForm: 'Write host:port, or PORT=host:port where PORT is the one in pika.conf.',
  notJson: (path: string, why: string) => `The file ${path} is not JSON: ${why}`,
  notAnObject: (path: string) => `The file ${path} does not hold a JSON object.`,
  unknownKey: (path: string, key: string) => `The file ${path} has an unknown key "${key}".`,
  notTexts: (path: string, key: string, isList: boolean) =>
    `"${key}" in the file ${path} must be ${isList ? 'a list of texts' : 'a text'}.`,
  example:
    'It holds JSON like {"service": "https://expander:8080", "tokenFile": "/etc/pika-expander/token", "conf": ["/etc/pika/pika.conf"]}.',
};

export const ready = {
  unknown: (node: string, why: string) => `It is not known whether ${node} is ready: ${why}`,
  ready: (node: string, by: string, at: string) => `${node} is ready: ${by} proved it at ${at}.`,
  notReady: (node: string, why: string) => `${node} is not ready: ${why}`,
};

export const logs = {
  give: 'Give the INFO log of a Pika (pika.INFO in its log-path), packed by gzip or not, or the folder that holds it.',
  unreadable: (why: string) => why,
  none: 'The log tells of no full sync of this server.',
  times: 'Times are those of the server’s own clock and time zone.',
  columns: { started: 'STARTED', ended: 'ENDED', db: 'DB', files: 'FILES', verdict: 'VERDICT' },
  verdicts: {
    complete: 'complete',
    incomplete: 'incomplete',
    failed: 'failed',
    running: 'running',
    undecided: 'undecided',
  },
  files: (copied: number, listed: number | null) => `${copied} of ${listed ?? '?'}`,
  cause: (code: string, text: string) => `${code}: ${text}`,
  finding: (facts: { code: string; count: number; log: 'slave' | 'master'; text: string }) =>
    `${facts.code}${facts.count > 1 ? ` (${counted(facts.count, 'line')})` : ''}, log of the ${facts.log}: ${facts.text}`,
};
