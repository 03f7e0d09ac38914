import { counted } from '../text.ts';

/** Findings, plans and expansions as the command line shows them. */
export const findings = {
  alsoOf: (others: number, names: string) => `The same of ${counted(others, 'other node')}: ${names}`,
};

/** What a person can do where an expansion stands; commands follow. */
export const next = {
  approval: 'It waits for approval of the next batch:',
  paused: 'It is paused. To go on:',
  unverified: 'To ask again for the nodes that are not verified:',
  halted: 'It is halted until somebody decides:',
  stateAsked: (state: string, verb: string) => `${state}, ${verb} asked for`,
};
