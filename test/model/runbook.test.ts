import { describe, expect, test } from 'vitest';
import { anomalyCodes } from '../../src/model/anomalies.ts';
import { auditReasons } from '../../src/model/audit-texts.ts';
import { topics } from '../../src/model/channel.ts';
import { findingTable } from '../../src/model/findings.ts';
import { guardReasons } from '../../src/model/guard-texts.ts';
import { noticeText } from '../../src/model/notice.ts';
import { problems } from '../../src/model/problems.ts';
import { reasons } from '../../src/model/reasons.ts';
import { alertNames } from '../../src/model/runbook/alerts.ts';
import { runbook } from '../../src/model/runbook/chapters.ts';
import { runbookOf } from '../../src/model/runbook/link.ts';
import { expansionStates, holdStates, personPhases } from '../../src/model/states.ts';
import { languages } from '../../src/model/text.ts';

const codes = {
  state: expansionStates,
  phase: personPhases,
  hold: holdStates,
  anomaly: anomalyCodes,
  finding: Object.keys(findingTable),
  problem: Object.keys(problems),
  guard: Object.keys(guardReasons),
  audit: Object.keys(auditReasons),
  reason: Object.keys(reasons),
  alert: alertNames,
  notice: topics,
} as const;
const all = Object.entries(codes).flatMap(([kind, names]) => names.map((code) => `${kind}-${code}`));

describe.each(languages)('the runbook in %s', (language) => {
  const chapters = runbook({ language, tool: 'cli' });
  const entries = chapters.flatMap((chapter) => chapter.entries.map((entry) => ({ chapter, entry })));

  test('has an entry for each state, phase that needs a person, hold, anomaly, finding, problem and reason', () => {
    expect(all.length).toBeGreaterThan(250);
    const anchors = new Set(entries.map(({ entry }) => entry.anchor));
    expect(all.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });

  test('says of each what it means, what the service does, what to do, and when it is over', () => {
    const lacking = entries.filter(
      ({ chapter: { shared }, entry: { means, service, steps, over } }) =>
        !means ||
        !(service || shared?.service) ||
        !(over || shared?.over) ||
        steps.length === 0 ||
        steps.some((step) => !step),
    );
    expect(lacking.map(({ entry }) => entry.anchor)).toEqual([]);
  });

  test('says nothing that only a fact could tell', () => {
    const broken = entries.filter(({ entry }) =>
      /undefined|\bnull\b|NaN|\[object|\(\)|“null”/.test(JSON.stringify(entry)),
    );
    expect(broken.map(({ entry }) => entry)).toEqual([]);
  });

  test('gives each entry an anchor of its own', () => {
    const anchors = [...chapters.map(({ id }) => id), ...entries.map(({ entry }) => entry.anchor)];
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
  });
});

test('each code leads to its entry, by its kind or alone', () => {
  const anchors = new Set(
    runbook({ language: 'en', tool: 'cli' }).flatMap(({ entries }) => entries.map(({ anchor }) => anchor)),
  );
  for (const [kind, names] of Object.entries(codes))
    for (const code of names) {
      expect(runbookOf(code, kind as keyof typeof codes)).toBe(`/runbook#${kind}-${code}`);
      expect(anchors).toContain(runbookOf(code)?.replace('/runbook#', ''));
    }
  expect(runbookOf('no_such_code')).toBeNull();
  expect(runbookOf('constructor')).toBeNull();
  expect(runbookOf('master_unreachable')).toBe('/runbook#anomaly-master_unreachable');
});

test('a notice leads to the entry of what it tells of, where the service knows its own address', () => {
  const problem = {
    key: 'frozen',
    topic: 'frozen',
    since: 0,
    level: 'warning',
    master: null,
    until: 'over',
    said: { type: 'service.frozen', node: null, text: 'frozen', data: {} },
  } as const;
  const notice = {
    items: [
      {
        incidentId: 'inc_1',
        news: 'opened',
        owner: 'service',
        ownerId: null,
        label: null,
        openedAt: 0,
        acknowledged: null,
        problems: [problem],
        moreProblems: 0,
      },
    ],
    moreItems: 0,
    summary: null,
  } as Parameters<typeof noticeText>[0];
  const reader = { language: 'en', tool: 'cli' } as const;
  expect(noticeText(notice, reader, 'https://expander.test/channels').lines).toContain(
    'https://expander.test/runbook#notice-frozen',
  );
  expect(noticeText(notice, reader, null).lines.join()).not.toContain('runbook');
});
