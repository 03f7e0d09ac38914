import type { ErrorAnswer, Finding } from './operations.ts';

/** What is counted on in an error: a service of another release may leave out the rest. */
export type ErrorBody = Pick<ErrorAnswer['error'], 'code' | 'message'> & Partial<ErrorAnswer['error']>;

/** The service has refused a request, or failed at it. `code` is stable; `nextSteps` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;
  /** What can be done next, in the language of the client. */
  readonly nextSteps: readonly string[];
  /** The place in the request that is wrong, as `nodes[3].address`. */
  readonly field: string | null;
  /** Every finding of preflight. */
  readonly findings: readonly Finding[];
  /** Address of the page of the runbook that says more. */
  readonly help: string | null;
  /** Also in the log of the service. */
  readonly requestId: string | null;
  /** How long to wait before the same request; 0 = the answer does not say. */
  readonly retryAfterMs: number;

  constructor(
    status: number,
    body: ErrorBody,
    { help = null, retryAfterMs = 0 }: { readonly help?: string | null; readonly retryAfterMs?: number } = {},
  ) {
    super(body.message);
    this.code = body.code;
    this.status = status;
    this.nextSteps = body.next_steps ?? [];
    this.field = body.field ?? null;
    this.findings = body.findings ?? [];
    this.help = help;
    this.requestId = body.requestId ?? null;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get passes(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/**
 * No answer came. Whether the service has received the request is not known: repeat it only if it reads, or under the same
 * idempotency key.
 */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'no_answer';
  readonly nextSteps: readonly string[];
  constructor(url: string, cause: unknown) {
    const { message = String(cause), cause: inner } = cause as {
      message?: string;
      cause?: { message?: string };
    };
    super(`No answer from ${url}: ${inner?.message || message}`, { cause });
    this.nextSteps = [`Check the address, and that the service runs: ${url}/readyz.`];
  }
}
