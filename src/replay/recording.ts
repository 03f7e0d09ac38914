/** Reads a recording (format: test/recordings/README.md): what every node said, as looks in the order of time. */
import { open } from 'node:fs/promises';
import { parseReplication, parseServer, parseSizes, parseStats } from '../engines/pika/index.ts';
import { logFactOf } from '../engines/pika/log-lines.ts';
import type { LogFact } from '../model/full-sync-log.ts';
import type { Address, Look, NodeFacts } from '../model/observation.ts';
import { counted } from '../model/text.ts';
import type { AgentSight } from '../model/views/agent.ts';

/** The file is no recording; the message says which line and why. */
export class RecordingError extends Error {
  readonly code = 'not_a_recording';
}

export interface RecordedNode {
  readonly name: string;
  readonly version: string;
  readonly address: Address;
}

export type RecordedStep =
  | { readonly kind: 'look'; readonly node: string; readonly look: Look }
  | { readonly kind: 'log'; readonly node: string; readonly fact: LogFact }
  | {
      readonly kind: 'command';
      readonly at: number;
      readonly node: string;
      readonly words: readonly string[];
      readonly reply: string;
    };

export interface Recording {
  readonly name: string;
  readonly nodes: readonly RecordedNode[];
  /** Made by `record`: there are no rows of SLAVEOF, and of the log every line that the table knows. */
  readonly watched: boolean;
  /** In order of time, made as they are asked for; times are milliseconds since the recording's start. */
  readonly steps: Iterable<RecordedStep>;
  readonly endsAt: number;
}

/**
 * A recorder wrote a row only when something had changed. So between the rows every node is looked at again with its
 * last answers.
 */
const lookEveryMs = 250;

/** Looks of all nodes together: 34 hours of four nodes. */
const mostLooks = 2_000_000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Throws RecordingError for a file that is no recording, and the file system's own error for a file that cannot be
 * read.
 */
export async function readRecording(path: string): Promise<Recording> {
  const rows = await parseRows(path);
  const meta = rows[0]?.meta;
  if (!isRow(meta) || !isRow(meta.nodes))
    throw new RecordingError(`${path}: the first line has no "meta" with "nodes"`);
  const nodes = Object.entries(meta.nodes).map(([name, node]) => recordedNode(name, node, path));
  const watched = meta.recorder === 'pika-expander record';
  const timed = rows
    .slice(1)
    .filter((row) => typeof row.t === 'number')
    .sort((a, b) => startOf(a) - startOf(b));
  assertShort(timed, nodes.length, path);
  return {
    name: typeof meta.trace === 'string' ? meta.trace : path,
    nodes,
    watched,
    steps: stepsOf(timed, {
      known: new Set(nodes.map((node) => node.name)),
      withCounters: watched || holdsCounters(timed),
      unseenMs: watched && typeof meta.poll_ms === 'number' ? meta.poll_ms : 0,
    }),
    endsAt: timed.reduce(
      (end, row) => ('verify' in row || 'log' in row ? end : Math.max(end, startOf(row))),
      0,
    ),
  };
}

