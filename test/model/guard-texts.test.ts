import { describe, expect, test } from 'vitest';
import { judgement } from '../../src/model/audit-texts.ts';
import { eventFor, makeEvent } from '../../src/model/events.ts';
import {
  type GuardEventType,
  guardReasonFor,
  guardSays,
  guardStep,
  guardSummary,
  type Loss,
} from '../../src/model/guard-texts.ts';
import { expectText, readers } from '../support/texts.ts';

const named = { slave: '10.0.0.2:9221', master: '10.0.0.1:9221' };
const losses: readonly Loss[] = [
  'is_master',
  'follows_other',
  'replication_ended',
  'in_full_sync',
  'copied_anew',
  'went_back',
  'ahead',
  'replication_id_changed',
  'master_went_back',
  'master_replication_id_changed',
];
const reasons = [
  guardSays('master_is_slave', { slave: named.master, master: '' }, { follows: '10.0.0.9:9221' }),
  ...[true, false].map((running) =>
    guardSays('dump_unasked', { slave: named.master, master: '' }, { running }),
  ),
  guardSays('new_slave', named, {}),
  guardSays('stands_still', named, {}),
  guardSays('beyond_kept', named, { files: 12, kept: 10 }),
  ...losses.flatMap((why) =>
    [null, 'exp_1'].map((provenBy) => guardSays('unproven', named, { why, provenBy })),
  ),
  judgement('replication_ended', named, { states: { db0: 'Error' }, ownSlaves: 0 }).reason,
  judgement('link_down', named, { states: { db0: 'NoConnect' }, behindBytes: null, waitedSeconds: 30 })
    .reason,
];

test.each(reasons.map((reason) => [reason.text, reason] as const))(
  'reads well for everybody: %s',
  (_, reason) => {
    for (const reader of readers) {
      expectText(guardReasonFor(reason, reader).text, reader.language);
      expectText(guardStep(reason, reader)!, reader.language);
      // Nobody is sent to an audit that does not exist.
      expect(guardStep(reason, reader)).not.toMatch(/audits +--|audits \. /);
    }
  },
);

const events: { readonly [T in GuardEventType]: Parameters<typeof makeEvent<T>>[2] } = {
  'guard.started': { requestedBy: 'ann', masters: 2 },
  'guard.found': { reason: reasons[0]!, level: 'error' },
  'guard.cleared': { reason: reasons[0]!, since: 1000, at: 61_000 },
  'guard.slave_forgotten': { slave: named.slave, by: 'ann', reason: 'taken out' },
  'guard.audit_started': { auditId: 'aud_1' },
  'guard.audit_skipped': { auditId: 'aud_1' },
  'guard.ended': { by: 'ann', reason: 'moved' },
};

describe('events of guards', () => {
  test.each(Object.keys(events) as GuardEventType[])('%s reads well for everybody', (type) => {
    const event = makeEvent(type, { at: 1 }, events[type] as never);
    for (const reader of readers) expectText(eventFor(event, reader).text, reader.language);
  });

  test('what is found has the level of the finding', () => {
    expect(makeEvent('guard.found', { at: 1 }, { reason: reasons[1]!, level: 'warning' }).level).toBe(
      'warning',
    );
    expect(makeEvent('guard.cleared', { at: 1 }, events['guard.cleared']).level).toBe('info');
  });
});

test('a guard in short', () => {
  for (const reader of readers)
    for (const errors of [0, 1])
      expectText(
        guardSummary[reader.language]({ masters: 1, slaves: 5, errors, warnings: 2 * errors }, reader),
        reader.language,
      );
});
