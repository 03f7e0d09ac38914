import type { CommandLineWords } from '../model/command-line/index.ts';
import { isEnded, needsPerson } from '../model/expansion.ts';
import { runbookOf } from '../model/runbook/link.ts';
import type { ExpansionView } from '../model/views/expansion.ts';

/** Where the service says more about a code; nothing where it knows no more. */
function runbookLines(
  code: string | undefined,
  url: string,
  words: CommandLineWords,
  kind?: Parameters<typeof runbookOf>[1],
): string[] {
  const place = code === undefined ? null : runbookOf(code, kind);
  return place === null ? [] : [words.runbook.at(`${url}${place}`)];
}

/** The same for an expansion that needs a person, or has failed. */
export function runbookOfExpansion(
  { state, problem, joins }: ExpansionView,
  url: string,
  words: CommandLineWords,
): string[] {
  if (!needsPerson(state) && (!isEnded(state) || state === 'succeeded')) return [];
  const code = problem?.code ?? joins.find((join) => join.problem !== null)?.problem?.code;
  const lines = runbookLines(code, url, words);
  return lines.length > 0 ? lines : runbookLines(state, url, words, 'state');
}
