import { doctor } from './doctor-zh.ts';
import type { CommandLineWords } from './en.ts';
import * as look from './look-zh.ts';
import { simulate } from './simulate-zh.ts';

/** 命令行自身的文本。 */
export const zh: CommandLineWords = {
  ...look,
  doctor,
  simulate,
};
