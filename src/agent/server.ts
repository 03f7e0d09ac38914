import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { LogAttempt } from '../model/full-sync-log.ts';
import type { AgentServer } from '../model/views/agent.ts';
import { hideSecrets } from '../platform/secrets.ts';
import { readRegular, reasonOf } from './confined.ts';
import { readSpace } from './disk.ts';
import { type Paths, ServerFolders, type Wanted } from './folders.ts';
import type { Hasher } from './hashes.ts';
import { type PikaConf, parsePikaConf } from './pika-conf.ts';
import type { PikaProcess } from './processes.ts';
import { type LogNeeds, type LogPlace, type ReadLimits, ServerLog } from './server-log.ts';
import { LogClock } from './time-zone.ts';

/** What the agent keeps of a server over its own restart. */
export interface ServerState {
  /** Where relative paths of its pika.conf begin; null = its process was never seen. */
  readonly workingFolder: string | null;
  readonly place: LogPlace | null;
}

/** What only the agent as a whole knows of a server. */
type FromOutside = 'addresses' | 'sharesDiskWith' | 'ports';

/** Longer ones are no pika.conf. */
const longestConf = 1024 * 1024;

/** One server of this host: what its pika.conf names is looked at, and nothing else. */
export class WatchedServer {
  /** Path of its pika.conf. */
  readonly conf: string;
  /** Why its pika.conf cannot be used; null = it can. */
  problem: string | null = null;
  readonly #hasher: Hasher;
  readonly #onFact: (code: string) => void;
  #process: PikaProcess | null = null;
  #workingFolder: string | null;
  #place: LogPlace | null;
  #stamp = '';
  #parsed: PikaConf | null = null;
  #paths: Paths | null = null;
  #log: ServerLog | null = null;
  #folders: ServerFolders | null = null;
  #clock = new LogClock(null);
  #clean: LogNeeds['clean'] = (text, most) => text.slice(0, most);

  constructor(conf: string, known: ServerState | null, hasher: Hasher, onFact: (code: string) => void) {
    this.conf = conf;
    this.#hasher = hasher;
    this.#onFact = onFact;
    this.#workingFolder = known?.workingFolder ?? null;
    this.#place = known?.place ?? null;
  }

  get process(): PikaProcess | null {
    return this.#process;
  }

  /** null = its pika.conf was never readable. */
  get port(): number | null {
    return this.#parsed?.port ?? null;
  }

  /** Absolute; null = as for the port. */
  get paths(): Paths | null {
    return this.#paths;
  }

  /** Neither its process nor a usable pika.conf is there. */
  get isGone(): boolean {
    return this.#process === null && this.problem !== null;
  }

  state(): ServerState {
    return { workingFolder: this.#workingFolder, place: this.#log?.place() ?? this.#place };
  }

  /** Takes note of its process, and reads its pika.conf if that has changed. */
  async refresh(process: PikaProcess | null): Promise<void> {
    const ended = this.#process !== null && process === null;
    if (process && process.timeZone !== this.#process?.timeZone) this.#clock = new LogClock(process.timeZone);
    this.#process = process;
    if (process) this.#workingFolder = process.workingFolder;
    try {
      await this.#readConf();
      this.problem = null;
    } catch (error) {
      this.problem = reasonOf(error);
    }
    if (!ended) return;
    await this.#log?.read({ bytes: Number.POSITIVE_INFINITY, ms: 1000 });
    this.#log?.processEnded();
  }

  /** Resolves with whether the log was read to its end. */
  async readLog(limits: ReadLimits): Promise<boolean> {
    return (await this.#log?.read(limits)) ?? true;
  }

  /** All that is seen of it, and what to call when the report has arrived; null = there is nothing to see. */
  async look(wanted: Wanted): Promise<{ seen: Omit<AgentServer, FromOutside>; arrived: () => void } | null> {
    const [paths, folders, log] = [this.#paths, this.#folders, this.#log];
    if (!paths || !folders || !log || this.isGone) return null;
    const taken = log.taken();
    const seen = {
      processId: this.#process?.ownPid ?? null,
      config: this.conf,
      paths: {
        db: await readSpace(paths.db),
        dump: await readSpace(paths.dump),
        dbSync: await readSpace(paths.dbSync),
        log: await readSpace(paths.log),
      },
      openFileLimit: this.#process?.openFileLimit ?? null,
      attempts: log.attempts().map((attempt) => this.#inUtc(attempt)),
      log: log.facts().map((fact) => ({ ...fact, at: this.#clock.toUtc(fact.at) })),
      logDropped: log.dropped,
      ...(log.skippedBytes > 0 ? { logSkippedBytes: log.skippedBytes } : {}),
      ...(log.problem === null ? {} : { logProblem: log.problem }),
      dumps: await folders.dumps(wanted),
      copies: await folders.copies(wanted),
      opened: await folders.opened(wanted),
      backups: await folders.backups(),
    };
    return { seen, arrived: () => log.sent(taken) };
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  async #readConf(): Promise<void> {
    const { ino, size, mtimeMs } = await stat(this.conf);
    const stamp = `${ino} ${size} ${mtimeMs} ${this.#workingFolder}`;
    if (stamp === this.#stamp) return;
    const parsed = parsePikaConf(await readRegular(this.conf, longestConf));
    // Before its process was seen, the folder of the file is the best guess.
    const base = this.#workingFolder ?? dirname(this.conf);
    const paths = {
      db: resolve(base, parsed.paths.db),
      dump: resolve(base, parsed.paths.dump),
      dbSync: resolve(base, parsed.paths.dbSync),
      log: resolve(base, parsed.paths.log),
    };
    const hide = hideSecrets(parsed.secrets);
    // Databases take neither a byte 0 nor half of a pair of surrogates.
    this.#clean = (text, most) =>
      hide(text)
        .slice(0, most)
        .replaceAll(/[\p{Cc}\p{Cs}]/gu, '?');
    if (paths.log !== this.#paths?.log) await this.#follow(paths.log);
    this.#parsed = parsed;
    this.#paths = paths;
    this.#folders = new ServerFolders(parsed, paths, this.#hasher);
    this.#stamp = stamp;
  }

  async #follow(folder: string): Promise<void> {
    await this.#log?.close();
    this.#log = new ServerLog(folder, this.#log === null ? this.#place : null, {
      clean: (text, most) => this.#clean(text, most),
      onTime: (local, writtenAt) => this.#clock.check(local, writtenAt),
      onFact: this.#onFact,
    });
  }

  #inUtc({ seen: _, ...attempt }: LogAttempt): LogAttempt {
    const { startedAt, endedAt } = attempt;
    return {
      ...attempt,
      startedAt: this.#clock.toUtc(startedAt),
      endedAt: endedAt === null ? null : this.#clock.toUtc(endedAt),
    };
  }
}
