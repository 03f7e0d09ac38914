import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let folder: string;
let installed: string;

const tsc = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });

/** The package is packed as it is published, with the client built, and unpacked where npm would install it. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pika-expander-package-'));
  const packed = join(folder, 'packed');
  mkdirSync(packed);
  for (const name of ['package.json', 'README.md', 'LICENSE']) cpSync(join(root, name), join(packed, name));
  writeFileSync(
    join(folder, 'build.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: join(root, 'src'),
        outDir: join(packed, 'dist'),
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [join(root, 'src/client/index.ts')],
    }),
  );
  const built = tsc('-p', 'build.json');
  expect(built.stdout).toBe('');
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: packed,
      encoding: 'utf8',
    }),
  ) as [{ readonly filename: string }];
  installed = join(folder, 'user/node_modules/pika-expander');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  writeFileSync(join(folder, 'user/package.json'), '{"type": "module"}');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
import { ApiError, createClient, type ExpansionView } from 'pika-expander/client';

const client = createClient({ url: 'http://127.0.0.1:1', token: 'secret', timeoutMs: 1000 });

export async function expand(): Promise<ExpansionView> {
  try {
    const { id } = await client.startExpansion({
      body: { master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221'], policy: { onFailure: 'skip' } },
    });
    return await client.untilEnded(id, { orNeedsPerson: true });
  } catch (error) {
    if (error instanceof ApiError) console.error(error.code, error.nextSteps.join(' '));
    throw error;
  }
}
for (const name of ['getExpansion', 'stream'] as const) if (typeof client[name] !== 'function') throw new Error(name);
// @ts-expect-error an expansion has an id
client.getExpansion({});
// @ts-expect-error there is no such policy
client.startExpansion({ body: { master: 'a:1', nodes: [], policy: { onFailure: 'shrug' } } });
console.log('loaded');
process.exit(0);
`;

test('the client loads one package beside itself, and nothing of the service', () => {
  const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
  const loaded = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [
      ...readFileSync(join(installed, 'dist', file), 'utf8').matchAll(
        /^(?:import|export)\b[^'\n]*\bfrom '([^'.][^']*)';/gm,
      ),
    ]);
  expect([...new Set(loaded.map(([, name]) => name))]).toEqual(['eventsource-parser']);
  expect(files.some((file) => /^(?:api|store|cli)\b/.test(file))).toBe(false);
});

test('a program with the packed client is type-checked strictly, and runs', () => {
  const user = join(folder, 'user');
  mkdirSync(join(user, 'node_modules'), { recursive: true });
  symlinkSync(join(root, 'node_modules/eventsource-parser'), join(user, 'node_modules/eventsource-parser'));
  writeFileSync(join(user, 'main.mts'), program);
  const flags =
    '--ignoreConfig --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck false ' +
    '--module nodenext --target es2023 --types node';
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  const checked = tsc(
    ...flags.split(' '),
    ...types,
    '--rootDir',
    user,
    '--outDir',
    user,
    join(user, 'main.mts'),
  );
  expect(checked.stdout).toBe('');
  expect(checked.status).toBe(0);
  expect(execFileSync(process.execPath, [join(user, 'main.mjs')], { encoding: 'utf8' })).toBe('loaded\n');
});
