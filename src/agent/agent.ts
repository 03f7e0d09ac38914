/** The agent: looks at the servers of its host, and tells the service. It connects out, and nothing listens. */
import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, resolve, sep } from 'node:path';
import { isLoopback } from '../model/addresses.ts';
import { sameAddress } from '../model/observation.ts';
import { retryAfterMs } from '../model/retry-after.ts';
import type { AgentOrders, AgentReport, AgentServer, PortTry } from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import { reasonOf } from './confined.ts';
import type { Wanted } from './folders.ts';
import { Hasher } from './hashes.ts';
import { hurry } from './lean.ts';
import { tryPort } from './ports.ts';
import { type Posted, postJson } from './post.ts';
import { findPikaProcesses, type PikaProcess, type Strangers, stillRuns } from './processes.ts';
import { WatchedServer } from './server.ts';
import { type AgentState, readState, stateText, writeState } from './state.ts';

/** Under which address a server is known, if not under those of its host. */
export interface KnownAs {
  /** In its pika.conf. */
  readonly port: number;
  readonly address: Address;
}

export interface AgentRequest {
  /** Of the service, without a slash at the end. */
  readonly service: string;
  readonly token: string;
  /** pika.conf of each server; none = those of the running processes. */
  readonly confs: readonly string[];
  readonly knownAs: readonly KnownAs[];
  /** null = nothing is kept over a restart. */
  readonly stateFile: string | null;
  readonly version: string;
  /** Ends the agent. */
  readonly signal: AbortSignal;
  /** Takes a line for whoever reads the agent's own log. */
  say(line: string): void;
}

export interface AgentParts {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  random(): number;
  readonly proc: string;
  post(url: URL, token: string, json: string, timeoutMs: number, signal: AbortSignal): Promise<Posted>;
}

const tickMs = 250;
/** While the service wants nothing, and the logs were read to their ends for some time. */
const [idleTickMs, idleAfterMs] = [1000, 10_000];
/** Logs that are not read to their ends for so long are worth more memory; those that were there before can wait. */
const [hurryAfterMs, hurryAtStartAfterMs] = [500, 5000];
/** Of the time between two looks at the logs, reading them takes no more than this. */
const readMsPerTick = 60;
const readBytesPerTick = 32 * 1024 * 1024;
const findProcessesEveryMs = 5000;
const writeStateEveryMs = 10_000;
/** The first report waits for the logs that were there before, but not for ever. */
const firstReportWithinMs = 30_000;
const answerWithinMs = 30_000;
const [firstRetryMs, longestRetryMs] = [1000, 60_000];
const leastBetweenReportsMs = 500;
/** What matters is told at once; what keeps mattering is told once a second. */
const [urgentAfterMs, urgentAgainAfterMs, urgentForMs] = [200, 1000, 5000];
const portWithinMs = 3000;
const keptPortTries = 64;
const hashedBytesPerSecond = 50_000_000;
const mostAddresses = 64;
/** What is under way as the agent ends may take so long once more. */
const endsWithinMs = 500;

/** Lines after which the service should look at once: a listing that comes late proves less. */
const urgent: ReadonlySet<string> = new Set([
  'sync_granted',
  'list_taken',
  'newer_dump',
  'dump_begun',
  'dump_failed',
  'swap_done',
  'swap_failed',
  'open_failed',
]);

const realParts: AgentParts = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((done) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        done();
      };
      const timer = setTimeout(end, ms);
      if (signal?.aborted) end();
      signal?.addEventListener('abort', end);
    }),
  random: () => Math.random(),
  proc: '/proc',
  post: postJson,
};

export class Agent {
  readonly #request: AgentRequest;
  readonly #parts: AgentParts;
  readonly #hasher: Hasher;
  readonly #startedAt: number;
  readonly #instance = randomUUID();
  readonly #servers = new Map<string, WatchedServer>();
  readonly #ports = new Map<number, PortTry[]>();
  readonly #strangers: Strangers = new Map();
  #known: AgentState = new Map();
  #foundAt = Number.NEGATIVE_INFINITY;
  #orders: AgentOrders['servers'] = [];
  #nextReportAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #isUrgent = false;
  #urgentAt = Number.NEGATIVE_INFINITY;
  #withoutListings = false;
  #sending: Promise<void> | null = null;
  #written = '';
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** What was said last about each matter: nothing is said twice in a row. */
  readonly #said = new Map<string, string>();

