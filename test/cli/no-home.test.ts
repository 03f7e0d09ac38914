import { expect, test, vi } from 'vitest';
import { processContext } from '../../src/cli/context.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  // What Node throws for a user of whom the system knows nothing, where HOME is not set.
  homedir() {
    throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)');
  },
}));

test('the command line works for a user without a home', () => {
  expect(processContext().homeDirectory).toBe('/');
});
