/** What a node answers: bulk string, integer, nil, array, status line or error line. Strings are binary (one char a byte). */
export type Reply = string | number | null | Status | Failure | readonly Reply[];

export interface Status {
  readonly status: string;
}

/** An error line without its leading `-`. */
export interface Failure {
  readonly error: string;
}

export const status = (text: string): Status => ({ status: text });
export const failure = (text: string): Failure => ({ error: text });
export const ok = status('OK');

export const isFailure = (reply: Reply): reply is Failure =>
  typeof reply === 'object' && reply !== null && 'error' in reply;

/** The text of a bulk string, as INFO gives it. Throws on any other reply, naming it. */
export function bulkText(reply: Reply): string {
  if (typeof reply === 'string') return reply;
  throw new Error(`a bulk string was expected, the node answered ${JSON.stringify(reply)}`);
}

/** The error texts of Pika (3.5.4 include/pika_command.h). */
export const failures = {
  syntax: failure('ERR syntax error'),
  notInteger: failure('ERR value is not an integer or out of range'),
  notFloat: failure('ERR value is not a valid float'),
  wrongType: failure('WRONGTYPE Operation against a key holding the wrong kind of value'),
  outOfRange: failure('ERR index out of range'),
  noSuchKey: failure('ERR no such key'),
  invalidArgument: failure('ERR Invalid Argument'),
  noAuth: failure('ERR NOAUTH Authentication required.'),
  wrongCount: (command: string) => failure(`ERR wrong number of arguments for '${command}' command`),
  unknownCommand: (command: string) => failure(`ERR unknown command "${command}"`),
  invalidDb: (name: string) => failure(`ERR invalid DB for '${name}'`),
} as const;
