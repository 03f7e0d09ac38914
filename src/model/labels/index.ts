/** The labels of the dashboard, in every language. */
import type { Language } from '../text.ts';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

export type { Messages };
export const labels: Readonly<Record<Language, Messages>> = { en, zh };

/** The language of a text, for its `lang` attribute: what an older release stored is in English on every page. */
export const languageOf = (text: string): string =>
  labels[/\p{Script=Han}/u.test(text) ? 'zh' : 'en'].htmlLang;
