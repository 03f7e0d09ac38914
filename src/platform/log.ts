import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './config.ts';
import { hideSecrets, redacted } from './secrets.ts';

export type Log = Logger;

/** Names under which a secret could get into a log line. */
const secretPaths = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  'headers.authorization',
  'headers.cookie',
  'password',
  '*.password',
  'token',
  '*.token',
  'masterPassword',
  '*.masterPassword',
  'secret',
  '*.secret',
];

export interface LogOptions {
  readonly level: LogLevel;
  /** Values that must never be printed, wherever they turn up. */
  readonly secrets: readonly string[];
  /** A terminal reads coloured lines, everything else JSON. */
  readonly format?: 'json' | 'pretty';
  readonly destination?: DestinationStream;
}

/** A line of JSON in which no text holds what a terminal obeys: servers and clients say what they like. Ends of lines stay. */
const withoutEscapes = (line: string): string =>
  line.replace(/\\(?:\\|[bfr]|u00(?:0[0-8bcef]|1[0-9a-f]|7f))|[\u007f-\u009f]/gi, (found) =>
    found === '\\\\' ? found : '\u00b7',
  );

/**
 * The service's log: JSON lines with plain messages. Secrets are taken out twice: by the name of the field, and by
 * value from the finished line. So a secret inside an error's text does not get through either.
 */
export function createLog(options: LogOptions): Log {
  const hide = hideSecrets(options.secrets);
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretPaths, censor: redacted },
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: (line: string) => withoutEscapes(hide(line)) },
  };
  if (options.destination !== undefined) return pino(settings, options.destination);
  if (options.format !== 'pretty') return pino(settings);
  const { formatters: _jsonOnly, ...plain } = settings;
  // Written at once rather than by another thread: the last lines before an exit are the interesting ones.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const terminal = pretty({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
    sync: true,
  });
  return pino(plain, terminal);
}
