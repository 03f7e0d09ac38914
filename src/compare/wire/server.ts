import { infoFields } from '../../engines/pika/info.ts';
import type { KeyType } from '../../model/comparison.ts';
import { faultSays } from '../../model/comparison-texts.ts';
import type { BinlogOffset } from '../../model/observation.ts';
import { compareOffsets } from '../../model/observation.ts';
import type { Said } from '../../model/text.ts';
import { ErrorReply, ProtocolError, type Reply, ReplyReader } from '../../resp/reader.ts';
import { CommandWriter } from '../../resp/writer.ts';
import { accepted, type WireConnection, WireError } from './wire.ts';

/** Pika walks by key ranges; Redis and its kin (Valkey, KeyDB) by SCAN. */
export type ServerKind = 'pika' | 'redis';

/** What must stay as it is while a server is being compared: otherwise another server was looked at. */
export interface Identity {
  readonly processId: string | null;
  readonly runId: string | null;
  readonly role: string;
  readonly masterHost: string | null;
  readonly masterPort: string | null;
  readonly replicationId: string | null;
  /** Changes if the server may have got a new copy of its master's data; null = not known. */
  readonly copyMark: number | null;
}

/** How far a server's data go, in the words of its own replication. */
export type Position =
  | { readonly kind: 'binlog'; readonly dbs: Readonly<Record<string, BinlogOffset>> }
  | { readonly kind: 'bytes'; readonly offset: number };

export interface ServerFacts {
  readonly kind: ServerKind;
  readonly version: string;
  readonly major: number;
  readonly identity: Identity;
  readonly linkUp: boolean | null;
  readonly position: Position | null;
  /** Whether it is about to replace its data by a new copy of its master's. */
  readonly inFullSync: boolean;
}

type Fields = ReadonlyMap<string, string>;

export async function infoText(connection: WireConnection, ...section: readonly string[]): Promise<string> {
  return textOf(await connection.must('INFO', ...section));
}

const textOf = (reply: Reply): string => (Buffer.isBuffer(reply) ? reply.toString('latin1') : '');

/**
 * Reads what a server is and how far it has come, by sections of INFO that are cheap on every version (facts 2.10). They are asked
 * for together; Redis answers a section that it does not know with nothing. Throws WireError: denied, loading, refused, garbled
 * where it is neither a Pika nor of Redis' kind.
 */
export async function readServer(connection: WireConnection): Promise<ServerFacts> {
  const [text, replicationText, executed] = await Promise.all([
    infoText(connection, 'server'),
    infoText(connection, 'replication'),
    infoText(connection, 'command_exec_count'),
  ]);
  const server = infoFields(text);
  if (/^(redis|server)_mode:cluster/m.test(text))
    throw new WireError('refused', connection.name, faultSays('in_cluster'));
  const replication = infoFields(replicationText);
  const pika = server.get('pika_version');
  const version = pika ?? server.get('valkey_version') ?? server.get('redis_version');
  if (version === undefined) throw new WireError('garbled', connection.name, faultSays('no_version'));
  const role = replication.get('role') ?? 'unknown';
  return {
    kind: pika === undefined ? 'redis' : 'pika',
    version,
    major: Number.parseInt(version, 10),
    identity: {
      processId: server.get('process_id') ?? null,
      runId: server.get('run_id') ?? null,
      role,
      masterHost: replication.get('master_host') ?? null,
      masterPort: replication.get('master_port') ?? null,
      replicationId: replication.get('ReplicationID') ?? replication.get('master_replid') ?? null,
      copyMark: pika === undefined ? await copiedBytes(connection, role) : timesAttached(executed),
    },
    linkUp: linkState(replication.get('master_link_status')),
    position: positionOf(pika !== undefined, replicationText, replication),
    inFullSync: saysInFullSync(replicationText),
  };
}

