import { describe, expect, test } from 'vitest';
import {
  bulkText,
  type Cluster,
  createCluster,
  isFailure,
  type Reply,
  type SimulatedVersion,
} from '../../src/simulator/index.ts';
import { loadRecording, type Row } from './recorded-situation.ts';

function single(version: SimulatedVersion): Cluster {
  const cluster = createCluster({ seed: 1, defaults: { version } });
  cluster.addNode({ id: 'm' });
  return cluster;
}

const text = (reply: Reply): unknown => {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) return reply;
  if (isFailure(reply)) return `-${reply.error}`;
  return 'status' in reply ? reply.status : reply;
};

/** Recording 23 in small: 1,000 strings in the place of a million, and ten keys of each other type. */
function recording23(version: SimulatedVersion): Cluster {
  const cluster = single(version);
  const run = (...argv: string[]): Reply => cluster.execute('m', argv);
  for (let i = 0; i < 1_000; i++) run('SET', `k:${String(i).padStart(9, '0')}`, 'x'.repeat(60));
  for (let i = 0; i < 10; i++) {
    run('HSET', `h:${i}`, 'f', '1');
    run('LPUSH', `l:${i}`, '1');
    run('SADD', `s:${i}`, '1');
    run('ZADD', `z:${i}`, '1', 'a');
  }
  run('SET', 'plain', '1');
  run('SETEX', 'ttl:1', '990', 'v');
  return cluster;
}

const words = (command: string): string[] => {
  const parts = command.replace(/ \(.*\)$/, '').split(' ');
  return parts.map((part) => part);
};

const sameInSmall =
  /^(DBSIZE x|SCAN 0 COUNT 10 TYPE|SCANX|PKSCANRANGE|TYPE|PTYPE|EXISTS|SCAN 123456789|SLAVEOF$|DBSLAVEOF|PADDING|HELLO|LASTSAVE|INFO nosuch|INFO replication stats|INFO persistence|[A-Z]+( .*)?$)/;
const notPlayed =
  /^(INFO (keyspace|RocksDB|debug)|CLIENT|TTL|KEYS|SCAN 0 COUNT \d+$|SCAN 0 MATCH|CONFIG GET slotmigrate|DBSIZE$)/;

/** `... 10 in all` in the recording stands for the rest of a list. */
function abridged(reply: unknown, recorded: unknown): unknown {
  if (!Array.isArray(reply) || !Array.isArray(recorded)) return reply;
  const cut = recorded.findIndex((each) => typeof each === 'string' && each.startsWith('... '));
  const kept = cut === -1 ? reply : [...reply.slice(0, cut), recorded[cut]];
  return kept.map((each, index) => abridged(each, recorded[index]));
}

describe.each(['3.5.4', '4.0.1'] as const)('commands of %s answer as in recording 23', (version) => {
  const { rows } = loadRecording(`23-${version}-info-timing-and-key-commands`);
  const played = rows.filter(({ command, reply }) => command !== undefined && reply !== undefined);
  const chosen = played.filter(({ command }) => sameInSmall.test(command!) && !notPlayed.test(command!));
  const cluster = recording23(version);

  test.each(chosen.map((row): [string, Row] => [row.command!, row]))('%s', (command, { reply }) => {
    expect(abridged(text(cluster.execute('m', words(command))), reply)).toEqual(reply);
  });

  test('a full SCAN gives every key once, in steps whose cursors are counts', () => {
    const found: string[] = [];
    const cursors: string[] = [];
    let cursor = '0';
    do {
      const [next, keys] = cluster.execute('m', ['SCAN', cursor, 'COUNT', '100']) as [string, string[]];
      found.push(...keys);
      cursors.push(next);
      cursor = next;
    } while (cursor !== '0');
    expect(new Set(found).size).toBe(1_042);
    expect(found.length).toBe(1_042);
    expect(cursors.slice(0, 3)).toEqual(['100', '200', '300']);
  });

  test('INFO keyspace 1 gives the counts later, and the old ones until then', () => {
    const info = (mode: string): string => bulkText(cluster.execute('m', ['INFO', 'keyspace', mode]));
    expect(info('1')).toContain('# Time:0\r\ndb0 Strings_keys=0');
    expect(info('0')).toContain('# Duration: In Waiting');
    expect(cluster.execute('m', ['INFO', 'stats'])).toContain('is_scaning_keyspace:Yes');
    cluster.advance(2_000);
    expect(info('0')).toContain('# Duration: 0s\r\ndb0 Strings_keys=1002, expires=1, invalid_keys=0\r\n');
    expect(cluster.execute('m', ['INFO', 'stats'])).toContain('is_scaning_keyspace:No');
    expect(cluster.execute('m', ['DBSIZE'])).toBe(1_042);
  });
});

