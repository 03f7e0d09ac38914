import { type CommandLineWords, commandLine } from '../model/command-line/index.ts';
import type { ErrorBody } from '../model/views/error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** A text of the command line, made when it is known who reads; or a text as it came. */
export type Told = string | ((words: CommandLineWords) => string);

const tell = (told: Told, words: CommandLineWords): string => (typeof told === 'string' ? told : told(words));

/** An error in words for the user: what happened, and what to do next. `message` is in English. */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly #message: Told;
  readonly #nextSteps: readonly Told[];
  constructor(code: string, message: Told, nextSteps: readonly Told[], exitCode: ExitCode) {
    super(tell(message, commandLine.en));
    this.code = code;
    this.exitCode = exitCode;
    this.#message = message;
    this.#nextSteps = nextSteps;
  }

  toldIn(words: CommandLineWords): { readonly message: string; readonly nextSteps: readonly string[] } {
    return {
      message: tell(this.#message, words),
      nextSteps: this.#nextSteps.map((step) => tell(step, words)),
    };
  }
}

/** What happened, for who reads these words. */
export const messageOf = (error: unknown, words: CommandLineWords): string =>
  error instanceof CliError ? error.toldIn(words).message : String((error as Error)?.message ?? error);

/** The command line itself is wrong; nothing was sent. */
export class UsageError extends CliError {
  constructor(message: Told, nextSteps: readonly Told[] = []) {
    super('usage', message, nextSteps, exitCodes.usage);
  }
}

/** No answer from the service: not running, wrong address, or the network. */
export class UnreachableError extends CliError {
  constructor(message: Told, nextSteps: readonly Told[]) {
    super('service_unreachable', message, nextSteps, exitCodes.failed);
  }
}

/** The service answered with an error. */
export class ApiError extends CliError {
  readonly status: number;
  readonly body: ErrorBody;
  /** How long the service wants not to be asked again; 0 = it does not say. */
  readonly retryAfterMs: number;
  /** The answer as it came. */
  readonly text: string;
  constructor(
    status: number,
    message: Told,
    body: ErrorBody,
    nextSteps: readonly Told[],
    retryAfterMs: number,
    text: string,
  ) {
    super(body.code, message, nextSteps, exitCodeOf(status, body.code));
    this.status = status;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
    this.text = text;
  }
}

/** How long to wait at least before the service is asked again; null = the error will not pass by itself. */
export function passesAfterMs(error: unknown): number | null {
  if (error instanceof UnreachableError) return 0;
  if (error instanceof ApiError && (error.status >= 500 || error.status === 429)) return error.retryAfterMs;
  return null;
}

/** 400: the request was wrong; 422, or a node in use: the service refuses this expansion; the rest failed. */
function exitCodeOf(status: number, code: string): ExitCode {
  if (status === 400 || status === 413) return exitCodes.usage;
  if (status === 422 || code === 'node_in_other_expansion' || code === 'plan_changed')
    return exitCodes.refused;
  return exitCodes.failed;
}
