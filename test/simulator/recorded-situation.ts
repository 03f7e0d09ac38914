import { readFileSync } from 'node:fs';
import {
  bulkText,
  type Cluster,
  createCluster,
  NodeRefused,
  NodeStalled,
} from '../../src/simulator/index.ts';
import type { SimulatedVersion } from '../../src/simulator/versions.ts';

/** One row of a recording; see test/recordings/README.md. */
export interface Row {
  readonly t?: number;
  readonly node?: string;
  readonly section?: string;
  readonly raw?: string;
  readonly command?: string;
  readonly reply?: unknown;
  readonly error?: string;
  readonly note?: string;
  readonly verify?: Readonly<Record<string, Verified>>;
  readonly meta?: Meta;
}

export interface Verified {
  readonly missing?: number;
  readonly keys?: number;
  readonly process?: string;
}

interface Meta {
  readonly nodes: Readonly<
    Record<
      string,
      { readonly version: SimulatedVersion; readonly addr: string; readonly options: readonly string[] }
    >
  >;
}

export interface Recording {
  readonly meta: Meta;
  readonly rows: readonly Row[];
}

const folder = new URL('../recordings/', import.meta.url);

export function loadRecording(name: string): Recording {
  const rows = readFileSync(new URL(`${name}.jsonl`, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  return { meta: rows[0]!.meta!, rows: rows.slice(1) };
}

export const readText = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

/** A hundred recorded keys of 1 KiB are one simulated key that claims as much. */
const keysPerKey = 100;
const recordedKeyBytes = 1_060;
const recordedRecordBytes = 1_111;
const valueBytes = 100;
const simulatedKeyBytes = valueBytes + 21 + 24;
const simulatedRecordBytes = 191;
const recordedWritesPerSecond = 6_000;

/** The recording's nodes with their versions, ports and settings, without data. */
export function clusterFor({ meta }: Recording, seed: number): Cluster {
  const cluster = createCluster({
    seed,
    now: Date.UTC(2026, 10, 22, 7),
    dataScale: (keysPerKey * recordedKeyBytes) / simulatedKeyBytes,
    binlogScale: (keysPerKey * recordedRecordBytes) / simulatedRecordBytes,
  });
  for (const [id, { version, addr, options }] of Object.entries(meta.nodes)) {
    const config = Object.fromEntries(options.map((option) => option.split('=') as [string, string]));
    const databases = Number(config.databases ?? 1);
    cluster.addNode({ id, version, port: Number(addr.split(':')[1]), databases, config });
  }
  return cluster;
}

/** Recordings 43: what had come when the first file could not be written, on a disk of 62.9 MB with an empty database. */
export const smallDiskBytes = 50_000_000;

export interface Base {
  readonly strings?: number;
  readonly hashes?: number;
  readonly zsets?: number;
  readonly outsideBinlog?: boolean;
  readonly prefix?: string;
}

/** Loads as many keys as were recorded, a hundredth of them real. */
export function loadBase(cluster: Cluster, id: string, base: Base): void {
  const some = (count: number | undefined): number => Math.round((count ?? 0) / keysPerKey);
  cluster.load(id, {
    strings: some(base.strings),
    hashes: some(base.hashes),
    zsets: some(base.zsets),
    valueBytes,
    prefix: base.prefix ?? 'key',
    outsideBinlog: base.outsideBinlog ?? false,
  });
}

const isUp = (cluster: Cluster, id: string): boolean =>
  bulkText(cluster.execute(id, ['INFO', 'replication'])).includes('master_link_status:up');

/** Attaches before the recording begins, and waits until the link is up. */
export function attach(cluster: Cluster, slave: string, master: string): void {
  cluster.execute(slave, ['SLAVEOF', '127.0.0.1', String(cluster.node(master).port)]);
  let up = false;
  for (let i = 0; i < 600 && !up; i++) {
    cluster.advance(100);
    up = cluster.node(slave).stalledUntil <= cluster.now() && isUp(cluster, slave);
  }
  if (!up) throw new Error(`${slave} did not come up before the recording`);
  cluster.advance(5_000);
}

/** The slave of recordings 10b and 12b: data and binlog deleted, id kept, the slaveof line taken out. */
export function wipeKeepingId(cluster: Cluster, slave: string, master: string): void {
  attach(cluster, slave, master);
  cluster.fault.crash(slave);
  cluster.advance(1_000);
  cluster.fault.wipe(slave);
  cluster.fault.restart(slave);
  cluster.advance(1_000);
}

/** What an observer who polls sees, as words, with the time of each change. */
export type Seen = Record<string, { readonly at: number; readonly word: string }[]>;

const line = (raw: string, key: string): string | undefined =>
  new RegExp(`^${key}:(.*?)\\r?$`, 'm').exec(raw)?.[1];

function slaveWord(raw: string): string {
  if (line(raw, 'role') === 'master') return 'master';
  const state = /\(db0:(\w+)\)/.exec(line(raw, 'db_repl_state') ?? '')?.[1];
  return state ?? (line(raw, 'master_link_status') === 'up' ? 'up' : 'down');
}

function lagWords(raw: string): Record<string, string> {
  const words: Record<string, string> = {};
  for (const [, port, lag] of raw.matchAll(/^slave\d+:ip=[^,]*,port=(\d+),.*lag=\(db0:([^)]*)\)/gm))
    words[port!] = /^\d+$/.test(lag!) ? 'number' : lag!;
  return words;
}

/** Adds what one INFO replication says to the sequences: the node's own state, and its slaves as it sees them. */
function see(seen: Seen, node: string, at: number, raw: string): void {
  note(seen, node, at, slaveWord(raw));
  const lags = lagWords(raw);
  const known = Object.keys(seen).filter((name) => name.startsWith(`${node} sees `));
  for (const name of new Set([...known, ...Object.keys(lags).map((port) => `${node} sees ${port}`)]))
    note(seen, name, at, lags[name.split(' ')[2]!] ?? 'not listed');
}

function note(seen: Seen, name: string, at: number, word: string): void {
  seen[name] ??= [];
  if (seen[name].at(-1)?.word !== word) seen[name].push({ at, word });
}

/** The recorded observer's sequences. */
export function seenInRecording({ rows }: Recording): Seen {
  const seen: Seen = {};
  for (const row of rows) {
    if (row.section === 'replication') see(seen, row.node!, row.t!, row.raw!);
    else if (row.error === 'ECONNREFUSED') note(seen, row.node!, row.t!, 'gone');
  }
  return seen;
}

/** States that last too short for every poll to see them. */
const fleeting = ['NoConnect', 'not syncing', 'down'];
const fleetingSeconds = 0.35;

/** The words in order without those that a poll can miss. */
export function essence(sequence: Seen[string]): string[] {
  const kept = sequence.filter(({ at, word }, index) => {
    if (word === 'kWaitReply') return false;
    const until = sequence[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    return !(fleeting.includes(word) && until - at < fleetingSeconds);
  });
  return kept.map(({ word }) => word).filter((word, index, words) => word !== words[index - 1]);
}

export interface Played {
  readonly seen: Seen;
  readonly lastSaveChanges: number;
  /** What the commands of the recording were answered, in order: [recorded, simulated]. */
  readonly replies: readonly (readonly [string, string])[];
}

const pollMs = 50;

/** Runs the recorded commands, kills, starts and writes at their times, and observes as the recorder did. */
export function play(cluster: Cluster, recording: Recording): Played {
  const start = cluster.now();
  const seen: Seen = {};
  const replies: [string, string][] = [];
  const saves = new Set<unknown>();
  const deeds = deedsOf(recording, (row, deed) =>
    deed(cluster, (reply) => replies.push([replyText(row.reply), reply])),
  );
  const end = Math.max(...recording.rows.map((row) => row.t ?? 0));
  for (let t = 0; t <= end; t += pollMs / 1000) {
    while (deeds.length > 0 && deeds[0]!.at <= t) {
      const deed = deeds.shift()!;
      cluster.advanceTo(start + deed.at * 1000);
      if (!deed.run()) deeds.unshift({ ...deed, at: t + pollMs / 1000 });
    }
    cluster.advanceTo(start + t * 1000);
    for (const { id } of cluster.nodes) poll(cluster, seen, id, t);
    if (cluster.node(cluster.nodes[0]!.id).lastSave > 0) saves.add(cluster.nodes[0]!.lastSave);
  }
  return { seen, lastSaveChanges: saves.size, replies };
}

function poll(cluster: Cluster, seen: Seen, id: string, t: number): void {
  try {
    see(seen, id, t, bulkText(cluster.execute(id, ['INFO', 'replication'])));
  } catch (error) {
    if (error instanceof NodeRefused) note(seen, id, t, 'gone');
    else if (error instanceof NodeStalled) waitForReply(cluster, seen, id, t, error.untilMs);
    else throw error;
  }
}

const waiting = new WeakMap<Cluster, Map<string, number>>();

/** A poller with one connection gets the reply when the node answers again. */
function waitForReply(cluster: Cluster, seen: Seen, id: string, t: number, untilMs: number): void {
  const pending = waiting.get(cluster) ?? new Map<string, number>();
  waiting.set(cluster, pending);
  if (pending.get(id) === untilMs) return;
  pending.set(id, untilMs);
  const at = t + (untilMs - cluster.now()) / 1000;
  cluster.world.clock.at(untilMs, () => poll(cluster, seen, id, at));
}

/** False = the node is stalled: try again. */
type Deed = (cluster: Cluster, replied: (reply: string) => void) => boolean;

function deedsOf(
  { rows }: Recording,
  run: (row: Row, deed: Deed) => boolean,
): { readonly at: number; readonly run: () => boolean }[] {
  const found: { at: number; run: () => boolean }[] = [];
  for (const row of rows) {
    const deed = deedOf(row);
    if (deed !== null) found.push({ at: (row.t ?? 0) + deed.shift, run: () => run(row, deed.run) });
  }
  return found.sort((a, b) => a.at - b.at);
}

/** A recorded start is noted when it has come up. */
const startSeconds = 0.5;

function deedOf(row: Row): { readonly shift: number; readonly run: Deed } | null {
  const { note: text, node } = row;
  if (row.command !== undefined && node !== undefined) return commandDeed(row.command, node);
  if (text === undefined) return null;
  if (text === 'process ended with kill -9') return { shift: 0, run: done((c) => c.fault.crash(node!)) };
  if (text === 'process started again')
    return { shift: -startSeconds, run: done((c) => c.fault.restart(node!)) };
  if (text.startsWith('disk has room'))
    return { shift: 0, run: done((c) => c.fault.copyRoom(node!, Number.POSITIVE_INFINITY)) };
  if (text.startsWith('write load on'))
    return {
      shift: 0,
      run: done((c) =>
        c.startWrites('m', {
          perSecond: recordedWritesPerSecond / keysPerKey,
          valueBytes,
          prefix: 'load:abcd',
        }),
      ),
    };
  if (text.startsWith('write load off')) return { shift: 0, run: done((c) => c.stopWrites('m')) };
  const more = /^(\d+) (?:more keys|new keys|keys more)/.exec(text);
  if (more === null) return null;
  return {
    shift: 0,
    run: done((c) => loadBase(c, 'm', { strings: Number(more[1]), prefix: `more${row.t}` })),
  };
}

const done =
  (act: (cluster: Cluster) => void): Deed =>
  (cluster) => {
    act(cluster);
    return true;
  };

const replayed = /^(SLAVEOF|BGSAVE|CONFIG|CLEARREPLICATIONID|REPLICAOF|SET |LASTSAVE)/;

function commandDeed(command: string, node: string): { readonly shift: number; readonly run: Deed } | null {
  if (!replayed.test(command)) return null;
  const argv = command.startsWith('CONFIG SET replication-id')
    ? ['CONFIG', 'SET', 'replication-id', '']
    : command.split(' ').filter((word) => word !== '');
  return {
    shift: 0,
    run: (cluster, replied) => {
      try {
        replied(replyText(cluster.execute(node, argv)));
      } catch (error) {
        if (error instanceof NodeStalled) return false;
        if (!(error instanceof NodeRefused)) throw error;
        replied('refused');
      }
      return true;
    },
  };
}

function replyText(reply: unknown): string {
  if (typeof reply !== 'object' || reply === null) return String(reply);
  if ('status' in reply) return String(reply.status);
  if ('error' in reply) return `-${String(reply.error)}`;
  return JSON.stringify(reply);
}