/** Of Pika 3 and 4 and of Redis (recordings 01 and 03); what a master says of its slaves does not count. */
const saysInFullSync = (replicationText: string): boolean =>
  /^(?!slave\d).*(WaitDBSync|TryDBSync|syncing_full|try_to_full_sync|master_sync_in_progress:1)/m.test(
    replicationText,
  );

/** Bytes that a Redis slave received beside the stream of writes. Redis shows them since 7.0, in one reply, so all are of one moment. */
async function copiedBytes(connection: WireConnection, role: string): Promise<number | null> {
  if (role !== 'slave') return null;
  const fields = infoFields(await infoText(connection));
  const [all, stream] = [fields.get('total_net_repl_input_bytes'), fields.get('slave_read_repl_offset')];
  return all === undefined || stream === undefined ? null : Number(all) - Number(stream);
}

/** Reads only how far a server has come. */
export async function readPosition(connection: WireConnection, kind: ServerKind): Promise<Position | null> {
  return positionIn(await infoText(connection, 'replication'), kind);
}

/** How far a server had come by what it said, in a text that holds INFO replication. */
export const positionIn = (text: string, kind: ServerKind): Position | null =>
  positionOf(kind === 'pika', text, infoFields(text));

const linkState = (text: string | undefined): boolean | null => (text === undefined ? null : text === 'up');

/**
 * Pika prints `db0:binlog_offset=F O,...`, before 3.5.3 with a blank in place of the colon (pika-facts 0.1). A Redis slave
 * has applied `slave_repl_offset`; a master has written `master_repl_offset`.
 */
function positionOf(pika: boolean, text: string, fields: Fields): Position | null {
  if (!pika) {
    const offset =
      fields.get('role') === 'slave' ? fields.get('slave_repl_offset') : fields.get('master_repl_offset');
    return offset === undefined ? null : { kind: 'bytes', offset: Number(offset) };
  }
  const dbs: Record<string, BinlogOffset> = {};
  for (const match of text.matchAll(/^(db\d+)[: ]binlog_offset=(\d+) (\d+)/gm)) {
    dbs[match[1]!] = { file: Number(match[2]), offset: Number(match[3]) };
  }
  return Object.keys(dbs).length === 0 ? null : { kind: 'binlog', dbs };
}

/** Whether a server at `reached` holds every write of a server at `target`. */
export function hasPassed(reached: Position | null, target: Position): boolean {
  if (reached === null || reached.kind !== target.kind) return false;
  if (target.kind === 'bytes') return reached.kind === 'bytes' && reached.offset >= target.offset;
  return Object.entries(target.dbs).every(([db, offset]) => {
    const own = reached.kind === 'binlog' ? reached.dbs[db] : undefined;
    return own !== undefined && compareOffsets(own, offset) >= 0;
  });
}

