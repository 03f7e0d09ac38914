import { createHash } from 'node:crypto';
import { canonicalJson } from '../evidence/canonical.ts';
import type { SigningKey } from '../evidence/signing-key.ts';
import type { NewTrailEntry, TrailEntry } from '../model/views/trail.ts';
import type { Config } from '../platform/config.ts';
import { bySelf } from './writer.ts';

/** A setting of a process, under its name, as it counts for what the process does. */
function settingsOf(config: Config): ReadonlyMap<string, unknown> {
  const { tokens, credentials, connectors, signingKey, secrets: _, crashAt: __, ...others } = config;
  return new Map<string, unknown>([
    ...Object.entries(others),
    ...tokens.map((token) => [`tokens.${token.name}`, token] as const),
    ...['default', ...credentials.names.filter((name) => name !== 'default')].map(
      (name) => [`credentials.${name}`, credentials.get(name === 'default' ? null : name)] as const,
    ),
    ...connectors.map((connector) => [`connectors.${connector.name}`, connector] as const),
    ['signingKey', signingKey?.keyId ?? null] as const,
  ]);
}

/**
 * The start of a process: a digest of each setting, and the names of those that are others than at its last start. Digests are
 * made with the key of the service, so that nobody can try passwords on them.
 */
export function startEntry(
  config: Config,
  key: Pick<SigningKey, 'sign'>,
  started: {
    readonly at: number;
    readonly host: string;
    readonly version: string;
    readonly last: TrailEntry | null;
  },
): NewTrailEntry {
  const digests = Object.fromEntries(
    [...settingsOf(config)].map(([name, value]) => [name, digestOf(name, value, key)]),
  );
  const was = (started.last?.after as { readonly settings?: Record<string, string> } | null)?.settings;
  const changed =
    was === undefined
      ? null
      : [...new Set([...Object.keys(was), ...Object.keys(digests)])]
          .filter((name) => was[name] !== digests[name])
          .sort();
  const { version, host } = started;
  return {
    ...bySelf,
    at: started.at,
    act: startAct,
    object: startObject(config, host),
    asked: { version, role: config.role, changed },
    before: null,
    after: { settings: digests },
    times: 1,
  };
}

export const startAct = 'start';

/** Processes of one role on one host have one configuration. */
export const startObject = ({ role }: Pick<Config, 'role'>, host: string): string => `${role}@${host}`;

function digestOf(name: string, value: unknown, key: Pick<SigningKey, 'sign'>): string {
  const signed = key.sign(`pika-expander setting ${canonicalJson([name, value ?? null])}`);
  return createHash('sha256').update(signed).digest('hex').slice(0, 16);
}
