/** What went wrong, beside what is refused: code -> text and next steps. */
import type { Problem } from './expansion.ts';
import { refusals } from './refusals.ts';
import { memberName, type NamedMember } from './state-words.ts';
import { type Facts, type FactsOf, nobody, type Reader, read, type Text, text } from './text.ts';

const failedComparison = {
  text: text<{ readonly message: string }>({
    en: ({ message }) => message,
    zh: ({ message }) => `比对无法进行：${message}`,
  }),
  nextSteps: {
    en: () => ['Correct the request or the configuration, then start a new comparison.'],
    zh: () => ['请更正请求或配置，然后新建数据比对。'],
  },
};

export const problems = {
  comparison_broke: failedComparison,
  comparison_not_possible: failedComparison,
  expansion_gone: {
    text: text<NamedMember & { readonly expansionId: string }>({
      en: (facts, reader) =>
        `It is not known what became of ${memberName(facts, reader)}: expansion ${facts.expansionId} is not in the database any more.`,
      zh: (facts, reader) =>
        `${memberName(facts, reader)}的结果未知：扩容任务 ${facts.expansionId} 已不在数据库中。`,
    }),
    nextSteps: {
      en: () => ['Look at its nodes, and compare their data with the master before you use them.'],
      zh: () => ['请检查其节点，并在使用前与主节点比对数据。'],
    },
  },
};
type ProblemCode = keyof typeof problems;
type Texts = { readonly [C in ProblemCode]: (typeof problems)[C]['text'] };

// biome-ignore lint/suspicious/noExplicitAny: each code has facts of its own
type Rows = Readonly<Record<string, { text: Text<any>; nextSteps: Text<any, readonly string[]> }>>;
const rows: Rows = { ...refusals, ...problems };

export function makeProblem<C extends ProblemCode>(code: C, facts: FactsOf<Texts, C>, at: number): Problem {
  return {
    code,
    facts: facts as Facts,
    at,
    ...readRow(code, facts as Facts, nobody, { text: '', nextSteps: [] }),
  };
}

/** The same problem in the words of this reader. */
export const problemFor = <P extends Problem>(problem: P, reader: Reader): P => ({
  ...problem,
  ...readRow(problem.code, problem.facts ?? {}, reader, problem),
});

const readRow = (
  code: string,
  facts: Facts,
  reader: Reader,
  stored: Pick<Problem, 'text' | 'nextSteps'>,
) => ({
  text: read(rows[code]?.text, facts, reader, stored.text),
  nextSteps: read(rows[code]?.nextSteps, facts, reader, stored.nextSteps),
});
