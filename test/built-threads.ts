import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vitest/config';
import { builtProgram } from './support/program.ts';

/**
 * A comparison begins a thread, which from source loads a compiler and compiles what it needs: a second each. In tests it runs the
 * file that is delivered.
 */
export function builtThreads(): Plugin {
  let program: Promise<string> | null = null;
  const isStarter = (id: string) => id.endsWith('/src/compare/threaded.ts');
  return {
    name: 'built-threads',
    // What it becomes depends on all sources, so no earlier run knows it.
    configureVitest: ({ experimental_defineCacheKeyGenerator: keyed }) =>
      keyed(({ id }) => (isStarter(id) ? false : null)),
    async transform(code, id) {
      if (!isStarter(id)) return null;
      program ??= builtProgram();
      const place = new URL('../compare/threaded.js', pathToFileURL(await program));
      return code.replaceAll('import.meta.url', JSON.stringify(place.href));
    },
  };
}
