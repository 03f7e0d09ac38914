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
import { labels, type Messages } from '../model/labels/index.ts';
import { type Language, languages, nobody, type Reader } from '../model/text.ts';

const storageKey = 'pika-expander.language';

interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

const LanguageContext = createContext<LanguageChoice>({ language: nobody.language, choose: () => {} });

/** The language chosen last on this machine, else the browser's, else English. */
function initialLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  const wanted = navigator.language.toLowerCase().split('-')[0];
  return languages.find((known) => known === stored) ?? languages.find((known) => known === wanted) ?? 'en';
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initialLanguage);
  const queries = useQueryClient();
  // Before any query is sent: requests ask for the texts of the service in the language of the page.
  useLayoutEffect(() => {
    document.documentElement.lang = labels[language].htmlLang;
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
export const useMessages = (): Messages => labels[useContext(LanguageContext).language];
