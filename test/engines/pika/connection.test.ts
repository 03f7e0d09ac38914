import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Credential, NodeConnection } from '../../../src/engines/engine.ts';
import { type Wires, wiresOver } from '../../../src/engines/pika/connection.ts';
import { createPikaEngine } from '../../../src/engines/pika/engine.ts';
import { type Link, LinkError } from '../../../src/engines/pika/link.ts';
import type { NodeCommand } from '../../../src/model/expansion.ts';
import type { Look, LookSection, NodeFacts } from '../../../src/model/observation.ts';
import { bulk, pika354, strings, type TcpNode, type TcpNodeOptions, tcpNode } from './tcp-node.ts';

const everything: readonly LookSection[] = [
  'server',
  'replication',
  'stats',
  'lastsave',
  'sizes',
  'config',
  'data',
  'keys',
];

const nodes: TcpNode[] = [];
const connections: NodeConnection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function given(options: TcpNodeOptions, credential: Credential | null = null) {
  const node = await tcpNode(options);
  nodes.push(node);
  const connection = createPikaEngine().connect(node.target, credential);
  connections.push(connection);
  return { node, connection };
}

const look = (connection: NodeConnection, sections: readonly LookSection[], timeoutMs = 20_000) =>
  connection.look({ sections, timeoutMs });

function factsOf(seen: Look): NodeFacts {
  if (seen.kind !== 'answered') throw new Error(JSON.stringify(seen));
  return seen.facts;
}

const said = (node: TcpNode) => node.received.map((words) => words.join(' '));

