import { CommanderError } from 'commander';
import type { CliContext } from './context.ts';
import { ApiError, CliError, UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { printable } from './format.ts';
import { renderFindings } from './render/findings.ts';
import { styleFor } from './style.ts';

/** Tells the user what went wrong and what to do; returns the exit code. */
export function reportError(error: unknown, context: CliContext, args: readonly string[]): ExitCode {
  const asJson = args.includes('--json');
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return exitCodes.succeeded;
  // Help was asked for by naming no command: it has been written.
  if (isUsage && error.code === 'commander.help' && !asJson) return exitCodes.usage;
  const known = isUsage ? usageOf(error, args) : error instanceof CliError ? error : unexpected(error);
  if (asJson) context.stdout.write(`${JSON.stringify({ error: errorJson(known) })}\n`);
  else context.stderr.write(`${errorLines(known, context).join('\n')}\n`);
  return known.exitCode;
}

/** An error of commander in the shape of all other errors. */
function usageOf({ code, message }: CommanderError, args: readonly string[]): UsageError {
  const text = message.replace(/^error: /, '').replace(/\.?$/, '.');
  const names = code === 'commander.unknownCommand' ? [] : args.filter((arg) => /^[a-z][a-z-]*$/.test(arg));
  const command = names.slice(0, 1);
  return new UsageError(text.charAt(0).toUpperCase() + text.slice(1), [
    `See the options and examples: ${['pika-expander', ...command, '--help'].join(' ')}`,
  ]);
}

function unexpected(error: unknown): CliError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError(
    'internal_error',
    `Something went wrong inside this command. ${text}`,
    ['What was started before goes on in the service: pika-expander list'],
    exitCodes.failed,
  );
}

function errorJson(error: CliError): Record<string, unknown> {
  const { code, message, nextSteps, exitCode } = error;
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
  const message = error.message.split('\n').map(printable).join('\n');
  return [
    `${style.red('Error:')} ${message} ${style.dim(`[${error.code}]`)}`,
    ...(body?.field ? [`  Field: ${printable(body.field)}`] : []),
    ...(body?.findings ? renderFindings(body.findings, style) : []),
    ...error.nextSteps.map((step) => `  → ${printable(step)}`),
    ...(body?.help ? [style.dim(`  Runbook: ${printable(body.help)}`)] : []),
    ...(body?.requestId ? [style.dim(`  Request ${body.requestId}`)] : []),
  ];
}