describe('one name with several types', () => {
  test('3.5.4 keeps them apart', () => {
    const run = (...argv: string[]): unknown => text(cluster.execute('m', argv));
    const cluster = single('3.5.4');
    expect([run('SET', 'same', 's'), run('HSET', 'same', 'f', '1'), run('LPUSH', 'same', '1')]).toEqual([
      'OK',
      1,
      1,
    ]);
    expect(run('TYPE', 'same')).toBe('string');
    expect(run('PTYPE', 'same')).toEqual(['string', 'hash', 'list']);
    expect(run('SCAN', '0', 'MATCH', 'same', 'COUNT', '100')).toEqual(['0', ['same', 'same', 'same']]);
    expect(run('DEL', 'same')).toBe(3);
  });

  test('4.0.1 refuses the second type', () => {
    const run = (...argv: string[]): unknown => text(cluster.execute('m', argv));
    const cluster = single('4.0.1');
    run('SET', 'same', 's');
    expect(run('HSET', 'same', 'f', '1')).toBe(
      '-WRONGTYPE Operation against a key holding the wrong kind of value',
    );
    expect(run('GET', 'same')).toBe('s');
    expect(run('DEL', 'same')).toBe(1);
  });
});

describe('data of every type', () => {
  const versions = ['3.5.4', '4.0.1'] as const;
  test.each(versions)('%s reads back what was written', (version) => {
    const cluster = single(version);
    const run = (...argv: string[]): unknown => text(cluster.execute('m', argv));
    run('HSET', 'h', 'b', '2', 'a', '1');
    expect(run('HGETALL', 'h')).toEqual(['a', '1', 'b', '2']);
    expect(run('HLEN', 'h')).toBe(2);
    expect(run('HSCAN', 'h', '0', 'COUNT', '1')).toEqual(['1', ['a', '1']]);
    expect(run('HSCAN', 'h', '1', 'COUNT', '1')).toEqual(['0', ['b', '2']]);
    expect(run('PKHSCANRANGE', 'h', '', '', 'LIMIT', '1')).toEqual(['b', ['a', '1']]);
    run('RPUSH', 'l', 'a', 'b', 'c');
    expect(run('LRANGE', 'l', '0', '-1')).toEqual(['a', 'b', 'c']);
    expect(run('LPOP', 'l')).toBe('a');
    expect(run('LLEN', 'l')).toBe(2);
    run('SADD', 's', 'y', 'x');
    expect(run('SMEMBERS', 's')).toEqual(['x', 'y']);
    run('ZADD', 'z', '2', 'b', '-1', 'a', '2', 'aa');
    expect(run('ZRANGE', 'z', '0', '-1', 'WITHSCORES')).toEqual(['a', '-1', 'aa', '2', 'b', '2']);
    expect(run('ZREVRANGE', 'z', '0', '0')).toEqual(['b']);
    expect(run('ZSCAN', 'z', '0')).toEqual(['0', ['a', '-1', 'aa', '2', 'b', '2']]);
    expect(run('ZINCRBY', 'z', '1.5', 'a')).toBe('0.5');
    const id = run('XADD', 'x', '*', 'f', 'v');
    expect(run('XLEN', 'x')).toBe(1);
    expect(run('XRANGE', 'x', '-', '+')).toEqual([[id, ['f', 'v']]]);
    run('SET', 'n', '41');
    expect(run('INCR', 'n')).toBe(42);
    expect(run('MGET', 'n', 'nope')).toEqual(['42', null]);
    expect(run('APPEND', 'n', '!')).toBe(3);
    expect(run('STRLEN', 'n')).toBe(3);
    for (const key of ['h', 'l', 's', 'z', 'x', 'n']) expect(run('EXISTS', key)).toBe(1);
    expect(run('TYPE', 'z')).toBe('zset');
  });

  test.each(versions)('%s: keys expire by virtual time', (version) => {
    const cluster = single(version);
    const run = (...argv: string[]): unknown => text(cluster.execute('m', argv));
    run('SET', 'a', '1', 'EX', '10');
    run('SADD', 's', 'x');
    run('EXPIRE', 's', '5');
    expect(run('TTL', 'a')).toBe(10);
    expect(run('TTL', 's')).toBe(5);
    expect(run('TTL', 'nope')).toBe(-2);
    cluster.advance(6_000);
    expect(run('TTL', 'a')).toBe(4);
    expect(run('SMEMBERS', 's')).toEqual([]);
    expect(run('SCAN', '0')).toEqual(['0', ['a']]);
    cluster.advance(5_000);
    expect(run('GET', 'a')).toBe(null);
  });

  test('a range scan goes on where LIMIT cut it, with both ends inside', () => {
    const cluster = single('3.5.4');
    for (const key of ['a', 'b', 'c', 'd']) cluster.execute('m', ['SET', key, key.toUpperCase()]);
    const scan = (start: string, end: string): Reply =>
      cluster.execute('m', ['PKSCANRANGE', 'string_with_value', start, end, 'LIMIT', '2']);
    expect(scan('', '')).toEqual(['c', ['a', 'A', 'b', 'B']]);
    expect(scan('c', '')).toEqual(['', ['c', 'C', 'd', 'D']]);
    expect(scan('b', 'c')).toEqual(['', ['b', 'B', 'c', 'C']]);
    expect(text(scan('c', 'b'))).toBe('-ERR Invalid argument: error in given range');
  });
});

