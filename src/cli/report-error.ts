import { CommanderError } from 'commander';
import type { CliContext } from './context.ts';
import { ApiError, CliError, UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { printable } from './format.ts';
import { renderFindings } from './render/findings.ts';
import { styleFor } from './style.ts';

/** Tells the user what went wrong and what to do; returns the exit code. */
export function reportError(error: unknown, context: CliContext, asJson: boolean): ExitCode {
  const isUsage = error instanceof CommanderError;
  // Commander has written its own text already; only a program still needs the JSON.
  if (isUsage && (error.exitCode === 0 || !asJson))
    return error.exitCode === 0 ? exitCodes.succeeded : exitCodes.usage;
  const known = isUsage
    ? new UsageError(error.message)
    : error instanceof CliError
      ? error
      : unexpected(error);
  if (asJson) context.stdout.write(`${JSON.stringify({ error: errorJson(known) })}\n`);
  else context.stderr.write(`${errorLines(known, context).join('\n')}\n`);
  return known.exitCode;
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
    ...(body?.requestId ? [style.dim(`  Request ${body.requestId}`)] : []),
  ];
}
