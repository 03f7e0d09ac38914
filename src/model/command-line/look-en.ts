import { counted } from '../text.ts';

/** Findings, plans and expansions as the command line shows them. */
export const findings = {
  alsoOf: (others: number, names: string) => `The same of ${counted(others, 'other node')}: ${names}`,
};

const slot = (texts: readonly (string | null)[]): string => texts.filter((each) => each !== null).join(', ');

export const plan = {
  title: (id: string) => `Plan ${id}`,
  master: (name: string, facts: readonly (string | null)[]) => `Master ${name}: ${slot(facts)}`,
  version: (version: string, build: string | null) =>
    `Pika ${version}${build === null ? '' : ` (build ${build})`}`,
  versionUnknown: 'version unknown',
  tableFiles: (bytes: string) => `${bytes} in table files`,
  noSlaves: 'no slaves now',
  slaves: (names: readonly string[]) => `slaves now: ${names.join(', ')}`,
  noFindings: 'No findings.',
  noBatches: 'No batches.',
  batch: (number: string, nodes: string) => `Batch ${number}: ${nodes}`,
  waitsFor: (id: string) => `It waits its turn: expansion ${id} is at work on this master.`,
  canStart: 'This plan can be started.',
  refused: 'This plan is refused: see the errors above. Nothing was changed.',
  forecast: (total: string, perNode: string, bytes: string) =>
    `Forecast: ${total} in all, ${perNode} a node, ${bytes} to copy to each`,
  batchForecast: (batch: number, begins: string | null, takes: string, dump: string) =>
    `batch ${batch}: begins after ${begins ?? 'an unknown time'}, takes ${takes} (${dump} dump)`,
  binlog: (bytes: string, kept: string | null) =>
    `Binlog written during the longest batch: ${bytes}${kept === null ? '' : `; the master keeps ${kept}`}`,
  disk: (bytes: string) => `Disk: ${bytes} more on the master; on each node the copy beside its old data`,
  range: (expected: string, low: string, high: string) => `${expected} (${low} to ${high})`,
  unknown: 'unknown',
};

export const expand = {
  question: (nodes: number, master: string) =>
    `Make ${counted(nodes, 'node')} ${nodes === 1 ? 'a slave' : 'slaves'} of ${master}? [y/N] `,
  nothingStarted: 'Nothing was started.',
  accepted: (id: string) => `Expansion ${id} is accepted.`,
  watchIt: (id: string) => `Watch it: pika-expander watch ${id}`,
  cannotAskJson: 'With --json nobody can be asked.',
  addYes: 'Add --yes to start without a question.',
  cannotAsk: 'Standard input is no terminal, so nobody can be asked.',
  addYesOrPlan: 'Add --yes to start without a question, or look first: pika-expander plan …',
};

export const expansion = {
  headline: (facts: {
    master: string;
    verified: number;
    nodes: number;
    batch: number;
    batches: number | null;
  }) =>
    `${facts.master}: ${facts.verified} of ${counted(facts.nodes, 'node')} verified${facts.batches === null ? '' : `, batch ${facts.batch} of ${facts.batches}`}`,
  silent: (how: 'busy' | 'unreachable', since: string, left: string | null) =>
    `${how === 'busy' ? 'no reply' : 'unreachable'} for ${since}, ${left === null ? 'the attempt ends now' : `the attempt ends in ${left}`}`,
  behind: (bytes: string) => `${bytes} of binlog behind`,
  copied: (received: string, snapshot: string) => `${received} of ${snapshot}`,
  files: (copied: number, listed: number | null) =>
    `, ${copied}${listed === null ? '' : ` of ${listed}`} files`,
  rateUnknown: 'rate unknown',
  remainingUnknown: 'remaining time unknown',
  left: (duration: string) => `${duration} left`,
  asked: (by: string, verb: string, reason: string) =>
    `${by} asked to ${verb} (${reason}); it takes effect at the next safe point.`,
  levels: { info: '', warning: 'warning: ', error: 'error: ' },
  connectedAgain: 'connected again',
  noConnection: (why: string) => `no connection to the service (${why}); trying again`,
  connectionLost: (why: string) => `No connection to the service (${why}); trying again.`,
  stoppedWaiting: (goesOn: string) => `Stopped waiting. ${goesOn}`,
  stopWatching: 'Ctrl-C stops watching; the expansion goes on.',
  more: (count: number, phases: string) => `… and ${count} more: ${phases}`,
  stopped: (id: string) => `Stopped watching. Expansion ${id} goes on in the service.`,
  watchAgain: (id: string) => `Watch it again:  pika-expander watch ${id}`,
  pauseIt: (id: string) => `Pause it:        pika-expander pause ${id} --reason "…"`,
  cancelIt: (id: string) => `Cancel it:       pika-expander cancel ${id} --reason "…"`,
  evidence: (id: string) => `Evidence: pika-expander evidence ${id}`,
  controlled: (verb: string, node: string | null, id: string) =>
    `Asked for ${verb}${node === null ? '' : ` of ${node}`} in ${id}; it is applied at the next safe point.`,
  reasonMissing: 'The reason is missing.',
  sayWhy: 'Say why, with --reason "…"; it is recorded with who asked.',
};