describe('AUTH as in recording 13b', () => {
  test.each(['3.5.4', '4.0.1'] as const)(
    '%s: with requirepass and no userpass any password is taken',
    (version) => {
      const cluster = single(version);
      expect(text(cluster.execute('m', ['AUTH', 'x']))).toBe('-ERR Client sent AUTH, but no password is set');
      cluster.execute('m', ['CONFIG', 'SET', 'requirepass', 'secret']);
      const session = cluster.session();
      const run = (...argv: string[]): unknown => text(cluster.execute('m', argv, session));
      expect(run('PING')).toBe('-ERR NOAUTH Authentication required.');
      expect(run('INFO', 'replication')).toBe('-ERR NOAUTH Authentication required.');
      expect(run('AUTH', 'anything')).toBe('OK');
      expect(run('PING')).toBe('PONG');
    },
  );

  test('with userpass a wrong password is refused', () => {
    const cluster = single('3.5.4');
    for (const name of ['requirepass', 'userpass']) cluster.execute('m', ['CONFIG', 'SET', name, name]);
    const session = cluster.session();
    expect(text(cluster.execute('m', ['AUTH', 'no'], session))).toMatch(/^-WRONGPASS/);
    expect(text(cluster.execute('m', ['AUTH', 'userpass'], session))).toBe('OK');
  });
});

describe('CONFIG', () => {
  test('values that cannot be, and settings that are not there', () => {
    const cluster = single('3.5.4');
    const set = (name: string, value: string): unknown =>
      text(cluster.execute('m', ['CONFIG', 'SET', name, value]));
    expect(set('throttle-bytes-per-second', 'x')).toBe(
      "-ERR Invalid argument 'x' for CONFIG SET 'throttle-bytes-per-second'",
    );
    expect(set('throttle-bytes-per-second', '0')).toMatch(/^-ERR Invalid argument/);
    expect(set('nosuch', '1')).toBe('-ERR Unsupported CONFIG parameter: nosuch');
    expect(set('rsync-timeout-ms', '500')).toBe('OK');
    expect(cluster.execute('m', ['CONFIG', 'GET', 'rsync-timeout-ms'])).toEqual([]);
    expect(set('expire-logs-nums', '3')).toBe('OK');
    const kept = (): unknown => cluster.execute('m', ['CONFIG', 'GET', 'expire-logs-nums']);
    expect(kept()).toEqual(['expire-logs-nums', '3']);
    expect(set('expire-logs-nums', '0')).toMatch(/^-ERR Invalid argument/);
    cluster.execute('m', ['CONFIG', 'REWRITE']);
    cluster.fault.crash('m');
    cluster.fault.restart('m');
    expect(kept()).toEqual(['expire-logs-nums', '10']);
  });

  test('only CONFIG REWRITE survives a restart', () => {
    const cluster = single('3.5.4');
    const throttle = (): unknown => cluster.execute('m', ['CONFIG', 'GET', 'throttle-bytes-per-second']);
    const restart = (): void => {
      cluster.fault.crash('m');
      cluster.fault.restart('m');
    };
    cluster.execute('m', ['CONFIG', 'SET', 'throttle-bytes-per-second', '1000']);
    restart();
    expect(throttle()).toEqual(['throttle-bytes-per-second', '207200000']);
    cluster.execute('m', ['CONFIG', 'SET', 'throttle-bytes-per-second', '1000']);
    cluster.execute('m', ['CONFIG', 'REWRITE']);
    restart();
    expect(throttle()).toEqual(['throttle-bytes-per-second', '1000']);
  });
});
