/** The servers that a request names. */
export type { JoinTarget, NodeTarget } from './views/targets.ts';

/** What the names of a credential's variables begin with: `PIKA`, or `PIKA_CREDENTIAL_<NAME>`; null = the default one. */
export const credentialVariables = (name: string | null): string =>
  name === null || name === 'default'
    ? 'PIKA'
    : `PIKA_CREDENTIAL_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
