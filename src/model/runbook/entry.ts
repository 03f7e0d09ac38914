import type { Reader, Text } from '../text.ts';

/** What a person at 3 a.m. wants to know of a code. */
export interface Advice {
  readonly title: Text;
  /** What it means. */
  readonly means: Text;
  /** What the service does about it. */
  readonly service: Text;
  /** What the person does. */
  readonly steps: Text<unknown, readonly string[]>;
  /** How the person knows that it is over. */
  readonly over: Text;
}

export const advice = (row: Advice): Advice => row;

/** Steps that need no facts. */
export const steps = (en: readonly string[], zh: readonly string[]): Text<unknown, readonly string[]> => ({
  en: () => en,
  zh: () => zh,
});

export const runbookKinds = [
  'state',
  'phase',
  'anomaly',
  'problem',
  'finding',
  'guard',
  'hold',
  'campaign',
  'replacement',
  'audit',
  'reason',
  'alert',
  'notice',
] as const;
/** What a code is a code of: the same word can name an anomaly and a finding. */
export type RunbookKind = (typeof runbookKinds)[number];

/** An entry in the words of a reader. */
export interface Entry {
  readonly anchor: string;
  readonly code: string;
  readonly title: string;
  readonly means: string;
  /** Empty = what its chapter says. */
  readonly service: string;
  readonly steps: readonly string[];
  /** Empty = what its chapter says. */
  readonly over: string;
}

export interface Chapter {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  /** What holds for all its entries; null = each entry says it. */
  readonly shared: { readonly service: string; readonly over: string } | null;
  readonly entries: readonly Entry[];
}

export const anchorOf = (kind: RunbookKind, code: string): string => `${kind}-${code}`;

/** An entry of its own table. */
export function entryOf(kind: RunbookKind, code: string, row: Advice, reader: Reader): Entry {
  const say = (text: Text): string => text[reader.language]({}, reader);
  return {
    anchor: anchorOf(kind, code),
    code,
    title: say(row.title),
    means: say(row.means),
    service: say(row.service),
    steps: row.steps[reader.language]({}, reader),
    over: say(row.over),
  };
}