  constructor(request: AgentRequest, parts: Partial<AgentParts> = {}) {
    this.#request = request;
    this.#parts = { ...realParts, ...parts };
    this.#startedAt = this.#parts.now();
    this.#hasher = new Hasher({
      bytesPerSecond: hashedBytesPerSecond,
      sleep: (ms) => this.#parts.sleep(ms, request.signal),
    });
  }

  /** Until the signal ends it. */
  async run(): Promise<void> {
    const { signal } = this.#request;
    await this.#readState();
    let caughtUpAt = this.#startedAt + hurryAtStartAfterMs - hurryAfterMs;
    let behindAt = this.#startedAt;
    while (!signal.aborted) {
      const now = this.#parts.now();
      const caughtUp = await this.look();
      if (caughtUp) caughtUpAt = now;
      else behindAt = now;
      if (now - caughtUpAt >= hurryAfterMs) hurry();
      const mayStart = caughtUp || now - this.#startedAt > firstReportWithinMs;
      if (mayStart && now >= this.#dueAt(now))
        this.#sending ??= this.#send().finally(() => {
          this.#sending = null;
        });
      await this.#writeState();
      const isIdle = now - behindAt > idleAfterMs && this.#orders.length === 0 && !this.#isUrgent;
      await this.#parts.sleep(isIdle ? idleTickMs : tickMs, signal);
    }
    await soon(this.#sending);
    await this.#writeState(true);
    await soon(this.close());
  }

  #dueAt(now: number): number {
    if (!this.#isUrgent || this.#failures > 0) return this.#nextReportAt;
    const again = now - this.#urgentAt < urgentForMs;
    return Math.min(this.#nextReportAt, this.#sentAt + (again ? urgentAgainAfterMs : urgentAfterMs));
  }

  async close(): Promise<void> {
    await this.#hasher.stop();
    for (const server of this.#servers.values()) await server.close();
  }

  /** Looks at processes and logs. Resolves with whether every log was read to its end. */
  async look(): Promise<boolean> {
    await this.#refresh();
    let behind = [...this.#servers.values()];
    let leftMs = readMsPerTick;
    // The time that short logs leave is for the long ones.
    for (let turn = 0; turn < 2 && behind.length > 0; turn++) {
      const ms = leftMs / behind.length;
      const startedAt = performance.now();
      const longer: WatchedServer[] = [];
      for (const server of behind)
        if (!(await server.readLog({ bytes: readBytesPerTick, ms }))) longer.push(server);
      leftMs -= performance.now() - startedAt;
      behind = longer;
    }
    return behind.length === 0;
  }

  /** The whole picture, and what to call when it has arrived. */
  async report(): Promise<{ report: AgentReport; arrived: () => void }> {
    const looks: { port: number; seen: Omit<AgentServer, 'sharesDiskWith'>; arrived: () => void }[] = [];
    for (const server of this.#servers.values()) {
      const look = await server.look(this.#wantedOf(server.port));
      const port = server.port;
      if (!look || port === null) continue;
      const seen = { ...look.seen, addresses: this.#addresses(port), ports: this.#ports.get(port) ?? [] };
      looks.push({ port, seen, arrived: look.arrived });
    }
    const servers = looks.map(({ port, seen }) => ({
      ...seen,
      sharesDiskWith: looks
        .filter((other) => other.port !== port && sharesDisk(other.seen, seen))
        .map((other) => other.port),
    }));
    const report: AgentReport = {
      format: 1,
      host: hostname(),
      version: this.#request.version,
      instance: this.#instance,
      startedAt: this.#startedAt,
      sentAt: this.#parts.now(),
      servers,
    };
    const arrived = (): void => {
      for (const look of looks) look.arrived();
    };
    return { report, arrived };
  }

  #wantedOf(port: number | null): Wanted {
    const orders = this.#orders.find((each) => each.port === port);
    const list = orders?.listFiles === true && !this.#withoutListings;
    return { list, hash: list && orders.hashFiles, held: orders?.held ?? [] };
  }

  async #refresh(): Promise<void> {
    const { proc } = this.#parts;
    const now = this.#parts.now();
    let lost = false;
    for (const { process } of this.#servers.values())
      lost ||= process !== null && !(await stillRuns(process, proc));
    if (!lost && now - this.#foundAt < findProcessesEveryMs) return;
    this.#foundAt = now;
    const running = await findPikaProcesses(proc, this.#strangers);
    for (const conf of this.#confs(running)) {
      if (this.#servers.has(conf)) continue;
      const onFact = (code: string): void => {
        this.#isUrgent ||= urgent.has(code);
      };
      this.#servers.set(conf, new WatchedServer(conf, this.#known.get(conf) ?? null, this.#hasher, onFact));
    }
    const real = await Promise.all(running.map(({ conf }) => realPath(conf)));
    for (const server of this.#servers.values()) {
      const own = await realPath(server.conf);
      await server.refresh(
        running.find(({ conf }, index) => conf === server.conf || real[index] === own) ?? null,
      );
      this.#say(server.conf, server.problem && `The agent cannot use ${server.conf}: ${server.problem}.`);
    }
    if (this.#servers.size === 0)
      this.#say('servers', 'No Pika runs on this host that this user can see. Name the pika.conf by --conf.');
  }

  #confs(running: readonly PikaProcess[]): readonly string[] {
    const { confs } = this.#request;
    if (confs.length > 0) return confs.map((conf) => resolve(conf));
    for (const { pid, ownFiles } of running)
      if (ownFiles)
        this.#say(
          `process ${pid}`,
          `The process ${pid} runs in a container: run an agent there too, or name its pika.conf by --conf.`,
        );
    return [...this.#known.keys(), ...running.filter(({ ownFiles }) => !ownFiles).map(({ conf }) => conf)];
  }

  async #send(): Promise<void> {
    this.#sentAt = this.#parts.now();
    if (this.#isUrgent) this.#urgentAt = this.#sentAt;
    this.#isUrgent = false;
    const { service, token, signal } = this.#request;
    try {
      const { report, arrived } = await this.report();
      const url = new URL(`${service}/v1/agents/reports`);
      const answer = await this.#parts.post(url, token, JSON.stringify(report), answerWithinMs, signal);
      if (answer.status < 200 || answer.status > 299) return this.#refused(answer);
      const orders = ordersOf(answer.body);
      arrived();
      this.#failures = 0;
      this.#withoutListings = false;
      this.#say('service', `The service at ${service} takes the reports.`);
      this.#orders = orders.servers;
      if (!orders.servers.some(({ hashFiles }) => hashFiles)) this.#hasher.forget();
      this.#nextReportAt = this.#parts.now() + orders.nextReportInMs;
      await this.#tryPorts();
    } catch (error) {
      if (!signal.aborted) this.#failed(reasonOf(error), 0);
    }
  }

  #refused({ status, retryAfter, body }: Posted): void {
    // A report that is too big is better sent without listings than not at all.
    if (status === 413) this.#withoutListings = true;
    const said = /"message"\s*:\s*"([^"]{1,200})/.exec(body)?.[1];
    this.#failed(`HTTP ${status}${said ? `: ${said}` : ''}`, retryAfterMs(retryAfter, this.#parts.now()));
  }

  #failed(reason: string, atLeastMs: number): void {
    this.#orders = [];
    const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    // Agents whose service was away do not come back all at once.
    const delay = Math.max(atLeastMs, longest * (0.5 + this.#parts.random() / 2));
    this.#nextReportAt = this.#parts.now() + delay;
    this.#say('service', `The service at ${this.#request.service} did not take a report: ${reason}.`);
  }

  async #tryPorts(): Promise<void> {
    const { now } = this.#parts;
    await Promise.all(
      this.#orders.map(async ({ port, tryPorts }) => {
        const tries = await Promise.all(tryPorts.map((to) => tryPort(to, portWithinMs, now)));
        if (tries.length === 0) return;
        const before = this.#ports.get(port) ?? [];
        const isNew = ({ to, outcome }: PortTry): boolean =>
          before.findLast((each) => sameAddress(each.to, to))?.outcome !== outcome;
        this.#isUrgent ||= tries.some(isNew);
        this.#ports.set(port, [...before, ...tries].slice(-keptPortTries));
      }),
    );
  }

  #addresses(port: number): Address[] {
    const others = this.#request.knownAs.filter((each) => each.port === port).map(({ address }) => address);
    if (others.length > 0) return others;
    // From another host, loopback addresses lead elsewhere.
    const withLoopback = isLoopback(new URL(this.#request.service).hostname.replace(/^\[|\]$/g, ''));
    const own = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal }) => withLoopback || !internal)
      .map(({ address }) => address.replace(/%.*$/, ''));
    return [...new Set([hostname(), ...own])].slice(0, mostAddresses).map((host) => ({ host, port }));
  }

  async #readState(): Promise<void> {
    const { stateFile } = this.#request;
    if (stateFile === null) return;
    try {
      this.#known = await readState(stateFile);
    } catch (error) {
      this.#say('state', `The agent begins anew: ${stateFile} cannot be used: ${reasonOf(error)}.`);
    }
  }

  async #writeState(now = false): Promise<void> {
    const { stateFile } = this.#request;
    if (stateFile === null || (!now && this.#parts.now() - this.#writtenAt < writeStateEveryMs)) return;
    this.#writtenAt = this.#parts.now();
    const kept = [...this.#servers].filter(([, server]) => !server.isGone);
    const state = new Map(kept.map(([conf, server]) => [conf, server.state()]));
    const text = stateText(state);
    if (text === this.#written) return;
    try {
      await this.#refuseFoldersOfServers(stateFile);
      await writeState(stateFile, state);
      this.#written = text;
      this.#say('state', null);
    } catch (error) {
      this.#say('state', `The agent cannot keep its state in ${stateFile}: ${reasonOf(error)}.`);
    }
  }

  /** The agent writes nothing into the folders of a server, whatever it was told. */
  async #refuseFoldersOfServers(stateFile: string): Promise<void> {
    const folder = await realpath(dirname(resolve(stateFile)));
    for (const { paths } of this.#servers.values())
      for (const path of Object.values(paths ?? {})) {
        const real = await realPath(path);
        if (`${folder}${sep}`.startsWith(`${real}${sep}`)) throw new Error('it lies in a folder of a server');
      }
  }

  #say(matter: string, line: string | null): void {
    if ((this.#said.get(matter) ?? null) === line) return;
    if (line === null) this.#said.delete(matter);
    else {
      this.#said.set(matter, line);
      this.#request.say(line);
    }
  }
}

/** A name that is being resolved, or a folder on a mount that hangs, keeps no process. */
async function soon(work: Promise<void> | null): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, endsWithinMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

const realPath = (path: string): Promise<string> => realpath(path).catch(() => path);

const sharesDisk = (a: Pick<AgentServer, 'paths'>, b: Pick<AgentServer, 'paths'>): boolean =>
  a.paths.db?.device != null && a.paths.db.device === b.paths.db?.device;

/** Heeds of an answer what has the right shape. Throws if it is no answer to a report. */
function ordersOf(body: string): AgentOrders {
  const { nextReportInMs, servers } = JSON.parse(body) as AgentOrders;
  if (!Number.isFinite(nextReportInMs) || !Array.isArray(servers)) throw new Error('no answer to a report');
  return {
    nextReportInMs: Math.min(60_000, Math.max(leastBetweenReportsMs, nextReportInMs)),
    servers: servers.slice(0, 256).map(({ port, listFiles, hashFiles, held, tryPorts }) => ({
      port: Number(port),
      listFiles: listFiles === true,
      hashFiles: hashFiles === true,
      // A service of another release names none.
      held: Array.isArray(held) ? held.map(String) : [],
      tryPorts: (Array.isArray(tryPorts) ? tryPorts : [])
        .slice(0, 16)
        .filter(
          ({ host, port: to }) => typeof host === 'string' && Number.isInteger(to) && to > 0 && to < 65_536,
        ),
    })),
  };
}
