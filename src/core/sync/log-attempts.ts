/**
 * Judges full syncs by log lines alone. The rule: a copy is whole when every file of the list came, nothing aborted the
 * copy, every worker ended, the file `info` names a master, and the swap succeeded. `copy remote files done`,
 * `Change db success`, `TrySync Ok`, and a database that opens prove nothing: all were seen after incomplete copies.
 */
import type { LogAttempt, LogCause, LogFact, LogVerdict, SeenWithCause } from '../../model/full-sync-log.ts';

/** What the master's log adds: times are already those of the slave's clock. */
export interface MasterTold {
  /** Whether the master began a dump of this database in this time. */
  dumpBegun(db: string | null, from: number, to: number): boolean;
  /** Whether a dump of this database failed in this time. */
  dumpFailed(db: string | null, from: number, to: number): boolean;
}

export interface LogJudge {
  /** Facts of one server, in the order of its log. */
  take(fact: LogFact): void;
  /** Lines are missing here: no copy that was going on can be proven whole any more. */
  gap(): void;
  /** The server is known to have ended, though its log does not say so. */
  processEnded(): void;
  /** The log ends. */
  end(at: number): void;
  attempts(): readonly LogAttempt[];
  /** The attempts that ended, and those that go on as they would read if the log ended here. */
  soFar(): readonly LogAttempt[];
  /** Whether an attempt goes on. */
  busy(): boolean;
}

/** Names of all attempts that go on. No list of a real dump comes near: what is beyond is not kept, and its attempt stays undecided. */
const mostNames = 200_000;
const longestName = 1000;
/** Databases of a server, and workers of a copy, are far fewer. */
const mostOpen = 64;
const mostWorkers = 64;
/** A log may repeat the same failure for months: the last attempts say enough. */
const mostAttempts = 10_000;
/** A list is written within this time; then the copy begins. */
const listMs = 1000;
/** A dump that is replaced refuses files until the new one is there; then `receive newer dump` says so. */
const replacedWithinMs = 2000;
/** `info path … not exist` ten times a second; the releases that begin again write it once. */
const hungAfterLines = 20;

interface Attempt {
  db: string | null;
  readonly startedAt: number;
  /** Whether the log shows the list from its first line on. */
  whole: boolean;
  gaps: boolean;
  lastAt: number;
  listed: number | null;
  listedAt: number;
  readonly names: Set<string>;
  readonly copied: Set<string>;
  /** The file that each worker has begun; null = none, or it failed. */
  readonly begun: Map<number, string | null>;
  readonly done: Set<number>;
  /** Thread of the copy's client: its workers have higher numbers. */
  client: number | null;
  /** How often the master refused a file; and whether a file beside `info` was begun. */
  refusals: number;
  refusedSince: number | null;
  badFiles: number;
  more: boolean;
  /** Once something spoilt the copy, what comes after proves nothing. */
  abortedAt: number | null;
  abortedBy: LogCause | null;
  /** The line that aborted it says that no database will be opened. */
  final: boolean;
  /** Its client stopped: it copies no more. */
  stopped: boolean;
  /** Its client stopped, and no line has told why yet. */
  stoppedFirst: boolean;
  /** Why the master has not given the list so far: no trouble until the node gives up. */
  waiting: LogCause | null;
  /** What keeps the attempt from going on now. */
  trouble: LogCause | null;
  infoMissing: number;
  lastFileAt: number;
  emptyInfo: boolean;
  swapping: boolean;
  /** Of the database, as the log names it. */
  folder: string | null;
  died: boolean;
}

type Handler = (fact: LogFact) => void;

