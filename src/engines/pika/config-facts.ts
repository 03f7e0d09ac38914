import type { ConfigFacts } from '../../model/observation.ts';
import { wholeNumber } from './info.ts';

/**
 * The settings that a look reads, each by a CONFIG GET of its own. A glob would fetch all settings. For a key that the
 * version does not have, the reply is empty (pika-facts 3.3).
 */
export const configKeys = [
  'databases',
  'db-instance-num',
  'binlog-file-size',
  'throttle-bytes-per-second',
  'expire-logs-nums',
  'expire-logs-days',
  'slave-read-only',
  'masterauth',
  'requirepass',
  'instance-mode',
  'max-rsync-parallel-num',
  'max-conn-rbuf-size',
  'enable-blob-files',
  'slave-priority',
  'db-path',
  'db-sync-path',
  'dump-path',
  'userblacklist',
  'write-binlog',
] as const;
export type ConfigKey = (typeof configKeys)[number];

/** What a CONFIG GET replied, by key: a value, or null when the node has no such setting or would not tell. */
export type ConfigValues = Readonly<Partial<Record<ConfigKey, string | null>>>;

export interface PasswordsToCompare {
  /** Password of the master, for masterauth; null = none known, so no comparison. */
  readonly master: string | null;
  /** Password by which the service logged in to this node without an ACL user; null = no comparison. */
  readonly login: string | null;
}

/** The value in a CONFIG GET reply (`[key, value, …]`); null when the key is not in it. */
export function configValue(reply: unknown, key: string): string | null {
  if (!Array.isArray(reply)) return null;
  for (let index = 0; index + 1 < reply.length; index += 2)
    if (reply[index] === key)
      return typeof reply[index + 1] === 'string' ? (reply[index + 1] as string) : null;
  return null;
}

/** Settings as facts. Passwords are compared here and go no further: only the outcome is in the result. */
export function configFacts(values: ConfigValues, passwords: PasswordsToCompare): ConfigFacts {
  const number = (key: ConfigKey) => wholeNumber(values[key] ?? undefined);
  return {
    databases: number('databases'),
    dbInstanceNum: number('db-instance-num'),
    binlogFileSizeBytes: number('binlog-file-size'),
    throttleBytesPerSecond: number('throttle-bytes-per-second'),
    expireLogsNums: number('expire-logs-nums'),
    expireLogsDays: number('expire-logs-days'),
    slaveReadOnly: onOff(values['slave-read-only']),
    masterauthSet: isSet(values.masterauth),
    masterauthMatchesMaster: matches(values.masterauth, passwords.master),
    requirepassSet: isSet(values.requirepass),
    instanceMode: values['instance-mode'] || null,
    maxRsyncParallelNum: number('max-rsync-parallel-num'),
    maxConnRbufSizeBytes: number('max-conn-rbuf-size'),
    enableBlobFiles: onOff(values['enable-blob-files']),
    slavePriority: number('slave-priority'),
    dbPath: values['db-path'] || null,
    dbSyncPath: values['db-sync-path'] || null,
    dumpPath: values['dump-path'] || null,
    userBlacklist: words(values.userblacklist),
    writeBinlog: onOff(values['write-binlog']),
    requirepassMatchesLogin: values.requirepass ? matches(values.requirepass, passwords.login) : null,
  };
}

function onOff(value: string | null | undefined): boolean | null {
  if (value === 'yes' || value === '1') return true;
  if (value === 'no' || value === '0') return false;
  return null;
}

const words = (value: string | null | undefined): string[] | null =>
  value == null
    ? null
    : value
        .toLowerCase()
        .split(/[,\s]+/)
        .filter((word) => word !== '');

const isSet = (value: string | null | undefined): boolean | null => (value == null ? null : value !== '');

function matches(value: string | null | undefined, password: string | null): boolean | null {
  return value == null || password === null ? null : value === password;
}
