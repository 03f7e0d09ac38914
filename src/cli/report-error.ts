import { type Command, CommanderError } from 'commander';
import { auditFields } from '../model/audit.ts';
import type { CommandLineWords } from '../model/command-line/index.ts';
import { comparisonFields } from '../model/comparison.ts';
import { guardFields } from '../model/guard.ts';
import { policyFields } from '../model/policy.ts';
import type { CliContext } from './context.ts';
import { ApiError, CliError, UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { flagOfPlace } from './field-options.ts';
import { printable } from './format.ts';
import { renderFindings } from './render/findings.ts';
import { styleFor } from './style.ts';

/** Tells the user what went wrong and what to do; returns the exit code. */
export function reportError(
  error: unknown,
  context: CliContext,
  args: readonly string[],
  program: Command,
): ExitCode {
  const asJson = args.includes('--json');
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return exitCodes.succeeded;
  // Help was asked for by naming no command: it has been written.
  if (isUsage && error.code === 'commander.help' && !asJson) return exitCodes.usage;
  const known = isUsage
    ? usageOf(error, args, program)
    : error instanceof CliError
      ? error
      : unexpected(error);
  if (asJson) context.stdout.write(`${JSON.stringify({ error: errorJson(known, context) })}\n`);
  else context.stderr.write(`${errorLines(known, context).join('\n')}\n`);
  return known.exitCode;
}

/** An error of commander in the shape and the words of all other errors. */
function usageOf({ code, message }: CommanderError, args: readonly string[], program: Command): UsageError {
  const command = commandOf(args, program).join(' ');
  return new UsageError(
    ({ usage }) => [usageText(code, message, usage), suggestion(message, usage)].filter(Boolean).join(' '),
    [({ usage }) => usage.see(command)],
  );
}

/** The names of the command that was meant, as far as there is one. */
function commandOf(args: readonly string[], program: Command): readonly string[] {
  const command = args.flatMap((arg) => program.commands.find((each) => each.name() === arg) ?? [])[0];
  const inner = args.flatMap((arg) => command?.commands.find((each) => each.name() === arg) ?? [])[0];
  return [program, command, inner].flatMap((each) => each?.name() ?? []);
}

/** The options and names stand between quotes in what commander says. */
function usageText(code: string, message: string, words: CommandLineWords['usage']): string {
  const [first = '', second = ''] = [...message.matchAll(/'([^']*)'/g)].map(([, quoted]) => quoted!);
  const option = first.replace(/^-\w, /, '').replace(/ .*/, '');
  switch (code) {
    case 'commander.unknownOption':
      return words.unknownOption(first);
    case 'commander.unknownCommand':
      return words.unknownCommand(first);
    case 'commander.missingArgument':
      return words.missingArgument(first);
    case 'commander.optionMissingArgument':
      return words.missingValue(option);
    case 'commander.missingMandatoryOptionValue':
      return words.missingOption(option);
    case 'commander.conflictingOption':
      return words.conflict(option, second.replace(/^-\w, /, '').replace(/ .*/, ''));
    case 'commander.invalidArgument': {
      const allowed = /Allowed choices are (.*)\.$/.exec(message)?.[1];
      return allowed === undefined ? otherText(message) : words.notAllowed(option, second, allowed);
    }
    case 'commander.excessArguments': {
      const [, expected = '?', given = '?'] = /Expected (\d+) .* got (\d+)/.exec(message) ?? [];
      return words.tooMany(expected, given);
    }
    default:
      return otherText(message);
  }
}

function otherText(message: string): string {
  const text = message.replace(/^error: /, '').replace(/\.?$/, '.');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function suggestion(message: string, { didYouMean, or }: CommandLineWords['usage']): string {
  const names = /\(Did you mean (?:one of )?(.*)\?\)/.exec(message)?.[1];
  return names === undefined ? '' : didYouMean(names.split(', ').join(or));
}

function unexpected(error: unknown): CliError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError(
    'internal_error',
    ({ usage }) => usage.inside(text),
    [({ usage }) => usage.goesOn],
    exitCodes.failed,
  );
}

function errorJson(error: CliError, { words }: CliContext): Record<string, unknown> {
  const { code, exitCode } = error;
  const { message, nextSteps } = error.toldIn(words);
  const { field, findings, requestId } = error instanceof ApiError ? error.body : {};
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(findings === undefined ? {} : { findings }),
    next_steps: nextSteps,
    ...(requestId === undefined ? {} : { requestId }),
    exitCode,
  };
}

function errorLines(error: CliError, context: CliContext): string[] {
  const style = styleFor(context);
  const body = error instanceof ApiError ? error.body : null;
  const told = error.toldIn(context.words);
  const flag = body?.field
    ? flagOfPlace(body.field, [policyFields, comparisonFields, auditFields, guardFields])
    : null;
  const said =
    flag !== null && told.message.startsWith(body!.field!)
      ? flag + told.message.slice(body!.field!.length)
      : told.message;
  const message = said.split('\n').map(printable).join('\n');
  return [
    `${style.red(context.words.usage.error)} ${message} ${style.dim(`[${error.code}]`)}`,
    ...(body?.field && said === told.message
      ? [`  ${context.words.usage.field}: ${printable(body.field)}`]
      : []),
    ...(body?.findings ? renderFindings(body.findings, style) : []),
    ...told.nextSteps.map((step) => `  → ${printable(step)}`),
    ...(body?.help ? [style.dim(`  Runbook: ${printable(body.help)}`)] : []),
    ...(body?.requestId ? [style.dim(`  ${context.words.usage.request} ${body.requestId}`)] : []),
  ];
}
