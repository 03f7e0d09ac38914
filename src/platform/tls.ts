import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:tls';
import type { Logger } from 'pino';
import { isOpenToOthers } from './secret-file.ts';

/** Where the certificate of the API and its key are, both in PEM. */
export interface TlsFiles {
  /** With the certificates between it and the root, if there are any. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly validUntil: number;
}

/** Says what is wrong with certificate or key, and what to do. */
export class TlsError extends Error {
  readonly code = 'bad_certificate';
}

/** The least of what clients may speak. */
export const oldestTls = 'TLSv1.2';

/** Reads certificate and key. Throws TlsError where they cannot be used together. */
export function readTls({ certFile, keyFile }: TlsFiles): TlsPair {
  const cert = read('certificate', certFile);
  const key = read('key', keyFile);
  if (isOpenToOthers(keyFile))
    throw new TlsError(`the key ${keyFile} can be read or changed by every user of this machine: chmod 600`);
  const certificate = parsed('certificate', certFile, () => new X509Certificate(cert));
  const privateKey = parsed('key', keyFile, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new TlsError(`the key ${keyFile} is not that of the certificate ${certFile}`);
  return { cert, key, validUntil: Date.parse(certificate.validTo) };
}

function read(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TlsError(`the ${what} ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parsed<T>(what: string, path: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new TlsError(`${path} holds no ${what} in PEM that can be used without a passphrase`);
  }
}

const lookEveryMs = 10_000;
const dayMs = 86_400_000;
/** A certificate that ends earlier is warned of once a day. */
const warnBeforeMs = 14 * dayMs;

/**
 * Gives a listening server each new pair that is put in the place of its files, within ten seconds; open connections go on.
 * A pair that cannot be used changes nothing, and is told of once.
 */
export function keepTls(
  server: Pick<Server, 'setSecureContext'>,
  files: TlsFiles,
  first: TlsPair,
  {
    log,
    now,
    everyMs = lookEveryMs,
  }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly now: () => number; readonly everyMs?: number },
): { close(): void } {
  let current = first;
  let told: string | null = null;
  let warnedAt = Number.NEGATIVE_INFINITY;

  function look(): void {
    try {
      const found = readTls(files);
      told = null;
      if (found.cert !== current.cert || found.key !== current.key) {
        server.setSecureContext({ cert: found.cert, key: found.key, minVersion: oldestTls });
        current = found;
        const until = new Date(found.validUntil).toISOString();
        log.info({ certFile: files.certFile, until }, 'a new certificate is in use');
      }
    } catch (error) {
      const { message } = error as Error;
      if (message !== told)
        log.warn({ certFile: files.certFile }, `the certificate before stays in use: ${message}`);
      told = message;
    }
    warnOfEnd();
  }

  function warnOfEnd(): void {
    const { validUntil } = current;
    if (validUntil - now() > warnBeforeMs || now() - warnedAt < dayMs) return;
    warnedAt = now();
    const until = new Date(validUntil).toISOString();
    const text = validUntil <= now() ? 'has ended' : 'ends soon';
    log.warn(
      { certFile: files.certFile, until },
      `the certificate of the API ${text}: put a new one into its place`,
    );
  }

  warnOfEnd();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
