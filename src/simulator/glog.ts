/**
 * The log that each node would write, in the words of its release and in the order of real servers. Lines are kept only
 * where the cluster was made with `logs`; else the model's calls go nowhere.
 */
import { copiedPerFile, type Dump, type DumpFile } from './dump.ts';
import type { Glog, GlogLine, SimDb, SimNode, Transfer, World } from './world.ts';

interface Written {
  readonly at: number;
  readonly text: string;
}

/** A copy that is under way, or stands in a log already. */
interface Copy {
  readonly dump: Dump;
  readonly startedAt: number;
  /** Number of the thread of its client; those of its workers follow. */
  readonly client: number;
  /** When a file could not be written, or was refused by the master, and with which words. */
  readonly failures: { readonly at: number; readonly lines: readonly GlogLine[] }[];
}

const silent: Glog = {
  linesOf: () => [],
  write() {},
  copyBegun() {},
  newerDump() {},
  fileFailed() {},
  filesRefused() {},
  copyEnded() {},
};

const threadNumber = { main: 0, aux: 11, reply: 12, bgsave: 14 } as const;
/** Numbers of threads that are kept free for each copy. */
const mostWorkers = 4;

export function createGlog(world: World, kept: boolean): Glog {
  if (!kept) return silent;
  const logs = new Map<SimNode, Written[]>();
  const copies = new Map<SimDb, Copy>();
  let copiesBegun = 0;

  const put = (node: SimNode, at: number, thread: number, [severity, file, text]: GlogLine): void => {
    const log = logs.get(node) ?? [];
    logs.set(node, log);
    const [day, clock] = new Date(at).toISOString().split('T') as [string, string];
    const micros = `${clock.slice(0, 12)}${String(Math.floor((at % 1) * 1000)).padStart(3, '0')}`;
    const number = String(node.processId + thread).padStart(5);
    log.push({ at, text: `${severity}${day.replaceAll('-', '')} ${micros} ${number} ${file}:1] ${text}` });
  };

  const glog: Glog = {
    linesOf(node) {
      const shown = [...(logs.get(node) ?? [])];
      for (const db of node.dbs) {
        const copy = copies.get(db);
        if (copy && db.rsync.transfer) {
          const before = logs.get(node)!.length;
          writeFiles(copy, db.rsync.transfer, world.clock.now(), false);
          shown.push(...logs.get(node)!.splice(before));
        }
        if (db.rsync.result?.kind === 'hang') shown.push(...hangLines(node, db));
      }
      return shown.toSorted((a, b) => a.at - b.at).map(({ text }) => text);
    },
    write(node, thread, ...lines) {
      if (node.traits.pushes) return;
      for (const line of lines) put(node, world.clock.now(), threadNumber[thread], line);
    },
    copyBegun(node, db, dump) {
      if (node.traits.pushes) return;
      const client = 20 + (copiesBegun++ % 10_000) * (mostWorkers + 1);
      copies.set(db, { dump, startedAt: world.clock.now(), client, failures: [] });
      const files = listed(dump);
      const aux = threadNumber.aux;
      const at = world.clock.now();
      put(node, at, aux, [
        'I',
        'rsync_client.cc',
        `receive rsync meta infos, snapshot_uuid: ${dump.uuid}files count: ${files.length}`,
      ]);
      put(node, at, aux, ['W', 'rsync_client.cc', 'DUMP_META_DATA not exist']);
      put(node, at, aux, [
        'I',
        'rsync_client.cc',
        `copy meta data done, db name: ${db.name} snapshot_uuid: ${dump.uuid} file count: ${files.length} expired file count: 0`,
      ]);
      for (const { name } of files) put(node, at, aux, ['W', 'rsync_client.cc', `file_set: ${name}`]);
      put(node, at, aux, ['I', 'rsync_client.cc', 'RsyncClient recover success']);
      put(node, at, client, ['I', 'rsync_client.cc', 'RsyncClient begin to copy remote files']);
    },
    newerDump(transfer) {
      const copy = copies.get(transfer.db);
      if (copy === undefined) return;
      const { opensSupersededCopy } = transfer.slave.traits;
      put(transfer.slave, world.clock.now(), copy.client + 1, [
        'W',
        'rsync_client.cc',
        `receive newer dump, reset state to STOP, local_snapshot_uuid:${copy.dump.uuid}${opensSupersededCopy ? '' : ', '}remote snapshot uuid: ${transfer.db.name}`,
      ]);
      glog.copyEnded(transfer, 'superseded');
      if (!opensSupersededCopy)
        put(transfer.slave, world.clock.now(), copy.client, [
          'E',
          'rsync_client.cc',
          `RsyncClient stopped with errors, deleted:${copyPath(transfer.slave, transfer.db)}`,
        ]);
    },
    fileFailed({ slave, db }, ...lines) {
      if (!slave.traits.pushes) copies.get(db)?.failures.push({ at: world.clock.now(), lines });
    },
    filesRefused(transfer) {
      const { master, db } = transfer;
      glog.fileFailed(transfer, [
        'W',
        'rsync_client.cc',
        'copy remote file failed, msg: IO error: kRsyncFile request failed, master response error code',
      ]);
      glog.write(master, 'bgsave', [
        'E',
        'rsync_server.h',
        `open file [/data/${master.id}/dump/${db.name}/info] failed! error: No such file or directory`,
      ]);
    },
    copyEnded(transfer, how) {
      const { slave: node, db } = transfer;
      const copy = copies.get(db);
      if (copy === undefined || node.traits.pushes) return;
      copies.delete(db);
      const now = world.clock.now();
      writeFiles(
        copy,
        transfer,
        now,
        how !== 'killed' && !(how === 'superseded' && !node.traits.opensSupersededCopy),
      );
    },
  };
  return glog;

  /** What the workers wrote until then: files in turn, at the same speed. */
  function writeFiles(copy: Copy, transfer: Transfer, until: number, ended: boolean): void {
    const { slave: node, workers } = transfer;
    const { dump, startedAt, client, failures } = copy;
    const files = listed(dump);
    const copied = dump.failed ? [0] : copiedPerFile(dump.files, transfer.copied, workers);
    const spanMs = until - startedAt;
    for (let worker = 0; worker < workers; worker++) {
      const own = files
        .map((file, index) => ({ file, came: copied[index]! }))
        .filter((_, i) => i % workers === worker);
      const all = own.reduce((sum, { came }) => sum + came, 0);
      let before = 0;
      let begun: DumpFile | null = null;
      let failed = 0;
      const failUntil = (at: number): void => {
        if (worker !== 0) return;
        for (; failed < failures.length && failures[failed]!.at < at && begun; failed++) {
          const { at: failedAt, lines } = failures[failed]!;
          for (const line of lines) put(node, failedAt, client + 1, line);
          put(node, failedAt, client + 1, [
            'I',
            'rsync_client.cc',
            `copy remote file, filename: ${begun.name}`,
          ]);
        }
      };
      for (const { file, came } of own) {
        const at = startedAt + (all === 0 ? 0 : (before / all) * spanMs);
        failUntil(at);
        put(node, at, client + 1 + worker, [
          'I',
          'rsync_client.cc',
          `copy remote file, filename: ${file.name}`,
        ]);
        begun = file;
        before += came;
        if (came < file.bytes) break;
      }
      failUntil(until);
      if (ended)
        put(node, until, client + 1 + worker, [
          'I',
          'rsync_client.cc',
          `work_thread index: ${worker} copy remote files done`,
        ]);
    }
    if (ended) put(node, until, client, ['I', 'rsync_client.cc', 'RsyncClient copy remote files done']);
  }

  /** Ten times a second, without end; a hundred lines say as much. */
  function hangLines(node: SimNode, db: SimDb): readonly Written[] {
    const log = logs.get(node)!;
    const before = log.length;
    const line: GlogLine = ['W', 'pika_db.cc', `info path: ${copyPath(node, db)}/info not exist`];
    for (let index = 0; index < 100; index++) put(node, world.clock.now(), threadNumber.aux, line);
    return log.splice(before);
  }
}

/** A dump that failed has its file `info` alone. */
const listed = ({ failed, files }: Dump): readonly DumpFile[] =>
  failed ? [{ name: 'info', block: 'info', bytes: 50 }] : files;

export const copyPath = ({ id }: SimNode, { name }: SimDb): string => `/data/${id}/dbsync/${name}`;
export const backupPath = ({ id }: SimNode, { name }: SimDb): string => `/data/${id}/db/${name}_bak`;
