import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diagnose, symptomOf } from '../../../src/core/sync/diagnosis.ts';
import { beginPass } from '../../../src/core/sync/full-sync-pass.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import { builtIn } from '../../../src/engines/pika/knowledge.ts';
import { makeAnomaly } from '../../../src/model/anomalies.ts';
import { causeSteps } from '../../../src/model/causes.ts';
import type { ComparisonReport } from '../../../src/model/comparison.ts';
import type { AnomalyRecord } from '../../../src/model/evidence.ts';
import type { SlaveTracker } from '../../../src/model/full-sync.ts';
import type { KnownFault } from '../../../src/model/knowledge.ts';
import type { ListedSlave } from '../../../src/model/observation.ts';
import { problemOfAnomaly } from '../../../src/model/problems.ts';
import { nobody } from '../../../src/model/text.ts';
import { masterReplication } from './master-replication.ts';

const noLogs = { node: null, master: null };
const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };

/** What is found of a node that has shown NoConnect for so long, and has received so many bytes. */
function refused(
  seconds: number,
  receivedBytes: number,
  listed: ListedSlave | null = null,
  more: Partial<SlaveTracker> = {},
) {
  const slave: SlaveTracker = {
    ...newSlaveTracker({
      attachedAt: 0,
      master: { host: '10.0.0.1', port: 9221 },
      self: { host: '10.0.0.2', port: 9221 },
      before: null,
      listedBefore: [],
    }),
    bytesAtAttach: 0,
    replInputBytes: receivedBytes,
    noConnectSince: 0,
    listed,
    ...more,
  };
  const now = seconds * 1000;
  return diagnose({
    slave,
    master: newMasterTracker(),
    capabilities: capabilitiesOf({ server }),
    nodeVersion: '3.5.4',
    faults: builtIn.faults,
    logs: noLogs,
    report: null,
    mayAskForDump: false,
    anomaly: makeAnomaly('refused_for_good', { noConnectForMs: now }, { at: now, attempt: 1 }),
    earlier: [],
    now,
  });
}

describe('NoConnect although the master answers the service (recordings 48)', () => {
  test('after a copy the bytes count from the loss of the master on', () => {
    const lost = refused(60, 43_000_000, null, { bytesAtNoConnect: 43_000_000 });
    expect(lost.causes.map(({ code }) => code)).toEqual(['replication_port_closed']);
    const deniedNow = refused(60, 43_000_052, null, { bytesAtNoConnect: 43_000_000 });
    expect(deniedNow.causes.map(({ code }) => code)).toEqual(['master_refuses']);
  });

  test('52 bytes: the master has refused the node: a person at once, and no other attempt', () => {
    const { causes, remedy } = refused(25, 52);
    expect(causes.map(({ code }) => code)).toEqual(['master_refuses']);
    expect(causes[0]!.speaksFor[0]!.text).toContain('one question and its answer');
    expect(remedy).toMatchObject({
      kind: 'person',
      steps: [
        expect.stringContaining('masterauth'),
        expect.any(String),
        expect.any(String),
        'Then retry the node.',
      ],
    });
  });

  test('no byte: it cannot reach port + 2000, and asks again by itself for a minute', () => {
    expect(refused(25, 0)).toMatchObject({
      causes: [{ code: 'replication_port_closed' }],
      remedy: { kind: 'wait', until: 60_000 },
    });
    expect(refused(61, 0).remedy.kind).toBe('person');
  });

  test('listed, with many bytes: an entry of before, which the master forgets after 180 s', () => {
    const entry = { ip: '10.0.0.2', port: 9221, lag: {} };
    expect(refused(25, 600, entry)).toMatchObject({
      causes: [{ code: 'already_listed' }],
      remedy: { kind: 'wait', until: 200_000 },
    });
  });
});

