import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** The demo as its users start it, in a process of its own. */
function runDemo(): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn('node', ['scripts/demo.mjs'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('npm run demo', () => {
  it('shows keys lost by a naive loop, expands to six verified nodes with every key, and exits 0', async () => {
    const { code, output } = await runDemo();
    expect(output).toMatch(/nodes say "up, lag 0" and have lost keys/);
    // How many files a dump has depends on what was written before it.
    const spoilt = /(\d+) of (\d+) +incomplete\n +snapshot_superseded/.exec(output);
    expect(spoilt, 'the log of the node with an agent').not.toBeNull();
    expect(Number(spoilt![1])).toBeLessThan(Number(spoilt![2]));
    // On a busy machine the node can be verified before its agent has told of the last file.
    expect(output, 'what its agent saw').toMatch(
      /db0: (?:complete, (\d+) of \1|running, \d+ of \d+) files came/,
    );
    expect(output).toContain('6 of 6 nodes verified');
    expect(output.match(/all keys there/g)).toHaveLength(6);
    expect(output, 'names no address where nothing listens any more').not.toMatch(/dashboard +http/);
    expect(output).toContain('npm run demo -- --keep');
    expect(code).toBe(0);
  }, 600_000);
});
