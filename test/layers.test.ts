import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What each room may import, beside itself. A room that is not named here may import anything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  'core/sync': ['model'],
  'core/plan': ['model', 'core/sync'],
  'core/steps': ['model', 'core/sync', 'core/plan'],
  'core/campaign': ['model'],
  'core/audit': ['model', 'core/sync', 'core/plan'],
  'core/guard': ['model', 'core/sync', 'core/audit'],
  'core/hold': ['model', 'core/sync', 'core/plan', 'core/steps'],
  platform: ['model', 'evidence', 'core/plan', 'engines', 'store'],
  evidence: ['model'],
  // What checks evidence shares no code with what decides, nor with what writes it.
  verify: [],
  'core/replacement': ['model', 'core/plan', 'core/audit'],
  'core/notice': ['model', 'core/plan'],
  notices: ['model', 'core/notice', 'core/plan', 'platform', 'net', 'store'],
  resp: [],
  client: ['model'],
  engines: ['model', 'platform', 'resp'],
  compare: ['model', 'engines', 'platform', 'resp'],
  store: ['model', 'platform', 'evidence'],
  backup: ['model', 'platform', 'store'],
  trail: ['model', 'platform', 'evidence', 'net', 'store'],
  queue: ['model', 'core/sync', 'platform'],
  net: ['model', 'platform', 'webhooks'],
  agent: ['model', 'core/sync', 'engines', 'platform', 'net'],
  connectors: ['model', 'platform', 'net'],
  simulator: ['resp'],
};

/** Packages that one room alone may know. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['queue'],
  pg: ['store', 'queue', 'platform'],
  ioredis: ['engines', 'queue', 'connectors', 'demo'],
  fastify: ['api', 'service.ts', 'work'],
  nodemailer: ['net'],
};

const roomOf = (file: string): string => {
  const [first = '', second = ''] = file.split('/');
  return first === 'core' ? `core/${second}` : first;
};

const source = join(root, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.tsx?$/.test(file),
);

const text = (file: string): string => readFileSync(join(source, file), 'utf8');

interface Import {
  readonly file: string;
  readonly to: string;
}

const imports: readonly Import[] = files.flatMap((file) =>
  [...text(file).matchAll(/^(?:import|export)\b[^;']*\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    ([, from, dynamic]) => ({ file, to: (from ?? dynamic)! }),
  ),
);

test('no room imports what lies above it', () => {
  const wrong = imports
    .filter(({ to }) => to.startsWith('.'))
    .map(({ file, to }) => ({
      file,
      target: relative(source, normalize(join(source, dirname(file), to))),
    }))
    .filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return allowed[from] !== undefined && from !== to && !allowed[from].includes(to);
    });
  expect(wrong).toEqual([]);
});

test('each of the great packages is known to few rooms', () => {
  const wrong = imports.filter(({ file, to }) => keepers[to] && !keepers[to].includes(roomOf(file)));
  expect(wrong).toEqual([]);
});

test('nothing but the command line and the demo starts the agent', () => {
  const others = imports.filter(
    ({ file, to }) =>
      to.startsWith('.') &&
      relative(source, normalize(join(source, dirname(file), to))).startsWith('agent/') &&
      !['agent', 'cli', 'demo'].includes(roomOf(file)),
  );
  expect(others).toEqual([]);
});

test('the model knows no package but the one that schemas are written in', () => {
  const packages = imports
    .filter(({ file, to }) => roomOf(file) === 'model' && !to.startsWith('.'))
    .map(({ to }) => to);
  expect([...new Set(packages)]).toEqual(['typebox']);
});

test('what checks evidence knows no package at all, and nothing but the command line knows it', () => {
  const packages = imports.filter(({ file, to }) => roomOf(file) === 'verify' && !/^(?:\.|node:)/.test(to));
  expect(packages).toEqual([]);
  const users = imports.filter(
    ({ file, to }) =>
      to.startsWith('.') &&
      relative(source, normalize(join(source, dirname(file), to))).startsWith('verify/') &&
      !['verify', 'cli'].includes(roomOf(file)),
  );
  expect(users).toEqual([]);
});

test('the dashboard takes only types of schemas: its bundle carries no TypeBox', () => {
  const schemas = files.filter((file) => /^(import|export)(?! type).* from 'typebox'/m.test(text(file)));
  const seen = new Set<string>();
  const atRunTime = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, to] of text(file).matchAll(/^(?:import|export)(?! type\b)[^;]*? from '(\.[^']+)'/gm))
      if (/\.tsx?$/.test(to!)) atRunTime(normalize(join(dirname(file), to!)));
  };
  for (const file of files.filter((name) => roomOf(name) === 'dashboard')) atRunTime(file);
  expect(schemas.length).toBeGreaterThan(10);
  expect(schemas.filter((file) => seen.has(file))).toEqual([]);
});

test('the rules see every room', () => {
  const rooms = new Set(files.map(roomOf));
  for (const room of [...Object.keys(allowed), ...Object.values(keepers).flat()])
    expect([room, rooms.has(room)]).toEqual([room, true]);
});

test('an agent loads no package but the one of the command line: its memory is that of the servers beside it', () => {
  const loaded = new Set(['cli/main.ts']);
  const packages = new Set<string>();
  // What is loaded when it is asked for is loaded by other commands.
  const asked = [
    'cli/context.ts',
    'cli/run.ts',
    'cli/load-entrances.ts',
    'cli/commands/agent.ts',
    'agent/index.ts',
    'agent/lean.ts',
  ];
  for (const file of asked) loaded.add(file);
  for (const file of loaded)
    for (const [, to] of text(file).matchAll(/^(?:import|export) (?!type )[^;']*\bfrom '([^']+)'/gm))
      if (to!.startsWith('.')) loaded.add(relative(source, normalize(join(source, dirname(file), to!))));
      else if (!to!.startsWith('node:')) packages.add(to!);
  expect([...packages]).toEqual(['commander']);
  expect([...loaded].filter((file) => /^(?:api|store|work|queue|dashboard)\//.test(file))).toEqual([]);
});
