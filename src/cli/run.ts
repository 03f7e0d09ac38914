import { readFileSync } from 'node:fs';
import { type CliProcess, speaking } from './context.ts';
import type { Entrances } from './entrances.ts';
import { exitCodes } from './exit-codes.ts';
import { languageOf } from './language.ts';
import { buildProgram } from './program.ts';

/** Runs one command line (without node and script); returns the exit code. Never throws. */
export async function run(args: readonly string[], own: CliProcess, entrances: Entrances): Promise<number> {
  const context = speaking(languageOf(args, own.env), own);
  let exitCode: number = exitCodes.succeeded;
  const program = buildProgram(packageVersion(), context, entrances, (code) => {
    exitCode = code;
  });
  // Only where no command is named: `simulate --version` is that of the nodes.
  if (args.every((arg) => arg.startsWith('-'))) program.version(packageVersion(), '-V, --version');
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const { reportError } = await import('./report-error.ts');
    return reportError(error, context, args, program);
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
