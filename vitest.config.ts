import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { builtThreads } from './test/built-threads.ts';
import { keepFilesInMemory } from './test/files-in-memory.ts';
import { ProgressReporter } from './test/progress-reporter.ts';
import { shareProcesses, testsByProject } from './test/projects.ts';
import { LongestFirst } from './test/sequencer.ts';
import { isJustBuilt } from './test/support/program.ts';

keepFilesInMemory();

const projects = [...testsByProject(import.meta.dirname, isJustBuilt)].map(
  ([name, files]): TestProjectInlineConfiguration => ({
    extends: true,
    test: {
      name,
      include: [...files],
      isolate: !shareProcesses.includes(name),
      setupFiles: [
        'test/support/memory-given-back.ts',
        ...(['browser', 'chaos', 'pika'].includes(name) ? [] : ['test/support/leaks.ts']),
      ],
      globalSetup: ['browser', 'shared'].includes(name) ? ['test/dashboard/build.ts'] : [],
    },
  }),
);

export default defineConfig({
  plugins: [builtThreads()],
  test: {
    // Ends what hangs; a busy machine needs many times what a quiet one does.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
    pool: 'forks',
    // Else each project compiles the sources anew.
    experimental: { fsModuleCache: true },
    // Many tests wait for servers: more workers than there are cores keep the cores busy.
    maxWorkers: availableParallelism() + 3,
    sequence: { sequencer: LongestFirst },
    reporters: [new ProgressReporter()],
    projects,
  },
});
