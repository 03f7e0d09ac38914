import * as access from './access-en.ts';
import * as channels from './channels-en.ts';
import { doctor } from './doctor-en.ts';
import * as errors from './errors-en.ts';
import * as look from './look-en.ts';
import { simulate } from './simulate-en.ts';

/** What the command line itself says, in English. Another language is complete when it type-checks against it. */
export const en = {
  ...access,
  ...channels,
  ...errors,
  ...look,
  doctor,
  simulate,
};

export type CommandLineWords = typeof en;
