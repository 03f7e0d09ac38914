/** Records what servers say about themselves, in the format that `replay` reads (docs/recordings.md). Reads only. */
import { open, realpath } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import { parseServer } from '../engines/pika/index.ts';
import { sizeLines } from '../engines/pika/info.ts';
import { type Command, type Link, openLink } from '../engines/pika/link.ts';
import { readLogLine } from '../engines/pika/log-lines.ts';
import type { Address } from '../model/observation.ts';
import { hideSecrets } from '../platform/secrets.ts';
import { Tail } from '../platform/tail.ts';
import { hidingAddresses } from './export.ts';

export interface RecordRequest {
  readonly master: Address;
  /** Slaves, or servers that are to become slaves: named s1, s2, … in this order. */
  readonly nodes: readonly Address[];
  /** Password of all of them. */
  readonly password: string | null;
  readonly everyMs: number;
  /** Log files to follow, by the name of their server (m, s1, …): lines that tell of full syncs are recorded. */
  readonly logs: ReadonlyMap<string, string>;
  /** Whether other addresses stand in the place of all. */
  readonly hideAddresses?: boolean;
  /** Takes one line of the recording. Throwing ends it. */
  write(row: string): void;
  /** Ends the recording. */
  readonly signal: AbortSignal;
}

/** A server that does not answer in this time is recorded as an error, and asked again. */
const answerWithinMs = 5_000;
/** Of a log that grows faster than it is read, the rest comes with the next look. */
const logBytesPerLook = 1024 * 1024;
const longestLogLine = 16_384;

/** What a state rests on stands before the state: whoever reads row by row never sees a link that is up beside old counters. */
const sections = ['stats', 'rocksdb', 'replication'] as const;
/** Between changes of state, when only numbers move. */
const countersEveryMs = 1000;

/** A server that did not answer once, and what came instead. */
export interface Silent {
  readonly node: string;
  readonly error: string;
}

/**
 * Records until the signal ends it. Rows: those that changed. Resolves with the servers that never answered. Rejects if a
 * log file cannot be read at the start, or a row cannot be written.
 */
export async function record(request: RecordRequest): Promise<readonly Silent[]> {
  const servers = [request.master, ...request.nodes].map((address, index) => ({
    name: index === 0 ? 'm' : `s${index}`,
    address,
  }));
  const startedAt = Date.now();
  const scrub = scrubbing(request);
  const write = (row: object): void => {
    request.write(scrub(JSON.stringify({ t: (Date.now() - startedAt) / 1000, ...row })));
  };
  const tails = new Map<string, NamedLog>();
  for (const [name, path] of request.logs) tails.set(name, await NamedLog.atEnd(path));
  const versions = await Promise.all(servers.map(({ address }) => versionOf(address, request)));
  const nodes = servers.map(({ name, address }, index) => [
    name,
    { version: versions[index], addr: `${address.host}:${address.port}` },
  ]);
  const meta = {
    format: 1,
    trace: `recorded ${new Date(startedAt).toISOString()}`,
    nodes: Object.fromEntries(nodes),
    recorder: 'pika-expander record',
    poll_ms: request.everyMs,
  };
  request.write(scrub(JSON.stringify({ meta })));
  const silent = await Promise.all(
    servers.map((server) => follow(server, request, tails.get(server.name) ?? null, write)),
  );
  return silent.filter((each) => each !== null);
}

/** Takes the password out of a row, whoever repeats it, and where asked the addresses. */
function scrubbing({ password, hideAddresses, master, nodes }: RecordRequest): (row: string) => string {
  const hidePassword = hideSecrets(password === null ? [] : [password]);
  if (!hideAddresses) return hidePassword;
  const hider = hidingAddresses([master, ...nodes]);
  return (row) => {
    hider.learn(row);
    return hider.hide(hidePassword(row));
  };
}

/** What was written of a server last, by section. */
type Said = Map<string, string>;

async function follow(
  { name, address }: { readonly name: string; readonly address: Address },
  request: RecordRequest,
  tail: NamedLog | null,
  write: (row: object) => void,
): Promise<Silent | null> {
  const said: Said = new Map();
  let link: Link | null = null;
  let hasAnswered = false;
  let error = 'the recording ended before it could answer';
  while (!request.signal.aborted) {
    const nextAt = Date.now() + request.everyMs;
    try {
      if (!link?.usable) link = await connected(address, request);
      await look(name, link, said, write);
      hasAnswered = true;
    } catch (caught) {
      link?.destroy();
      link = null;
      if (request.signal.aborted) break;
      error = (caught as Error).message;
      if (said.get('error') !== error) write({ node: name, error });
      said.clear();
      said.set('error', error);
    }
    for (const line of (await tail?.lines()) ?? []) write({ node: name, ...line });
    await delay(Math.max(0, nextAt - Date.now()), undefined, { signal: request.signal }).catch(() => {});
  }
  link?.destroy();
  await tail?.close();
  return hasAnswered ? null : { node: name, error };
}

