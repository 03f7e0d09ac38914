import { spawnSync } from 'node:child_process';
import { chmod, chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How to start a program of PostgreSQL, which refuses to run as root. */
export interface RunAs {
  /** Put before the program and its arguments. */
  readonly prefix: readonly string[];
  /** Set on the child process. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
}

const asOurselves: RunAs = { prefix: [], ids: null };
const nobody = 65534;
const inUserNamespace: readonly string[] = [
  'unshare',
  '-U',
  `--map-user=${nobody}`,
  `--map-group=${nobody}`,
  '--',
];

/**
 * An ordinary user runs it as itself. Root runs it in a user namespace where root looks like nobody, so that the
 * folder stays root's own; where namespaces are not permitted (most containers), as the user nobody. A folder that
 * is there already keeps its owner.
 */
export async function chooseRunAs(folder: string, dataFolder: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return asOurselves;
  const owner = await stat(dataFolder).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => null,
  );
  if (owner && owner.uid !== 0) return giveTo(folder, owner);
  if (namespacesPermitted()) return { prefix: inUserNamespace, ids: null };
  return giveTo(folder, { uid: nobody, gid: nobody });
}

async function giveTo(folder: string, ids: { readonly uid: number; readonly gid: number }): Promise<RunAs> {
  await chown(folder, ids.uid, ids.gid);
  // The way into it, without a look at what else is there.
  const parent = dirname(folder);
  const { mode } = await stat(parent);
  await chmod(parent, (mode & 0o7777) | 0o011);
  return { prefix: [], ids };
}

function namespacesPermitted(): boolean {
  const [command, ...args] = [...inUserNamespace, 'true'];
  return spawnSync(command!, args, { stdio: 'ignore' }).status === 0;
}