export function newLogJudge(master: MasterTold | null = null): LogJudge {
  const ended: LogAttempt[] = [];
  let open: Attempt[] = [];
  /** Why the session ended; null once the master has answered again. */
  let loss: LogCause | null = null;
  let refused = false;
  /** Lines from before a session are in this log: a copy whose beginning is missing has a gap. */
  let showsBeginning = false;
  let names = 0;
  /** Databases whose increments were refused, and that have no dump yet. */
  const askingAgain = new Set<string>();
  /** When the latest attempt of a database began in the logs of processes that ended. */
  const earlier = new Map<string | null, number>();

  const begin = (fact: LogFact, db: string | null, whole: boolean): Attempt => {
    if (open.length >= mostOpen) close(open[0]!, 'undecided', 'log_has_gaps', null);
    const attempt: Attempt = {
      db,
      startedAt: fact.at,
      whole,
      gaps: !whole && showsBeginning,
      lastAt: fact.at,
      listed: null,
      listedAt: fact.at,
      names: new Set(),
      copied: new Set(),
      begun: new Map(),
      done: new Set(),
      client: null,
      refusals: 0,
      refusedSince: null,
      badFiles: 0,
      more: false,
      abortedAt: null,
      abortedBy: null,
      final: false,
      stopped: false,
      stoppedFirst: false,
      waiting: null,
      trouble: null,
      infoMissing: 0,
      lastFileAt: fact.at,
      emptyInfo: false,
      swapping: false,
      folder: null,
      died: false,
    };
    open.push(attempt);
    return attempt;
  };
  const named = (db: string | undefined): Attempt | undefined =>
    open.findLast((attempt) => attempt.db === db) ?? open.findLast((attempt) => attempt.db === null);
  const newest = (fact: LogFact): Attempt => open.at(-1) ?? begin(fact, null, false);
  /** The folder of a copy has the name of its database. */
  const ofPath = (fact: LogFact): Attempt => {
    const db = /([^/]+)(?:\/(?:info)?)?$/.exec(fact.values.path ?? '')?.[1];
    return named(db) ?? (/^db\d+$/.test(db ?? '') ? begin(fact, db!, false) : newest(fact));
  };
  /** Lines of files name no database: a worker belongs to the client with the next lower thread number. */
  const ofThread = ({ thread }: LogFact): Attempt | undefined => {
    const copying = open.filter(({ client }) => client !== null).toSorted((a, b) => a.client! - b.client!);
    return (
      copying.find(({ begun, done }) => begun.has(thread) && !done.has(thread)) ??
      copying.findLast(({ client }) => client! <= thread) ??
      open.findLast(({ whole }) => !whole) ??
      // Numbers of threads begin anew.
      copying.at(-1) ??
      open.at(-1)
    );
  };
  const abort = (attempt: Attempt, cause: LogCause, at: number, final = false) => {
    attempt.abortedAt ??= at;
    attempt.abortedBy ??= cause;
    attempt.final ||= final;
  };
  const closeAs = (attempt: Attempt, judged: LogAttempt) => {
    open = open.filter((other) => other !== attempt);
    names -= attempt.names.size + attempt.copied.size;
    if (ended.length >= mostAttempts) ended.shift();
    ended.push(judged);
  };
  const close = (attempt: Attempt, verdict: LogVerdict, cause: LogCause | null, endedAt: number | null) =>
    closeAs(attempt, judgedAs(attempt, verdict, cause, endedAt));
  const unswapped = (attempt: Attempt, otherwise: LogCause): LogAttempt =>
    attempt.final || showsSwaps(attempt)
      ? judgedAs(
          attempt,
          'failed',
          attempt.abortedBy ?? causeNow(attempt) ?? otherwise,
          attempt.abortedAt ?? attempt.lastAt,
        )
      : judgedAs(attempt, 'undecided', 'log_has_gaps', null);
  const closeUnswapped = (attempt: Attempt, otherwise: LogCause) =>
    closeAs(attempt, unswapped(attempt, otherwise));
  /** Another attempt of the database begins. If no line tells why this one ended, lines are missing. */
  const closeOvertaken = (attempt: Attempt) => {
    // The line that says how the swap ended is missing.
    if (attempt.swapping) {
      attempt.gaps = true;
      const [verdict, cause] = swapped(attempt);
      close(attempt, verdict, cause, verdict === 'undecided' ? null : attempt.lastAt);
      return;
    }
    if (loss !== null) abort(attempt, stuckBy(attempt) ?? loss, attempt.lastAt);
    if (attempt.abortedBy === null) close(attempt, 'undecided', 'log_has_gaps', null);
    else closeUnswapped(attempt, attempt.abortedBy);
  };
  /** What comes after the stop of a client belongs to another copy, whose first lines are missing. */
  const closeStopped = (db?: string) => {
    for (const attempt of open)
      if (attempt.stopped && (db === undefined || attempt.db === null || attempt.db === db))
        closeOvertaken(attempt);
  };
  /** The copy that the node opens now. */
  const opened = (fact: LogFact): Attempt => {
    const db = fact.values.db!;
    closeStopped(db);
    const attempt = named(db) ?? begin(fact, db, false);
    attempt.db = db;
    return attempt;
  };
  /** The line of NO ONE comes before the node asks again: without it, the session was lost. */
  const sessionBegins = () => {
    showsBeginning = true;
    for (const attempt of open) {
      if (attempt.stoppedFirst && attempt.abortedBy === 'detached') attempt.abortedBy = 'session_lost';
      attempt.stoppedFirst = false;
    }
  };
  const causeNow = (attempt: Attempt): LogCause | null =>
    master?.dumpFailed(attempt.db, attempt.startedAt, attempt.lastAt) && onlyInfo(attempt)
      ? 'dump_failed'
      : attempt.trouble;

  const handlers: Readonly<Record<string, Handler>> = {
    started: (fact) => {
      endProcess(fact.at, true);
      showsBeginning = true;
    },
    meta_asked: sessionBegins,
    stopping: (fact) => {
      for (const attempt of open) if (!attempt.swapping) abort(attempt, 'node_restarted', fact.at);
    },
    sync_granted: (fact) => {
      const db = fact.values.db!;
      sessionBegins();
      for (const before of open)
        if (before.db === db || (before.db === null && before.abortedAt !== null)) closeOvertaken(before);
      answered(db);
      begin(fact, db, true);
    },
    rsync_begins: ({ at, values }) => {
      closeStopped(values.db);
      // The log shows no other line of a full sync that ended meanwhile.
      for (const attempt of open)
        if (attempt.names.size > 0 && !showsSwaps(attempt) && at > attempt.lastAt + listMs)
          close(attempt, 'undecided', 'log_has_gaps', null);
    },
    list_refused: (fact) => {
      const attempt = newest(fact);
      attempt.waiting = 'doing_bgsave';
      // The port answers.
      if (attempt.trouble === 'rsync_port_closed') attempt.trouble = null;
    },
    list_unanswered: (fact) => trouble(newest(fact), 'rsync_port_closed'),
    list_given_up: (fact) => {
      const attempt = newest(fact);
      if (/bgsave/.test(fact.values.error!)) attempt.waiting = 'doing_bgsave';
      trouble(attempt, attempt.trouble ?? attempt.waiting ?? 'rsync_port_closed');
    },
    rsync_failed: (fact) => {
      const attempt = named(fact.values.db);
      // Only 3.5.4 names the error, and only it gives up: later releases ask again at once, within the same attempt.
      if (attempt && fact.values.info)
        abort(attempt, attempt.trouble ?? attempt.waiting ?? 'rsync_port_closed', fact.at, true);
    },
    list_taken: (fact) => {
      const { db, count } = fact.values;
      closeStopped(db);
      let attempt = named(db);
      // What a log shows from its middle on may be of another database.
      if (attempt?.db === null && showsFiles(attempt)) attempt = undefined;
      if (attempt?.listed != null) {
        closeOvertaken(attempt);
        attempt = undefined;
      }
      attempt ??= begin(fact, db!, true);
      attempt.db = db!;
      // What is missing before the list proves nothing of the copy.
      if (!attempt.whole) attempt.gaps = false;
      attempt.whole = true;
      attempt.listed = Number(count);
      attempt.listedAt = fact.at;
      attempt.trouble = onlyInfo(attempt) ? 'dump_failed' : null;
      open = [...open.filter((other) => other !== attempt), attempt];
    },
    list_file: (fact) => keep(newest(fact), 'names', fact.values.name!),
    copy_begins: (fact) => {
      if (open.at(-1)?.stopped) closeOvertaken(open.at(-1)!);
      newest(fact).client = fact.thread;
    },
    file_begun: (fact) => {
      let attempt = ofThread(fact);
      if (attempt?.stopped && !attempt.begun.has(fact.thread)) {
        closeOvertaken(attempt);
        attempt = undefined;
      }
      attempt ??= begin(fact, null, false);
      const { begun, done } = attempt;
      // The same file again: the line of its failure is lost.
      if (begun.get(fact.thread) !== fact.values.name) finishFile(attempt, fact.thread);
      done.delete(fact.thread);
      attempt.more ||= fact.values.name !== 'info';
      if (begun.has(fact.thread) || begun.size < mostWorkers) begun.set(fact.thread, fact.values.name!);
      else attempt.gaps = true;
      attempt.lastFileAt = fact.at;
    },
    file_failed: (fact) => {
      const attempt = ofThread(fact);
      if (!attempt) return;
      if (attempt.begun.has(fact.thread)) attempt.begun.set(fact.thread, null);
      if (!/response error code/.test(fact.values.error!)) return;
      attempt.refusals++;
      attempt.refusedSince ??= fact.at;
      if (fact.at - attempt.refusedSince >= replacedWithinMs) attempt.trouble ??= 'dump_failed';
    },
    file_unanswered: (fact) => trouble(ofThread(fact), 'copy_stalled'),
    write_failed: (fact) => {
      const { error } = fact.values;
      const attempt = ofThread(fact);
      // One such line is of a worker of an earlier copy, whose folder is gone.
      if (error?.startsWith('Bad file descriptor') && attempt && attempt.badFiles++ === 0) return;
      trouble(attempt, error?.startsWith('No space left') ? 'disk_full' : 'write_failed');
    },
    worker_done: (fact) => {
      const attempt = ofThread(fact);
      if (!attempt) return;
      finishFile(attempt, fact.thread);
      if (attempt.done.size < mostWorkers) attempt.done.add(fact.thread);
      attempt.lastFileAt = fact.at;
    },
    newer_dump: (fact) => {
      const attempt = ofThread(fact) ?? begin(fact, null, false);
      abort(attempt, refusedInfo(attempt) ? 'dump_failed' : 'snapshot_superseded', fact.at);
    },
    copy_deleted: (fact) => {
      const attempt = open.find(({ client }) => client === fact.thread) ?? ofPath(fact);
      abort(attempt, refusedInfo(attempt) ? 'dump_failed' : 'snapshot_superseded', fact.at, true);
    },
    client_stopped: (fact) => {
      // A database that asks for a dump once more stops its own copy alone.
      const stopped =
        askingAgain.size > 0 && loss === null
          ? open.filter(({ db }) => db === null || askingAgain.has(db))
          : open;
      for (const attempt of stopped) {
        if (attempt.swapping) continue;
        attempt.stopped = true;
        attempt.stoppedFirst ||= attempt.abortedAt === null && loss === null && askingAgain.size === 0;
        abort(
          attempt,
          stuckBy(attempt) ?? loss ?? (attempt.stoppedFirst ? 'detached' : 'session_lost'),
          fact.at,
        );
      }
    },
    increments_run: (fact) => {
      const db = fact.values.db!;
      const attempt = open.find((each) => each.db === db);
      if (attempt) closeOvertaken(attempt);
      answered(db);
    },
    increments_refused: (fact) => {
      answered(fact.values.db!);
      if (askingAgain.size < mostOpen) askingAgain.add(fact.values.db!);
    },
    info_missing: (fact) => {
      const attempt = ofPath(fact);
      attempt.infoMissing++;
      // The releases that begin again have thrown the copy away before.
      if (fact.values.again) abort(attempt, 'snapshot_superseded', fact.at, true);
      else if (attempt.infoMissing >= hungAfterLines) abort(attempt, 'hung_in_full_sync', fact.at, true);
    },
    info_read: (fact) => {
      const attempt = opened(fact);
      attempt.emptyInfo = fact.values.ip === '';
      attempt.swapping = true;
    },
    swap_begun: (fact) => {
      const attempt = opened(fact);
      attempt.swapping = true;
      attempt.folder = fact.values.path!.replace(/_bak\/?$/, '');
    },
    other_mount: (fact) => {
      const attempt = open.find(({ swapping }) => swapping) ?? newest(fact);
      abort(attempt, 'copy_on_another_mount', fact.at, true);
    },
    swap_failed: (fact) => {
      const attempt = named(fact.values.db);
      if (!attempt) return;
      attempt.final = true;
      closeUnswapped(attempt, 'swap_failed');
    },
    swap_done: (fact) => {
      const attempt = opened(fact);
      const [verdict, cause] = swapped(attempt);
      close(attempt, verdict, cause, fact.at);
    },
    open_failed: (fact) => {
      const attempt = open.find(({ swapping }) => swapping);
      if (!attempt) return;
      attempt.died = true;
      closeUnswapped(attempt, crashCause(fact.values.error ?? ''));
    },
    auth_refused: refuse,
    id_refused: refuse,
    databases_differ: refuse,
    session_lost: lose('session_lost'),
    session_idle: lose('session_lost'),
    detached: (fact) => {
      lose('detached')(fact);
      for (const attempt of open) attempt.stoppedFirst = false;
    },
  };

  return {
    take(fact) {
      handlers[fact.code]?.(fact);
      for (const attempt of open) attempt.lastAt = Math.max(attempt.lastAt, fact.at);
    },
    gap() {
      for (const attempt of open) attempt.gaps = true;
    },
    processEnded: () => endProcess(Number.POSITIVE_INFINITY, true),
    end: (at) => endProcess(at, false),
    attempts: () => inOrder(ended),
    soFar: () => inOrder([...ended, ...open.map(asItStands)]),
    busy: () => open.length > 0,
  };

  function endProcess(at: number, gone: boolean): void {
    for (const attempt of open) {
      // NO ONE is logged up to 3 s after the end of the copy; a process that ends stops its copy too.
      if (gone && attempt.stoppedFirst) attempt.abortedBy = 'node_restarted';
      if (attempt.abortedAt === null && (gone || isOvertaken(attempt)))
        if (showsSwaps(attempt)) close(attempt, 'failed', 'node_restarted', Math.min(at, attempt.lastAt));
        else close(attempt, 'undecided', 'log_has_gaps', null);
      else closeAs(attempt, asItStands(attempt));
    }
    for (const { db, startedAt } of ended)
      if (earlier.size < mostOpen || earlier.has(db))
        earlier.set(db, Math.max(startedAt, earlier.get(db) ?? startedAt));
    loss = null;
    refused = false;
    askingAgain.clear();
  }

  /** Files may be given in any order within one file: what began later in another process shows that this attempt is over. */
  function isOvertaken({ db, lastAt }: Attempt): boolean {
    return (earlier.get(db) ?? lastAt) > lastAt;
  }

  /** What the log says of an attempt if no further line comes. */
  function asItStands(attempt: Attempt): LogAttempt {
    if (attempt.abortedAt !== null) return unswapped(attempt, 'session_lost');
    if (attempt.whole) return judgedAs(attempt, 'running', causeNow(attempt), null);
    return judgedAs(attempt, 'undecided', showsSwaps(attempt) ? missing(attempt) : 'log_has_gaps', null);
  }

  function refuse(fact: LogFact): void {
    // A node that was refused says so once per SLAVEOF; one refusal is one attempt.
    if (refused) return;
    refused = true;
    const refusal = refusals[fact.code];
    const judged = judgedAs(begin(fact, null, true), 'failed', 'master_refuses', fact.at);
    closeAs(open.at(-1)!, refusal ? { ...judged, seen: { refusal } } : judged);
  }

  function lose(cause: LogCause): Handler {
    return () => {
      refused = false;
      loss = cause;
    };
  }

  /** The master answered for this database: there is a session. */
  function answered(db: string): void {
    refused = false;
    loss = null;
    askingAgain.delete(db);
  }

  function keep(attempt: Attempt, list: 'names' | 'copied', name: string): void {
    if (attempt[list].has(name)) return;
    if (names >= mostNames || name.length > longestName) {
      attempt.gaps = true;
      return;
    }
    names++;
    attempt[list].add(name);
  }

  /** A file is whole when its worker goes on to the next one or ends, unless it failed or the copy was spoilt before. */
  function finishFile(attempt: Attempt, thread: number): void {
    const name = attempt.begun.get(thread);
    if (name == null || attempt.abortedAt !== null) return;
    attempt.begun.set(thread, null);
    keep(attempt, 'copied', name);
    attempt.refusedSince = null;
    if (!onlyInfo(attempt)) attempt.trouble = null;
  }

  function swapped(attempt: Attempt): readonly [LogVerdict, LogCause | null] {
    if (attempt.abortedBy) return ['incomplete', attempt.abortedBy];
    if (attempt.emptyInfo || onlyInfo(attempt)) return ['incomplete', 'dump_failed'];
    if (!attempt.whole || attempt.listed === null) return ['undecided', missing(attempt)];
    const workersEnded = [...attempt.begun.keys()].every((thread) => attempt.done.has(thread));
    const allCame =
      attempt.names.size === attempt.listed && [...attempt.names].every((name) => attempt.copied.has(name));
    if (!workersEnded || !allCame || attempt.gaps) return ['undecided', 'log_has_gaps'];
    if (master?.dumpBegun(attempt.db, attempt.listedAt, attempt.lastFileAt))
      return ['undecided', 'dump_during_copy'];
    return ['complete', null];
  }
}

