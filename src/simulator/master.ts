import { createHash } from 'node:crypto';
import { comparePositions } from './binlog.ts';
import { type Dump, databaseFiles, infoText, sentFiles } from './dump.ts';
import { dumpBegins, dumpEnds } from './folders.ts';
import { persistReplicationId } from './process.ts';
import {
  type Connection,
  findDb,
  later,
  numberSetting,
  type SimDb,
  type SimNode,
  type SlaveEntry,
  setting,
  type World,
} from './world.ts';
import { mayPurge, wakePump } from './writing.ts';

/** A slave's DB whose offset is more than this behind the dump's file needs a new one (kDBSyncMaxGap). */
const maxGapFiles = 50;
const replicationIdLength = 50;

export type MetaSyncAnswer =
  | { readonly kind: 'ok'; readonly replicationId: string; readonly databases: number }
  | { readonly kind: 'already exists' }
  | { readonly kind: 'wrong password' };

export type TrySyncAnswer = 'ok' | 'purged' | 'larger' | 'error' | 'no such db';

export const entryOf = (master: SimNode, slave: SimNode): SlaveEntry | undefined =>
  master.slaves.find(({ ip, port }) => ip === slave.host && port === slave.port);

/** HandleMetaSyncRequest: a slave asks to be listed. */
export function onMetaSync(world: World, master: SimNode, connection: Connection): MetaSyncAnswer {
  const { slave } = connection;
  const password = setting(master, 'requirepass');
  if (password !== '' && password !== setting(slave, 'masterauth')) return { kind: 'wrong password' };
  if (entryOf(master, slave) !== undefined) return { kind: 'already exists' };
  master.slaves.push({ ip: slave.host, port: slave.port, connection, fd: master.fds++, dbs: new Map() });
  if (master.replicationId === '' && master.traits.hasReplicationId) {
    master.replicationId = master.random.hex(replicationIdLength);
    persistReplicationId(master);
  }
  world.note(master, 'slave_listed', { slave: `${slave.host}:${slave.port}` });
  return { kind: 'ok', replicationId: master.replicationId, databases: master.dbs.length };
}

/** HandleTrySyncRequest: may the slave go on from its own offset? */
export function onTrySync(world: World, master: SimNode, slave: SimNode, dbName: string): TrySyncAnswer {
  const db = findDb(master, dbName);
  const entry = entryOf(master, slave);
  if (db === undefined) return 'no such db';
  const at = findDb(slave, dbName)!.binlog.position;
  if (comparePositions(at, db.binlog.position) > 0) return 'larger';
  if (!db.binlog.has(at.file)) return 'purged';
  const reader = db.binlog.readerAt(at);
  if (reader === undefined || entry === undefined) return 'error';
  const session = entry.dbs.get(dbName)?.session ?? db.sessions++;
  entry.dbs.set(dbName, { state: 'BinlogSync', session, reader, sent: at, pumping: false });
  wakePump(world, master, db, entry);
  return 'ok';
}

/** HandleDBSyncRequest: the slave asks for a dump; `false` = no such DB. */
export function onDbSync(world: World, master: SimNode, slave: SimNode, dbName: string): boolean {
  const db = findDb(master, dbName);
  const entry = entryOf(master, slave);
  if (db === undefined || entry === undefined) return false;
  const session = entry.dbs.get(dbName)?.session ?? db.sessions++;
  const at = db.binlog.position;
  entry.dbs.set(dbName, {
    state: 'DbSync',
    session,
    reader: { file: at.file, index: 0 },
    sent: at,
    pumping: false,
  });
  const top = findDb(slave, dbName)!.binlog.position.file;
  if (needsNewDump(master, db, top)) startBgsave(world, master, db, `for ${slave.id}`);
  return true;
}

function needsNewDump(master: SimNode, db: SimDb, top: number): boolean {
  if (db.dump === null || db.dump.failed || !db.binlog.has(db.dump.position.file)) return true;
  const gap = top - db.dump.position.file;
  return gap > maxGapFiles || (gap < 0 && master.traits.unsignedGap);
}

/**
 * Makes a dump of the DB: the present one is deleted at once, and whoever copies it finds out when the new one is
 * finished. Nothing happens while one is being made.
 */