describe('a look', () => {
  test('reads every section that was asked for', async () => {
    const { connection } = await given({ answer: pika354() });
    const seen = await connection.look({ sections: everything, timeoutMs: 20_000, masterPassword: 'geheim' });
    const facts = factsOf(seen);
    expect(facts.server).toMatchObject({ reportedVersion: '3.5.4', processId: 77, runId: 'ab' });
    expect(facts.replication?.binlog).toEqual({ db0: { file: 1, offset: 2 }, db1: { file: 0, offset: 0 } });
    expect(facts.stats?.replInputBytes).toBe(10);
    expect(facts.lastSaveUnixSeconds).toBe(1_795_331_743);
    expect(facts.sizes?.sstBytes).toBe(1000);
    expect(facts.dbSizeBytes).toBe(4096);
    expect(facts.dbFatal).toBe(false);
    expect(facts.holdsKeys).toBe(true);
    expect(facts.config).toEqual({
      databases: 2,
      dbInstanceNum: null,
      binlogFileSizeBytes: 104_857_600,
      throttleBytesPerSecond: 207_200_000,
      expireLogsNums: 10,
      expireLogsDays: 7,
      slaveReadOnly: true,
      masterauthSet: true,
      masterauthMatchesMaster: true,
      requirepassSet: false,
      requirepassMatchesLogin: null,
      instanceMode: null,
      maxRsyncParallelNum: null,
      maxConnRbufSizeBytes: null,
      enableBlobFiles: null,
      slavePriority: null,
      dbPath: null,
      dbSyncPath: null,
      dumpPath: null,
      userBlacklist: null,
      writeBinlog: null,
    });
  });

  test('asks for nothing that the caller did not ask for', async () => {
    const { node, connection } = await given({ answer: pika354() });
    await look(connection, ['replication', 'stats']);
    expect(said(node)).toEqual(['INFO replication', 'INFO stats']);
  });

  test('never asks what is costly or dangerous on a node in sync', async () => {
    const { node, connection } = await given({ answer: pika354() });
    await look(connection, everything);
    for (const line of said(node)) {
      expect(line).not.toMatch(/^(DBSIZE|BGSAVE|KEYS|MONITOR|CLIENT|HELLO|COMMAND)/i);
      expect(line).not.toMatch(/^INFO( keyspace.*| all)?$/i);
      expect(line).not.toMatch(/^CONFIG GET .*\*/i);
    }
  });

  test('asks INFO data of 3.5.4 and later only: before, it walks the disk', async () => {
    const old = pika354({ 'INFO server': bulk('pika_version:3.5.3\r\nrun_id:x\r\n') });
    const { node, connection } = await given({ answer: old });
    const facts = factsOf(await look(connection, ['data']));
    expect(said(node)).toEqual(['INFO server']);
    expect(facts.dbSizeBytes).toBeUndefined();
  });

  test('a version without LASTSAVE or INFO rocksdb just lacks those facts (3.3.6)', async () => {
    const { connection } = await given({
      answer: pika354({
        'INFO server': bulk('pika_version:3.3.6\r\n'),
        'INFO rocksdb': bulk(''),
        LASTSAVE: '-ERR unknown or unsupported command \'lastsave"\r\n',
      }),
    });
    const facts = factsOf(await look(connection, ['server', 'lastsave', 'sizes']));
    expect(facts).toEqual({
      ips: expect.arrayContaining(['127.0.0.1']),
      server: expect.objectContaining({ reportedVersion: '3.3.6', runId: null }),
    });
  });

  test('counts the instances of a 4.0 node, which CONFIG GET does not tell', async () => {
    const { connection } = await given({
      answer: pika354({
        'INFO rocksdb': bulk(
          '#instance0_RocksDB\r\ninstance0_total_sst_files_size:1\r\n#instance1_RocksDB\r\ninstance1_total_sst_files_size:2\r\n',
        ),
      }),
    });
    const facts = factsOf(await look(connection, ['config', 'sizes']));
    expect(facts.config?.dbInstanceNum).toBe(2);
  });

  test('compares masterauth inside; no password leaves the engine', async () => {
    const { connection } = await given(
      { answer: pika354({ AUTH: '+OK\r\n', 'CONFIG GET requirepass': strings('requirepass', 'hunter2') }) },
      { username: null, password: 'hunter2' },
    );
    const seen = await connection.look({ sections: ['config'], timeoutMs: 20_000, masterPassword: 'anders' });
    expect(factsOf(seen).config).toMatchObject({
      masterauthSet: true,
      masterauthMatchesMaster: false,
      requirepassSet: true,
      requirepassMatchesLogin: true,
    });
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|geheim|anders/);
  });

  test('a login that any password would pass is told from a right one (recording 13b)', async () => {
    const { connection } = await given(
      { answer: pika354({ AUTH: '+OK\r\n', 'CONFIG GET requirepass': strings('requirepass', 'secret') }) },
      { username: null, password: 'wrong' },
    );
    expect(factsOf(await look(connection, ['config'])).config?.requirepassMatchesLogin).toBe(false);
  });

  test('the password of an ACL user says nothing about requirepass', async () => {
    const { connection } = await given(
      { answer: pika354({ AUTH: '+OK\r\n', 'CONFIG GET requirepass': strings('requirepass', 'secret') }) },
      { username: 'expander', password: 'secret' },
    );
    expect(factsOf(await look(connection, ['config'])).config?.requirepassMatchesLogin).toBeNull();
  });
});

describe('the probe for keys', () => {
  const scanning = (...replies: string[]) =>
    pika354({ 'CONFIG GET databases': strings('databases', '1'), SCAN: replies[0]! });

  test('looks into every DB and ends on DB 0', async () => {
    const { node, connection } = await given({ answer: pika354() });
    await look(connection, ['replication', 'keys']);
    expect(said(node).slice(1)).toEqual([
      'SELECT 0',
      'SCAN 0 COUNT 1',
      'SELECT 1',
      'SCAN 0 COUNT 1',
      'SELECT 0',
    ]);
  });

  test('an empty node holds no keys', async () => {
    const { connection } = await given({ answer: scanning('*2\r\n$1\r\n0\r\n*0\r\n') });
    expect(factsOf(await look(connection, ['config', 'keys'])).holdsKeys).toBe(false);
  });

  test('an unfinished scan without a visible key is looked at again, and never read as empty', async () => {
    const { node, connection } = await given({ answer: scanning('*2\r\n$1\r\n1\r\n*0\r\n') });
    expect(factsOf(await look(connection, ['config', 'keys'])).holdsKeys).toBe(true);
    expect(said(node)).toContain('SCAN 0 COUNT 1000');
  });

  test('a node that forbids SCAN leaves it open', async () => {
    const { connection } = await given({ answer: scanning('-NOPERM this user has no permissions\r\n') });
    expect(factsOf(await look(connection, ['config', 'keys'])).holdsKeys).toBeUndefined();
  });

  test('without a known number of DBs all eight are tried', async () => {
    const { node, connection } = await given({ answer: pika354() });
    expect(factsOf(await look(connection, ['keys'])).holdsKeys).toBe(true);
    expect(said(node)).toContain('SELECT 7');
  });
});

