import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/admission/fingerprint.ts';
import { idMaker } from '../../src/admission/ids.ts';
import { checkCredential, parseAddress, parseMaster, parseNodes } from '../../src/admission/targets.ts';
import { fieldPath } from '../../src/admission/validate.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { credentialSource } from '../../src/platform/config.ts';

const none = credentialSource(new Map());

describe('addresses', () => {
  test.each([
    ['10.0.0.1:9221', { host: '10.0.0.1', port: 9221 }],
    ['pika-1.dc2.example.:65535', { host: 'pika-1.dc2.example.', port: 65535 }],
    ['node_1:1', { host: 'node_1', port: 1 }],
    ['[::1]:9221', { host: '::1', port: 9221 }],
    ['[2001:db8::5]:9221', { host: '2001:db8::5', port: 9221 }],
  ])('%s is one', (text, address) => {
    expect(parseAddress(text, 'f')).toEqual(address);
  });

  test.each([
    '::1:9221',
    '[10.0.0.1]:9221',
    'a:b:1',
    '-a:1',
    'a..b:1',
    'a:01234567',
    'a:1 ',
    'ä.example:1',
    'a:',
    '',
  ])('%j is none', (text) => {
    expect(() => parseAddress(text, 'f')).toThrow(Refusal);
  });

  test('whatever is accepted is printable, has a usable port, and reads back as itself', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.integer({ min: -5, max: 70_000 }),
        (host, port) => {
          let address: ReturnType<typeof parseAddress>;
          try {
            address = parseAddress(`${host}:${port}`, 'f');
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            return;
          }
          expect(formatAddress(address)).toMatch(/^[\x21-\x7e]+$/);
          expect(address.port).toBeGreaterThan(0);
          expect(address.port).toBeLessThan(65_536);
          expect(parseAddress(formatAddress(address), 'f')).toEqual(address);
        },
      ),
    );
  });

  test('a node is not to be overwritten or repointed unless the request says so', () => {
    expect(parseNodes(['a:1', { address: 'b:2', overwriteData: true }], 5, none)).toMatchObject([
      { name: 'a:1', overwriteData: false, repoint: false },
      { name: 'b:2', overwriteData: true, repoint: false },
    ]);
  });

  test('where nodes see it under another address, that is kept beside the name', () => {
    expect(
      parseMaster({ address: '10.0.0.1:19221', seenAs: '172.17.0.2:9221' }, 'master', none),
    ).toMatchObject({
      name: '10.0.0.1:19221',
      address: { port: 19221 },
      seenAs: { host: '172.17.0.2', port: 9221 },
    });
  });

  test('an unknown credential is refused with the known ones, without their values', () => {
    const source = credentialSource(new Map([['dc2', { username: null, password: 'hidden' }]]));
    expect(checkCredential('dc2', 'f', source)).toBe('dc2');
    try {
      checkCredential('dc3', 'f', source);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error)).toContain('dc2');
      expect(JSON.stringify(error)).not.toContain('hidden');
    }
  });
});

describe('fingerprints of requests', () => {
  test('are equal for the same request written otherwise', () => {
    const a = { master: 'm:1', nodes: ['a:1', { address: 'b:1', repoint: true }] };
    const b = { nodes: ['a:1', { repoint: true, address: 'b:1' }], master: 'm:1' };
    expect(fingerprint(a)).toBe(fingerprint(b));
  });

  test('differ for different requests, also in the order of nodes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(fingerprint(a) === fingerprint(b)).toBe(same);
      }),
    );
    expect(fingerprint(['a', 'b'])).not.toBe(fingerprint(['b', 'a']));
    expect(fingerprint({ a: '1' })).not.toBe(fingerprint({ a: 1 }));
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(sorted)];
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['object', ...entries.map(([key, member]) => [key, sorted(member)])];
}

test('ids sort by time, are all different, and fit into an address and a job id', () => {
  let now = Date.UTC(2026, 0, 1);
  const newId = idMaker(() => now);
  const ids = Array.from({ length: 200 }, () => {
    now += 1;
    return newId('exp');
  });
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(Array.from({ length: 1000 }, () => newId('exp'))).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^exp_[0-9a-z]{25}$/);
});

test('places are written as people write them', () => {
  expect(fieldPath('')).toBe('');
  expect(fieldPath('/nodes/3/address')).toBe('nodes[3].address');
  expect(fieldPath('/policy/verify/depth')).toBe('policy.verify.depth');
  expect(fieldPath('/a~1b/0')).toBe('a/b[0]');
});