describe('up, and not in the list of the master', () => {
  const upUnlisted = (unknownEntries: readonly string[]) =>
    diagnose({
      slave: newSlaveTracker({
        attachedAt: 0,
        master: { host: '10.0.0.1', port: 9221 },
        self: { host: 'pika-1', port: 9221 },
        before: null,
        listedBefore: [],
      }),
      master: newMasterTracker(),
      capabilities: capabilitiesOf({ server }),
      nodeVersion: '3.5.4',
      faults: builtIn.faults,
      logs: noLogs,
      report: null,
      mayAskForDump: false,
      anomaly: makeAnomaly(
        'up_but_not_listed',
        { as: 'not_listed', forMs: 31_000 },
        { at: 31_000, attempt: 1 },
      ),
      unknownEntries,
      earlier: [],
      now: 31_000,
    });

  test('with entries that nobody explains: the master lists it otherwise, so a person says where, and nothing is copied again', () => {
    const { causes, remedy } = upUnlisted(['172.17.0.4:9221', '172.17.0.5:9221']);
    expect(causes.map(({ code }) => code)).toEqual(['listed_otherwise']);
    expect(causes[0]!.speaksFor[0]!.text).toContain('172.17.0.4:9221 and 172.17.0.5:9221');
    expect(remedy).toMatchObject({
      kind: 'person',
      steps: [expect.any(String), expect.any(String), expect.stringContaining('seenAs')],
    });
  });

  test('with none: the master has dropped it, and it is attached again', () => {
    expect(upUnlisted([]).remedy.kind).toBe('reattach');
  });
});

describe('data differ as the faults of the two releases make them differ', () => {
  interface Found {
    readonly master?: string;
    readonly node?: string;
    readonly faults?: readonly KnownFault[];
    readonly bySign: ComparisonReport['differencesBySign'];
    readonly calls?: Readonly<Record<string, number>>;
  }

  const found = ({ master = '4.0.1', node = master, faults = builtIn.faults, bySign, calls }: Found) => {
    const total = Object.values(bySign!).reduce((sum, count) => sum + count, 0);
    return diagnose({
      slave: newSlaveTracker({
        attachedAt: 0,
        master: { host: '10.0.0.1', port: 9221 },
        self: { host: '10.0.0.2', port: 9221 },
        before: null,
        listedBefore: [],
      }),
      master: { ...newMasterTracker(), ...(calls && { commandCalls: calls }) },
      capabilities: {
        ...capabilitiesOf({ server: { ...server, reportedVersion: master } }),
        version: master,
      },
      nodeVersion: node,
      faults,
      logs: noLogs,
      report: {
        differencesTotal: total,
        differencesByKind: { missing: total },
        differencesBySign: bySign,
      } as ComparisonReport,
      anomaly: makeAnomaly(
        'up_but_incomplete',
        { as: 'offset_stands_still', forMs: 1 },
        { at: 1, attempt: 1 },
      ),
      earlier: [],
      mayAskForDump: false,
      now: 1,
    });
  };
  const stepsOf = (given: Found): readonly string[] => {
    const cause = found(given).causes.find(({ code }) => code === 'replicated_wrongly');
    expect(cause).toBeDefined();
    return causeSteps(cause!, nobody);
  };

  test('the steps name the faults of this pair alone', () => {
    const steps = stepsOf({ master: '3.5.5', bySign: { emptied: 5 } }).join(' ');
    expect(steps).toContain('The first APPEND to an absent key');
    expect(steps).not.toMatch(/SETEX|PEXPIRE|4\.0\.1/);
    expect(stepsOf({ master: '3.5.4', node: '3.5.5', bySign: { emptied: 5 } }).join(' ')).toContain('APPEND');
  });

  test('first those whose commands the master’s clients use, with the calls', () => {
    const steps = stepsOf({ bySign: { missing_expires: 5 }, calls: { pexpire: 7, get: 9 } });
    expect(steps[0]).toMatch(/^Its clients use PEXPIRE \(7 calls\): PEXPIRE deletes the key/);
    expect(steps[1]).not.toContain('Its clients use');
    expect(steps.at(-1)).toContain('Another full sync does not help.');
  });

  test('then those that leave such differences', () => {
    expect(stepsOf({ bySign: { emptied: 5 } })[0]).toContain('The first APPEND');
    expect(stepsOf({ bySign: { missing_expires: 5 } })[0]).toContain('SETEX');
  });

  test('locks keep other values on each release', () => {
    const steps = stepsOf({ master: '4.0.0', bySign: { value_expires: 240, expires_early: 29 } });
    expect(steps[0]).toContain('(locks)');
    expect(stepsOf({ master: '4.0.0', bySign: { value_expires: 5, missing_expires: 60 } })[0]).toContain(
      '(locks)',
    );
  });

  test('a release without such a fault has lost data', () => {
    expect(found({ master: '3.5.4', bySign: { missing_expires: 5 } }).causes.map(({ code }) => code)).toEqual(
      ['copy_incomplete'],
    );
  });

  test('the operator’s own file tells of other releases', () => {
    const own: KnownFault = {
      code: 'own',
      versions: [['4.0.2', '4.0.3']],
      severity: 'warning',
      effect: 'keys_missing',
      signs: ['missing_expires'],
      commands: ['getex'],
      shows: { en: '', zh: '' },
      text: { en: 'GETEX loses keys.', zh: '' },
      instead: { en: 'Use EXPIRE.', zh: '' },
      source: 'tried here',
    };
    const [first] = stepsOf({
      master: '4.0.2',
      faults: [...builtIn.faults, own],
      bySign: { missing_expires: 5 },
    });
    expect(first).toBe('GETEX loses keys. Use EXPIRE.');
  });
});

