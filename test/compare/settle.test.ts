import { describe, expect, it } from 'vitest';
import { judge } from '../../src/compare/judge/settle.ts';
import { expiryCommand, readFinding, type Suspect } from '../../src/compare/wire/probe.ts';
import type { ServerFacts } from '../../src/compare/wire/server.ts';
import type { Reply } from '../../src/resp/reader.ts';

const redis = { kind: 'redis', major: 7 } as ServerFacts;
const expiry = expiryCommand(redis, redis);
const key = Buffer.from('k');

const string = (value: string | null) =>
  readFinding(
    { type: 'string', key, probe: { of: 'whole' } },
    value === null ? null : Buffer.from(value),
    expiry,
  );

function hash(fields: Readonly<Record<string, string>>) {
  const suspect: Suspect = { type: 'hash', key, probe: { of: 'whole' } };
  const reply: Reply = Object.entries(fields)
    .flat()
    .map((text) => Buffer.from(text));
  return readFinding(suspect, reply, expiry);
}

describe('one look at a key: the master before, the slave, the master after', () => {
  it('differs only if the master stood still and the slave says something else', () => {
    expect(judge(string('a'), string('b'), string('a')).is).toBe('differing');
    expect(judge(string('a'), string(null), string('a')).is).toBe('differing');
    expect(judge(string(null), string('a'), string(null)).is).toBe('differing');
  });

  it('is no difference while the slave shows what the master had before or after', () => {
    expect(judge(string('a'), string('a'), string('b')).is).toBe('equal');
    expect(judge(string('a'), string('b'), string('b')).is).toBe('equal');
    expect(judge(string('a'), string(null), string(null)).is).toBe('equal');
  });

  it('says nothing when the master moved and the slave is somewhere else', () => {
    expect(judge(string('a'), string('c'), string('b')).is).toBe('moving');
    expect(judge(string('a'), string('c'), string(null)).is).toBe('moving');
  });

  it('judges the fields of a hash that stood still, though others were written', () => {
    expect(judge(hash({ a: '1', n: '1' }), hash({ a: '1', n: '2' }), hash({ a: '1', n: '3' })).is).toBe(
      'equal',
    );
    expect(judge(hash({ a: '1', n: '1' }), hash({ n: '2' }), hash({ a: '1', n: '3' })).is).toBe('differing');
    expect(judge(hash({ n: '1' }), hash({ n: '2', z: '1' }), hash({ n: '3' })).is).toBe('differing');
  });

  it('does not mind the order of fields', () => {
    expect(judge(hash({ a: '1', b: '2' }), hash({ b: '2', a: '1' }), hash({ a: '1', b: '2' })).is).toBe(
      'equal',
    );
  });
});