describe('logging in', () => {
  test.each<[string, Credential, string]>([
    ['a plain password', { username: null, password: 'geheim' }, 'AUTH geheim'],
    ['an ACL user', { username: 'expander', password: 'geheim' }, 'AUTH expander geheim'],
  ])('with %s', async (_name, credential, words) => {
    const { node, connection } = await given({ answer: pika354({ AUTH: '+OK\r\n' }) }, credential);
    factsOf(await look(connection, ['server']));
    expect(said(node)).toEqual([words, 'INFO server']);
  });

  test('a node without a password takes one all the same', async () => {
    const { connection } = await given(
      { answer: pika354({ AUTH: '-ERR Client sent AUTH, but no password is set\r\n' }) },
      { username: null, password: 'geheim' },
    );
    expect((await look(connection, ['server'])).kind).toBe('answered');
  });

  test.each([
    ['WRONGPASS', '-WRONGPASS invalid username-password pair or user is disabled.\r\n'],
    ['WRONGPASS', '-ERR invalid password\r\n'],
    ['AUTH', "-ERR wrong number of arguments for 'auth' command\r\n"],
  ])('a refused login is denied (%s)', async (code, reply) => {
    const { connection } = await given(
      { answer: pika354({ AUTH: reply }) },
      { username: 'u', password: 'geheim' },
    );
    const seen = await look(connection, ['server']);
    expect(seen).toMatchObject({ kind: 'denied', code });
    expect(JSON.stringify(seen)).not.toContain('geheim');
  });

  test.each([
    ['NOAUTH', '-ERR NOAUTH Authentication required.\r\n'],
    ['NOAUTH', '-NOAUTH Authentication required.\r\n'],
    ['NOPERM', "-NOPERM this user has no permissions to run the 'info' command\r\n"],
  ])('a look without the right to look is denied (%s)', async (code, reply) => {
    const { connection } = await given({ answer: () => reply });
    expect(await look(connection, ['server', 'replication'])).toMatchObject({ kind: 'denied', code });
  });
});

