import { counted } from '../text.ts';

/** Findings, plans and expansions as the command line shows them. */
export const findings = {
  alsoOf: (others: number, names: string) => `The same of ${counted(others, 'other node')}: ${names}`,
};
