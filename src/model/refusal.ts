import type { Finding } from './finding.ts';

/**
 * How a refusal is to be taken, whatever the entrance: REST makes an HTTP status of it, the queue a failed job,
 * the command line an exit code.
 */
export type RefusalKind =
  /** What was sent is malformed; `field` names the place. */
  | 'invalid'
  /** Well formed, but preflight or a rule forbids it; `findings` say why. */
  | 'refused'
  /** It does not fit the present state. */
  | 'conflict'
  | 'not_found'
  /** Something that the service needs is away; the same request may succeed later. */
  | 'unavailable';

/** A request that was not carried out: what was wrong with it, and what can be done next. Nothing was stored. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** Stable, for programs. */
  readonly code: string;
  /** The place in the request, as `nodes[3].address`; null = the request as a whole. */
  readonly field: string | null;
  readonly findings: readonly Finding[] | null;
  readonly nextSteps: readonly string[];

  constructor(
    kind: RefusalKind,
    code: string,
    message: string,
    details: {
      readonly field?: string | null;
      readonly findings?: readonly Finding[] | null;
      readonly nextSteps: readonly string[];
    },
  ) {
    super(message);
    this.name = 'Refusal';
    this.kind = kind;
    this.code = code;
    this.field = details.field ?? null;
    this.findings = details.findings ?? null;
    this.nextSteps = details.nextSteps;
  }
}
