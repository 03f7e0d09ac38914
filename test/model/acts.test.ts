import { describe, expect, test } from 'vitest';
import { acts } from '../../src/model/acts.ts';
import { en } from '../../src/model/labels/en.ts';
import { zh } from '../../src/model/labels/zh.ts';
import { languages, type Reader } from '../../src/model/text.ts';

const args = ['exp_1', '10.0.0.2:9221'] as const;
const said = (act: (reader: Reader, ...args: never[]) => string, reader: Reader): string =>
  (act as (reader: Reader, ...args: readonly string[]) => string)(reader, ...args);

const labels = { en: texts(en), zh: texts(zh) };

function texts(messages: unknown): readonly string[] {
  if (typeof messages === 'string') return [messages];
  return typeof messages === 'object' && messages !== null ? Object.values(messages).flatMap(texts) : [];
}

describe.each(Object.entries(acts))('%s', (_name, act) => {
  test('is a route, a command, or what the dashboard calls it', () => {
    for (const language of languages) {
      expect(said(act, { language, tool: 'rest' })).toMatch(/^(GET|POST) \/v1\//);
      expect(said(act, { language, tool: 'cli' })).toMatch(/^pika-expander [a-z]/);
      const onDashboard = said(act, { language, tool: 'dashboard' });
      if (onDashboard.startsWith('pika-expander ')) continue;
      const label = /“(.+)”/.exec(onDashboard)?.[1] ?? '';
      expect(
        labels[language].some(
          (text) => text === label || text.startsWith(`${label}（`) || text.startsWith(`${label} (`),
        ),
      ).toBe(true);
    }
  });
});