/** How often a Pika has executed SLAVEOF since its process began; CONFIG RESETSTAT does not reset it. */
function timesAttached(executed: string): number | null {
  if (!/^# Command_Exec_Count/m.test(executed)) return null;
  return Number(/^SLAVEOF:(\d+)/m.exec(executed)?.[1] ?? 0);
}

/** Throws WireError if a server is not the same server as before, in the same place, with the same data. */
export function assertSameServer(server: string, before: Identity, now: ServerFacts): void {
  const change = now.inFullSync ? faultSays('took_new_copy') : identityChange(before, now.identity);
  if (change !== null) throw new WireError('changed', server, change);
}

/** What changed between two looks at one server; null = it is the same server in the same place. */
function identityChange(before: Identity, after: Identity): Said | null {
  if (before.processId !== after.processId || before.runId !== after.runId) return faultSays('restarted');
  if (before.masterHost !== after.masterHost || before.masterPort !== after.masterPort)
    return faultSays('master_changed', { from: masterOf(before), to: masterOf(after) });
  const was = before.role.includes('slave');
  if (was !== after.role.includes('slave'))
    return faultSays('role_changed', { from: before.role, to: after.role });
  if (before.replicationId !== after.replicationId && before.replicationId && after.replicationId)
    return faultSays('replication_id_changed');
  if (before.copyMark !== null && after.copyMark !== null && before.copyMark !== after.copyMark)
    return faultSays('link_was_cut');
  return null;
}

const masterOf = (identity: Identity): string =>
  identity.masterHost === null ? 'none' : `${identity.masterHost}:${identity.masterPort}`;

/**
 * Which side follows the other; null = neither does, so that nothing says when a write must have arrived. Nodes may
 * see each other under addresses unknown here, so the replication id decides, where both have one.
 */
export function leaderOf(left: ServerFacts, right: ServerFacts): 'left' | 'right' | null {
  if (left.kind !== right.kind) return null;
  const leftFollows = left.identity.role.includes('slave');
  const rightFollows = right.identity.role.includes('slave');
  if (leftFollows === rightFollows) return null;
  const ids = [left.identity.replicationId, right.identity.replicationId];
  if (ids[0] && ids[1] && ids[0] !== ids[1]) return null;
  return rightFollows ? 'left' : 'right';
}

/** Numbers of the databases that hold or may hold keys. */
export async function listDbs(connection: WireConnection, facts: ServerFacts): Promise<readonly number[]> {
  if (facts.kind === 'redis') return (await redisKeyspace(connection)).map((entry) => entry.db);
  if (facts.position?.kind !== 'binlog') return [0];
  return Object.keys(facts.position.dbs)
    .map((name) => Number(name.slice(2)))
    .sort((a, b) => a - b);
}

export interface KeyspaceEntry {
  readonly db: number;
  readonly keys: number;
  readonly expires: number;
}

/** Redis' own exact counts. Costs nothing. */
export const redisKeyspace = async (connection: WireConnection): Promise<readonly KeyspaceEntry[]> =>
  redisKeyspaceIn(await infoText(connection, 'keyspace'));

/** `db0:keys=1,expires=0,avg_ttl=0` in a text that holds INFO keyspace. */
export function redisKeyspaceIn(text: string): readonly KeyspaceEntry[] {
  return [...text.matchAll(/^db(\d+):keys=(\d+),expires=(\d+)/gm)].map((match) => ({
    db: Number(match[1]),
    keys: Number(match[2]),
    expires: Number(match[3]),
  }));
}

/** Throws WireError `refused` when there is no such database. */
export async function selectDb(connection: WireConnection, db: number): Promise<void> {
  const reply = await connection.must('SELECT', db);
  if (String(reply) !== 'OK') throw new ProtocolError('SELECT was answered with something else than OK');
}

/** The types a key name has: several are possible on Pika 3.5, which keeps each type in its own store (trace 23). */
export async function typesOf(
  connection: WireConnection,
  facts: ServerFacts,
  keys: readonly Buffer[],
): Promise<readonly (readonly KeyType[])[]> {
  if (keys.length === 0) return [];
  const several = facts.kind === 'pika' && facts.major === 3 && (await hasPtype(connection));
  const writer = new CommandWriter();
  for (const key of keys) writer.add(several ? 'PTYPE' : 'TYPE', key);
  const replies = await connection.sendBytes(writer.toBuffer(), keys.length);
  const reader = new ReplyReader(replies.bytes);
  const types = keys.map(() => {
    const reply = accepted(connection.name, several ? 'PTYPE' : 'TYPE', reader.next());
    const names = Array.isArray(reply) ? reply : [reply];
    return names.map((name) => typeNamed(String(name))).filter((type) => type !== null);
  });
  connection.release(replies);
  return types;
}

const hasPtype = async (connection: WireConnection): Promise<boolean> =>
  !((await connection.call('PTYPE', 'pika-expander')) instanceof ErrorReply);

export const keyTypes: readonly KeyType[] = ['string', 'hash', 'list', 'set', 'zset', 'stream'];

/** The type that TYPE names; Pika 4.0.1 says `streams`. null = none. */
export function typeNamed(name: string): KeyType | null {
  return name === 'streams' ? 'stream' : (keyTypes.find((type) => type === name) ?? null);
}
