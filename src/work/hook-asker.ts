import type { AskStep, HookQuestion } from '../model/hooks.ts';
import type { Reason } from '../model/reasons.ts';
import { type Clock, patienceMs } from './expansion/observer.ts';

/**
 * Makes the function that asks those who may hold a step, and resolves with the answers that came in time, by the id of the
 * question. A yes is remembered; a step that is held is asked about again at every call. An answer that takes long holds its own
 * step until it comes, and nothing else. Rejects where a question does.
 */
export function createHookAsker(ask: AskStep, clock: Clock) {
  const agreed = new Set<string>();
  const onTheWay = new Map<string, Promise<Reason | null>>();

  function begin(question: HookQuestion): Promise<Reason | null> {
    const asked = ask(question).finally(() => onTheWay.delete(question.id));
    onTheWay.set(question.id, asked);
    // It is awaited again at the next call, where a failure is met.
    asked.catch(() => undefined);
    return asked;
  }

  return async (questions: readonly HookQuestion[]): Promise<ReadonlyMap<string, Reason | null>> => {
    const answers = new Map<string, Reason | null>();
    const answered = questions.map(async (question) => {
      const { id } = question;
      const answer = agreed.has(id) ? null : await (onTheWay.get(id) ?? begin(question));
      if (answer === null) agreed.add(id);
      answers.set(id, answer);
    });
    if (questions.length === 0) return answers;
    const done = new AbortController();
    try {
      await Promise.race([Promise.all(answered), clock.sleep(patienceMs, done.signal)]);
    } finally {
      done.abort();
    }
    // What comes later is not part of this answer.
    return new Map(answers);
  };
}
