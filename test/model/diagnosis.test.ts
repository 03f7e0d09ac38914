import { describe, expect, test } from 'vitest';
import { type CauseCode, causes, type SignCode, sign, signs } from '../../src/model/diagnosis.ts';
import { expectText, readers } from '../support/texts.ts';

/** Facts of the signs that tell figures. */
const figures = {
  receivedBytes: 160e6,
  masterBytes: 4e6,
  bytesPerSecond: 236,
  forMs: 61_000,
  flaps: 4,
  missingThatExpire: 3,
  emptied: 1,
  outlive: 0,
  version: '4.0.1',
};

describe('every cause', () => {
  test.each(Object.keys(causes) as CauseCode[])(
    '%s is told in both languages, with what would tell and the steps',
    (code) => {
      const { title, wouldTell, steps } = causes[code];
      for (const reader of readers) {
        const { language } = reader;
        const told = steps[language]({}, reader);
        expect(told.length).toBeGreaterThan(0);
        for (const text of [title[language]({}, reader), wouldTell[language]({}, reader), ...told])
          expectText(text, language);
      }
      expect(steps.zh({}, readers[0]!)).toHaveLength(steps.en({}, readers[0]!).length);
    },
  );
});

test.each(Object.keys(signs) as SignCode[])('the sign %s reads in both languages', (code) => {
  for (const reader of readers) expectText(signs[code][reader.language](figures, reader), reader.language);
  expect(sign(code, figures)).toMatchObject({ code, facts: figures });
});
