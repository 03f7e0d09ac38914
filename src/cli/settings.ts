import { join } from 'node:path';
import type { CommandLineWords } from '../model/command-line/index.ts';
import { isOpenToOthers } from '../platform/secret-file.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';

/** What a file is for, by its name in the texts. */
type FileKind = keyof CommandLineWords['settings']['files'];

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
  const { words } = context;
  const file = readConfigFile(options, context);
  const [url, urlSource] = pick(
    [options.url, words.connection.sources.flag],
    [context.env.PIKA_EXPANDER_URL, 'PIKA_EXPANDER_URL'],
    [file.values.url, file.path],
    [defaultUrl, words.connection.sources.default],
  );
  if (file.values.token !== undefined) refuseOpenFile(file.path, 'configWithToken');
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
  const steps = [({ settings: each }: CommandLineWords) => each.addressForm];
  if (!URL.canParse(text))
    throw new UsageError(({ settings: each }) => each.notAnAddress(text, source), steps);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(({ settings: each }) => each.notHttp(text, source), steps);
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      ({ settings: each }) => each.holdsPassword(source),
      [({ settings: each }) => each.leaveItOut],
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function refuseOpenFile(path: string, what: FileKind): void {
  if (!isOpenToOthers(path)) return;
  throw new UsageError(
    ({ settings: each }) => each.openToAll(each.files[what], path),
    [({ settings: each }) => each.closeIt(path)],
  );
}

function readTokenFile(path: string | undefined, context: CliContext): string | undefined {
  if (path === undefined) return undefined;
  refuseOpenFile(path, 'token');
  const token = readText(path, 'token', context).trim();
  if (token === '') throw new UsageError(({ settings: each }) => each.emptyToken(path));
  return token;
}

function readConfigFile(options: GlobalOptions, context: CliContext): { path: string; values: ConfigFile } {
  const base = nonEmpty(context.env.XDG_CONFIG_HOME) ?? join(context.homeDirectory, '.config');
  const standard = join(base, 'pika-expander', 'config.json');
  const named = options.config;
  const path = named ?? standard;
  if (named !== undefined) return { path, values: parseConfig(readText(path, 'config', context), path) };
  try {
    return { path, values: parseConfig(context.readFile(path), path) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, values: {} };
    if (error instanceof UsageError) throw error;
    throw new UsageError(({ settings: each }) =>
      each.unreadable(each.files.config, path, (error as Error).message),
    );
  }
}

function parseConfig(text: string, path: string): ConfigFile {
  const example = ({ settings: each }: CommandLineWords): string => each.example;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      ({ settings: each }) => each.notJson(each.files.config, path, (error as Error).message),
      [example],
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(({ settings: each }) => each.notAnObject(each.files.config, path), [example]);
  for (const [key, entry] of Object.entries(value)) {
    if (!['url', 'token', 'tokenFile'].includes(key))
      throw new UsageError(({ settings: each }) => each.unknownKey(path, key), [example]);
    if (typeof entry !== 'string' || entry === '')
      throw new UsageError(({ settings: each }) => each.notAText(path, key), [example]);
  }
  return value as ConfigFile;
}

/** Reads a file that the user named; throws UsageError when that fails. */
export function readText(path: string, what: FileKind, context: Pick<CliContext, 'readFile'>): string {
  try {
    return context.readFile(path);
  } catch (error) {
    throw new UsageError(
      ({ settings: each }) => each.unreadable(each.files[what], path, (error as Error).message),
      [({ settings: each }) => each.checkPath],
    );
  }
}
