import * as access from './access-zh.ts';
import * as audits from './audits-zh.ts';
import { campaigns } from './campaigns-zh.ts';
import * as channels from './channels-zh.ts';
import { comparisons } from './comparisons-zh.ts';
import { demo } from './demo-zh.ts';
import { doctor } from './doctor-zh.ts';
import type { CommandLineWords } from './en.ts';
import * as errors from './errors-zh.ts';
import * as files from './files-zh.ts';
import * as hosts from './hosts-zh.ts';
import * as look from './look-zh.ts';
import * as recordings from './recordings-zh.ts';
import * as replacements from './replacements-zh.ts';
import { simulate } from './simulate-zh.ts';

/** 命令行自身的文本。 */
export const zh: CommandLineWords = {
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
