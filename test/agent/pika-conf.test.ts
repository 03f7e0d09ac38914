import { expect, test } from 'vitest';
import { PikaConfError, parsePikaConf } from '../../src/agent/pika-conf.ts';

test('reads what the agent needs, and skips the rest as Pika does', () => {
  const conf = parsePikaConf(
    [
      '# port : 1',
      'port : 9231',
      'port : 9999',
      '<<<<<<< HEAD',
      'rsync-timeout-ms : 1000',
      'log-path : /data/log/',
      'db-path:/data/db',
      'dump-prefix : p-',
      'dump-path :',
      'databases : 3\r',
    ].join('\n'),
  );
  expect(conf).toMatchObject({
    port: 9231,
    databases: 3,
    dumpPrefix: 'p-',
    paths: { db: '/data/db', log: '/data/log/', dump: './dump/', dbSync: './dbsync/' },
  });
});

test('knows each password, to take it out of what it sends', () => {
  const { secrets } = parsePikaConf(
    'port : 1\nrequirepass : first\nmasterauth : with:colon\nuserpass :\nuser : default on >third #fourth ~* +@all\n',
  );
  expect(secrets).toEqual(['first', 'with:colon', 'third', 'fourth']);
});

test.each([
  ['', 'port is missing'],
  ['port : abc', 'port is "abc"'],
  ['port : 70000', 'port is "70000"'],
  ['port : 1\ndatabases : -1', 'databases is "-1"'],
  ['port : 1\ndump-prefix : ../x', 'dump-prefix is no part of a file name'],
  ['port : 1\ndb-path : /a\0b', 'db-path holds a byte 0'],
])('refuses %j', (text, message) => {
  expect(() => parsePikaConf(text)).toThrow(new PikaConfError(message));
});