describe('commands that a node hides', () => {
  const unknownOn = (family: string, name: string) =>
    family === '3.3.6'
      ? `-ERR unknown or unsupported command '${name}"\r\n`
      : `-ERR unknown command "${name}"\r\n`;

  test.each(['3.3.6', '4.0.1'])('are found by their reply, in the words of %s', async (family) => {
    const { node, connection } = await given({
      answer: pika354({ CONFIG: unknownOn(family, 'config'), SCAN: unknownOn(family, 'scan') }),
    });
    expect(factsOf(await look(connection, ['config', 'keys'])).hiddenCommands).toEqual(['config', 'scan']);
    // Nothing beside the look itself was asked.
    expect(said(node).filter((words) => !/^(?:CONFIG GET|SELECT|SCAN) /.test(words))).toEqual([]);
  });

  test.each([
    ['4.0.1', unknownOn('4.0.1', 'slaveof'), ['slaveof']],
    ['4.0.1', "-ERR wrong number of arguments for 'slaveof' command\r\n", undefined],
    ['3.3.6', unknownOn('3.3.6', 'slaveof'), ['slaveof']],
  ] as const)(
    '%s: SLAVEOF is asked for without arguments, which does nothing',
    async (_family, SLAVEOF, hidden) => {
      const { node, connection } = await given({ answer: pika354({ SLAVEOF }) });
      expect(factsOf(await look(connection, ['server', 'slaveof'])).hiddenCommands).toEqual(hidden);
      expect(node.received.filter(([name]) => name === 'SLAVEOF')).toEqual([['SLAVEOF']]);
    },
  );

  test('are found, each asked for once, also on a node in state Error', async () => {
    const gone =
      '# Replication(SLAVE)\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:9221\r\nmaster_link_status:down\r\ndb0:binlog_offset=0 0,safety_purge=none\r\n\r\nReplicationID: Unknown or role is not slave\r\nrepl_connect_status:\r\ndb0:error\r\n';
    const { node, connection } = await given({
      answer: pika354({
        'INFO replication': bulk(gone),
        CONFIG: unknownOn('4.0.1', 'config'),
        SLAVEOF: unknownOn('4.0.1', 'slaveof'),
      }),
    });
    const facts = factsOf(await look(connection, ['replication', 'stats', 'config', 'slaveof']));
    expect(Object.values(facts.replication!.dbStates)).toEqual(['Error']);
    expect(facts.hiddenCommands?.toSorted()).toEqual(['config', 'slaveof']);
    expect(node.received.filter(([name]) => name === 'SLAVEOF')).toHaveLength(1);
  });

  test('are sent under the names that their credential gives them, and no others', async () => {
    const commands = { slaveof: 'follow-7f3a', config: 'setting-19' };
    const credential = { username: null, password: 'geheim', commands };
    const { node, connection } = await given(
      { answer: pika354({ AUTH: '+OK\r\n', 'setting-19': '*0\r\n', 'follow-7f3a': '+OK\r\n' }) },
      credential,
    );
    const facts = factsOf(await look(connection, ['server', 'config', 'slaveof']));
    expect(facts).not.toHaveProperty('hiddenCommands');
    expect(await connection.command({ kind: 'slaveof_no_one' }, 20_000)).toMatchObject({ outcome: 'ok' });
    const names = new Set(node.received.map(([name]) => name));
    expect(names).toEqual(new Set(['AUTH', 'INFO', 'setting-19', 'follow-7f3a', 'PING']));
  });

  test('are none where a command is only refused', async () => {
    const { connection } = await given({ answer: pika354({ CONFIG: '-NOPERM no\r\n' }) });
    expect(factsOf(await look(connection, ['config']))).not.toHaveProperty('hiddenCommands');
  });
});

describe('the ports of a full sync', () => {
  /** As the network is, but for the ports that are derived from the node's own. */
  async function looked(version: string, section: LookSection, derived: (shift: number) => Promise<Link>) {
    const node = await tcpNode({
      answer: () => {
        const text = `pika_version:${version}\r\n`;
        return `$${text.length}\r\n${text}\r\n`;
      },
    });
    nodes.push(node);
    const address = { host: 'pika-0', port: 9221 };
    const real = wiresOver();
    const wires: Wires = {
      ...real,
      open: (to, signal, access) =>
        to.port === address.port
          ? real.open(node.target.address, signal, access)
          : derived(to.port - address.port),
    };
    const connection = createPikaEngine({ wires }).connect({ ...node.target, address }, null);
    connections.push(connection);
    return factsOf(await look(connection, ['server', section], 800)).derivedPorts?.map(
      ({ shift, outcome }) => [shift, outcome],
    );
  }
  const refused = () => Promise.reject(new LinkError('ECONNREFUSED', 'connect ECONNREFUSED'));
  const silent = () => new Promise<Link>(() => undefined);
  const open = () => {
    const link: Link = {
      connectedTo: null,
      usable: true,
      send: () => silent() as never,
      destroy: () => ended(),
    };
    return Promise.resolve(link);
  };
  const ended = vi.fn();

  test('of a master are + 2000 and + 10001 from 3.5.0 on, each with what came of it', async () => {
    expect(await looked('3.5.4', 'master_ports', (shift) => (shift === 2000 ? refused() : silent()))).toEqual(
      [
        [2000, 'refused'],
        [10_001, 'no_answer'],
      ],
    );
    const rejected = () => Promise.reject(new LinkError('EHOSTUNREACH', 'connect EHOSTUNREACH'));
    expect(await looked('4.0.1', 'master_ports', rejected)).toEqual([
      [2000, 'refused'],
      [10_001, 'refused'],
    ]);
    expect(await looked('4.0.1', 'master_ports', open)).toEqual([
      [2000, 'open'],
      [10_001, 'open'],
    ]);
    expect(ended).toHaveBeenCalledTimes(2);
  });

  test('up to 3.4 the dump is pushed to + 1000 of the node', async () => {
    expect(await looked('3.3.6', 'master_ports', open)).toEqual([[2000, 'open']]);
    expect(await looked('3.3.6', 'slave_ports', refused)).toEqual([[1000, 'refused']]);
    expect(await looked('3.5.4', 'slave_ports', refused)).toEqual([]);
  });
});