describe('two copies that ended in the same way, with no cause known', () => {
  const remedyAfter = (anomaly: AnomalyRecord, earlier: readonly string[]) =>
    diagnose({
      slave: newSlaveTracker({
        attachedAt: 0,
        master: { host: '10.0.0.1', port: 9221 },
        self: { host: '10.0.0.2', port: 9221 },
        before: null,
        listedBefore: [],
      }),
      master: newMasterTracker(),
      capabilities: capabilitiesOf({ server }),
      nodeVersion: '3.5.4',
      faults: builtIn.faults,
      logs: noLogs,
      report: null,
      mayAskForDump: false,
      anomaly,
      earlier,
      now: 1000,
    }).remedy.kind;
  const skipped = (as: 'never' | 'unfinished') =>
    makeAnomaly('full_sync_skipped', { as }, { at: 1000, attempt: 2 });

  test('are enough: a person is asked', () => {
    const earlier = [symptomOf(skipped('never'))];
    expect(remedyAfter(skipped('never'), [])).toBe('reattach');
    expect(remedyAfter(skipped('never'), earlier)).toBe('person');
    expect(remedyAfter(skipped('unfinished'), earlier)).toBe('reattach');
  });

  test('are repeated where it was an event: a restart, or an outage of the master', () => {
    const restarted = makeAnomaly(
      'node_restarted',
      { afterCopy: true, detached: false, restarts: 1 },
      { at: 1000, attempt: 2, remedy: 'reattach' },
    );
    const away = makeAnomaly('master_unreachable', { noConnectForMs: 30_000 }, { at: 1000, attempt: 2 });
    for (const event of [restarted, away]) expect(remedyAfter(event, [symptomOf(event)])).toBe('reattach');
  });

  test('are said', () => {
    const diagnosis = { causes: [], remedy: { kind: 'person', steps: [] } } as never;
    expect(problemOfAnomaly(skipped('never'), diagnosis, 2).text).toMatch(
      /^The node is up without a full sync, and 2 attempts did not help\. .* The attempts ended in the same way/,
    );
  });
});

