// Delivered as dist/chunks/compiled.js: runs what scripts/bundle.mjs wrote. V8 takes code that was compiled by the build where this Node is
// the same; elsewhere it compiles at each start, as it does for all other modules.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

const loaded = new Map();

/** Compiled code serves one version of Node on one kind of processor. */
const compiledOf = (path) => `${path}.${process.version}-${process.arch}`;

const readIfThere = (path) => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};

/** The text of a file as a function of what a CommonJS module knows, and whether it came compiled. */
export function scriptOf(path) {
  const code = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(path, 'utf8')}\n})`;
  const cachedData = readIfThere(compiledOf(path));
  // Compiled code keeps the name that it had at the build, wherever it lies later.
  const script = new Script(code, { filename: basename(path), cachedData });
  return { script, isCompiled: script.cachedDataRejected === false };
}

/** What a file of the bundle exports. */
export function load(path) {
  const known = loaded.get(path);
  if (known) return known.module.exports;
  const { script } = scriptOf(path);
  const module = { exports: {} };
  loaded.set(path, { script, module });
  const outside = createRequire(path);
  const require = (name) => (name.startsWith('./') ? load(join(dirname(path), name)) : outside(name));
  script.runInThisContext()(module.exports, Object.assign(require, outside), module, path, dirname(path));
  return module.exports;
}

/** Compiles the files of a folder, with all functions that run where they are loaded. Entries are not run: they would do their work. */
export function compile(folder, entries) {
  const others = readdirSync(folder).filter((name) => name.endsWith('.cjs') && !entries.includes(name));
  for (const name of others) load(join(folder, name));
  const scripts = entries.map((name) => [join(folder, name), scriptOf(join(folder, name))]);
  for (const [path, { script }] of [...loaded, ...scripts])
    writeFileSync(compiledOf(path), script.createCachedData());
}
