// Part of `npm run build`: the program in few files. Node takes longer to find and link 1,200 modules than to run them.
// node scripts/bundle.mjs dist: puts the modules that tsc wrote below dist, and those of typebox, into few files, in place of each
// entry and in dist/chunks. Other dependencies stay where they are.
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'vite';

const dist = resolve(process.argv[2]);

/** What Node is started with: the command line, and the thread of a comparison. */
const entries = ['cli/main', 'compare/thread'];

/** A module finds the files beside it from where it was. All files that are written lie one folder below dist. */
const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    if (!id.startsWith(dist) || !code.includes('import.meta.url')) return null;
    const place = relative(join(dist, 'chunks'), id);
    return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
  },
};

await build({
  root: dirname(dist),
  configFile: false,
  logLevel: 'warn',
  plugins: [keepPlaces],
  ssr: { noExternal: ['typebox'] },
  build: {
    ssr: true,
    outDir: dist,
    emptyOutDir: false,
    target: 'node20',
    rolldownOptions: {
      input: Object.fromEntries(entries.map((name) => [name, join(dist, `${name}.js`)])),
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
});