describe('a remedy is not repeated for a cause that it did not cure', () => {
  const anomalies = [
    makeAnomaly('refused_for_good', { noConnectForMs: 300_000 }, seen()),
    makeAnomaly('hung_in_full_sync', { ...sizes(), as: 'still', stillForMs: 90_000 }, seen()),
    makeAnomaly('hung_in_full_sync', { ...sizes(), as: 'no_headway', cameBytes: 10, inMs: 600_000 }, seen()),
    makeAnomaly('copy_without_end', { ...sizes(), node: 'n', mostBytes: 1000 } as never, seen()),
    makeAnomaly('snapshot_superseded', { by: 'later_dump', otherSlave: null }, seen()),
    makeAnomaly(
      'reply_missed',
      { dbs: ['db0'], forMs: 200_000, otherDatabaseConnected: true, helpsItselfWithinMs: 180_000 },
      seen(),
    ),
    makeAnomaly('up_but_incomplete', { as: 'few_bytes', receivedBytes: 1, snapshotBytes: 9 }, seen()),
    makeAnomaly('up_but_incomplete', { as: 'offset_stands_still', forMs: 1 }, seen()),
  ];
  function seen() {
    return { at: 300_000, attempt: 1 };
  }
  function sizes() {
    return { receivedBytes: 10, snapshotBytes: 1000 };
  }

  /** Events: they have passed when the next copy begins. */
  const mayComeAgain = ['snapshot_superseded', 'reply_missed'];

  test('whatever is seen, and whatever was tried before', () => {
    const arbitrary = fc.record({
      anomaly: fc.constantFrom(...anomalies),
      bytes: fc.constantFrom(null, 0, 52, 600, 4_000_000),
      listed: fc.boolean(),
      state: fc.constantFrom('NoConnect', 'WaitDBSync', 'Error', 'WaitReply'),
      pass: fc.record({
        end: fc.constantFrom(null, 'swapped' as const),
        firstBytesAt: fc.constantFrom(null, 1000),
        bytesLast: fc.constantFrom(100, 5_000, 60_000, 5_000_000),
        supersededBy: fc.constantFrom(null, 'later_dump' as const),
      }),
      report: fc.option(
        fc.record({
          differencesTotal: fc.constant(10),
          differencesByKind: fc.constant({ missing: 10 }),
          differencesBySign: fc.constantFrom({}, { missing_expires: 10 }, { emptied: 10 }),
        }),
      ),
      version: fc.constantFrom('3.5.4', '3.5.5', '4.0.1'),
      mayAskForDump: fc.boolean(),
      masterBytes: fc.constantFrom(10, 5_000_000),
    });
    let repeated = 0;
    fc.assert(
      fc.property(arbitrary, (given) => {
        const capabilities = capabilitiesOf({ server: { ...server, reportedVersion: given.version } });
        const replication = masterReplication({ role: 'slave', dbStates: { db0: given.state } });
        const attached: SlaveTracker = {
          ...newSlaveTracker({
            attachedAt: 0,
            master: { host: '10.0.0.1', port: 9221 },
            self: { host: '10.0.0.2', port: 9221 },
            before: null,
            listedBefore: [],
          }),
          bytesAtAttach: 0,
          replInputBytes: given.bytes,
          noConnectSince: 0,
          listed: given.listed ? { ip: '10.0.0.2', port: 9221, lag: {} } : null,
          replication,
        };
        const pass = beginPass(attached, replication, 0, newMasterTracker(), capabilities);
        const slave = { ...attached, waits: [{ ...pass, bytesAtStart: 0, ...given.pass }] };
        const earlier: string[] = [];
        const tried: string[] = [];
        for (let attempt = 1; attempt <= 6; attempt += 1) {
          const { causes, remedy } = diagnose({
            slave,
            master: {
              ...newMasterTracker(),
              samples: [{ at: 1, sstBytes: given.masterBytes, offsets: null } as never],
            },
            capabilities,
            nodeVersion: given.version,
            faults: builtIn.faults,
            logs: noLogs,
            report: given.anomaly.code === 'up_but_incomplete' ? (given.report as never) : null,
            anomaly: { ...given.anomaly, attempt },
            earlier,
            mayAskForDump: given.mayAskForDump,
            now: 300_000,
          });
          const cause = causes[0]?.code;
          if (cause === undefined || remedy.kind === 'person' || remedy.kind === 'wait') return;
          const doing = `${remedy.kind} ${cause}`;
          if (!mayComeAgain.includes(cause)) expect(tried).not.toContain(doing);
          else if (tried.includes(doing)) repeated += 1;
          tried.push(doing);
          earlier.push(cause);
        }
        expect(mayComeAgain.some((code) => tried[0]!.endsWith(code))).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(repeated).toBeGreaterThan(0);
  });
});
