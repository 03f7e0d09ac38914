/** How commands are hung into the program. */
import type { Command } from 'commander';
import { helpText } from '../model/command-line/help.ts';
import type { CliContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Session } from './session.ts';
import type { GlobalOptions } from './settings.ts';

/** Takes the exit code of the command that ran. */
export type Finish = (exitCode: ExitCode) => void;

type Run<O> = (session: Session, args: readonly string[], options: O) => Promise<ExitCode>;

/** Of an option that may be repeated all values. */
export const collected = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** How commands are hung in, and what runs them. */
export class Wiring {
  readonly program: Command;
  readonly context: CliContext;
  readonly finish: Finish;

  constructor(program: Command, context: CliContext, finish: Finish) {
    this.program = program;
    this.context = context;
    this.finish = finish;
  }

  command(usage: string, summary: string, examples: readonly string[] = []): Command {
    const command = this.program.command(usage).description(summary).summary(summary);
    if (examples.length > 0)
      command.addHelpText(
        'after',
        `\n${this.note('Examples:')}\n${examples.map((line) => `  $ ${line}`).join('\n')}`,
      );
    return command;
  }

  /** A text of the help that stands below all else, in the language of who reads. */
  note(text: string): string {
    return helpText(text, this.context.reader.language);
  }

  /** A command that only has commands below it. */
  group(name: string, summary: string): Wiring {
    return new Wiring(
      this.program.command(name).description(summary).summary(summary),
      this.context,
      this.finish,
    );
  }

  /** Runs an action that talks to the service. */
  act<O>(command: Command, run: Run<O>): void {
    command.action(async (...parameters: unknown[]) => {
      const { openSession } = await import('./session.ts');
      const options = command.optsWithGlobals<GlobalOptions & O>();
      const args = parameters.slice(0, -2).flat() as string[];
      this.finish(await run(openSession(options, this.context), args, options));
    });
  }
}
