import { relative } from 'node:path';
import { DefaultReporter, type TestModule, type TestRunEndReason, type TestSpecification } from 'vitest/node';

const everyMs = 15_000;
/** Seconds. */
const longFrom = 20;
const mostLong = 40;

/**
 * For a run that nobody steers: says every 15 s which files are at work and how many are left, and each failed test as
 * soon as its file has ended. Errors, and what failed tests wrote, come in full at the end.
 */
export class ProgressReporter extends DefaultReporter {
  readonly #projects = new Map<string, { files: number; ended: number }>();
  readonly #atWork = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;

  constructor() {
    super({ summary: false, silent: 'passed-only' });
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.#projects.clear();
    for (const { project } of specifications) this.#tally(project.name).files += 1;
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#sayProgress(), everyMs);
  }

  override onTestModuleQueued(module: TestModule): void {
    this.#atWork.add(this.#path(module));
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    this.#atWork.delete(this.#path(module));
    this.#tally(module.project.name).ended += 1;
  }

  /** In place of a line for each file and each slow test. */
  protected override printTestModule(module: TestModule): void {
    if (module.ok()) return;
    this.log(`FAILED ${this.#path(module)}`);
    for (const { fullName } of module.children.allTests('failed')) this.log(`       ${fullName}`);
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: Parameters<DefaultReporter['onTestRunEnd']>[1],
    reason: TestRunEndReason,
  ): void {
    clearInterval(this.#timer);
    for (const module of modules) {
      const skipped = [...module.children.allTests('skipped')].length;
      if (skipped > 0) this.log(`skipped: ${skipped} in ${this.#path(module)}`);
    }
    super.onTestRunEnd(modules, errors, reason);
    this.#sayLongest(modules);
  }

  /** What a quicker run would have to begin with. */
  #sayLongest(modules: readonly TestModule[]): void {
    const longest = modules
      .map((module) => ({ path: this.#path(module), seconds: module.diagnostic().duration / 1000 }))
      .filter(({ seconds }) => seconds > longFrom)
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, mostLong)
      .map(({ path, seconds }) => `${path.replace(/^test\/|\.test\.ts$/g, '')} ${seconds.toFixed(0)} s`);
    if (longest.length > 0) this.log(`longest: ${longest.join(', ')}`);
  }

  #sayProgress(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    const left = [...this.#projects]
      .filter(([, { files, ended }]) => ended < files)
      .map(([name, { files, ended }]) => `${name} ${ended}/${files}`);
    const names = [...this.#atWork].map((path) => path.replace(/^test\/|\.test\.ts$/g, ''));
    this.log(`${seconds} s: files ${left.join(', ')}; at work: ${names.join(', ')}`);
  }

  #tally(project: string) {
    const tally = this.#projects.get(project) ?? { files: 0, ended: 0 };
    this.#projects.set(project, tally);
    return tally;
  }

  #path({ moduleId }: TestModule): string {
    return relative(this.ctx.config.root, moduleId);
  }
}
