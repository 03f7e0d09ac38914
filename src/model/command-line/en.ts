import * as access from './access-en.ts';
import * as audits from './audits-en.ts';
import { campaigns } from './campaigns-en.ts';
import * as channels from './channels-en.ts';
import { comparisons } from './comparisons-en.ts';
import { demo } from './demo-en.ts';
import { doctor } from './doctor-en.ts';
import * as errors from './errors-en.ts';
import * as files from './files-en.ts';
import * as hosts from './hosts-en.ts';
import * as look from './look-en.ts';
import * as recordings from './recordings-en.ts';
import * as replacements from './replacements-en.ts';
import { simulate } from './simulate-en.ts';

/** What the command line itself says, in English. Another language is complete when it type-checks against it. */
export const en = {
  ...access,
  ...audits,
  ...channels,
  ...errors,
  ...files,
  ...hosts,
  ...look,
  ...recordings,
  ...replacements,
  campaigns,
  comparisons,
  demo,
  doctor,
  simulate,
};

export type CommandLineWords = typeof en;
