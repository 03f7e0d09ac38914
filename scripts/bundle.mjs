// A program in few files: Node takes longer to find and link 1,200 modules than to run them.
// node scripts/bundle.mjs folder entry...: puts the entries, what they import and the dependencies of many files into few files in the
// folder. Entries that lie in it are replaced (`npm run build`), others are put beside each other as .mjs.
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

/** They load hundreds of files at each start. Other dependencies stay where they are. */
const ofManyFiles = [
  'typebox',
  'bullmq',
  'cron-parser',
  'luxon',
  'msgpackr',
  'node-abort-controller',
  'semver',
  'tslib',
  'ioredis',
  '@ioredis/commands',
  'cluster-key-slot',
  'denque',
  'redis-errors',
  'standard-as-callback',
  'debug',
  'ms',
];

const [folder, ...entries] = process.argv.slice(2).map((path) => resolve(path));
const isInFolder = (path) => path.startsWith(join(folder, '/'));
const replaces = entries.every(isInFolder);
const extension = replaces ? 'js' : 'mjs';

const nameOf = (entry) => {
  const path = replaces ? relative(folder, entry) : basename(entry);
  return path.slice(0, -extname(path).length);
};

/** A module finds the files beside it from where it was. In the folder, which may move, all files that are written lie one folder deep. */
const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return null;
    if (replaces && !isInFolder(id)) return null;
    const place = replaces
      ? `new URL('${relative(join(folder, 'chunks'), id)}', import.meta.url).href`
      : JSON.stringify(pathToFileURL(id).href);
    return code.replaceAll('import.meta.url', place);
  },
};

await build({
  root: replaces ? dirname(folder) : process.cwd(),
  configFile: false,
  logLevel: 'warn',
  plugins: [keepPlaces],
  ssr: { noExternal: ofManyFiles },
  build: {
    ssr: true,
    outDir: folder,
    emptyOutDir: false,
    ...(replaces ? { license: { fileName: 'licenses-of-bundled.md' } } : {}),
    target: 'node20',
    rolldownOptions: {
      input: Object.fromEntries(entries.map((entry) => [nameOf(entry), entry])),
      output: { entryFileNames: `[name].${extension}`, chunkFileNames: `chunks/[name]-[hash].${extension}` },
    },
  },
});
