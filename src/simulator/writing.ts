import type { BinlogRecord } from './binlog.ts';
import { type DataContext, lastSecond } from './keyspace-commands/context.ts';
import { dataCommands } from './keyspace-commands/table.ts';
import { failures, isFailure, type Reply } from './reply.ts';
import {
  arePartitioned,
  type Connection,
  later,
  numberSetting,
  type SimDb,
  type SimNode,
  type SlaveEntry,
  type SlaveNode,
  type World,
} from './world.ts';

/** Runs a data command on one DB, without any check of role or login. Writes go to the binlog and to the slaves. */
export function runDataCommand(world: World, node: SimNode, db: SimDb, argv: readonly string[]): Reply {
  if (db.disk.opened === null) {
    world.onSegfault(node);
    return failures.noSuchKey;
  }
  const command = dataCommands[argv[0]!.toLowerCase()]!;
  let logged = argv;
  const context: DataContext = {
    keyspace: db.keyspace,
    traits: node.traits,
    now: world.clock.now(),
    cursors: db.cursors,
    log: (instead) => {
      logged = instead;
    },
  };
  const reply = command.run(context, argv);
  if (command.writes && !isFailure(reply))
    appendToBinlog(world, node, db, { argv: logged, at: world.clock.now() });
  return reply;
}

export function appendToBinlog(world: World, node: SimNode, db: SimDb, record: BinlogRecord): void {
  const rolled = db.binlog.append(record);
  if (rolled) purgeExpired(world, node, db);
  for (const entry of node.slaves) wakePump(world, node, db, entry);
}

/**
 * Applies a record of the master's binlog to the data, as of the moment at which the master did it; an expiry that is
 * logged as a distance (SET NX EX) counts from now. Returns what the slave itself logs of it.
 */
function applyRecord(world: World, node: SimNode, db: SimDb, record: BinlogRecord): readonly string[] {
  const { argv, at } = record;
  const name = argv[0]?.toLowerCase();
  if (name === undefined) return argv;
  if (db.writesToLose > 0) {
    db.writesToLose--;
    return argv;
  }
  if (name === 'clearreplicationid') {
    node.replicationId = '';
    return argv;
  }
  let logged = argv;
  dataCommands[name]?.run(
    {
      keyspace: db.keyspace,
      traits: node.traits,
      now: name === 'set' && argv.length > 3 ? world.clock.now() : at,
      cursors: db.cursors,
      log: (instead) => {
        if (name === 'incr' || name === 'incrby' || name === 'append') logged = instead;
      },
    },
    argv,
  );
  if (name === 'flushall' || name === 'flushdb') {
    for (const late of overtaken(node, db)) applyRecord(world, node, db, late);
    db.writesToLose = writesLostAfterFlush(node);
  } else if (node.flushOvertakes.length > 0) db.beforeFlush.push(record);
  return logged;
}

/** Real 4.0.0 under writes: 1101 keys from before a flush stayed on the slave. */
function overtaken({ traits, flushOvertakes }: SimNode, { beforeFlush }: SimDb): readonly BinlogRecord[] {
  const writes = flushOvertakes.shift() ?? 0;
  const before = beforeFlush.splice(0);
  return traits.losesWritesAfterFlush && writes > 0 ? before.slice(-writes) : [];
}

/** Seen after two flushes of sixteen: 8 writes and 1; right after a copy many more (pika-facts 5.2). */
function writesLostAfterFlush({ traits, random, flushLosses }: SimNode): number {
  if (!traits.losesWritesAfterFlush) return 0;
  return flushLosses.shift() ?? (random.next() < 1 / 8 ? random.int(1, 8) : 0);
}

/** `Fail to initial command from binlog` (pika-facts 5.1). */
function canParse({ traits }: SimNode, { argv }: BinlogRecord): boolean {
  return (
    argv[0]?.toLowerCase() !== 'pksetexat' || !traits.expiry.takesAfter2038 || Number(argv[2]) <= lastSecond
  );
}

/** Files beyond `expire-logs-nums` go, unless a slave needs them. */
function purgeExpired(world: World, node: SimNode, db: SimDb): void {
  const keep = Math.max(10, numberSetting(node, 'expire-logs-nums'));
  const through = db.binlog.position.file - keep;
  if (through < 0) return;
  const gone = db.binlog.purge(through, (file) => mayPurge(node, db, file));
  if (gone.length > 0) world.note(node, 'binlog_purged', { db: db.name, through: gone.at(-1) });
}

/** BinlogCloudPurge (3.5.4 pika_rm.cc:287): the comparison is unsigned, so below file 10 it protects nothing. */
export function mayPurge(node: SimNode, db: SimDb, file: number): boolean {
  const current = db.binlog.position.file;
  if (current >= 10 && file > current - 10) return false;
  for (const { dbs } of node.slaves) {
    const slave = dbs.get(db.name);
    if (slave?.state === 'DbSync' && node.traits.protectsFullSync) return false;
    if (slave?.state === 'BinlogSync' && file >= slave.sent.file) return false;
  }
  return true;
}

