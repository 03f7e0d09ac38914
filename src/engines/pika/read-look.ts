import { codeOfDenial, isUnknownCommand } from '../../model/error-replies.ts';
import {
  isInError,
  type LookSection,
  type NodeFacts,
  type ReplicationFacts,
  type SizeFacts,
} from '../../model/observation.ts';
import { ProtocolError } from '../../resp/reader.ts';
import {
  type ConfigKey,
  type ConfigValues,
  configFacts,
  configKeys,
  configValue,
  type PasswordsToCompare,
} from './config-facts.ts';
import {
  parseCommandCalls,
  parseData,
  parseInstanceCount,
  parseReplication,
  parseServer,
  parseSizes,
  parseStats,
} from './info.ts';
import { type Command, firstLine, isOwnEnd, type Link, type Reply } from './link.ts';

/** The node answered, but would not let the service in. */
export class DeniedReply extends Error {
  override readonly name = 'DeniedReply';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const redirectText = /^(?:MOVED|ASK) /;

/** The refusal in an error reply; null = another error. */
export function deniedReply(error: string): DeniedReply | null {
  const code = codeOfDenial(error);
  return code === null ? null : new DeniedReply(code, error.replace(/^ERR /, ''));
}

export interface ReadOptions {
  readonly sections: ReadonlySet<LookSection>;
  readonly passwords: PasswordsToCompare;
  /**
   * Whether INFO data may be asked of a node with these facts: before 3.5.4 it walks the disk (v3.5.3; change 2554 ended that).
   */
  readonly mayAskData: (facts: NodeFacts) => boolean;
  /** What earlier looks over this connection learnt of the node. */
  readonly known: NodeFacts;
}

/**
 * Reads the sections that were asked for. A master's come in one round trip, but those that need to know something of it
 * first (INFO data its version, the probe for keys the number of DBs). A slave is asked for its states first: whatever
 * reads its databases ends its process while a database is not open (pika-facts 4.9). A copy that cannot be opened just
 * between the two questions ends it all the same. Never asked: DBSIZE, BGSAVE, INFO keyspace, INFO without a section.
 * DBSIZE breaks the protocol with slotmigrate on (pika-facts 3.2), and BGSAVE replaces the dump that slaves copy
 * (pika-facts 4.4).
 */
export async function readFacts(link: Link, options: ReadOptions): Promise<NodeFacts> {
  const { sections, known } = options;
  const mayBeGone = known.replication?.role !== 'master' && !sections.has('while_error');
  const split = mayBeGone && sections.has('replication') && sections.size > 1;
  const states = split ? await readCheap(link, options, (name) => !readsDatabases.has(name)) : {};
  if (isInError(states.replication))
    return joined([states, await readCheap(link, options, (name) => name === 'config')]);
  const rest = await readCheap(link, options, (name) => !split || readsDatabases.has(name));
  const all: NodeFacts = { ...known, ...states, ...rest };
  const data = await readData(link, options, all);
  const keys = await readKeys(link, options, all);
  return joined([states, rest, data, keys]);
}

/** What the parts of a look told; each may have met commands that are hidden. */
function joined(parts: readonly NodeFacts[]): NodeFacts {
  const hiddenCommands = parts.flatMap((facts) => facts.hiddenCommands ?? []);
  return Object.assign({}, ...parts, hiddenCommands.length > 0 && { hiddenCommands });
}

const infoOf = {
  server: 'server',
  replication: 'replication',
  stats: 'stats',
  sizes: 'rocksdb',
  commands: 'commandstats',
} as const;
type InfoSection = keyof typeof infoOf;
const infoSections = Object.keys(infoOf) as InfoSection[];
/** And the settings, which the sizes complete. */
const readsDatabases: ReadonlySet<LookSection> = new Set(['stats', 'sizes', 'config']);

/** Of what costs little the parts that are wanted, in one round trip. */
async function readCheap(
  link: Link,
  { sections, passwords, known }: ReadOptions,
  wanted: (name: LookSection) => boolean,
): Promise<NodeFacts> {
  const has = (name: LookSection): boolean => sections.has(name) && wanted(name);
  const wantsClients = has('clients');
  const needsVersion = sections.has('data') && !known.server && wanted('server');
  const infos = infoSections.filter((name) => has(name) || (name === 'server' && needsVersion));
  const settings: readonly ConfigKey[] = has('config') ? configKeys : [];
  const commands: Command[] = [
    ...infos.map((name): Command => ['INFO', infoOf[name]]),
    ...(has('lastsave') ? [['LASTSAVE'] as Command] : []),
    ...(wantsClients ? [['CLIENT', 'LIST'] as Command] : []),
    ...(has('slaveof') ? [['SLAVEOF'] as Command] : []),
    ...settings.map((key): Command => ['CONFIG', 'GET', key]),
  ];
  if (commands.length === 0) return {};
  const replies = await link.send(commands);
  const texts = new Map(infos.map((name, index) => [name, infoText(`INFO ${infoOf[name]}`, replies[index])]));
  const rest = replies.slice(infos.length);
  const lastSave = has('lastsave') ? rest.shift() : undefined;
  const clients = wantsClients ? rest.shift() : undefined;
  const slaveof = has('slaveof') ? rest.shift() : undefined;
  const hiddenCommands = [
    ...(isHidden(slaveof) ? ['slaveof'] : []),
    ...(settings.length > 0 && isHidden(rest[0]) ? ['config'] : []),
  ];
  return {
    ...infoFacts(texts),
    ...lastSaveFacts(lastSave),
    ...clientFacts(clients, isOwnEnd),
    ...settingFacts(settings, rest, passwords, texts.get('sizes')),
    ...(hiddenCommands.length > 0 && { hiddenCommands }),
  };
}

/** The text of an INFO reply; nobody can judge a node that cannot answer INFO. */
function infoText(what: string, reply: Reply | undefined): string {
  if (!reply) throw new ProtocolError(`no reply to ${what}`);
  if ('error' in reply) throw refusal(what, reply.error);
  if (typeof reply.value !== 'string') throw new ProtocolError(`the reply to ${what} is no text`);
  return reply.value;
}

function refusal(what: string, error: string): Error {
  const denied = deniedReply(error);
  if (denied) return denied;
  if (redirectText.test(error))
    return new ProtocolError(
      `it answers ${what} with a redirect ("${error}"), which no Pika does; redirects are not followed`,
    );
  return new ProtocolError(`it answers ${what} with "${error}"`);
}

/** Up to 3.1 two masters could copy each other (double-master-ip). */
const doubleMaster = /^role:double_master/m;

/** Valkey prints a version of Redis too, before its own. */
const otherServers = [
  ['Valkey', /^valkey_version:(\d[\d.]{0,15})/m],
  ['Redis', /^redis_version:(\d[\d.]{0,15})/m],
] as const;

function otherServer(text: string): string {
  for (const [name, pattern] of otherServers) {
    const version = pattern.exec(text)?.[1];
    if (version !== undefined) return `names a ${name} ${version} and no Pika`;
  }
  return 'holds no pika_version';
}

function infoFacts(texts: ReadonlyMap<InfoSection, string>): NodeFacts {
  const server = parsed(texts, 'server', parseServer, otherServer(texts.get('server') ?? ''));
  const replication = parsed(
    texts,
    'replication',
    parseReplication,
    doubleMaster.test(texts.get('replication') ?? '')
      ? 'says role:double_master, a mode of old releases which the service does not know'
      : 'holds no role',
  );
  const stats = parsed(texts, 'stats', parseStats, 'holds no is_bgsaving');
  const sizes = parseSizes(texts.get('sizes') ?? '');
  const commandCalls = parseCommandCalls(texts.get('commands') ?? '');
  assertBounded(replication, sizes);
  return {
    ...(server && { server }),
    ...(replication && { replication }),
    ...(stats && { stats }),
    ...(sizes && { sizes }),
    ...(commandCalls && { commandCalls }),
  };
}

/** A master with 500 slaves of 8 DBs prints about 200 KB. */
const maxInfoLength = 1024 * 1024;
const maxSlaves = 1000;
const maxDbs = 64;

/** What a node says of its replication is stored at every change: no honest one says more than this. */
function assertBounded(replication: ReplicationFacts | null, sizes: SizeFacts | null): void {
  const { slaves = [], binlog = {}, dbStates = {} } = replication ?? {};
  const dbs = [Object.keys(binlog), Object.keys(dbStates), sizes?.sstBytesByDatabase ?? []];
  const most = Math.max(...dbs.map(({ length }) => length));
  if (slaves.length > maxSlaves || most > maxDbs)
    throw new ProtocolError(
      `the reply to INFO tells of ${slaves.length} slaves and ${most} DBs; more than ${maxSlaves} and ${maxDbs} are not read`,
    );
}

function parsed<Facts>(
  texts: ReadonlyMap<InfoSection, string>,
  section: InfoSection,
  parse: (text: string) => Facts | null,
  complaint: string,
): Facts | null {
  const text = texts.get(section);
  if (text === undefined) return null;
  if (text.length > maxInfoLength)
    throw new ProtocolError(
      `the reply to INFO ${infoOf[section]} has ${text.length} characters; more than ${maxInfoLength} are not read`,
    );
  const facts = parse(text);
  if (facts === null)
    throw new ProtocolError(
      `the reply to INFO ${infoOf[section]} ${complaint} (it begins "${beginning(text)}")`,
    );
  return facts;
}

const beginning = (text: string): string => firstLine(text.trimStart()).slice(0, 60);

/** LASTSAVE exists from 3.5.3 on; an error reply means that this version has none. */
function lastSaveFacts(reply: Reply | undefined): NodeFacts {
  if (!reply || 'error' in reply) return {};
  const { value } = reply;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? { lastSaveUnixSeconds: value }
    : {};
}

const clientLine = /^addr=(\S+):(\d{1,5}) fd=\d+ idle=(\d+)/gm;

/** Connections, where the node tells them; an error reply means that its login may not ask. */
function clientFacts(reply: Reply | undefined, isOwn: (ip: string, port: number) => boolean): NodeFacts {
  if (!reply || 'error' in reply || typeof reply.value !== 'string') return {};
  if (reply.value.length > maxInfoLength)
    throw new ProtocolError(`the reply to CLIENT LIST has ${reply.value.length} characters`);
  const clients = [...reply.value.matchAll(clientLine)].map(([, address = '', port, idle]) => {
    const ip = address.replace(/^\[(.*)\]$/, '$1');
    return { ip, port: Number(port), idleSeconds: Number(idle), own: isOwn(ip, Number(port)) };
  });
  return { clients };
}

/** Whether a command that every version has is not known under its name: `rename-command` hides it. */
const isHidden = (reply: Reply | undefined): boolean =>
  reply !== undefined && 'error' in reply && isUnknownCommand(reply.error);

function settingFacts(
  keys: readonly ConfigKey[],
  replies: readonly Reply[],
  passwords: PasswordsToCompare,
  rocksdb: string | undefined,
): NodeFacts {
  if (keys.length === 0) return {};
  const values: ConfigValues = Object.fromEntries(
    keys.map((key, index) => {
      const reply = replies[index];
      return [key, reply && 'value' in reply ? configValue(reply.value, key) : null];
    }),
  );
  const config = configFacts(values, passwords);
  const dbInstanceNum = config.dbInstanceNum ?? parseInstanceCount(rocksdb ?? '');
  return { config: { ...config, dbInstanceNum } };
}

async function readData(link: Link, options: ReadOptions, known: NodeFacts): Promise<NodeFacts> {
  if (!options.sections.has('data') || !options.mayAskData(known)) return {};
  const [reply] = await link.send([['INFO', 'data']]);
  const { dbSizeBytes, logSizeBytes, dbFatal } = parseData(infoText('INFO data', reply));
  return {
    ...(dbSizeBytes !== null && { dbSizeBytes }),
    ...(logSizeBytes !== null && { logSizeBytes }),
    ...(dbFatal !== null && { dbFatal }),
  };
}

/** `databases` goes from 1 to 8. */
const maxDatabases = 8;

async function readKeys(link: Link, options: ReadOptions, known: NodeFacts): Promise<NodeFacts> {
  if (!options.sections.has('keys')) return {};
  const counted = Object.keys(known.replication?.binlog ?? {}).length;
  const databases = Math.min(known.config?.databases || counted || maxDatabases, maxDatabases);
  const quick = await probeKeys(link, databases, 1);
  // One visited key that is not shown is an expired one; behind it there may be live ones.
  const held = quick === 'hidden' ? await probeKeys(link, databases, 1000) : quick;
  if (held === 'no_scan') return { hiddenCommands: ['scan'] };
  if (held === 'unknown') return {};
  return { holdsKeys: held !== 'none' };
}

type Held = 'some' | 'none' | 'hidden' | 'unknown' | 'no_scan';

/** One SCAN in every DB, sent together; ends on DB 0 again. */
async function probeKeys(link: Link, databases: number, count: number): Promise<Held> {
  const commands: Command[] = [];
  for (let db = 0; db < databases; db += 1) commands.push(['SELECT', db], ['SCAN', 0, 'COUNT', count]);
  const replies = await link.send([...commands, ['SELECT', 0]]);
  const found: Held[] = [];
  for (let db = 0; db < databases; db += 1)
    if (db === 0 || isOk(replies[2 * db]))
      found.push(isOk(replies[2 * db]) ? heldOf(replies[2 * db + 1]) : 'unknown');
  if (found.includes('some')) return 'some';
  if (found.includes('no_scan')) return 'no_scan';
  if (found.includes('unknown')) return 'unknown';
  return found.includes('hidden') ? 'hidden' : 'none';
}

const isOk = (reply: Reply | undefined): boolean =>
  reply !== undefined && 'value' in reply && reply.value === 'OK';

function heldOf(reply: Reply | undefined): Held {
  if (isHidden(reply)) return 'no_scan';
  if (!reply || 'error' in reply || !Array.isArray(reply.value)) return 'unknown';
  const [cursor, keys] = reply.value as unknown[];
  if (!Array.isArray(keys) || typeof cursor !== 'string') return 'unknown';
  if (keys.length > 0) return 'some';
  return cursor === '0' ? 'none' : 'hidden';
}
