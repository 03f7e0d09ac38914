import { once } from 'node:events';
import { createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { loadEntrances } from '../../src/cli/load-entrances.ts';
import { simulate } from '../../src/demo/simulate.ts';
import { commandLine } from '../../src/model/command-line/index.ts';
import { Harness, until } from './harness.ts';

const lines = (text: string): readonly string[] => text.split('\n');

/** `simulate` on free ports; a line that is typed is answered on `out`. */
function started(nodes: number) {
  const input = new PassThrough();
  const ending = new AbortController();
  const it = { out: '', type: (line: string) => void input.write(`${line}\n`) };
  const output = { write: (text: string) => (it.out += text) };
  const request = { version: '3.5.4', nodes, port: 0, keys: 2000, writesPerSecond: 50 } as const;
  const words = commandLine.en.simulate;
  const over = simulate(request, { words, input, output, signal: ending.signal });
  return Object.assign(it, { over, end: () => ending.abort(), closeInput: () => input.end() });
}

/** Types a line again and again until an answer is as expected: nodes need their time. */
async function typedUntil(it: ReturnType<typeof started>, line: string, expected: RegExp): Promise<void> {
  let seen = it.out.length;
  it.type(line);
  await until(() => {
    if (expected.test(it.out.slice(seen))) return true;
    if (it.out.length > seen && it.out.endsWith('\n')) {
      seen = it.out.length;
      it.type(line);
    }
    return false;
  }, `${line}: ${expected}`);
}

describe('simulate', () => {
  it('serves the nodes, names the next commands, and ends at Ctrl-C; the end of its input ends nothing', async () => {
    const it = started(2);
    await until(() => it.out.includes('Ctrl-C'), 'it serves');
    const [, master, first, second] = /--master (\S+) (\S+) (\S+)\n/.exec(it.out)!;
    for (const address of [master, first, second]) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(it.out).toContain('pika-expander serve');
    it.closeInput();
    it.end();
    await it.over;
  });

  it('gives faults: a burst loses keys, which nobody but the simulation knows of', async () => {
    const it = started(3);
    await until(() => it.out.includes('Ctrl-C'), 'it serves');
    it.type('burst');
    await until(() => it.out.includes('n3: SLAVEOF, answer OK'), 'the burst');
    await typedUntil(it, 'nodes', /n1 .*slave, link up, \d+ keys?, \d+ keys? lost/);
    it.type('kill n2');
    await until(() => it.out.includes('n2: the process has ended.'), 'the process ends');
    it.type('kill n2');
    await until(() => it.out.includes('n2 has ended already: start n2'), 'it says so');
    it.type('start n2');
    await until(() => it.out.includes('n2: the process runs.'), 'the process runs');
    it.type('kil n2');
    await until(() => it.out.includes('Did you mean kill?'), 'the nearest command');
    it.type('stall n9');
    await until(() => it.out.includes('There is no node "n9". The nodes are m, n1, n2, n3.'), 'no such node');
    it.type('quit');
    await it.over;
  });

  it('lists each of its commands in both languages', () => {
    const named = (language: 'en' | 'zh') =>
      commandLine[language].simulate.help.map((line) => line.slice(0, 17).trim());
    expect(named('zh')).toEqual(named('en'));
  });

  it.each([
    [['--version', '2.0'], '--version is "2.0"; the simulated versions are 3.3.6, '],
    [['--nodes', '0'], '--nodes is "0"; give a whole number from 1 to 200.'],
    [['--port', '60000'], '--port is "60000"; give a whole number from 0 to'],
    [['--keys', 'many'], '--keys is "many"'],
  ])('refuses %j', async (flags, text) => {
    const ran = await new Harness().run('simulate', ...flags);
    expect(ran.exitCode).toBe(2);
    expect(ran.err).toContain(text);
  });

  it('says which port is in use, and the flag for another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const entrances = { simulate: loadEntrances.simulate };
    const ran = await new Harness({ entrances }).run('simulate', '--port', String(port), '--keys', '100');
    other.close();
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toContain(`port ${port} is in use`);
    expect(ran.err).toContain('--port N');
  });

  it('takes --version for itself alone', async () => {
    const ran = await new Harness().run('--version');
    expect(lines(ran.out)[0]).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await new Harness().run('list', '--version')).exitCode).toBe(2);
  });
});
