import { matchesGlob } from './glob.ts';
import { info } from './info.ts';
import { toInteger } from './keyspace-commands/context.ts';
import { dataCommands } from './keyspace-commands/table.ts';
import { purgeLogsTo, startBgsave } from './master.ts';
import { persistReplicationId, rewriteConfig } from './process.ts';
import { failure, failures, ok, type Reply, status } from './reply.ts';
import { refuseSetting } from './settings.ts';
import { changeMaster, removeMaster } from './slave-link.ts';
import { wake } from './slave-ticks.ts';
import { reallocate } from './transfer.ts';
import { findDb, masterOf, type SimDb, type SimNode, setting, type World } from './world.ts';
import { appendToBinlog, runDataCommand } from './writing.ts';

/** What one client connection remembers. */
export interface Session {
  db: number;
  authenticated: boolean;
  /** Commands queued since MULTI; null = not in a transaction. */
  queued: (readonly string[])[] | null;
}

export const newSession = (): Session => ({ db: 0, authenticated: false, queued: null });

interface Call {
  readonly world: World;
  readonly node: SimNode;
  readonly session: Session;
  readonly argv: readonly string[];
}

interface ServerCommand {
  readonly arity: number;
  readonly run: (call: Call) => Reply;
}

const command = (arity: number, run: (call: Call) => Reply): ServerCommand => ({ arity, run });

const isWord = (argument: string | undefined, word: string): boolean => argument?.toLowerCase() === word;

// ---- SLAVEOF, DBSLAVEOF ------------------------------------------------------------------------------------------

const sameAddress = failure('ERR The master ip:port and the slave ip:port are the same');

/** SLAVEOF NO ONE | host port [force] (pika-facts 1.2, 1.3). */
function slaveof({ world, node, argv }: Call): Reply {
  if (argv.length > 4) return failures.wrongCount('slaveof');
  if (argv.length === 3 && isWord(argv[1], 'no') && isWord(argv[2], 'one')) {
    removeMaster(world, node);
    return ok;
  }
  if (node.slaves.length > 0) return failure('ERR already master of others, invalid usage');
  const port = toInteger(argv[2]);
  if (port === undefined || port <= 0) return failures.notInteger;
  const host = argv[1]!;
  if (isSelf(node, host) && port === node.port)
    return node.traits.version <= '3.5.0' ? failure('ERR you fucked up') : sameAddress;
  if (argv.length === 4) {
    if (!isWord(argv[3], 'force')) return failures.wrongCount('slaveof');
    node.forceFullSync = true;
  }
  const isPresent = node.master?.port === port && (host === '127.0.0.1' || host === node.master.host);
  if (isPresent) return ok;
  changeMaster(world, node, { host: host === '127.0.0.1' ? node.host : host, port });
  return ok;
}

const isSelf = (node: SimNode, host: string): boolean =>
  host === '127.0.0.1' || host === node.host || (host === 'localhost' && node.traits.version >= '3.5.3');

/** DBSLAVEOF db [no one | force | file offset]. */
function dbslaveof({ world, node, argv }: Call): Reply {
  if (node.master === null || node.slaves.length > 0 || node.replState !== 'done')
    return failure('ERR Not currently a slave');
  const db = findDb(node, argv[1]!);
  if (db === undefined) return failure('ERR Invaild db name');
  if (argv.length === 4 && isWord(argv[2], 'no') && isWord(argv[3], 'one')) {
    db.state = 'DBNoConnect';
    return ok;
  }
  if (db.state === 'Error') return failure('ERR Corruption: Sync Slave DB in kError');
  if (db.state !== 'NoConnect' && db.state !== 'DBNoConnect') return ok;
  if (argv.length === 4) {
    const [file, offset] = [toInteger(argv[2]), toInteger(argv[3])];
    if (file === undefined || offset === undefined) return failures.notInteger;
    db.binlog.reset({ file, offset });
  }
  db.state = isWord(argv[2], 'force') ? 'TryDBSync' : 'TryConnect';
  wake(world, node);
  return ok;
}

// ---- CONFIG ------------------------------------------------------------------------------------------------------

function config(call: Call): Reply {
  const verb = call.argv[1]!.toLowerCase();
  if (verb === 'get') return call.argv.length === 3 ? configGet(call) : failures.wrongCount('config');
  if (verb === 'set') return configSet(call);
  if (verb === 'rewrite') {
    rewriteConfig(call.node);
    return ok;
  }
  if (verb === 'resetstat') return ok;
  return failure('ERR CONFIG subcommand must be one of GET, SET, RESETSTAT, REWRITE');
}

function configGet({ node, argv }: Call): Reply {
  const live: Readonly<Record<string, string>> = {
    port: String(node.port),
    slaveof: node.master === null ? '' : `${node.master.host}:${node.master.port}`,
    'run-id': node.runId,
    'replication-id': node.replicationId,
    databases: String(node.dbs.length),
  };
  const pattern = argv[2]!.toLowerCase();
  const names = node.settings.has(pattern)
    ? [pattern]
    : [...node.settings.keys()].filter((name) => matchesGlob(pattern, name));
  return names
    .filter((name) => name !== 'rsync-timeout-ms')
    .flatMap((name) => [name, live[name] ?? node.settings.get(name)!]);
}