describe('when the node does not answer', () => {
  test('a closed port is unreachable', async () => {
    const { node, connection } = await given({ answer: pika354() });
    await node.close();
    expect(await look(connection, ['server'])).toMatchObject({ kind: 'unreachable', code: 'ECONNREFUSED' });
  });

  test('a name that does not resolve is unreachable', async () => {
    const address = { host: 'no-such-host.invalid', port: 9221 };
    const connection = createPikaEngine().connect(
      { name: 'x', address, seenAs: address, credential: null },
      null,
    );
    connections.push(connection);
    expect(await look(connection, ['server'])).toMatchObject({
      kind: 'unreachable',
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });

  test('silence reads as busy, in bounded time, and never as an answer', async () => {
    let silent = false;
    const sound = pika354();
    const { connection } = await given({ answer: (...asked) => (silent ? null : sound(...asked)) });
    factsOf(await look(connection, ['server']));
    silent = true;
    const seen = await look(connection, ['server'], 100);
    expect(seen.kind).toBe('busy');
    expect(seen).toMatchObject({ tookMs: expect.any(Number) });
  });

  test('a late reply is not taken for that of a later command', async () => {
    const late: (() => void)[] = [];
    const { node, connection } = await given({
      answer: (words, socket, number) => {
        if (number > 0) return pika354()(words, socket, number);
        late.push(() => socket.destroyed || socket.write(bulk('pika_version:9.9.9\r\n')));
        return null;
      },
    });
    expect((await look(connection, ['server'], 100)).kind).toBe('busy');
    for (const send of late) send();
    expect(factsOf(await look(connection, ['server'])).server?.reportedVersion).toBe('3.5.4');
    expect(node.connections()).toBe(2);
  });

  test('an idle connection that Pika has closed is opened again without a word', async () => {
    const { node, connection } = await given({ answer: pika354() });
    factsOf(await look(connection, ['server']));
    node.hangUp();
    factsOf(await look(connection, ['server']));
    expect(node.connections()).toBe(2);
  });

  test('a node that hangs up on every look is unreachable, not busy', async () => {
    const { node, connection } = await given({ onConnection: (socket) => socket.end() });
    expect((await look(connection, ['server'])).kind).toBe('unreachable');
    expect(node.connections()).toBe(1);
  });

  test('one connection serves all looks while it works', async () => {
    const { node, connection } = await given({ answer: pika354() });
    for (let index = 0; index < 20; index += 1) factsOf(await look(connection, ['replication']));
    expect(node.connections()).toBe(1);
  });

  test('a look behind a stalled one ends within its own limit', async () => {
    const { connection } = await given({ answer: () => null });
    const stalled = look(connection, ['server'], 3_000);
    const behind = await look(connection, ['server'], 100);
    expect(behind.kind).toBe('busy');
    connection.close();
    await stalled;
  });

  test('after close nothing is sent any more, and nothing is left open', async () => {
    const { node, connection } = await given({ answer: pika354() });
    factsOf(await look(connection, ['server']));
    connection.close();
    await expect.poll(() => node.openSockets()).toBe(0);
    expect((await look(connection, ['server'])).kind).toBe('unreachable');
    expect(node.connections()).toBe(1);
  });
});

describe('a command', () => {
  const slaveof: NodeCommand = { kind: 'slaveof', master: { host: '10.0.0.1', port: 9221 }, force: true };

  test.each<[string, NodeCommand]>([
    ['SLAVEOF 10.0.0.1 9221 force', slaveof],
    ['SLAVEOF 10.0.0.1 9221', { ...slaveof, force: false }],
    ['SLAVEOF NO ONE', { kind: 'slaveof_no_one' }],
    ['CLEARREPLICATIONID', { kind: 'clear_replication_id' }],
  ])('%s', async (words, command) => {
    const { node, connection } = await given({ answer: () => '+OK\r\n' });
    expect(await connection.command(command, 20_000)).toMatchObject({ outcome: 'ok', reply: 'OK' });
    expect(said(node)).toEqual([words]);
  });

  test('an error reply is a refusal: nothing happened', async () => {
    const { connection } = await given({ answer: () => '-ERR already master of others, invalid usage\r\n' });
    expect(await connection.command(slaveof, 20_000)).toMatchObject({
      outcome: 'refused',
      reply: 'ERR already master of others, invalid usage',
    });
  });

  test('silence after sending is unknown, and the command is sent once only', async () => {
    const { node, connection } = await given({ answer: () => null });
    expect(await connection.command(slaveof, 150)).toMatchObject({ outcome: 'unknown' });
    await connection.ping(50);
    expect(said(node).filter((line) => line.startsWith('SLAVEOF'))).toHaveLength(1);
  });

  test('a connection that breaks after sending leaves it unknown; nothing is repeated', async () => {
    const { node, connection } = await given({
      answer: (_words, socket) => {
        socket.destroy();
        return null;
      },
    });
    expect(await connection.command(slaveof, 20_000)).toMatchObject({ outcome: 'unknown' });
    expect(said(node)).toEqual(['SLAVEOF 10.0.0.1 9221 force']);
  });

  test('anything but OK leaves it unknown', async () => {
    const { connection } = await given({ answer: () => ':1\r\n' });
    expect(await connection.command(slaveof, 20_000)).toMatchObject({ outcome: 'unknown' });
  });

  test('a node that cannot be reached is said not to have been sent anything', async () => {
    const { node, connection } = await given({ answer: pika354() });
    await node.close();
    const result = await connection.command(slaveof, 20_000);
    expect(result).toMatchObject({
      outcome: 'unknown',
      reply: expect.stringMatching(/^not sent: .*ECONNREFUSED/),
    });
  });

  test('goes over a connection that has just answered, not over one that the node has closed', async () => {
    const { node, connection } = await given({ answer: pika354({ SLAVEOF: '+OK\r\n' }) });
    factsOf(await look(connection, ['server']));
    node.hangUp();
    expect(await connection.command(slaveof, 20_000)).toMatchObject({ outcome: 'ok' });
    expect(said(node).filter((line) => line.startsWith('SLAVEOF'))).toHaveLength(1);
  });

  test('is not sent when it is no longer right once its turn has come', async () => {
    const { node, connection } = await given({ answer: pika354({ SLAVEOF: '+OK\r\n' }) });
    expect(await connection.command(slaveof, 20_000, () => false)).toMatchObject({
      outcome: 'unknown',
      reply: expect.stringMatching(/^not sent: .*too late/),
    });
    expect(said(node).filter((line) => line.startsWith('SLAVEOF'))).toHaveLength(0);
  });

  test('right after a ping the node is not asked another time before it', async () => {
    const { node, connection } = await given({ answer: pika354({ SLAVEOF: '+OK\r\n' }) });
    await connection.ping(5000);
    expect(await connection.command(slaveof, 20_000)).toMatchObject({ outcome: 'ok' });
    expect(said(node).slice(-2)).toEqual(['PING', 'SLAVEOF 10.0.0.1 9221 force']);
  });

  test('is refused when the login is', async () => {
    const { node, connection } = await given(
      { answer: () => '-WRONGPASS invalid\r\n' },
      { username: null, password: 'x' },
    );
    expect(await connection.command(slaveof, 20_000)).toMatchObject({ outcome: 'refused' });
    expect(said(node)).toEqual(['AUTH x']);
  });
});

describe('a ping', () => {
  test('tells the round trip, or null', async () => {
    const { node, connection } = await given({ answer: pika354() });
    expect(await connection.ping(5000)).toBeGreaterThanOrEqual(0);
    await node.close();
    expect(await connection.ping(1000)).toBeNull();
  });
});
