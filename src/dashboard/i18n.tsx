import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useLayoutEffect,
  useMemo,
  useState,
} from 'react';
import { en, type Messages } from '../model/labels/en.ts';
import { zh } from '../model/labels/zh.ts';
import type { Reader } from '../model/text.ts';

export type Language = 'en' | 'zh';
export const languages: Readonly<Record<Language, Messages>> = { en, zh };

/** The language of a text, for its `lang` attribute. */
export const languageOf = (text: string): string =>
  languages[/\p{Script=Han}/u.test(text) ? 'zh' : 'en'].htmlLang;

const storageKey = 'pika-expander.language';

interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

const LanguageContext = createContext<LanguageChoice>({ language: 'en', choose: () => {} });

/** The language chosen last on this machine, else the browser's, else English. */
function initialLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initialLanguage);
  const queries = useQueryClient();
  // Before any query is sent: requests ask for the texts of the service in the language of the page.
  useLayoutEffect(() => {
    document.documentElement.lang = languages[language].htmlLang;
    void queries.invalidateQueries();
  }, [language, queries]);
  const choose = useCallback((next: Language) => {
    localStorage.setItem(storageKey, next);
    setLanguage(next);
  }, []);
  const value = useMemo(() => ({ language, choose }), [language, choose]);
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

/** For whom the texts of the model are made here. */
export function useReader(): Reader {
  const { language } = useContext(LanguageContext);
  return useMemo(() => ({ language, tool: 'dashboard' }), [language]);
}

export const useLanguage = (): LanguageChoice => useContext(LanguageContext);

/** The texts in the chosen language. */
export const useMessages = (): Messages => languages[useContext(LanguageContext).language];
