import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The projects of the tests, and the files that put a test there: the test itself, or what it imports, also through other
 * files of test/. The first that fits counts.
 */
const projects = {
  /** Needs a real Pika, which PIKA_BIN names. */
  pika: ['test/support/pika.ts', 'test/compare/pika.test.ts'],
  /** Faults and crashes by the hundred, and hours of plays in virtual time: needs patience. */
  chaos: [
    'test/chaos/run.ts',
    'test/support/replicated-postgres.ts',
    'test/crash/crash-points.test.ts',
    'test/simulation/simulate.ts',
    'test/scheduling/scheduling.test.ts',
    'test/scheduling/retention.test.ts',
    'test/core/steps/situations.test.ts',
    'src/rehearsal/rehearse.ts',
  ],
  /** Needs Chromium. */
  browser: ['test/dashboard/browser.ts'],
  /** Needs redis-server. */
  redis: ['test/support/redis.ts', 'test/queue/redis-server.ts', 'test/compare/servers.ts'],
  /** Needs the PostgreSQL that comes with the dependencies. */
  database: [
    'test/support/postgres.ts',
    'src/store/embedded.ts',
    'src/service.ts',
    'src/main.ts',
    'test/demo/demo.test.ts',
  ],
} as const;

/** What is left needs Node alone. A worker runs many tests of these projects in one process, but not those that change or measure it. */
export const shareProcesses: readonly string[] = ['unit', 'database', 'redis', 'browser', 'shared'];
const needsOwnProcess = /\bvi\.mock\(|--expose-gc|\bprocess\.on\('worker'/;

export type Project = keyof typeof projects | 'unit' | 'alone' | 'shared';

/**
 * `isWhole`: all are to run. Then those that share processes are one project, because a worker ends where the next test is of another
 * one, and each worker loads all sources anew.
 */
export function testsByProject(root: string, isWhole = false): ReadonlyMap<Project, readonly string[]> {
  const tests = new Map<Project, string[]>();
  for (const path of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!path.endsWith('.test.ts')) continue;
    const needed = projectOf(root, `test/${path}`);
    const project = isWhole && isShared(needed) ? 'shared' : needed;
    tests.set(project, [...(tests.get(project) ?? []), `test/${path}`]);
  }
  return tests;
}

/** Without a Pika its tests are only counted. */
const isShared = (project: Project) =>
  shareProcesses.includes(project) || (project === 'pika' && !process.env.PIKA_BIN);

function projectOf(root: string, test: string): Project {
  const needed = filesOf(root, test);
  const isNeeded = ([, files]: readonly [string, readonly string[]]) =>
    files.some((file) => needed.has(file));
  const name = (Object.entries(projects).find(isNeeded)?.[0] ?? 'unit') as Project;
  const isAlone = needsOwnProcess.test(readFileSync(join(root, test), 'utf8'));
  return isAlone && shareProcesses.includes(name) ? 'alone' : name;
}

/** A file of test/ and what it imports: what lies outside of test/ is not followed further. */
function filesOf(root: string, file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file) || !existsSync(join(root, file))) return found;
  found.add(file);
  if (!file.startsWith('test/')) return found;
  for (const [, to] of readFileSync(join(root, file), 'utf8').matchAll(/\bfrom '(\.[^']+)'/g))
    filesOf(root, normalize(join(dirname(file), to!)), found);
  return found;
}
