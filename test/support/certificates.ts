import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority of a test's own, in a folder that `remove` takes away. */
export interface TestAuthority {
  readonly folder: string;
  /** Its own certificate. */
  readonly caFile: string;
  /** Makes a certificate for 127.0.0.1 and localhost, with its key; `days` from now it ends. */
  issue(name: string, days?: number): { readonly certFile: string; readonly keyFile: string };
  remove(): void;
}

/** Needs the program openssl. */
export function createAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'pika-expander-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-subj',
    '/CN=test authority',
  );
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  return {
    folder,
    caFile: join(folder, 'ca.pem'),
    issue(name, days = 30) {
      const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
      openssl('req', ...key, '-keyout', keyFile, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', certFile, '-days', String(days));
      return { certFile, keyFile };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
