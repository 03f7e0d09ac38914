/** The texts of the command line, in every language. What the service says comes from the service. */
import type { Language } from '../text.ts';
import { type CommandLineWords, en } from './en.ts';
import { zh } from './zh.ts';

export type { CommandLineWords };
export const commandLine: Readonly<Record<Language, CommandLineWords>> = { en, zh };
