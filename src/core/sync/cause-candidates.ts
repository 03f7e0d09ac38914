/** Causes that could explain a trouble, with what speaks for and against each. */
import type { CauseCode, CopyHelps } from '../../model/causes.ts';
import type { SignCode } from '../../model/diagnosis.ts';
import type { Facts } from '../../model/text.ts';

/** A sign with its weight: 5 names the cause itself, 3 decides, 2 speaks clearly, 1 fits. */
export type Weighed = readonly [weight: 1 | 2 | 3 | 5, code: SignCode, facts?: Facts];

export interface Candidate {
  readonly code: CauseCode;
  /** What its next steps are made from. */
  readonly facts?: Facts;
  readonly speaksFor: readonly Weighed[];
  readonly speaksAgainst: readonly Weighed[];
  /** Where it differs from what holds for the cause in general. */
  readonly copyHelps?: CopyHelps;
}

const weight = (weighed: readonly Weighed[]): number => weighed.reduce((sum, [each]) => sum + each, 0);

export const score = ({ speaksFor, speaksAgainst }: Candidate): number =>
  weight(speaksFor) - weight(speaksAgainst);

/** Each cause once, with all that speaks for and against it. */
export function joined(candidates: readonly Candidate[]): readonly Candidate[] {
  const byCode = new Map<CauseCode, Candidate>();
  for (const candidate of candidates) {
    const { code, facts, speaksFor, speaksAgainst } = candidate;
    const known = byCode.get(code);
    byCode.set(
      code,
      known === undefined
        ? candidate
        : {
            ...known,
            ...((known.facts || facts) && { facts: { ...known.facts, ...facts } }),
            speaksFor: [...known.speaksFor, ...speaksFor],
            speaksAgainst: [...known.speaksAgainst, ...speaksAgainst],
          },
    );
  }
  return [...byCode.values()];
}