async function look(name: string, link: Link, said: Said, write: (row: object) => void): Promise<void> {
  const commands: Command[] = [...sections.map((section): Command => ['INFO', section]), ['LASTSAVE']];
  const replies = await inTime(link.send(commands), link);
  const texts = new Map(
    replies.flatMap((reply, index) => {
      const key = sections[index] ?? 'LASTSAVE';
      if ('value' in reply) return [[key, String(reply.value)] as const];
      // A release without LASTSAVE or a section says so each time (pika-facts 4.7).
      if (key === 'replication') throw new Error(reply.error);
      return [];
    }),
  );
  const dumping = /^is_bgsaving:\w+/m.exec(texts.get('stats') ?? '')?.[0];
  const shape = [texts.get('replication')!.replaceAll(/\d+/g, ''), dumping, texts.get('LASTSAVE')].join('\n');
  const now = Date.now();
  if (said.get('shape') === shape && now - Number(said.get('writtenAt')) < countersEveryMs) return;
  said.set('shape', shape).set('writtenAt', String(now));
  for (const [key, whole] of texts) {
    const text = key === 'rocksdb' ? sizeLines(whole) : whole;
    if (said.get(key) === text) continue;
    said.set(key, text);
    if (key === 'LASTSAVE') write({ node: name, command: key, reply: Number(text) });
    else write({ node: name, section: key, raw: text });
  }
}

async function connected(address: Address, { password, signal }: RecordRequest): Promise<Link> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
  // Whoever runs this names the servers and their password by hand: there is no list to hold them against.
  const link = await openLink(address, within, { asked: address, credential: null });
  if (password === null) return link;
  const [reply] = await inTime(link.send([['AUTH', password]]), link);
  if (reply && 'error' in reply) {
    link.destroy();
    throw new Error(hideSecrets([password])(reply.error));
  }
  return link;
}

async function inTime<T>(work: Promise<T>, link: Link): Promise<T> {
  const timer = setTimeout(() => link.destroy(), answerWithinMs);
  return work.finally(() => clearTimeout(timer));
}

/** Empty where the server does not tell: replay then goes by what its INFO shows. */
async function versionOf(address: Address, request: RecordRequest): Promise<string> {
  try {
    const link = await connected(address, request);
    const [reply] = await inTime(link.send([['INFO', 'server']]), link);
    link.destroy();
    return (reply && 'value' in reply && parseServer(String(reply.value))?.reportedVersion) || '';
  } catch {
    return '';
  }
}

/** Follows a log file by its name: through rotations, restarts of the server, and truncation. */
class NamedLog {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(logBytesPerLook);
  #file: string;
  #tail: Tail;
  #rest = '';
  #decoder = new StringDecoder('utf8');

  private constructor(path: string, file: string, tail: Tail) {
    this.#path = path;
    this.#file = file;
    this.#tail = tail;
  }

  static async atEnd(path: string): Promise<NamedLog> {
    const file = await realpath(path);
    const handle = await open(file);
    return new NamedLog(path, file, new Tail(handle, (await handle.stat()).size));
  }

  close(): Promise<void> {
    return this.#tail.handle.close();
  }

  /** The lines since the last call that the table of lines knows. A file that is gone for a moment has none. */
  async lines(): Promise<readonly { readonly log: string; readonly thread: number }[]> {
    const text = await this.#read().catch(() => '');
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!.slice(0, longestLogLine);
    const year = new Date().getUTCFullYear();
    return lines.flatMap((line) => {
      const fact = readLogLine(line, year)?.fact;
      const shown = /^([IWEF])\S* \S+\s+\d+ (\S+?)\] (.*)$/.exec(line);
      return fact && shown ? [{ log: `${shown[1]} ${shown[2]} ${shown[3]}`, thread: fact.thread }] : [];
    });
  }

  async #read(): Promise<string> {
    const { size } = await this.#tail.handle.stat();
    if (size < this.#tail.at) this.#begin();
    let piece = await this.#tail.read(this.#buffer);
    if (piece === null) {
      this.#begin();
      piece = await this.#tail.read(this.#buffer);
    }
    if (!piece || piece.length === 0) {
      await this.#turnToNextFile();
      return '';
    }
    return this.#decoder.write(piece);
  }

  /** The file was truncated: what was left of its last line has no end. */
  #begin(): void {
    this.#tail.skipTo(0);
    this.#rest = '';
    this.#decoder = new StringDecoder('utf8');
  }

  /** Only after all of the file before has been read. */
  async #turnToNextFile(): Promise<void> {
    const file = await realpath(this.#path);
    if (file === this.#file) return;
    const handle = await open(file);
    await this.#tail.handle.close();
    this.#file = file;
    this.#tail = new Tail(handle, 0);
  }
}
