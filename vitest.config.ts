import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { ProgressReporter } from './test/progress-reporter.ts';
import { testsByProject } from './test/projects.ts';

const projects = [...testsByProject(import.meta.dirname)].map(
  ([name, files]): TestProjectInlineConfiguration => ({
    extends: true,
    test: {
      name,
      include: [...files],
      isolate: name !== 'unit',
      globalSetup: name === 'browser' ? ['test/dashboard/build.ts'] : [],
    },
  }),
);

export default defineConfig({
  test: {
    // Ends what hangs; a busy machine needs many times what a quiet one does.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
    pool: 'forks',
    // Many tests wait for servers: a worker more than there are cores keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    reporters: [new ProgressReporter()],
    projects,
  },
});
