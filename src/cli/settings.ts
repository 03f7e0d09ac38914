import { join } from 'node:path';
import { isOpenToOthers } from '../platform/secret-file.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';

/** Where `serve` listens unless it is configured otherwise. */
export const defaultUrl = 'http://127.0.0.1:8080';

/** The options that every command has. */
export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
}

export interface Settings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string | null;
  /** Where the address came from, for error texts. */
  readonly urlSource: string;
}

interface ConfigFile {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/**
 * Address and token: flags win over the environment, the environment over the config file.
 * Throws UsageError for an unreadable or malformed file and for an address that is none.
 */
export function resolveSettings(options: GlobalOptions, context: CliContext): Settings {
  const file = readConfigFile(options, context);
  const [url, urlSource] = pick(
    [options.url, 'the flag --url'],
    [context.env.PIKA_EXPANDER_URL, 'PIKA_EXPANDER_URL'],
    [file.values.url, file.path],
    [defaultUrl, 'the default'],
  );
  if (file.values.token !== undefined) refuseOpenFile(file.path, 'config file with a token,');
  const token =
    options.token ??
    readTokenFile(options.tokenFile, context) ??
    nonEmpty(context.env.PIKA_EXPANDER_TOKEN) ??
    file.values.token ??
    readTokenFile(file.values.tokenFile, context);
  return { url: checkedUrl(url, urlSource), urlSource, token: token ?? null };
}

function pick(...candidates: (readonly [string | undefined, string])[]): readonly [string, string] {
  for (const [value, source] of candidates) {
    if (nonEmpty(value) !== undefined) return [value as string, source];
  }
  throw new Error('no candidate has a value');
}

const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

function checkedUrl(text: string, source: string): string {
  const steps = ['Give it as http://host:port, for example --url http://127.0.0.1:8080.'];
  if (!URL.canParse(text)) throw new UsageError(`"${text}" (from ${source}) is not an address.`, steps);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(`"${text}" (from ${source}) is neither http:// nor https://.`, steps);
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`The address from ${source} holds a user name or password.`, [
      'Leave it out, and give the token by --token-file, PIKA_EXPANDER_TOKEN or the config file.',
    ]);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function refuseOpenFile(path: string, what: string): void {
  if (!isOpenToOthers(path)) return;
  throw new UsageError(`Every user of this machine may read or change the ${what} ${path}.`, [
    `Take that away: chmod o= ${path}`,
  ]);
}

function readTokenFile(path: string | undefined, context: CliContext): string | undefined {
  if (path === undefined) return undefined;
  refuseOpenFile(path, 'token file');
  const token = readText(path, 'token file', context).trim();
  if (token === '') throw new UsageError(`The token file ${path} is empty.`);
  return token;
}

function readConfigFile(options: GlobalOptions, context: CliContext): { path: string; values: ConfigFile } {
  const base = nonEmpty(context.env.XDG_CONFIG_HOME) ?? join(context.homeDirectory, '.config');
  const standard = join(base, 'pika-expander', 'config.json');
  const named = options.config;
  const path = named ?? standard;
  if (named !== undefined) return { path, values: parseConfig(readText(path, 'config file', context), path) };
  try {
    return { path, values: parseConfig(context.readFile(path), path) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, values: {} };
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The config file ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parseConfig(text: string, path: string): ConfigFile {
  const example = 'It holds JSON like {"url": "http://127.0.0.1:8080", "tokenFile": "/path/to/token"}.';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`The config file ${path} is not JSON: ${(error as Error).message}`, [example]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`The config file ${path} does not hold a JSON object.`, [example]);
  for (const [key, entry] of Object.entries(value)) {
    if (!['url', 'token', 'tokenFile'].includes(key))
      throw new UsageError(`The config file ${path} has an unknown key "${key}".`, [example]);
    if (typeof entry !== 'string' || entry === '')
      throw new UsageError(`"${key}" in the config file ${path} must be a text.`, [example]);
  }
  return value as ConfigFile;
}

/** Reads a file that the user named; throws UsageError when that fails. */
export function readText(path: string, what: string, context: Pick<CliContext, 'readFile'>): string {
  try {
    return context.readFile(path);
  } catch (error) {
    throw new UsageError(`The ${what} ${path} cannot be read: ${(error as Error).message}`, [
      'Check the path and its permissions.',
    ]);
  }
}
