import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { builtProgram } from '../support/program.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 300_000 });

let postgres: TestPostgres;
let program: string;
beforeAll(async () => {
  [postgres, program] = await Promise.all([startPostgres(), builtProgram()]);
});
afterAll(async () => {
  await postgres?.stop();
});

const limitOpenFiles = (pid: number, most: number | string): unknown =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);

const highestOpenFile = (pid: number): number => Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));

/** Connections that the process holds; those that it cannot take it closes. Resolves when one was closed. */
async function takeWhatIsLeft(url: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  let full = false;
  while (!full) {
    if (sockets.length > 500) throw new Error('it takes connections without end');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      full = true;
    });
    sockets.push(socket);
    await until(() => full || !socket.connecting, { what: 'a connection' });
    await ask(`${url}/healthz`, new Agent()).catch(() => undefined);
  }
  return sockets;
}

/** Status and body over the agent's one connection. */
const ask = (url: string, agent: Agent): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });

const newConnection = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  );

test('a process that may open no more files goes on, and takes connections again once it may', async () => {
  const database = await postgres.createDatabase();
  const served = startServiceProcess({ env: { DATABASE_URL: database.url }, program });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const pid = served.child.pid!;
  const fillers: Socket[] = [];
  try {
    const url = await served.url();
    expect((await ask(`${url}/healthz`, agent)).status).toBe(200);
    limitOpenFiles(pid, highestOpenFile(pid) + 1);
    fillers.push(...(await takeWhatIsLeft(url)));
    // Timers of every part come by meanwhile; a lag of the event loop is sampled once a second.
    let samples = 0;
    await until(
      async () => {
        const { status, body } = await ask(`${url}/metrics`, agent);
        expect(status).toBe(200);
        samples += Number(/nodejs_eventloop_lag_seconds /.test(body));
        return samples >= 30;
      },
      { everyMs: 100, withinMs: 60_000, what: () => `figures; it said ${served.errors()}` },
    );
    limitOpenFiles(pid, 4096);
    for (const socket of fillers) socket.destroy();
    await until(() => newConnection(url), { what: () => `an answer; it said ${served.errors()}` });
    expect(served.child.exitCode ?? served.child.signalCode).toBeNull();
  } finally {
    agent.destroy();
    for (const socket of fillers) socket.destroy();
    await served.kill();
    await database.drop();
  }
});

test('connections beyond what the open files allow are closed, and the others are answered', async () => {
  const database = await postgres.createDatabase();
  const served = startServiceProcess({ env: { DATABASE_URL: database.url }, program, openFiles: 1024 });
  try {
    const url = await served.url();
    const { hostname, port } = new URL(url);
    const sockets = Array.from({ length: 500 }, () => connect(Number(port), hostname));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        closed += 1;
      });
    }
    await until(() => closed >= 150, { what: () => `connections to be closed, not ${closed}` });
    for (const socket of sockets) socket.destroy();
    await until(() => newConnection(url), { what: 'an answer' });
  } finally {
    await served.kill();
    await database.drop();
  }
});