const inOrder = (attempts: readonly LogAttempt[]): readonly LogAttempt[] =>
  attempts.toSorted((a, b) => a.startedAt - b.startedAt);

function judgedAs(
  { db, startedAt, listed, copied, folder, died }: Attempt,
  verdict: LogVerdict,
  cause: LogCause | null,
  endedAt: number | null,
): LogAttempt {
  const judged = { db, startedAt, endedAt, verdict, cause, files: { listed, copied: copied.size } };
  if (verdict !== 'failed' || folder === null || folder.length > longestName) return judged;
  return { ...judged, seen: { folder, ...(died && { died }) } };
}

const refusals: Readonly<Record<string, SeenWithCause['refusal']>> = {
  auth_refused: 'auth',
  id_refused: 'id',
  databases_differ: 'databases',
};

/** What is missing of an attempt whose beginning no line shows. */
const missing = ({ gaps }: Attempt): LogCause => (gaps ? 'log_has_gaps' : 'log_begins_later');

/** What would have kept the copy from its end, whoever ended it. */
const stuckBy = ({ trouble: cause }: Attempt): LogCause | null =>
  cause === 'disk_full' || cause === 'dump_failed' ? cause : null;

const onlyInfo = (attempt: Attempt): boolean => attempt.listed === 1;

/** A failed dump has the file `info` alone, in a folder that the master has renamed. */
const refusedInfo = (attempt: Attempt): boolean =>
  onlyInfo(attempt) || (attempt.listed === null && !attempt.more && attempt.refusals > 1);

const showsFiles = ({ names, client, begun }: Attempt): boolean =>
  names.size > 0 || client !== null || begun.size > 0;

/** Logs of WARNING and above lack the lines that tell of a swap, and nearly all others. */
const showsSwaps = ({ whole, client, begun, done, swapping }: Attempt): boolean =>
  whole || client !== null || begun.size > 0 || done.size > 0 || swapping;

function trouble(attempt: Attempt | undefined, cause: LogCause): void {
  if (attempt && attempt.abortedAt === null && !onlyInfo(attempt)) attempt.trouble = cause;
}

/** Of a process that could not open its database. */
export const crashCauses: ReadonlySet<string> = new Set(['manifest_missing', 'checksum', 'crashed_on_open']);

export function crashCause(error: string): 'manifest_missing' | 'checksum' | 'crashed_on_open' {
  if (/No such file or directory.*MANIFEST/.test(error)) return 'manifest_missing';
  if (/checksum mismatch/i.test(error)) return 'checksum';
  return 'crashed_on_open';
}
