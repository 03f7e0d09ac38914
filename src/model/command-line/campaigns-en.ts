import { counted } from '../text.ts';

/** Campaigns as the command line shows them. */
export const campaigns = {
  accepted: (id: string) => `Campaign ${id} is accepted.`,
  watchIt: (id: string) => `Watch it: pika-expander campaign follow ${id}`,
  addYesOrDryRun: 'Add --yes to start without a question, or --dry-run to look only.',
  question: (nodes: number, masters: number) =>
    `Add ${counted(nodes, 'node')} to ${counted(masters, 'master')}? [y/N] `,
  none: 'No campaigns.',
  columns: {
    id: 'ID',
    state: 'STATE',
    members: 'MEMBERS',
    nodes: 'NODES',
    accepted: 'ACCEPTED',
    label: 'LABEL',
  },
  controlled: (verb: string, id: string) =>
    `Asked for ${verb} of campaign ${id}; it is applied at once if a worker is there.`,
  several: 'Several campaigns have not ended: name one of them.',
  one: (id: string, label: string | null, state: string) => `${id} (${label ?? 'no label'}, ${state})`,
  noneYet: 'There is no campaign yet.',
  startOne: 'Start one: pika-expander campaign start -f FILE',
  report: (id: string) => `Report: pika-expander campaign report ${id}`,
  stopped: (id: string) => `Stopped watching. Campaign ${id} goes on in the service.`,
  watchAgain: (id: string) => `Watch it again:  pika-expander campaign follow ${id}`,
  pauseIt: (id: string) => `Pause it:        pika-expander campaign pause ${id} --reason "…"`,
  cancelIt: (id: string) => `Cancel it:       pika-expander campaign cancel ${id} --reason "…"`,
  stopWatching: 'Ctrl-C stops watching; the campaign goes on.',
  more: (count: number) => `… and ${count} more`,
  headline: (facts: {
    id: string;
    label: string | null;
    succeeded: number;
    members: number;
    verified: number;
    nodes: number;
    state: string;
  }) =>
    `${facts.id}${facts.label === null ? '' : `  ${facts.label}`}: ${facts.succeeded} of ${counted(facts.members, 'member')} succeeded, ${facts.verified} of ${counted(facts.nodes, 'node')} verified, ${facts.state}`,
  atWork: (facts: { atWork: number; waiting: number; left: string | null }) =>
    `${facts.atWork} at work, ${facts.waiting} waiting, ${facts.left === null ? 'remaining time unknown' : `about ${facts.left} left`}`,
  memberColumns: {
    group: 'GROUP',
    master: 'MASTER',
    state: 'STATE',
    nodes: 'NODES',
    left: 'LEFT',
    expansion: 'EXPANSION',
  },
  groups: { canary: 'canary', rest: 'rest' },
  askedBy: (facts: { by: string; at: string; took: string | null }) =>
    `Asked by ${facts.by} at ${facts.at}${facts.took === null ? '' : `; took ${facts.took}`}`,
  settings: (facts: { maxRunning: number; stopAfter: number; approval: boolean }) =>
    `At most ${facts.maxRunning} at a time; stops after ${facts.stopAfter} failed${facts.approval ? '; the rest needs an approval' : ''}`,
  member: (number: number, master: string) => `Member ${number} (${master})`,
  approval: 'The rest waits for approval:',
  paused: 'It is paused. To go on:',
  needsPerson: (id: string, state: string) => `Expansion ${id} waits for a person (${state}):`,
  planColumns: {
    group: 'GROUP',
    master: 'MASTER',
    nodes: 'NODES',
    batches: 'BATCHES',
    forecast: 'FORECAST',
  },
  planTitle: (expansions: number) => `Campaign of ${counted(expansions, 'expansion')}`,
  planSettings: (facts: { canaries: number; approval: boolean; maxRunning: number; stopAfter: number }) =>
    `${facts.canaries === 0 ? 'No canaries' : `First ${facts.canaries === 1 ? 'one canary' : `${facts.canaries} canaries`}, then${facts.approval ? ' (once approved)' : ''} the rest`}; at most ${facts.maxRunning} at a time; stops after ${facts.stopAfter} failed`,
  forecast: (total: string | null) =>
    `Forecast: ${total === null ? 'unknown' : `about ${total}, if nothing fails`}`,
  nodes: (shown: readonly string[], more: number) =>
    `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`,
  waitsFor: (id: string) => `waits for ${id}`,
  memberRefused: 'refused',
  canStart: 'This campaign can be started.',
  refused: 'This campaign is refused: see the errors above. Nothing was changed.',
  notYaml: (path: string, why: string) => `The campaign file ${path} is neither YAML nor JSON: ${why}`,
  notReadable: (path: string, why: string) => `The campaign file ${path} cannot be read: ${why}`,
  notAMapping: (path: string) => `The campaign file ${path} does not hold a mapping of names to values.`,
  example: 'It holds members with a master and nodes each; docs/campaigns.md shows one.',
};