function assertShort(timed: readonly Row[], nodes: number, path: string): void {
  const last = timed.at(-1);
  const longestMs = (mostLooks / Math.max(1, nodes)) * lookEveryMs;
  if (last === undefined || startOf(last) <= longestMs) return;
  const hours = Math.floor(longestMs / 3_600_000);
  throw new RecordingError(
    `${path}: the last row is at t = ${Number(last.t)} s; a replay of ${counted(nodes, 'node')} takes at most ${hours} hours`,
  );
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A command's row has the time of its reply; NO ONE can take seconds (`ms`), and acts before it answers. */
const startOf = (row: Row): number =>
  Math.round((row.t as number) * 1000) -
  ('command' in row && typeof row.ms === 'number' ? Math.round(row.ms) : 0);

async function parseRows(path: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let number = 0;
  const file = await open(path);
  try {
    for await (const line of file.readLines()) {
      number++;
      if (line.trim() === '') continue;
      const row = parseLine(line);
      if (!isRow(row)) throw new RecordingError(`${path}: line ${number} is not a JSON object`);
      rows.push(withFacts(row));
    }
  } finally {
    await file.close();
  }
  return rows;
}

/** The row with what is read of its answer in place of the answer, which is longer. */
function withFacts(row: Row): Row {
  const { raw, facts: _, ...rest } = row;
  return typeof raw === 'string' ? { ...rest, facts: parseSection(String(row.section), raw) } : rest;
}

const factsOf = (row: Row): NodeFacts | null => (isRow(row.facts) ? (row.facts as NodeFacts) : null);

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function recordedNode(name: string, node: unknown, path: string): RecordedNode {
  const address = isRow(node) && typeof node.addr === 'string' ? parseAddress(node.addr) : null;
  if (!isRow(node) || address === null)
    throw new RecordingError(`${path}: node ${name} of "meta" has no "addr"`);
  return { name, version: typeof node.version === 'string' ? node.version : '', address };
}

function parseAddress(text: string): Address | null {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  return at > 0 && Number.isInteger(port) ? { host: text.slice(0, at), port } : null;
}

/** What is known of a node while the rows go by. */
interface Said {
  facts: NodeFacts;
  error: string | null;
}

interface Reading {
  readonly known: ReadonlySet<string>;
  readonly withCounters: boolean;
  /** Before a row nobody had looked at its node for so long: what the row says can have become so at any moment of it. */
  readonly unseenMs: number;
}

function* stepsOf(
  rows: readonly Row[],
  { known, withCounters, unseenMs }: Reading,
): Generator<RecordedStep, void> {
  let steps: RecordedStep[] = [];
  const said = new Map<string, Said>();
  const sights = new Map<string, AgentSight>();
  const changes = changesOf(rows);
  let nextLookAt = 0;
  let endsAt = 0;
  for (const [index, row] of rows.entries()) {
    const at = startOf(row);
    if (isOfNode(row, known)) {
      for (; nextLookAt < at; nextLookAt += lookEveryMs) lookAtAll(steps, seen(nextLookAt), nextLookAt);
      if ('log' in row) takeLog(steps, row, at);
      else if (isRow(row.look))
        steps.push({ kind: 'look', node: row.node, look: parsedLook(row, at, sights) });
      else {
        const isWhole = unseenMs === 0 || !isSameLook(row, rows[index + 1]);
        takeRow(steps, said, withCounters ? row : withoutCounters(row), at, isWhole);
      }
    }
    if (!('verify' in row) && !('log' in row)) endsAt = Math.max(endsAt, at);
    yield* steps;
    steps = [];
  }
  for (; nextLookAt <= endsAt; nextLookAt += lookEveryMs) lookAtAll(steps, seen(nextLookAt), nextLookAt);
  yield* steps;

  function seen(at: number): ReadonlyMap<string, Said> {
    if (unseenMs === 0) return said;
    return new Map([...said].filter(([node]) => !changes.soon(node, at, unseenMs)));
  }
}

/** A look is written as several rows, one after the other. */
const isSameLook = (row: Row, next: Row | undefined): boolean =>
  next !== undefined &&
  next.node === row.node &&
  !('log' in next) &&
  startOf(next) - startOf(row) <= oneLookMs;

const oneLookMs = 5;

/** Whether the next row of a node comes within this time. Asked for later and later moments. */
function changesOf(rows: readonly Row[]): { soon(node: string, at: number, withinMs: number): boolean } {
  const times = new Map<string, number[]>();
  for (const row of rows.toReversed()) {
    const node = String(row.node);
    if ('log' in row) continue;
    const known = times.get(node);
    if (known) known.push(startOf(row));
    else times.set(node, [startOf(row)]);
  }
  return {
    soon(node, at, withinMs) {
      const left = times.get(node) ?? [];
      while (left.length > 0 && left.at(-1)! < at) left.pop();
      return left.length > 0 && left.at(-1)! - at < withinMs;
    },
  };
}

/**
 * Most recorders wrote INFO stats only when something else than a counter had changed, which leaves the counters
 * stale. They can be used only where they were followed: many rows of one node within a second of each other, in
 * which the counter moved.
 */
function holdsCounters(rows: readonly Row[]): boolean {
  const last = new Map<string, { readonly at: number; readonly counter: number; readonly close: number }>();
  for (const row of rows) {
    const counter = factsOf(row)?.stats?.replInputBytes ?? null;
    if (counter === null) continue;
    const node = String(row.node);
    const before = last.get(node);
    const at = startOf(row);
    const moved = before !== undefined && before.counter !== counter && at - before.at <= 1000;
    last.set(node, { at, counter, close: (before?.close ?? 0) + (moved ? 1 : 0) });
  }
  return [...last.values()].some(({ close }) => close >= 8);
}

function withoutCounters<T extends Row>(row: T): T {
  const facts = factsOf(row);
  if (!facts?.stats) return row;
  return { ...row, facts: { stats: { ...facts.stats, replInputBytes: null, replOutputBytes: null } } };
}

const isOfNode = (row: Row, known: ReadonlySet<string>): row is Row & { readonly node: string } =>
  typeof row.node === 'string' && known.has(row.node);

/** `I pika_db.cc:49 db0 DB Success`. Recorders leave out similar lines and the thread. */
function takeLog(steps: RecordedStep[], row: Row & { readonly node: string }, at: number): void {
  const message = typeof row.log === 'string' ? /^[IWEF] \S+:\d+ (.*)$/s.exec(row.log)?.[1] : undefined;
  const thread = typeof row.thread === 'number' ? row.thread : 0;
  const fact = message === undefined ? null : logFactOf(message, at, thread);
  if (fact) steps.push({ kind: 'log', node: row.node, fact });
}

/** Of a log that an agent follows, each row has the lines that are new. */
const logLinesKept = 500;

/** A look that the service stored, parsed; nobody looked between two of them, so none is made up. */
function parsedLook(row: Row & { readonly node: string }, at: number, sights: Map<string, AgentSight>): Look {
  const look = { ...(row.look as Look), at };
  const { sight } = look;
  if (sight === undefined) return look;
  const before = sights.get(row.node)?.server.log ?? [];
  const log = [...before, ...sight.server.log].slice(-logLinesKept);
  const whole = { ...sight, server: { ...sight.server, log } };
  sights.set(row.node, whole);
  return { ...look, sight: whole };
}

function lookAtAll(steps: RecordedStep[], said: ReadonlyMap<string, Said>, at: number): void {
  for (const [node, state] of said) steps.push({ kind: 'look', node, look: lookOf(state, at) });
}

/** A server that is only slow is still there. */
const slow = /no answer|timed out/i;

function lookOf(state: Said, at: number): Look {
  if (state.error !== null && slow.test(state.error)) return { kind: 'busy', at, tookMs: 0 };
  if (state.error !== null) return { kind: 'unreachable', at, code: 'ECONNREFUSED', message: state.error };
  return { kind: 'answered', at, tookMs: 0, facts: state.facts };
}

function takeRow(
  steps: RecordedStep[],
  said: Map<string, Said>,
  row: Row & { readonly node: string },
  at: number,
  isWhole: boolean,
): void {
  const state = said.get(row.node) ?? { facts: {}, error: null };
  const next = 'command' in row ? takeCommand(steps, state, row, at) : nextState(state, row);
  if (!next && !isWhole) return;
  const now = next ?? state;
  said.set(row.node, isWhole ? withoutSizes(now) : now);
  if (next && isWhole) steps.push({ kind: 'look', node: row.node, look: lookOf(now, at) });
}

/** Sizes were asked for once a second: those of before a swap must not be taken for those after it. */
function withoutSizes({ facts: { sizes: _, ...facts }, error }: Said): Said {
  return { facts, error };
}

/** A row of a command that is a look in itself; null = it is none. */
function takeCommand(
  steps: RecordedStep[],
  state: Said,
  row: Row & { readonly node: string },
  at: number,
): Said | null {
  const words = (Array.isArray(row.command) ? row.command : [row.command]).join(' ').trim().split(/\s+/);
  const reply = typeof row.reply === 'string' ? row.reply : (JSON.stringify(row.reply) ?? '');
  if (words[0]?.toUpperCase() !== 'LASTSAVE') {
    steps.push({ kind: 'command', at, node: row.node, words, reply });
    return null;
  }
  const value = Number(reply);
  return Number.isInteger(value)
    ? { facts: { ...state.facts, lastSaveUnixSeconds: value }, error: null }
    : null;
}

/** null = the row tells nothing that the tracker reads. */
function nextState(state: Said, row: Row): Said | null {
  if (typeof row.error === 'string')
    return { facts: slow.test(row.error) ? state.facts : withoutLife(state.facts), error: row.error };
  if ('connected' in row) return { ...state, error: null };
  const facts = factsOf(row);
  return facts === null ? null : { facts: { ...state.facts, ...facts }, error: null };
}

/** After a break only the new answers of the node count. */
const withoutLife = (facts: NodeFacts): NodeFacts =>
  facts.lastSaveUnixSeconds === undefined ? {} : { lastSaveUnixSeconds: facts.lastSaveUnixSeconds };

function parseSection(section: string, raw: string): NodeFacts | null {
  switch (section) {
    case 'replication': {
      const replication = parseReplication(raw);
      return replication && { replication };
    }
    case 'stats': {
      const stats = parseStats(raw);
      return stats && { stats };
    }
    case 'rocksdb': {
      const sizes = parseSizes(raw);
      return sizes && { sizes };
    }
    case 'server': {
      const server = parseServer(raw);
      return server && { server };
    }
    default:
      return null;
  }
}
