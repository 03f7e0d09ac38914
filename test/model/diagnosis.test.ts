import { describe, expect, test } from 'vitest';
import { builtIn } from '../../src/engines/pika/knowledge.ts';
import { type CauseCode, causeSteps, causes } from '../../src/model/causes.ts';
import { diagnosisFor, type SignCode, sign, signs } from '../../src/model/diagnosis.ts';
import { faultsOf, inUse } from '../../src/model/knowledge.ts';
import { expectText, readers } from '../support/texts.ts';

/** Facts of the signs that tell figures. */
const figures = {
  receivedBytes: 160e6,
  masterBytes: 4e6,
  bytesPerSecond: 236,
  forMs: 61_000,
  cameBytes: 4e6,
  inMs: 600_000,
  flaps: 4,
  missingThatExpire: 3,
  valuesThatExpire: 2,
  emptied: 1,
  outlive: 0,
  version: '4.0.1',
  server: 'node',
  line: 'receive newer dump, reset state to STOP',
  at: Date.UTC(2026, 10, 28, 3, 56, 13),
  times: 2,
  files: 57,
  listed: 57,
  copied: 20,
  entries: ['172.17.0.4:9221'],
  commands: ['flushall'],
};

/** Facts of the steps against known faults. */
const named = { faults: faultsOf(['4.0.1'], builtIn).map((fault) => inUse(fault, { setex: 12, incr: 1 })) };

describe('every cause', () => {
  test.each(Object.keys(causes) as CauseCode[])(
    '%s is told in both languages, with what would tell and the steps',
    (code) => {
      const { title, wouldTell } = causes[code];
      const found = { code, facts: named };
      for (const reader of readers) {
        const { language } = reader;
        const told = causeSteps(found, reader);
        expect(told.length).toBeGreaterThan(0);
        for (const text of [title[language]({}, reader), wouldTell[language]({}, reader), ...told])
          expectText(text, language);
      }
      expect(new Set(readers.map((reader) => causeSteps(found, reader).length)).size).toBe(1);
    },
  );
});

test.each(Object.keys(signs) as SignCode[])('the sign %s reads in both languages', (code) => {
  for (const reader of readers) expectText(signs[code][reader.language](figures, reader), reader.language);
  expect(sign(code, figures)).toMatchObject({ code, facts: figures });
});

test('a stored diagnosis reads in the language of whoever reads it', () => {
  const stored = {
    at: 1,
    attempt: 1,
    symptom: 'hung_in_full_sync' as const,
    causes: [
      {
        code: 'dump_failed',
        facts: {},
        text: 'The dump of the master failed or is missing.',
        speaksFor: [sign('trickle', figures)],
        speaksAgainst: [],
        wouldTell: 'x',
        copyHelps: 'once' as const,
      },
    ],
    remedy: { kind: 'person' as const, steps: ['x'] },
  };
  const read = diagnosisFor(stored, { language: 'zh', tool: 'rest' });
  const [cause] = read.causes;
  for (const text of [cause!.text, cause!.wouldTell, cause!.speaksFor[0]!.text]) expectText(text, 'zh');
  if (read.remedy.kind === 'person') for (const step of read.remedy.steps) expectText(step, 'zh');
});
