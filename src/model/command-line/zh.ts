import * as access from './access-zh.ts';
import * as channels from './channels-zh.ts';
import { doctor } from './doctor-zh.ts';
import type { CommandLineWords } from './en.ts';
import * as errors from './errors-zh.ts';
import * as look from './look-zh.ts';
import { simulate } from './simulate-zh.ts';

/** 命令行自身的文本。 */
export const zh: CommandLineWords = {
  ...access,
  ...channels,
  ...errors,
  ...look,
  doctor,
  simulate,
};
