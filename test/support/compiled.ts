import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { kept, textsOf } from './kept.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A script of test/ and all that it imports as one JavaScript file, for processes that tests start: compiled once, where `tsx`
 * would compile for each start. `name`: its path below test/.
 */
export async function compiled(name: string): Promise<string> {
  const script = basename(name, '.ts');
  const folder = await kept(script, await textsOf(['src', 'test'], ['package-lock.json']), async (out) => {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      plugins: [keepPlaces],
      ssr: { noExternal: ['typebox'] },
      build: {
        ssr: true,
        outDir: out,
        emptyOutDir: false,
        target: 'node20',
        rolldownOptions: {
          input: { [script]: join(root, 'test', name) },
          output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
        },
      },
    });
  });
  return join(folder, `${script}.mjs`);
}

/** A module finds the files beside it from where its source is. */
const keepPlaces = {
  name: 'keep-places',
  transform(code: string, id: string) {
    if (!id.endsWith('.ts') || !code.includes('import.meta.url')) return null;
    return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
  },
};
