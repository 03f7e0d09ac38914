import type { Clock } from './observer.ts';

/** What the database says of all expansions: one question for a process, however many expansions it works on. */
export interface Cached<T> {
  /** As it was when asked for not longer than `seenForMs` before this call. */
  now(): Promise<T>;
  /** The last known value; asks for a new value meanwhile. Waits only if the last value is too old. */
  known(): Promise<T>;
}

const knownForMs = 2000;

export function cached<T>(ask: () => Promise<T>, seenForMs: number, clock: Clock): Cached<T> {
  let asked: { readonly at: number; readonly answer: Promise<T> } | null = null;
  let last: { readonly at: number; readonly value: T } | null = null;

  const now = (): Promise<T> => {
    if (asked !== null && Math.abs(clock.now() - asked.at) < seenForMs) return asked.answer;
    const question = { at: clock.now(), answer: ask() };
    asked = question;
    question.answer.then(
      (value) => {
        if (last === null || last.at <= question.at) last = { at: question.at, value };
      },
      () => {
        if (asked === question) asked = null;
      },
    );
    return question.answer;
  };
  return {
    now,
    async known() {
      const answer = now();
      return last !== null && Math.abs(clock.now() - last.at) < knownForMs ? last.value : answer;
    },
  };
}
