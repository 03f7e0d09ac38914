import { describe, expect, test } from 'vitest';
import { auditReportText, wholeAtText } from '../../src/model/audit-report.ts';
import {
  type AuditReasonCode,
  auditReasonFor,
  auditReasons,
  auditStep,
  judgement,
} from '../../src/model/audit-texts.ts';
import { verdictSays } from '../../src/model/comparison-texts.ts';
import type { Facts } from '../../src/model/text.ts';
import { expectText, readers } from '../support/texts.ts';
import { notAllowedSamples } from './not-allowed-samples.ts';

const named = { slave: '10.0.0.2:9221', master: '10.0.0.1:9221' };
const states = { db0: 'NoConnect', db1: 'Connected' };
const compared = {
  lookedAtKeys: 2000,
  share: 0.0093,
  smallestLossFound: 0.0114,
  because: verdictSays('differences', { byKind: { missing: 24 } }),
};
const counted = { ...compared, lookedAtKeys: 0, share: null, smallestLossFound: null };
const met = { address: named.slave, met: 'connection refused (ECONNREFUSED)' };

/** Facts of each reason, as many as it takes for every sentence to be said once. */
const samples: { readonly [C in AuditReasonCode]: readonly Facts[] } = {
  whole: [
    { ...compared, because: null },
    { ...compared, lookedAtKeys: 1, share: 1, smallestLossFound: 0, because: null },
    { ...counted, because: verdictSays('counts_agree_exactly') },
    { ...counted, because: null },
  ],
  whole_but_expiries: [compared],
  data_differ: [
    { ...compared, ownSlaves: 0 },
    { ...counted, ownSlaves: 2 },
  ],
  replication_ended: [{ states, ownSlaves: 0 }],
  like_its_master: [{}],
  master_unproven: [{}],
  unlike_its_master: [{}],
  is_master: [{}],
  follows_other: [{ follows: '10.0.0.9:9221' }],
  link_down: [
    { states, behindBytes: 4_000_000, waitedSeconds: 60 },
    { states, behindBytes: null, waitedSeconds: 60 },
  ],
  not_listed: [{ waitedSeconds: 60 }],
  not_syncing: [{ lag: { db0: 'not syncing' }, waitedSeconds: 60 }],
  says_unfinished: [{ waitedSeconds: 60 }],
  behind: [
    { behindBytes: 4_000_000, waitedSeconds: 60 },
    { behindBytes: null, waitedSeconds: 60 },
  ],
  settings_wrong: [{ codes: ['databases_differ', 'masterauth_differs'] }],
  not_compared: [compared],
  in_full_sync: [{ states }],
  in_expansion: [{ expansion: 'exp_1' }],
  unreachable: [met],
  not_allowed: notAllowedSamples,
  denied: [
    { ...met, credential: null },
    { ...met, credential: 'dc2' },
  ],
  garbled: [met],
  busy: [met],
  master_silent: [{}],
  master_unready: [{ states }],
  comparison_ended: [{ comparison: 'cmp_1', state: 'cancelled' }],
  cancelled: [{ by: 'ann', why: 'peak' }],
};
const codes = Object.keys(samples) as AuditReasonCode[];

describe.each(codes)('%s', (code) => {
  test.each(samples[code])('reads well for everybody with %j', (facts) => {
    const { verdict, reason } = judgement(code, named, facts as never);
    expect(verdict).toBe(auditReasons[code].verdict);
    for (const reader of readers) {
      expectText(auditReasonFor(reason, reader).text, reader.language);
      expectText(auditStep(reason, 'aud_1', reader)!, reader.language);
    }
  });
});

test('a reason of another release reads as it was stored, and has no next step', () => {
  const reason = { code: 'of_tomorrow', facts: {}, text: 'as it was stored' };
  for (const reader of readers) {
    expect(auditReasonFor(reason, reader).text).toBe('as it was stored');
    expect(auditStep(reason, 'aud_1', reader)).toBeNull();
  }
});

test('the report names what is damaged first, with what is missing, since when, and the next step', () => {
  const { verdict, reason } = judgement('data_differ', named, { ...compared, ownSlaves: 0 });
  const target = (name: string) => ({
    name,
    address: { host: name.split(':')[0]!, port: 9221 },
    seenAs: { host: name.split(':')[0]!, port: 9221 },
    credential: null,
  });
  const server = {
    state: 'judged' as const,
    version: '3.5.4',
    role: 'slave' as const,
    captured: null,
    comparisonId: 'cmp_1',
    findings: [],
    judgedAt: 2,
    wholeAt: { at: Date.UTC(2026, 10, 1), by: 'exp_7' },
    listedAs: null,
  };
  const report = auditReportText(
    {
      id: 'aud_1',
      state: 'completed',
      requestedBy: 'ann | root',
      createdAt: 1,
      startedAt: 1,
      endedAt: 2,
      spec: { depth: 'sample' } as never,
      maxRunning: 2,
      maxRunningPerHost: 1,
      slaves: [],
      cancel: null,
      counts: {
        masters: 1,
        mastersNotRead: 0,
        slaves: 2,
        open: 0,
        whole: 1,
        damaged: 1,
        doubtful: 0,
        notJudged: 0,
        leftOut: 0,
      },
      repairs: [],
      servers: [
        {
          ...server,
          index: 0,
          target: target(named.master),
          master: null,
          verdict: null,
          reason: null,
          examples: [],
          nextStep: null,
        },
        {
          ...server,
          index: 1,
          target: target(named.slave),
          master: 0,
          verdict,
          reason,
          nextStep: 'Repair it.',
          examples: [
            { db: 0, key: 'user:*1*', type: 'string', kind: 'missing', left: 'x', right: null, rounds: 3 },
          ],
        },
      ],
    },
    { language: 'en', tool: 'rest' },
  );
  expect(report).toContain('1 master, 2 slaves: 1 damaged, 0 doubtful, 0 not judged, 1 whole');
  expect(report).toContain(
    [
      '## Damaged',
      '',
      '- 10.0.0.2:9221: The data of 10.0.0.2:9221 differ from those of 10.0.0.1:9221: 24 missing. 2000 keys were compared (0.93 %); a loss of 1.1 % would have been found (99 %).',
      '  - It was proven whole at 2026-11-01T00:00:00.000Z (exp\\_7), so the damage is younger.',
      '  - db0 string user:\\*1\\*: missing',
      '  - Repair it.',
    ].join('\n'),
  );
  expect(report).toContain('ann \\| root');
});

test('writes since when a damage can be as times are written where it is read', () => {
  const wholeAt = { at: Date.UTC(2026, 10, 1), by: 'exp_7' };
  const time = (at: number): string => `moment ${at}`;
  for (const language of ['en', 'zh'] as const)
    expect(wholeAtText[language]({ wholeAt, time }, { language, tool: 'dashboard' })).toContain(
      `moment ${wholeAt.at}`,
    );
});
