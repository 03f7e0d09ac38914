export type Severity = 'error' | 'warning' | 'info';

/** One result of preflight. */
export interface Finding {
  /** Stable; see `findingCodes` in preflight.ts. */
  readonly code: string;
  readonly severity: Severity;
  /** The node it is about, as the request named it; null = the master or the request as a whole. */
  readonly node: string | null;
  /** What was found, in plain words, with its numbers. */
  readonly text: string;
  /** What the operator can do next. */
  readonly nextStep: string;
  /** The facts behind it. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

export const hasErrors = (findings: readonly Finding[]): boolean =>
  findings.some((f) => f.severity === 'error');