/** They act at once on a copy under way. */
const ofCopies: ReadonlySet<string> = new Set(['throttle-bytes-per-second', 'rsync-timeout-ms']);

function configSet({ world, node, argv }: Call): Reply {
  const name = argv[2]?.toLowerCase();
  const value = argv[3];
  if (name === undefined || (value === undefined && name !== '*') || argv.length > 4)
    return failures.wrongCount('config');
  if (value === undefined) return [...node.settings.keys()];
  const refused = refuseSetting(node.traits.version, name, value);
  if (refused !== null) return failure(refused);
  if (name === 'write-binlog' && node.master !== null)
    return failure('ERR need to close master-slave mode first');
  node.settings.set(name, value);
  const master = masterOf(world, node);
  if (ofCopies.has(name) && master !== undefined) reallocate(world, master);
  return ok;
}

// ---- snapshots and binlog ----------------------------------------------------------------------------------------

function bgsave({ world, node, argv }: Call): Reply {
  const names = argv[1]?.split(',') ?? node.dbs.map(({ name }) => name);
  const dbs = names.map((name) => findDb(node, name));
  const unknown = dbs.indexOf(undefined);
  if (unknown !== -1) return failures.invalidDb(names[unknown]!);
  for (const db of dbs) startBgsave(world, node, db!, 'by hand');
  return status('Background saving started');
}

function delbackup({ node, session }: Call): Reply {
  const db = node.dbs[session.db]!;
  const syncing = node.slaves.some(({ dbs }) => dbs.get(db.name)?.state === 'DbSync');
  if (!syncing) db.dump = null;
  return ok;
}

function purgelogsto({ world, node, argv }: Call): Reply {
  const file = /^write2file(\d+)$/.exec(argv[1]!)?.[1];
  if (file === undefined) return failures.invalidArgument;
  const db = findDb(node, argv[2] ?? 'db0');
  if (db === undefined) return failures.invalidDb(argv[2] ?? 'db0');
  purgeLogsTo(world, node, db, Number(file));
  return ok;
}

function clearReplicationId({ world, node, argv, session }: Call): Reply {
  node.replicationId = '';
  node.unfinished.clear();
  persistReplicationId(node);
  appendToBinlog(world, node, node.dbs[session.db]!, { argv, at: world.clock.now() });
  return ok;
}

function padding({ node, argv, session }: Call): Reply {
  const bytes = toInteger(argv[1]);
  if (bytes === undefined || bytes < 0) return failures.notInteger;
  node.dbs[session.db]!.binlog.pad(bytes);
  return ok;
}

const dbsize = ({ node, session }: Call): Reply =>
  Object.values(node.dbs[session.db]!.keyScan?.counts ?? {}).reduce((total, { keys }) => total + keys, 0);

// ---- connections -------------------------------------------------------------------------------------------------

/** With requirepass set and userpass empty every password is taken (pika-facts 3.4). */
function auth({ node, session, argv }: Call): Reply {
  const [requirepass, userpass] = [setting(node, 'requirepass'), setting(node, 'userpass')];
  if (argv.length > 3) return failures.wrongCount('auth');
  if (requirepass === '' && userpass === '') return failure('ERR Client sent AUTH, but no password is set');
  const given = argv.at(-1)!;
  const accepted = userpass === '' || given === requirepass || given === userpass;
  if (!accepted) return wrongPassword(node);
  session.authenticated = true;
  return ok;
}

const wrongPassword = (node: SimNode): Reply =>
  node.traits.version >= '3.5.3'
    ? failure('WRONGPASS invalid username-password pair or user is disabled.')
    : failure('ERR invalid password');

const needsAuth = (node: SimNode): boolean =>
  setting(node, 'requirepass') !== '' || setting(node, 'userpass') !== '';

function select({ node, session, argv }: Call): Reply {
  const index = toInteger(argv[1]);
  if (index === undefined || index < 0 || index >= node.dbs.length)
    return failure("ERR invalid DB index for 'select DB index is out of range'");
  session.db = index;
  return ok;
}

const hello = ({ node }: Call): Reply => [
  'server',
  'redis',
  'proto',
  2,
  'mode',
  'classic',
  'role',
  node.master === null ? 'master' : 'slave',
];

/** A subscriber is not listed: its connection belongs to another thread (pika-facts 3.5). */
function client({ node, argv }: Call): Reply {
  if (isWord(argv[1], 'list'))
    return [...node.clients].map((address, at) => `addr=${address} fd=${72 + at} idle=0\n`).join('');
  if (isWord(argv[1], 'getname')) return '';
  return ok;
}