/** Sees to it that the slave gets what it lacks. */
export function wakePump(world: World, master: SimNode, db: SimDb, entry: SlaveEntry): void {
  const slave = entry.dbs.get(db.name);
  if (slave === undefined || slave.state !== 'BinlogSync' || slave.pumping) return;
  slave.pumping = true;
  later(world, master, world.timers.binlogBatchMs, () => pump(world, master, db, entry, slave));
}

function pump(world: World, master: SimNode, db: SimDb, entry: SlaveEntry, slave: SlaveNode): void {
  slave.pumping = false;
  if (entry.dbs.get(db.name) !== slave || !entry.connection.open || slave.state !== 'BinlogSync') return;
  if (!isHeard(entry, db)) {
    if (slave.unheard) return;
    slave.unheard = true;
  }
  if (!db.binlog.has(slave.reader.file)) {
    dropSlaveNode(world, master, db, entry);
    return;
  }
  const budget = (world.binlogBytesPerSecond * world.timers.binlogBatchMs) / 1000;
  const batch: BinlogRecord[] = [];
  let bytes = 0;
  while (bytes < budget) {
    const next = db.binlog.read(slave.reader);
    if (next === undefined) break;
    batch.push(next.record);
    bytes += next.bytes;
  }
  slave.sent = db.binlog.positionOf(slave.reader);
  if (batch.length > 0) sendBatch(world, master, entry, db.name, batch, bytes);
  if (!db.binlog.isAtEnd(slave.reader)) wakePump(world, master, db, entry);
}

/**
 * A slave that waits for a reply acknowledges nothing, so nothing is sent after the first batch (pika-facts 5.3). That batch
 * was 1.8 MB in 0.1 s on a real 4.0.1 with 7 MB to catch up.
 */
const isHeard = ({ connection }: SlaveEntry, { name }: SimDb): boolean =>
  connection.slave.dbs.find((db) => db.name === name)?.state !== 'WaitReply';

function sendBatch(
  world: World,
  master: SimNode,
  entry: SlaveEntry,
  dbName: string,
  batch: readonly BinlogRecord[],
  bytes: number,
): void {
  const { connection } = entry;
  const receive = (): void => {
    const node = connection.slave;
    const db = node.dbs.find(({ name }) => name === dbName);
    if (!connection.open || !node.alive || db === undefined) return;
    if (db.state !== 'Connected' && db.state !== 'WaitReply') return;
    node.counters.replIn += bytes;
    if (db.state === 'Connected') receiveBatch(world, connection, db, batch);
  };
  master.counters.replOut += bytes;
  if (arePartitioned(world, connection.slave, master)) connection.held.push(receive);
  else receive();
}

/**
 * A command that cannot be parsed is lost, and so is everything after it until the process restarts. The slave asks for
 * its place in the binlog again, gets the same bytes, and so on (recording 45). If a slave logs a command in other
 * words than its master, its offset differs from there on, and the master closes the connection (recording 47).
 */
function receiveBatch(world: World, connection: Connection, db: SimDb, batch: readonly BinlogRecord[]): void {
  const node = connection.slave;
  for (const record of batch) {
    db.parserBroken ||= !canParse(node, record);
    if (db.parserBroken) {
      world.onUnparsed(node, db);
      return;
    }
    const atOnce = node.applyPerSecond === Number.POSITIVE_INFINITY;
    if (!atOnce) db.toApply.push(record);
    const argv = atOnce ? applyRecord(world, node, db, record) : record.argv;
    appendToBinlog(world, node, db, { ...record, argv });
    if (argv !== record.argv) {
      world.onOffsetsApart(connection, db);
      return;
    }
  }
  drainApply(world, node, db);
}

/** Applies what is due at the node's own pace: the offset runs ahead of the data. */
function drainApply(world: World, node: SimNode, db: SimDb): void {
  if (db.applying || db.toApply.length === 0) return;
  db.applying = true;
  later(world, node, world.timers.binlogBatchMs, () => {
    db.applying = false;
    const count = Math.max(1, Math.floor((node.applyPerSecond * world.timers.binlogBatchMs) / 1000));
    for (const record of db.toApply.splice(0, count)) applyRecord(world, node, db, record);
    drainApply(world, node, db);
  });
}

/** The master forgets what it knew of this DB of the slave: `not syncing`. The slave finds out by silence. */
export function dropSlaveNode(world: World, master: SimNode, db: SimDb, entry: SlaveEntry): void {
  if (!entry.dbs.delete(db.name)) return;
  world.note(master, 'slave_node_dropped', { db: db.name, slave: `${entry.ip}:${entry.port}` });
  const { slave } = entry.connection;
  later(world, slave, world.timers.silenceMs, () => {
    const own = slave.dbs.find(({ name }) => name === db.name);
    const forgotten = entry.connection.open && !entry.dbs.has(db.name);
    if (forgotten && own !== undefined && (own.state === 'Connected' || own.state === 'WaitDBSync'))
      world.onSilence(slave, own);
  });
}
