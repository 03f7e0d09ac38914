import { beingAsked, type HookAnswers, questionsOf } from '../../core/steps/hooks.ts';
import type { Expansion } from '../../model/expansion.ts';
import type { HookQuestion, Hooks } from '../../model/hooks.ts';
import type { Reason } from '../../model/reasons.ts';
import { type Clock, patienceMs } from './observer.ts';

/**
 * Asks those who may hold a step what the expansion needs to know now. A yes is remembered; a step that is held is asked about
 * again at every turn. An answer that takes long holds the step until it comes, and no look at a node.
 */
export function createHookAsker(hooks: Hooks, clock: Clock) {
  const agreed = new Set<string>();
  const onTheWay = new Map<string, Promise<Reason | null>>();

  async function answerTo(question: HookQuestion): Promise<Reason | null> {
    if (agreed.has(question.id)) return null;
    const asked = onTheWay.get(question.id) ?? hooks.ask(question);
    onTheWay.set(question.id, asked);
    // It is awaited again at the next turn, where a failure is met.
    asked.catch(() => undefined);
    const late = clock.sleep(patienceMs).then(() => 'late' as const);
    const answer = await Promise.race([asked.finally(() => onTheWay.delete(question.id)), late]);
    if (answer === null) agreed.add(question.id);
    return answer === 'late' ? beingAsked(question) : answer;
  }

  return {
    async ask(expansion: Expansion): Promise<HookAnswers> {
      const steps = await hooks.steps();
      const questions = questionsOf(expansion, steps);
      const answers = await Promise.all(questions.map(answerTo));
      return { steps, answers: new Map(questions.map(({ id }, index) => [id, answers[index]!])) };
    },
  };
}
