/** What the agent needs of a pika.conf. */

export interface PikaConf {
  readonly port: number;
  readonly databases: number;
  /** Paths as the file has them: relative ones begin at the working folder of the process. */
  readonly paths: {
    readonly db: string;
    readonly dump: string;
    readonly dbSync: string;
    readonly log: string;
  };
  /** Before the date in the name of a dump. */
  readonly dumpPrefix: string;
  /** Passwords in the file. Never to be sent: they are taken out of everything that is. */
  readonly secrets: readonly string[];
}

/** A pika.conf that cannot be used; the message says why. */
export class PikaConfError extends Error {}

const secretKeys = ['requirepass', 'masterauth', 'userpass', 'masteruser', 'user', 'admin-cmd-password'];

/**
 * Reads a pika.conf as Pika does: `key : value`, the first line of a key counts, what it does not know is skipped (shipped
 * files hold even marks of a merge). Throws PikaConfError where a value that the agent needs is none.
 */
export function parsePikaConf(text: string): PikaConf {
  const values = new Map<string, string>();
  const secrets = new Set<string>();
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue;
    const at = line.indexOf(':');
    if (at < 0) continue;
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (secretKeys.includes(key)) for (const secret of secretsOf(value)) secrets.add(secret);
    if (!values.has(key)) values.set(key, value);
  }
  const path = (key: string, otherwise: string): string => {
    const value = values.get(key) || otherwise;
    if (value.includes('\0')) throw new PikaConfError(`${key} holds a byte 0`);
    return value;
  };
  const dumpPrefix = values.get('dump-prefix') ?? '';
  if (/[/\0]/.test(dumpPrefix)) throw new PikaConfError('dump-prefix is no part of a file name');
  return {
    port: whole(values, 'port', null, 65_535),
    databases: whole(values, 'databases', 1, 1024),
    paths: {
      db: path('db-path', './db/'),
      dump: path('dump-path', './dump/'),
      dbSync: path('db-sync-path', './dbsync/'),
      log: path('log-path', './log/'),
    },
    dumpPrefix,
    secrets: [...secrets],
  };
}

function whole(
  values: ReadonlyMap<string, string>,
  key: string,
  otherwise: number | null,
  most: number,
): number {
  const text = values.get(key);
  if (!text && otherwise !== null) return otherwise;
  if (!text) throw new PikaConfError(`${key} is missing`);
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most)
    throw new PikaConfError(`${key} is "${text.slice(0, 40)}"`);
  return Number(text);
}

/** A value is a password, or the line of a user, in which passwords follow `>` or `#`. */
function secretsOf(value: string): readonly string[] {
  const words = value.split(/\s+/).filter((word) => word !== '');
  const ofUser = words.filter((word) => /^[>#]./.test(word)).map((word) => word.slice(1));
  return words.length > 1 ? ofUser : [...words, ...ofUser];
}
