import { describe, expect, test } from 'vitest';
import { configFacts, configKeys, configValue } from '../../../src/engines/pika/config-facts.ts';
import { dumpedConfig } from './recordings.ts';

const nobody = { master: null, login: null };

describe('settings of real servers', () => {
  test.each(['3.5.4', '3.5.5', '4.0.1'])('%s', (version) => {
    const pairs = dumpedConfig(`24-${version}-config-get.txt`);
    const values = Object.fromEntries(configKeys.map((key) => [key, configValue(pairs, key)]));
    expect(configFacts(values, nobody)).toEqual({
      databases: 1,
      dbInstanceNum: null,
      binlogFileSizeBytes: 10_485_760,
      throttleBytesPerSecond: 20_971_520,
      expireLogsNums: 10,
      expireLogsDays: 7,
      slaveReadOnly: true,
      masterauthSet: false,
      masterauthMatchesMaster: null,
      requirepassSet: false,
      requirepassMatchesLogin: null,
      instanceMode: 'classic',
      maxRsyncParallelNum: 4,
      maxConnRbufSizeBytes: 268_435_456,
      enableBlobFiles: false,
      slavePriority: 100,
      dbPath: '/data/pika/m/db/',
      dbSyncPath: '/data/pika/m/dbsync/',
      dumpPath: '/data/pika/m/dump/',
      userBlacklist: [],
      writeBinlog: true,
    });
  });

  test('a blacklist is a list of commands in small letters', () => {
    expect(configFacts({ userblacklist: 'CONFIG, slaveof,' }, nobody).userBlacklist).toEqual([
      'config',
      'slaveof',
    ]);
  });
});

describe('a CONFIG GET reply', () => {
  test.each([
    ['an empty one (no such setting)', []],
    ['one of another key', ['other', '1']],
    ['one without a value', ['databases']],
    ['one with a number', ['databases', 1]],
    ['an error text', 'ERR'],
    ['nothing', null],
  ])('%s has no value', (_name, reply) => {
    expect(configValue(reply, 'databases')).toBeNull();
  });
});

describe('passwords', () => {
  test('promise 8: only outcomes of comparisons leave, never a value', () => {
    const facts = configFacts(
      { masterauth: 'geheim', requirepass: 'hunter2' },
      { master: 'geheim', login: 'hunter2' },
    );
    expect(facts).toMatchObject({
      masterauthSet: true,
      masterauthMatchesMaster: true,
      requirepassSet: true,
      requirepassMatchesLogin: true,
    });
    expect(JSON.stringify(facts)).not.toMatch(/geheim|hunter2/);
  });

  test('what would not be told is not known', () => {
    expect(configFacts({}, { master: 'geheim', login: 'x' })).toMatchObject({
      masterauthSet: null,
      masterauthMatchesMaster: null,
      requirepassSet: null,
      requirepassMatchesLogin: null,
    });
  });
});
