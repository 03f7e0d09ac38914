/** A rule of preflight: what it looks at, and the finding that it makes of it. */
import type { Finding } from '../../model/finding.ts';
import { type FindingCode, type FindingFacts, makeFinding } from '../../model/findings.ts';

/** The facts of the finding `code`, or null where there is nothing to find. */
export type Check<Scene> = {
  readonly [Code in FindingCode]: {
    readonly code: Code;
    readonly check: (scene: Scene) => FindingFacts<Code> | null;
    /** Matters when a request is judged, not again before each batch. */
    readonly planOnly?: true;
    /** An earlier attempt of this expansion may itself have left it behind. */
    readonly leftByAttempt?: true;
  };
}[FindingCode];

/** Every finding of a table of rules about one server, or (node null) about the master or the request. */
export function findingsOf<Scene>(
  checks: readonly Check<Scene>[],
  scene: Scene,
  about: { readonly master: string; readonly node: string | null },
): Finding[] {
  return checks.flatMap(({ code, check }) => {
    const facts = check(scene);
    return facts === null ? [] : [makeFinding(code, about, facts as FindingFacts<typeof code>)];
  });
}

/** The list under this name, or null where it is empty. */
export const foundAny = <Name extends string, T>(
  name: Name,
  items: readonly T[],
): Readonly<Record<Name, readonly T[]>> | null =>
  items.length === 0 ? null : ({ [name]: items } as unknown as Readonly<Record<Name, readonly T[]>>);
