import { type ChildProcess, fork } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { compiled } from '../support/compiled.ts';
import type { DefectName } from './defects.ts';
import type { SeedResult } from './simulate.ts';

export interface SeedOrder {
  readonly seed: number;
  readonly defect?: DefectName | undefined;
}

export type SeedReport = Omit<SeedResult, 'timeline'> & {
  /** Only of a seed that broke a promise. */
  readonly timeline: string | null;
};

export interface ManySeeds {
  readonly from: number;
  readonly count: number;
  /** How many processes share the work. */
  readonly processes: number;
  readonly defect?: DefectName | undefined;
  /** True = no further seeds are begun. */
  readonly enough?: (reports: readonly SeedReport[]) => boolean;
  readonly onReport?: (report: SeedReport) => void;
}

/** Seeds in this process, from compiled code: under vitest each call into another module costs more. */
export async function compiledSimulation(): Promise<typeof import('./simulate.ts')> {
  return import(pathToFileURL(await compiled('simulation/simulate.ts')).href);
}

/** Runs consecutive seeds on several processes and resolves with their reports in order of the seeds. */
export async function simulateMany(order: ManySeeds): Promise<readonly SeedReport[]> {
  const entry = await compiled('simulation/seed-worker.ts');
  const reports: SeedReport[] = [];
  const end = order.from + order.count;
  let next = order.from;

  const drive = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(entry, [], { execArgv: [] });
      const step = (): void => {
        if (next >= end || order.enough?.(reports)) {
          child.disconnect();
          return;
        }
        const seed: SeedOrder = { seed: next, defect: order.defect };
        next += 1;
        child.send(seed);
      };
      child.on('message', (report: SeedReport) => {
        reports.push(report);
        order.onReport?.(report);
        step();
      });
      child.on('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`a process that ran seeds ended with ${code}; see its output above`));
      });
      step();
    });

  await Promise.all(Array.from({ length: order.processes }, drive));
  return reports.sort((a, b) => a.seed - b.seed);
}

/** The figures of a run, for people. */
export function summary(reports: readonly SeedReport[], seconds: number): string {
  const total = (of: (report: SeedReport) => number): number =>
    reports.reduce((sum, report) => sum + of(report), 0);
  const ends = new Map<string, number>();
  for (const end of reports.flatMap((report) => report.ends)) ends.set(end, (ends.get(end) ?? 0) + 1);
  const faults = new Map<string, number>();
  for (const [kind, count] of reports.flatMap((report) => Object.entries(report.faults)))
    faults.set(kind, (faults.get(kind) ?? 0) + count);
  const broken = reports.filter(({ violations }) => violations.length > 0);
  return [
    `${reports.length} seeds in ${seconds.toFixed(0)} s: ${(total(({ virtualMs }) => virtualMs) / 3_600_000).toFixed(1)} hours of virtual time, ${[...faults.values()].reduce((sum, count) => sum + count, 0)} faults`,
    `expansions: ${[...ends].map(([state, count]) => `${count} ${state}`).join(', ')}`,
    `nodes: ${total(({ nodesVerified }) => nodesVerified)} verified, ${total(({ nodesNotVerified }) => nodesNotVerified)} not; ${total(({ attempts }) => attempts)} attempts, ${total(({ damagedCopies }) => damagedCopies)} copies that came out damaged, ${total(({ supersededCopies }) => supersededCopies)} of a dump that was replaced; ${total(({ safeHolds }) => safeHolds)} holds became safe; ${total(({ fleet }) => fleet.detached)} slaves were taken out, ${total(({ fleet }) => fleet.judged)} judged by audits`,
    `faults: ${[...faults]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
    broken.length === 0
      ? 'every promise was kept'
      : `PROMISES BROKEN by ${broken.length} seeds: ${broken
          .slice(0, 20)
          .map(({ seed }) => seed)
          .join(', ')}`,
  ].join('\n');
}
