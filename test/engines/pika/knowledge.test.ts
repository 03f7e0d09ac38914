import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capabilitiesOf } from '../../../src/engines/pika/capabilities.ts';
import { parseCommandCalls } from '../../../src/engines/pika/info.ts';
import { builtIn, KnowledgeFile, knowledgeWith } from '../../../src/engines/pika/knowledge.ts';
import { faultsOf } from '../../../src/model/knowledge.ts';
import { compareVersions } from '../../../src/model/versions.ts';

const folder = mkdtempSync(join(tmpdir(), 'knowledge-'));
let files = 0;
function own(yaml: string): string {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, yaml);
  return path;
}

const factsOf = (version: string, gitSha?: string) => ({
  server: {
    reportedVersion: version,
    processId: 1,
    uptimeSeconds: 1,
    runId: 'r',
    tcpPort: 9221,
    ...(gitSha ? { gitSha } : {}),
  },
});

const sharing402 = `
releases:
  - versions: [4.0.2, 4.0.3]
    family: "4.0"
    maxConcurrentFullSyncs: 4
    opensSupersededCopy: false
    reusesDump: true
    upgrade: null
    reasons:
      maxConcurrentFullSyncs: shares_dump
      opensSupersededCopy: discards_partial_copy
      reusesDump: shares_finished_dump
      canProveFullSync: proof_with_eligible_flag
builds: { aaaaaaaa: 4.0.2 }
pairs:
  - { slave: [4.0.2, 4.0.3], master: [4.0.1, 4.0.2], verdict: fits, reason: null }
faults:
  - code: own_fault
    versions: [[4.0.2, 4.0.3]]
    severity: warning
    effect: keys_missing
    commands: [zadd]
    shows: { en: Shows., zh: 表现。 }
    text: { en: Text., zh: 文字。 }
    instead: { en: Instead., zh: 改用。 }
    source: tried here
`;

describe('what is built in', () => {
  test('names every fault in both languages, with ranges that hold a release', () => {
    expect(builtIn.faults.length).toBeGreaterThan(8);
    for (const { code, versions, text, shows, instead } of builtIn.faults) {
      for (const [from, below] of versions) expect(compareVersions(from, below), code).toBeLessThan(0);
      for (const words of [text, shows, instead]) {
        expect(words.zh, code).toMatch(/[\u4e00-\u9fff]/);
        expect(words.en, code).not.toMatch(/[\u4e00-\u9fff]/);
      }
    }
    const codes = builtIn.faults.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('tells the faults of a release: what real servers did, and no more', () => {
    const codes = (version: string) => faultsOf([version], builtIn).map(({ code }) => code);
    expect(codes('4.0.1')).toEqual(
      expect.arrayContaining(['psetex_stops_replication', 'setex_lost_on_slaves', 'pexpire_loses_keys']),
    );
    expect(codes('3.5.4')).toContain('writes_after_flush_lost');
    expect(codes('3.5.4')).not.toContain('setex_lost_on_slaves');
    expect(codes('3.5.5')).toEqual(expect.arrayContaining(['counters_lose_ttl', 'first_append_lost']));
  });

  test('has the JSON Schema that is published beside it', () => {
    const published = JSON.parse(
      readFileSync(new URL('../../../knowledge/pika.schema.json', import.meta.url), 'utf8'),
    );
    expect(published).toEqual(JSON.parse(JSON.stringify(KnowledgeFile)));
  });
});

describe('a file of the operator', () => {
  test('adds a release, its build, its pairs and its faults', () => {
    const knowledge = knowledgeWith(own(sharing402));
    expect(capabilitiesOf(factsOf('4.0.2'), builtIn).maxConcurrentFullSyncs).toBe(1);
    const capabilities = capabilitiesOf(factsOf('4.0.2', 'aaaaaaaa00'), knowledge);
    expect(capabilities).toMatchObject({ maxConcurrentFullSyncs: 4, isRelease: true, reusesDump: true });
    expect(capabilities.slaveOf).toContainEqual({
      masters: ['4.0.1', '4.0.2'],
      verdict: 'fits',
      reason: null,
    });
    expect(faultsOf(['4.0.2'], knowledge).map(({ code }) => code)).toContain('own_fault');
    expect(capabilitiesOf(factsOf('3.5.4'), knowledge)).toEqual(capabilitiesOf(factsOf('3.5.4'), builtIn));
  });

  test('may leave a language out, which then reads the English words', () => {
    const english = sharing402.replace('shows: { en: Shows., zh: 表现。 }', 'shows: { en: Shows. }');
    const fault = faultsOf(['4.0.2'], knowledgeWith(own(english))).find(({ code }) => code === 'own_fault')!;
    expect(fault.shows).toEqual({ en: 'Shows.', zh: 'Shows.' });
    expect(fault.text).toEqual({ en: 'Text.', zh: '文字。' });
  });

  test.each([
    ['3.5.0 to 3.5.5', sharing402.replace('versions: [4.0.2, 4.0.3]', 'versions: [3.5.4, 3.5.5]')],
    ['a wide range', sharing402.replace('versions: [4.0.2, 4.0.3]', 'versions: [1.0.0, 9.0.0]')],
  ])('cannot permit what a known bug forbids: %s', (_, yaml) => {
    expect(() => knowledgeWith(own(yaml))).toThrow(/which is studied and cannot be changed/);
  });

  test.each([
    ['releases: [', /cannot be read as YAML/],
    ['faults: [{ code: x }]', /\/faults\/0/],
    ['relaeses: []', /./],
    ['pairs: [{ slave: [4.0.2, 4.0.3], master: [4.0.1, 4.0.2], verdict: perhaps, reason: null }]', /verdict/],
  ])('that is wrong is refused with the place: %s', (yaml, message) => {
    expect(() => knowledgeWith(own(yaml))).toThrow(message);
  });
});

test('INFO commandstats is read as 3.5.4 and 4.0.1 print it; 3.3.6 has none', () => {
  const text =
    '# Commandstats\r\npexpire:calls=1, usec=0.14, usec_per_call=0.14\r\nsetex:calls=12, usec=0.18, usec_per_call=0.18\r\n';
  expect(parseCommandCalls(text)).toEqual({ pexpire: 1, setex: 12 });
  expect(parseCommandCalls('')).toBeNull();
});
