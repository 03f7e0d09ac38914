import { expect, test } from 'vitest';
import { diagnose } from '../../../src/core/sync/diagnosis.ts';
import { newMasterTracker } from '../../../src/core/sync/master-tracker.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../../src/engines/pika/index.ts';
import type { AnomalyCode } from '../../../src/model/anomalies.ts';
import type { ToldByLog } from '../../../src/model/full-sync-log.ts';
import { recordedLines, toldByLines } from '../../support/log-recordings.ts';

/** What is found of a trouble that INFO says nothing else about. */
function foundOf(symptom: AnomalyCode, node: ToldByLog | null, master: ToldByLog | null = null) {
  const at = Date.UTC(2026, 10, 28, 5);
  return diagnose({
    slave: newSlaveTracker({
      attachedAt: Date.UTC(2026, 10, 28, 3),
      master: { host: '10.0.0.1', port: 9221 },
      self: { host: '10.0.0.2', port: 9221 },
      before: null,
      listedBefore: [],
    }),
    master: newMasterTracker(),
    capabilities: capabilitiesOf({}),
    nodeVersion: '3.5.4',
    faults: [],
    logs: { node, master },
    report: null,
    mayAskForDump: false,
    anomaly: { code: symptom, text: '', facts: {}, remedy: 'reattach', at, attempt: 1 },
    earlier: [],
    now: at,
  });
}

/** The recording up to the first such line, with it. */
function upTo(recording: string, server: string, text?: string): ToldByLog {
  const lines = recordedLines(recording, server);
  return toldByLines(
    text === undefined ? lines : lines.slice(0, lines.findIndex((line) => line.includes(text)) + 1),
  );
}

const copy = 'copy remote files done';
const cases: readonly (readonly [
  recording: string,
  slave: string,
  until: string | undefined,
  symptom: AnomalyCode,
  cause: string,
  quote: string,
])[] = [
  ['04a-3.5.4', 'slave1', undefined, 'up_but_incomplete', 'snapshot_superseded', 'receive newer dump'],
  ['05-3.5.4', 'slave1', undefined, 'up_but_incomplete', 'snapshot_superseded', 'receive newer dump'],
  ['05-3.5.5', 'slave1', 'will restart the sync', 'hung_in_full_sync', 'snapshot_superseded', 'newer dump'],
  ['11-3.5.4', 'slave1', undefined, 'hung_in_full_sync', 'disk_full', 'No space left on device'],
  ['11-4.0.1', 'slave1', undefined, 'copy_without_end', 'disk_full', 'No space left on device'],
  ['10-4.0.1', 'slave1', 'pwrite failed', 'hung_in_full_sync', 'disk_full', 'No space left on device'],
  [
    '12-3.5.4',
    'slave1',
    'copy remote file failed',
    'hung_in_full_sync',
    'dump_failed',
    'create new backup failed',
  ],
  [
    '12-4.0.0',
    'slave1',
    'copy remote file failed',
    'hung_in_full_sync',
    'dump_failed',
    'create new backup failed',
  ],
  [
    '15-3.5.4',
    'slave1',
    undefined,
    'hung_in_full_sync',
    'rsync_port_closed',
    'PullRemoteMeta request timeout',
  ],
  ['14-4.0.1', 'slave1', 'retry times: 5', 'hung_in_full_sync', 'rsync_port_closed', 'PullRemoteMeta'],
  ['16-3.5.4', 'slave1', 'to Master (127.0.0.1:16050)', 'refused_for_good', 'master_refuses', ''],
  [
    '17-4.0.1',
    'slave1',
    'New node is added',
    'refused_for_good',
    'replication_port_closed',
    'Try Send Meta Sync',
  ],
  ['08-3.5.4', 'slave2', undefined, 'refused_for_good', 'master_refuses', 'Invalid masterauth'],
  ['09-3.5.4', 'slave1', undefined, 'refused_for_good', 'master_refuses', 'inconsistent with master'],
  ['18-4.0.1', 'slave1', undefined, 'copy_not_opened', 'copy_on_another_mount', 'Invalid cross-device link'],
  ['27b-4.0.1', 'slave1', 'copy remote meta failed', 'hung_in_full_sync', 'doing_bgsave', 'doing bgsave'],
  ['24-3.5.4', 'slave1', 'Remove Master Success', 'hung_in_full_sync', 'detached', 'Remove Master Success'],
  ['21-3.5.4', 'slave1', 'rsync timeout', 'hung_in_full_sync', 'copy_stalled', 'rsync timeout'],
  ['21-3.5.4', 'slave1', 'rsync timeout', 'copy_without_end', 'requests_time_out', 'rsync timeout'],
  ['30-3.5.4', 'slave1', 'TrySync Ok', 'reply_missed', 'reply_missed', 'TrySync Ok'],
];

test.each(cases)(
  '%s %s up to “%s”: %s is %s, by a line that is quoted',
  (...[recording, slave, until, symptom, cause, quote]) => {
    const lines = recordedLines(recording, 'master');
    const told = upTo(recording, slave, until);
    const last = told.log.at(-1)!.at;
    const master = toldByLines(lines);
    const { causes } = foundOf(symptom, told, { ...master, log: master.log.filter(({ at }) => at <= last) });
    const [first] = causes;
    const signs = first?.speaksFor.filter(({ code }) => code === 'log_line').map(({ text }) => text) ?? [];
    expect([first?.code, signs.join('\n')]).toEqual([cause, expect.stringContaining(quote)]);
  },
);

test('a node that died on its copy: the FATAL line is quoted, and the steps name the folder', () => {
  const { causes, remedy } = foundOf('died_on_partial_database', upTo('04a-3.5.4', 'slave2'));
  expect(causes[0]).toMatchObject({ code: 'manifest_missing' });
  expect(causes[0]!.speaksFor.map(({ text }) => text).join()).toMatch(
    /log of the node says .*open hashes db failed, IO error: No such file or directory.*MANIFEST-000021/,
  );
  expect(remedy).toMatchObject({ kind: 'person' });
  if (remedy.kind === 'person')
    expect(remedy.steps.join(' ')).toContain('move /data/04a-3.5.4-burst3-gaps-2-2/slave2/db/db0 away');
});

test('a copy that came whole speaks against each cause of a spoilt copy', () => {
  const { causes } = foundOf('snapshot_superseded', upTo('01-3.5.4', 'slave1', copy));
  expect(causes.map(({ code }) => code)).toEqual(['snapshot_superseded']);
  const whole = foundOf('snapshot_superseded', upTo('01-3.5.4', 'slave1'));
  expect(whole.causes[0]!.speaksAgainst.map(({ text }) => text)).toEqual([
    'By the node’s log, 57 files of the list came whole, none is missing.',
  ]);
});

test('what the logs tell of an earlier attach is no cause of today', () => {
  const { attempts, log } = upTo('11-3.5.4', 'slave1');
  const dayMs = 86_400_000;
  const yesterday: ToldByLog = {
    attempts: attempts.map((attempt) => ({ ...attempt, startedAt: attempt.startedAt - dayMs })),
    log: log.map((fact) => ({ ...fact, at: fact.at - dayMs })),
  };
  expect(foundOf('hung_in_full_sync', yesterday, yesterday).causes).toEqual([]);
});
