import { counted } from '../text.ts';

/** `demo`: how data get lost, and how the service prevents it. */
export const demo = {
  title: 'A Pika 3.5.4 master with keys and writes going on, and six empty nodes (simulated)',
  naive: '1. The naive way: SLAVEOF on three nodes, one after the other',
  columns: { node: 'node', link: 'link', lag: 'lag', keys: 'keys', missing: 'missing' },
  lossy: (lossy: number, all: number) =>
    `${lossy} of ${counted(all, 'node')} say "up, lag 0" and have lost keys. Nothing in INFO betrays it.`,
  noLoss: 'This time no key was lost: the demo did not show the failure.',
  itsLog: (node: string) => `Its log does. ${node}:`,
  cure: '2. The same master through the service: all six nodes, the three lossy nodes synced again',
  evidence: '3. The evidence',
  agent: '4. What the agent beside one node saw',
  count: '5. An independent count of all keys, with the writes stopped',
  complete: 'all keys there',
  missing: (keys: number) => `${counted(keys, 'key')} missing`,
  onMaster: (keys: number) => `(${counted(keys, 'key')} on the master)`,
  lookYourself: (command: string) => `To look at the dashboard and the API yourself: ${command}`,
  lookAtIt: 'Look at it',
  places: { dashboard: 'dashboard', api: 'API', commandLine: 'command line' },
  staysUp: 'The service stays up until Ctrl-C.',
};