export function startBgsave(world: World, master: SimNode, db: SimDb, why: string): void {
  if (db.bgsaving) return;
  db.bgsaving = true;
  if (master.traits.pushes) enqueue(world, master, (done) => dumpNow(world, master, db, why, done));
  else dumpNow(world, master, db, why, () => {});
}

function dumpNow(world: World, master: SimNode, db: SimDb, why: string, done: () => void): void {
  const plan = master.bgsavePlans.shift();
  const fails = plan?.fails ?? master.dumpsFail;
  const position = db.binlog.position;
  const content = db.keyspace.fork();
  db.flushed.clear();
  world.glog.write(
    master,
    'bgsave',
    ['I', 'pika_db.cc', `${db.name} after prepare bgsave`],
    [
      'I',
      'pika_db.cc',
      `${db.name} bgsave_info: path=/data/${master.id}/dump/${db.name},  filenum=${position.file}, offset=${position.offset}`,
    ],
  );
  world.note(master, 'bgsave_started', { db: db.name, why, file: position.file, offset: position.offset });
  const takesMs = plan?.ms ?? master.random.within(world.timers.bgsaveMs);
  const sizes = {
    bytesPerByte: world.dataScale,
    sstBytes: numberSetting(master, 'target-file-size-base'),
  };
  const all = databaseFiles(content, master.traits, sizes);
  dumpBegins(db, all, world.clock.now(), takesMs);
  later(world, master, takesMs, () => {
    const files = fails ? [] : sentFiles(all, master.traits);
    const info = infoText(master.host, master.port, position, master.random.hex(32));
    db.dump = {
      uuid: createHash('md5').update(info).digest('hex'),
      info,
      position,
      content,
      files,
      bytes: files.reduce((total, file) => total + file.bytes, 0),
      madeAt: world.clock.now(),
      failed: fails,
    };
    dumpEnds(db, db.dump);
    db.bgsaving = false;
    master.lastSave = Math.floor(world.clock.now() / 1000);
    master.dumpsMade++;
    world.glog.write(
      master,
      'bgsave',
      fails
        ? ['W', 'pika_db.cc', `${db.name} create new backup failed :IO error: No space left on device`]
        : ['I', 'pika_db.cc', `${db.name} create new backup finished.`],
    );
    world.note(master, fails ? 'bgsave_failed' : 'bgsave_finished', {
      db: db.name,
      bytes: db.dump.bytes,
    });
    announceNewDump(world, master, db, db.dump);
    done();
  });
}

/** Every slave that copies an older dump sees the new uuid in one of its next answers. */
function announceNewDump(world: World, master: SimNode, db: SimDb, dump: Dump): void {
  for (const transfer of master.outgoing) {
    if (transfer.db.name !== db.name || transfer.dump === dump) continue;
    const notice = transfer.slave.random.within(world.timers.supersedeNoticeMs);
    later(world, transfer.slave, notice, () => {
      if (master.outgoing.has(transfer)) world.onNewerDump(transfer);
    });
  }
}

/** 3.3: one thread makes dumps and pushes files, one after another. */
export function enqueue(world: World, master: SimNode, job: (done: () => void) => void): void {
  const { life } = master;
  const next = (): void => {
    if (master.life !== life) return;
    const queued = master.pushQueue.shift();
    master.pushing = queued !== undefined;
    queued?.();
  };
  master.pushQueue.push(() => job(next));
  if (!master.pushing) {
    master.pushing = true;
    later(world, master, 0, next);
  }
}

/** PURGELOGSTO: deletes what it may, in the background. */
export function purgeLogsTo(world: World, master: SimNode, db: SimDb, through: number): void {
  later(world, master, 1, () => {
    const gone = db.binlog.purge(through, (file) => mayPurge(master, db, file));
    if (gone.length > 0) world.note(master, 'binlog_purged', { db: db.name, through: gone.at(-1) });
  });
}

/** The slave's connection is gone: it is listed no more. */
export function onSlaveGone(world: World, master: SimNode, connection: Connection): void {
  const gone = master.slaves.filter((entry) => entry.connection === connection);
  if (gone.length === 0) return;
  master.slaves = master.slaves.filter((entry) => entry.connection !== connection);
  for (const { ip, port } of gone) world.note(master, 'slave_unlisted', { slave: `${ip}:${port}` });
}
