import { createHash } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Value from 'typebox/value';
import { Agent, type AgentParts, type AgentRequest } from '../../src/agent/agent.ts';
import { postJson } from '../../src/agent/post.ts';
import { type AgentOrders, AgentReport } from '../../src/model/views/agent.ts';

export const logFile = 'pika.vm.root.log.INFO.20261128-040014.12733';

/** A host with folders of servers, a /proc of its own, and a service that takes reports. */
export class Host {
  readonly reports: AgentReport[] = [];
  readonly said: string[] = [];
  /** Milliseconds of the agent's clock at each request. */
  readonly askedAt: number[] = [];
  readonly sizes: number[] = [];
  orders: AgentOrders = { nextReportInMs: 1000, servers: [] };
  /** Answers in place of 200. */
  status = 200;
  clock = Date.now();
  #folder = '';
  #server: Server | null = null;
  #port = 0;
  #posting = 0;

  static async start(): Promise<Host> {
    const host = new Host();
    host.#folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-')));
    await mkdir(host.path('proc'));
    const server = createServer(async (request, response) => {
      host.askedAt.push(host.clock);
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces);
      host.sizes.push(body.length);
      response.statusCode = request.headers.authorization === 'Bearer token-of-agent' ? host.status : 401;
      if (response.statusCode === 200)
        host.reports.push(Value.Decode(AgentReport, JSON.parse(body.toString())));
      response.end(
        JSON.stringify(
          response.statusCode === 200 ? host.orders : { error: { code: 'x', message: 'not now' } },
        ),
      );
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    host.#server = server;
    host.#port = (server.address() as AddressInfo).port;
    return host;
  }

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  async stop(): Promise<void> {
    await new Promise((closed) => this.#server?.close(closed));
    await rm(this.#folder, { recursive: true });
  }

  /** Makes the pika.conf and the folders of a server. */
  async server(name: string, port: number, more = ''): Promise<string> {
    for (const folder of ['db', 'dump', 'dbsync', 'log'])
      await mkdir(this.path(name, folder), { recursive: true });
    await writeFile(this.path(name, 'pika.conf'), `port : ${port}\nrequirepass : hunter22\n${more}`);
    return this.path(name, 'pika.conf');
  }

  async write(path: string, text: string | Buffer): Promise<void> {
    await mkdir(join(this.path(path), '..'), { recursive: true });
    await writeFile(this.path(path), text);
  }

  /** A file that nobody has written to for a while. */
  async writeOld(path: string, text: string | Buffer): Promise<void> {
    await this.write(path, text);
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await utimes(this.path(path), aMinuteAgo, aMinuteAgo);
  }

  async runs(pid: number, name: string): Promise<void> {
    const folder = this.path('proc', String(pid));
    await mkdir(join(folder, 'ns'), { recursive: true });
    await writeFile(join(folder, 'cmdline'), 'pika\0-c\0pika.conf\0');
    await writeFile(join(folder, 'status'), `NSpid:\t${pid}\n`);
    await writeFile(join(folder, 'environ'), 'TZ=UTC0\0');
    await symlink(this.path(name), join(folder, 'cwd'));
  }

  async ends(pid: number): Promise<void> {
    await rm(this.path('proc', String(pid)), { recursive: true });
  }

  /** Runs an agent until `done`; its time passes at once. */
  async run(
    done: () => boolean | Promise<boolean>,
    request: Partial<AgentRequest> = {},
    parts: Partial<AgentParts> = {},
  ): Promise<void> {
    const ending = new AbortController();
    const agent = new Agent(this.request({ ...request, signal: ending.signal }), {
      ...this.parts((): void => {}),
      ...parts,
    });
    const running = agent.run();
    try {
      for (let turn = 0; !(await done()); turn++) {
        if (turn > 20_000) throw new Error(`it never came; said: ${this.said.join(' ')}`);
        await new Promise((next) => setTimeout(next, 1));
      }
    } finally {
      ending.abort();
      await running;
    }
  }

  request(request: Partial<AgentRequest> = {}): AgentRequest {
    return {
      service: `http://127.0.0.1:${this.#port}`,
      token: 'token-of-agent',
      confs: [],
      knownAs: [],
      stateFile: null,
      version: '1.2.3',
      signal: new AbortController().signal,
      say: (line) => this.said.push(line),
      ...request,
    };
  }

  parts(onSleep: (ms: number) => void): Partial<AgentParts> {
    return {
      now: () => this.clock,
      random: () => 1,
      proc: this.path('proc'),
      post: async (...request) => {
        this.#posting++;
        try {
          return await postJson(...request);
        } finally {
          this.#posting--;
        }
      },
      sleep: async (ms) => {
        onSleep(ms);
        // The answer to a report takes as long as the machine is busy: that is no time of the agent.
        if (this.#posting === 0) this.clock += ms;
        await new Promise((next) => setImmediate(next));
      },
    };
  }

  /** Names, sizes and times of all that lies in a folder. */
  async picture(name: string): Promise<string> {
    const names = await readdir(this.path(name), { recursive: true });
    const lines = await Promise.all(
      names.toSorted().map(async (each) => {
        const { size, mtimeMs, ctimeMs, mode } = await stat(this.path(name, each));
        return `${each} ${size} ${mtimeMs} ${ctimeMs} ${mode}`;
      }),
    );
    return lines.join('\n');
  }
}

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
export const fixture = (name: string): Promise<Buffer> =>
  readFile(join(import.meta.dirname, 'manifests', name));
