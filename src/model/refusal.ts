import type { Problem } from './expansion.ts';
import type { Finding } from './finding.ts';
import {
  type InvalidFacts,
  type InvalidRule,
  type RefusalCode,
  type RefusalFacts,
  type RequestPart,
  refusals,
} from './refusals.ts';
import { type Facts, nobody, type Reader, type Text } from './text.ts';

// biome-ignore lint/suspicious/noExplicitAny: each code has facts of its own
type AnyRow = { status: number; text: Text<any>; nextSteps: Text<any, readonly string[]> };
const rows = refusals as Readonly<Record<RefusalCode, AnyRow>>;

/** Where a refusal belongs, beside its facts. */
interface Place {
  /** The place in the request, as `nodes[3].address`; null = the request as a whole. */
  readonly field?: string | null;
  readonly findings?: readonly Finding[] | null;
  /** The part of a larger request that was refused, as `members[3]`; the message begins with it. */
  readonly within?: string | null;
}

/** A request that was not carried out. The code and the facts say why; `read` makes the words of them. Make it with `refuse`. */
export class Refusal extends Error {
  /** Stable, for programs. */
  readonly code: RefusalCode;
  readonly facts: Facts;
  readonly field: string | null;
  readonly findings: readonly Finding[] | null;
  readonly #within: string | null;

  constructor(code: RefusalCode, facts: Facts, { field = null, findings = null, within = null }: Place) {
    super();
    this.name = 'Refusal';
    this.code = code;
    this.facts = facts;
    this.field = field;
    this.findings = findings;
    this.#within = within;
    this.message = this.read(nobody).message;
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return rows[this.code].status;
  }

  /** Whether the same request may succeed later: something that the service needs is away. */
  get passes(): boolean {
    return this.status === 503;
  }

  get nextSteps(): readonly string[] {
    return this.read(nobody).nextSteps;
  }

  read(reader: Reader): { readonly message: string; readonly nextSteps: readonly string[] } {
    const { text, nextSteps } = rows[this.code];
    const message = text[reader.language](this.facts, reader);
    return {
      message: this.#within === null ? message : `${this.#within}: ${message}`,
      nextSteps: nextSteps[reader.language](this.facts, reader),
    };
  }

  /** As it is kept beside what it concerns. */
  asProblem(at: number): Problem {
    const { code, facts, message, nextSteps } = this;
    return { code, facts, text: message, nextSteps, at };
  }

  /** The same refusal of a part of a larger request. */
  inside(place: string): Refusal {
    const { code, facts, findings } = this;
    const field = this.field === null ? place : `${place}.${this.field}`;
    return code === 'validation_failed'
      ? new Refusal(code, { ...facts, field }, { field, findings })
      : new Refusal(code, facts, { field, findings, within: place });
  }
}

/** A refusal by its code; the facts are those of the code. */
export function refuse<C extends RefusalCode>(code: C, facts: RefusalFacts<C>, place: Place = {}): Refusal {
  return new Refusal(code, facts as Facts, place);
}

/** A place of the request that is not as it should be; `field` null = the whole. */
export function refuseField<R extends InvalidRule>(
  rule: R,
  field: string | null,
  about: InvalidFacts<R>,
  part: RequestPart = 'body',
): Refusal {
  return new Refusal('validation_failed', { rule, part, field, about }, { field });
}
