import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/core/sync/diagnosis.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import { makeAnomaly } from '../../../src/model/anomalies.ts';
import type { SlaveTracker } from '../../../src/model/full-sync.ts';
import type { ListedSlave } from '../../../src/model/observation.ts';

const server = { reportedVersion: '3.5.4', processId: 7, uptimeSeconds: 100, runId: 'r', tcpPort: 9221 };

/** What is found of a node that has shown NoConnect for so long, and has received so many bytes. */
function refused(seconds: number, receivedBytes: number, listed: ListedSlave | null = null) {
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
  };
  const now = seconds * 1000;
  return diagnose({
    slave,
    master: newMasterTracker(),
    capabilities: capabilitiesOf({ server }),
    report: null,
    mayAskForDump: false,
    anomaly: makeAnomaly('refused_for_good', { noConnectForMs: now }, { at: now, attempt: 1 }),
    earlier: [],
    now,
  });
}

describe('NoConnect although the master answers the service (recordings 48)', () => {
  test('52 bytes: the master has refused the node: a person at once, and no other attempt', () => {
    const { causes, remedy } = refused(25, 52);
    expect(causes.map(({ code }) => code)).toEqual(['master_refuses']);
    expect(causes[0]!.speaksFor[0]!.text).toContain('one question and its answer');
    expect(remedy).toMatchObject({
      kind: 'person',
      steps: [expect.stringContaining('masterauth'), expect.any(String), expect.any(String)],
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
