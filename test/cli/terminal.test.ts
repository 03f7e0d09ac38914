import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completionScript, shells } from '../../src/cli/completion.ts';
import { builtProgram } from '../support/program.ts';
import { FakeApi } from './fake-api.ts';
import { Harness, until } from './harness.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
let program: string;
beforeAll(async () => {
  program = await builtProgram();
});

/** The real program on a pseudo-terminal. */
class Terminal {
  shown = '';
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcessWithoutNullStreams;

  constructor(url: string, ...args: string[]) {
    const command = ['120', '30', process.execPath, program, '--url', url, ...args];
    this.#process = spawn('python3', [path('./pseudo_terminal.py'), ...command], {
      env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
    });
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString();
    });
    this.ended = new Promise((resolve) => this.#process.on('exit', resolve));
  }

  type(text: string): void {
    this.#process.stdin.write(text);
  }

  shows(text: string): Promise<void> {
    return until(() => stripVTControlCharacters(this.shown).includes(text), `"${text}" on the terminal`);
  }

  kill(): void {
    this.#process.stdin.end();
    this.#process.kill('SIGKILL');
  }
}

describe.skipIf(!hasPython)('on a terminal (needs python3 for the pseudo-terminal)', () => {
  let api: FakeApi;
  let terminal: Terminal | null = null;
  beforeEach(async () => {
    api = await new FakeApi().start();
  });
  afterEach(async () => {
    terminal?.kill();
    await api.close();
  });

  const line = ['expand', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '10.0.0.3:9221'];

  it('shows the plan, asks, then a live bar per node, and ends by the result', async () => {
    terminal = new Terminal(api.url, ...line);
    await terminal.shows('Make 2 nodes slaves of 10.0.0.1:9221? [y/N]');
    expect(api.requests.map((request) => request.path)).toEqual(['/v1/plans']);
    const opened = api.nextStream();
    terminal.type('y\r');
    await opened;
    const progress = {
      snapshotBytes: 1000,
      receivedBytes: 250,
      bytesPerSecond: 50,
      remainingSeconds: 15,
      lagBytes: null,
    };
    api.setJoin(0, { phase: 'transferring', progress });
    api.sendProgress();
    await terminal.shows('25 %');
    await terminal.shows('15 s left');
    api.setJoin(0, { phase: 'verified' });
    api.setJoin(1, { phase: 'verified' });
    api.set({ state: 'succeeded', endedAt: 1_700_000_060_000 });
    api.emit('expansion_succeeded', 'All nodes are verified.');
    expect(await terminal.ended).toBe(0);
    await terminal.shows('2 of 2 nodes verified');
  });

  it('starts nothing when the answer is no', async () => {
    terminal = new Terminal(api.url, ...line);
    await terminal.shows('[y/N]');
    terminal.type('\r');
    expect(await terminal.ended).toBe(1);
    expect(api.requests).toHaveLength(1);
  });

  it('Ctrl-C at the question starts nothing; while watching it detaches', async () => {
    terminal = new Terminal(api.url, ...line);
    await terminal.shows('[y/N]');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(api.requests).toHaveLength(1);

    terminal = new Terminal(api.url, 'watch', 'exp_1');
    await terminal.shows('Ctrl-C stops watching; the expansion goes on.');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    await terminal.shows('Expansion exp_1 goes on in the service.');
    await terminal.shows('pika-expander watch exp_1');
  });
});

describe('shell completion', () => {
  it.each(shells)('the script for %s names every command', async (shell) => {
    const { out } = await new Harness().run('completion', shell);
    for (const command of ['expand', 'watch', 'evidence', 'unfreeze']) expect(out).toContain(command);
    expect(out).not.toContain('complete-ids hidden');
    if (spawnSync(shell, ['--version']).status === 0) execFileSync(shell, ['-n'], { input: out });
  });

  it('refuses a shell that it does not know', async () => {
    expect((await new Harness().run('completion', 'csh')).exitCode).toBe(2);
  });

  it.skipIf(spawnSync('bash', ['--version']).status !== 0)(
    'completes commands and options in bash',
    async () => {
      const { out } = await new Harness().run('completion', 'bash');
      const complete = (...words: string[]) =>
        execFileSync('bash', {
          encoding: 'utf8',
          input: `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_pika_expander; echo "\${COMPREPLY[*]}"`,
        }).trim();
      expect(complete('pika-expander', 'wat')).toBe('watch');
      expect(complete('pika-expander', '--url', 'http://x', 'ev')).toBe('evidence');
      expect(complete('pika-expander', 'expand', '--det')).toBe('--detach');
    },
  );

  it('quotes what it prints', () => {
    const model = { commands: [{ name: 'x', description: "it's", options: [], takesId: false, below: [] }] };
    expect(completionScript('fish', model)).toContain("'it'\\''s'");
  });
});
