/** What `--help` says. The English stands beside the command or option that it describes, and other languages follow it. */
import type { Language } from '../text.ts';
import { helpZh } from './help-zh.ts';

const help: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en: {}, zh: helpZh };

/** A text of the help in this language; a text that it does not hold stays English. */
export const helpText = (text: string, language: Language): string => help[language][text] ?? text;
