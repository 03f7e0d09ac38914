/** Exit codes, as documented in docs/cli.md. Scripts rely on them: never renumber. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  needsPerson: 4,
  /** Ctrl-C (128 + SIGINT): the command stopped watching; it says nothing about the expansion. */
  detached: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