/** What a person can do where an expansion stands; commands follow. */
export const next = {
  approval: 'It waits for approval of the next batch:',
  paused: 'It is paused. To go on:',
  unverified: 'To ask again for the nodes that are not verified:',
  halted: 'It is halted until somebody decides:',
  stateAsked: (state: string, verb: string) => `${state}, ${verb} asked for`,
};

export const lists = {
  noExpansions: 'No expansions.',
  columns: {
    id: 'ID',
    state: 'STATE',
    master: 'MASTER',
    verified: 'VERIFIED',
    accepted: 'ACCEPTED',
    label: 'LABEL',
  },
  more: (cursor: string) => `More: add --cursor ${cursor}`,
  held: (facts: { master: string; until: string; by: string; reason: string; id: string; safe: boolean }) =>
    `${facts.master} is held until ${facts.until} by ${facts.by}: ${facts.reason} (${facts.id}; a dump is ${facts.safe ? '' : 'not '}safe)`,
  several: 'Several expansions have not ended: name one of them.',
  one: (id: string, master: string, state: string) => `${id} (${master}, ${state})`,
  none: 'There is no expansion yet.',
  startOne: 'Start one: pika-expander expand --master HOST:PORT HOST:PORT',
  notFrozen: 'Not frozen: expansions attach nodes as planned.',
  frozen: (since: string | null, by: string, reason: string) =>
    `Frozen${since === null ? '' : ` since ${since}`} by ${by}: ${reason}`,
  unfreeze: 'No node is attached until it is lifted: pika-expander unfreeze --reason "…"',
  unknownPerson: 'unknown',
  keyBelongs: '--key belongs to --verify FILE.',
  evidenceWritten: (file: string) =>
    `The signed evidence is in ${file}. To check it: pika-expander evidence --verify ${file}`,
  notAnEvent: (text: string) => `--after is "${text}"; give an event's number.`,
};

export const evidence = {
  title: (id: string, master: string) => `Evidence of ${id}, master ${master}`,
  attempt: (attempt: number, at: string) => `(attempt ${attempt}, ${at})`,
  verdict: (verdict: string, attempt: number) => `(verdict ${verdict}, attempt ${attempt})`,
  notYet: 'No evidence yet.',
  none: 'No evidence: no full sync of this node went far enough to be judged.',
  notJudged: '(not judged) ',
  comparison: (id: string, verdict: string | null) => `Comparison ${id}: ${verdict ?? 'not ended'}`,
};

export const node = {
  files: 'Files',
  disks: 'Disks',
  fullSyncs: 'Full syncs by the log of the node',
  log: 'Log',
  agents: 'Agents',
  servers: { node: 'node', master: 'master' },
  noAgent: (server: 'node' | 'master') => `no agent reports from the host of the ${server}`,
  told: (agent: string, server: 'node' | 'master', ago: string) =>
    `“${agent}” told of the ${server} ${ago} ago`,
  sentence: (parts: readonly string[]) => `${parts.join('; ')}.`,
  came: (copied: number, listed: number | null) => `${copied}${listed === null ? '' : ` of ${listed}`} came`,
  free: (free: string, total: string) => `${free} of ${total} free`,
  toCome: (bytes: string, fits: boolean) => `, ${bytes} are still to come${fits ? '' : ': too little room'}`,
};

export const diagnosis = {
  likeliest: 'likeliest cause',
  or: 'or',
  copyHelps: {
    yes: 'another copy can help',
    once: 'another copy can help once',
    no: 'another copy cannot help',
  },
  waits: (until: string) => `The node can help itself. The service waits until ${until}.`,
  reattaches: 'The service attaches the node again.',
  asksForDump: 'The service asks the master for a new dump, and attaches the node again.',
};

export const schedule = {
  forecast: (total: string) => `Forecast: ${total} in all`,
  outcome: (total: string, real: string) => `Forecast: ${total} in all; it took ${real}`,
  node: (facts: { copy: string; copied: string; rate: string; rated: string }) =>
    `copy ${facts.copy} forecast, ${facts.copied}; ${facts.rate} forecast, ${facts.rated}`,
  nothing: 'nothing',
  notMeasured: 'not measured',
  health: (percent: number) => `Health of the master: copies may use ${percent} % of the bandwidth`,
  figures: {
    master_latency_ms: 'latency of the master, p99 in ms',
    slave_lag_bytes: 'lag of its other slaves, bytes',
    commands_per_second: 'commands per second',
    endpoint: "operator's own figure",
  },
  reading: (name: string, value: number, ownDelayMs: number | null, limit: number) =>
    `${name}: ${value}${ownDelayMs === null ? '' : ` (without ${ownDelayMs} ms by which this service was late itself)`}, limit ${limit}`,
  over: (reading: string) => `${reading}: over it, no batch begins`,
  borrowed: (facts: { name: string; master: string; seen: string; old: string; state: string }) =>
    `${facts.name} of ${facts.master}: ${facts.seen}, before the expansion ${facts.old} (${facts.state})`,
  borrowedStates: {
    borrowed: 'changed for the time of the expansion',
    restored: 'put back',
    left: 'left as somebody else has set it',
    lost: 'could not be put back',
    refused: 'the master would not take the change',
  },
};
