import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Needs a network and an /etc/resolv.conf of its own, which root may make. */
const mayUnshare = spawnSync('unshare', ['--net', '--mount', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

/** A name server that takes questions and never answers. */
const silentNameServer = `
  const socket = require('node:dgram').createSocket('udp4').bind(53, '127.0.0.1');
  socket.on('listening', () => console.log('pid ' + process.pid)).on('message', () => console.log('asked'));
  setTimeout(() => process.exit(), 60000);`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ending-'));
});
afterEach(() => rm(folder, { recursive: true }));

function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (piece: Buffer) => {
      text += piece.toString();
      const found = pattern.exec(text);
      if (found) resolve(found[1] ?? '');
    });
    child.once('exit', () => reject(new Error(`it ended and had said: ${text}`)));
  });
}

test.runIf(mayUnshare)('SIGTERM ends the agent at once while a name is being resolved', async () => {
  await writeFile(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:5 attempts:3\n');
  await writeFile(join(folder, 'pika.conf'), 'port : 9221\n');
  const script =
    'ip link set lo up; mount --bind resolv.conf /etc/resolv.conf; node -e "$1" & cd "$2"; shift 2; exec node --import tsx src/cli/main.ts "$@"';
  const root = join(import.meta.dirname, '../..');
  const args = ['agent', '--service', 'http://no-such-service.example:8080'];
  const files = ['--conf', join(folder, 'pika.conf'), '--state', join(folder, 'agent.json')];
  const child = spawn(
    'unshare',
    ['--net', '--mount', 'sh', '-ec', script, 'sh', silentNameServer, root, ...args, ...files],
    { cwd: folder, env: { ...process.env, PIKA_EXPANDER_TOKEN: 'token-of-the-agent' } },
  );
  const server = Number(await said(child, /pid (\d+)/));
  try {
    await said(child, /asked/);
    const from = performance.now();
    child.kill('SIGTERM');
    await once(child, 'exit');
    // The name server keeps each question for 15 s. It takes about 0.3 s on a machine that does nothing else.
    expect(performance.now() - from).toBeLessThan(8_000);
  } finally {
    child.kill('SIGKILL');
    process.kill(server);
  }
});