function time({ world }: Call): Reply {
  const now = world.clock.now();
  return [String(Math.floor(now / 1000)), String(Math.floor((now % 1000) * 1000))];
}

function exec(call: Call): Reply {
  const queued = call.session.queued;
  if (queued === null) return failure('ERR EXEC without MULTI');
  call.session.queued = null;
  return queued.map((argv) => runCommand(call.world, call.node, call.session, argv));
}

const serverCommands: Readonly<Record<string, ServerCommand>> = {
  ping: command(1, () => status('PONG')),
  echo: command(2, ({ argv }) => argv[1]!),
  auth: command(-2, auth),
  hello: command(-1, hello),
  select: command(2, select),
  quit: command(1, () => ok),
  client: command(-2, client),
  info: command(-1, ({ world, node, argv }) => info(world, node, argv)),
  config: command(-2, config),
  slaveof: command(-3, slaveof),
  dbslaveof: command(-2, dbslaveof),
  bgsave: command(-1, bgsave),
  lastsave: command(1, ({ node }) => node.lastSave),
  delbackup: command(1, delbackup),
  purgelogsto: command(-2, purgelogsto),
  clearreplicationid: command(1, clearReplicationId),
  padding: command(2, padding),
  dbsize: command(1, dbsize),
  time: command(1, time),
  slowlog: command(-2, ({ argv }) => (isWord(argv[1], 'len') ? 0 : [])),
  multi: command(1, ({ session }) => {
    session.queued = [];
    return ok;
  }),
  discard: command(1, ({ session }) => {
    session.queued = null;
    return ok;
  }),
  exec: command(1, exec),
};

/** Names that came with a version. */
function existsIn(
  { version, family, hasLastSave, hasReplicationId }: SimNode['traits'],
  name: string,
): boolean {
  if (name === 'lastsave') return hasLastSave;
  if (name === 'clearreplicationid') return hasReplicationId;
  if (name === 'hello' || name === 'quit') return family !== '3.3';
  if (['multi', 'exec', 'discard'].includes(name)) return version >= '3.5.2';
  return true;
}

const beforeLogin = ['auth', 'hello', 'quit'];
const outsideQueue = ['exec', 'discard', 'multi'];
/** Server commands that a slave refuses because they write. */
const writingServerCommands = ['clearreplicationid', 'padding'];

const fits = (arity: number, words: number): boolean => (arity < 0 ? words >= -arity : words === arity);

function unknown(node: SimNode, name: string): Reply {
  return node.traits.family === '3.3'
    ? failure(`ERR unknown or unsupported command '${name}"`)
    : failures.unknownCommand(name);
}

/** One command of a client, with the checks in Pika's order: known, arity, login, read-only. */
export function runCommand(world: World, node: SimNode, session: Session, argv: readonly string[]): Reply {
  const name = commandNamed(node, (argv[0] ?? '').toLowerCase());
  const server =
    Object.hasOwn(serverCommands, name) && existsIn(node.traits, name) ? serverCommands[name] : undefined;
  const data = server === undefined ? dataCommandOf(node, name) : undefined;
  count(node, name, argv);
  const found = server ?? data;
  if (needsAuth(node) && !session.authenticated && !beforeLogin.includes(name)) return failures.noAuth;
  if (found === undefined) return unknown(node, name.trim());
  if (!fits(found.arity, argv.length)) return failures.wrongCount(name);
  const writes = data?.writes ?? writingServerCommands.includes(name);
  if (writes && node.master !== null && setting(node, 'slave-read-only') !== 'no')
    return failure(node.traits.readOnlyText);
  if (session.queued !== null && !outsideQueue.includes(name)) {
    session.queued.push(argv);
    return status('QUEUED');
  }
  if (server !== undefined) return server.run({ world, node, session, argv });
  return runDataCommand(world, node, currentDb(node, session), argv);
}

/** `rename-command` takes the old name away and gives another one. */
function commandNamed({ renamedCommands }: SimNode, given: string): string {
  const renamed = Object.entries(renamedCommands).find(([, name]) => name === given);
  return renamed !== undefined ? renamed[0] : Object.hasOwn(renamedCommands, given) ? ` ${given}` : given;
}

const currentDb = (node: SimNode, session: Session): SimDb => node.dbs[session.db] ?? node.dbs[0]!;

function dataCommandOf(node: SimNode, name: string): (typeof dataCommands)[string] | undefined {
  const found = Object.hasOwn(dataCommands, name) ? dataCommands[name] : undefined;
  if (found?.streams === true && !node.traits.hasStreams) return undefined;
  return name === 'ptype' && node.traits.oneTypePerKey ? undefined : found;
}

function count(node: SimNode, name: string, argv: readonly string[]): void {
  const { counters } = node;
  counters.commands++;
  counters.netIn += argv.reduce((total, word) => total + word.length + 6, 4);
  counters.perCommand.set(name, (counters.perCommand.get(name) ?? 0) + 1);
}
