import type { EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processContext, speaking } from '../../src/cli/context.ts';
import {
  cutTo,
  displayWidth,
  formatBytes,
  formatClock,
  formatDuration,
  printable,
} from '../../src/cli/format.ts';
import { diagnosisLines } from '../../src/cli/render/diagnosis.ts';
import { renderEvidence } from '../../src/cli/render/evidence.ts';
import { joinLine, progressLine, renderExpansion, silentText } from '../../src/cli/render/expansion.ts';
import { renderFrame } from '../../src/cli/render/frame.ts';
import { resolveSettings } from '../../src/cli/settings.ts';
import { styleFor } from '../../src/cli/style.ts';
import { parseSse } from '../../src/client/sse.ts';
import { because } from '../../src/model/reasons.ts';
import { expansionOf, joinOf } from './fake-api.ts';

describe('the event stream reader', () => {
  const text =
    ': comment\r\n\r\nid: 7\nevent: batch\ndata: {"a":1}\n\ndata: one\rdata: two\r\rretry: 250\nid\ndata:x é 中\r\n\r\ndata: unfinished';

  it('reads the same messages wherever the bytes are split', async () => {
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
        expect(await readAll(pieces)).toEqual([
          { event: 'batch', data: '{"a":1}', id: '7' },
          { data: 'one\ntwo' },
          { data: 'x é 中', id: '' },
        ]);
      }),
    );
  });

  async function readAll(pieces: readonly Uint8Array[]): Promise<EventSourceMessage[]> {
    const messages: EventSourceMessage[] = [];
    for await (const message of parseSse(streamOf(pieces))) messages.push(message);
    return messages;
  }

  async function* streamOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
});

describe('address and token', () => {
  const resolve = (
    options: Record<string, string>,
    env: Record<string, string> = {},
    files: Record<string, string> = {},
  ) =>
    resolveSettings(options, {
      ...speaking('en', processContext()),
      env,
      homeDirectory: '/home/op',
      readFile: (path) => {
        const text = files[path];
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
        return text;
      },
    });
  const standard = '/home/op/.config/pika-expander/config.json';
  const file = { [standard]: '{"url":"http://file:1","token":"file-token"}' };

  it('flags win over the environment, the environment over the file, the file over the default', () => {
    const env = { PIKA_EXPANDER_URL: 'http://env:2/', PIKA_EXPANDER_TOKEN: 'env-token' };
    expect(resolve({})).toMatchObject({ url: 'http://127.0.0.1:8080', token: null });
    expect(resolve({}, {}, file)).toMatchObject({ url: 'http://file:1', token: 'file-token' });
    expect(resolve({}, env, file)).toMatchObject({ url: 'http://env:2', token: 'env-token' });
    expect(resolve({ url: 'https://flag:3/p/', token: 't' }, env, file)).toMatchObject({
      url: 'https://flag:3/p',
      token: 't',
    });
  });

  it('reads a token from a file, without the line end', () => {
    expect(resolve({ tokenFile: '/t' }, {}, { '/t': 'secret\n' }).token).toBe('secret');
    expect(() => resolve({ tokenFile: '/none' })).toThrow('/none');
    expect(() => resolve({ tokenFile: '/t' }, {}, { '/t': '\n' })).toThrow('empty');
  });

  it.each([
    [{ url: 'nonsense' }, 'is not an address'],
    [{ url: 'ftp://host' }, 'neither http'],
    [{ url: 'http://user:pw@host' }, 'holds a user name or password'],
  ])('refuses %j', (options, text) => {
    expect(() => resolve(options as Record<string, string>)).toThrow(text);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'JSON object'],
    ['{"uri":"http://x"}', '"uri"'],
    ['{"url":1}', '"url"'],
  ])('names what is wrong in a config file: %s', (text, message) => {
    expect(() => resolve({}, {}, { [standard]: text })).toThrow(message);
  });
});

describe('what people read', () => {
  it('writes bytes and times in units that fit', () => {
    expect([0, 999, 1000, 541_212_678, 999_960_000_000, null].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '541 MB',
      '1.0 TB',
      '?',
    ]);
    expect([0.42, 26, 185, 7620, 273_600, null].map(formatDuration)).toEqual([
      '0.4 s',
      '26 s',
      '3 min 05 s',
      '2 h 07 min',
      '3 d 4 h',
      '?',
    ]);
  });

  it('cuts by columns, also where characters are two wide', () => {
    expect(cutTo('主节点在同步', 7)).toBe('主节点…');
    expect(displayWidth('主 a')).toBe(4);
  });

  it('lets no control character and no turned writing direction through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(printable(text))).toBe(false);
      }),
    );
  });
});

describe('the picture on a terminal', () => {
  const style = styleFor({
    ...speaking('en', processContext()),
    env: {},
    stdout: { write: () => {}, isTTY: false },
  });
  const join = {
    ...joinOf('10.0.0.9:9221', 0, 'transferring'),
    progress: {
      snapshotBytes: 1_000_000_000,
      receivedBytes: 520_000_000,
      bytesPerSecond: 10_000_000,
      remainingSeconds: 48,
      lagBytes: null,
    },
  };
  const frame = (count: number, columns: number, rows: number) => {
    const base = expansionOf([]);
    const joins = Array.from({ length: count }, (_, i) =>
      i === count - 1 ? { ...join, index: i } : joinOf(`10.0.0.${i}:9221`, i, i % 2 ? 'verified' : 'waiting'),
    );
    const events = Array.from({ length: 9 }, (_, seq) => ({
      seq,
      expansionId: 'exp_1',
      type: 't',
      at: 0,
      node: null,
      level: 'info' as const,
      text: 'something that takes many words to be said, and more',
      data: {},
    }));
    const state = { expansion: { ...base, joins }, recentEvents: events, connectionLost: null, now: 0 };
    return renderFrame(state, columns, rows, style);
  };

  it('shows bar, share, bytes, rate and remaining time of a transfer', () => {
    const line = frame(1, 140, 40).find((text) => text.includes('10.0.0.9'));
    expect(line).toMatch(/█+░+ +52 % +520 MB of 1\.0 GB +10\.0 MB\/s +48 s left/);
  });

  it('shows of a node that does not answer since when, and when its attempt ends, and no figure of before', () => {
    const silent = { how: 'unreachable', since: -28_000, attemptEndsAt: 32_000 } as const;
    const dead = {
      ...join,
      progress: { ...join.progress, bytesPerSecond: null, remainingSeconds: null, silent },
    };
    expect(silentText(dead, 0, style)).toBe('unreachable for 28 s, the attempt ends in 32 s');
    expect(silentText(dead, 40_000, style)).toBe('unreachable for 1 min 08 s, the attempt ends now');
    expect(progressLine(dead, 0, style)).toContain('unreachable for 28 s');
    const line = joinLine(
      dead,
      14,
      140,
      styleFor({ ...speaking('en', processContext()), env: { FORCE_COLOR: '1' } }),
      0,
    );
    expect(line).toContain('unreachable for 28 s');
    expect(line).not.toMatch(/MB|left|%/);
    expect(silentText({ ...dead, phase: 'quarantined' }, 0, style)).toBeNull();
  });

  it('says of a phase when it should end, and what the service does at the latest when', () => {
    const at = (seconds: number) => Date.UTC(2026, 10, 28, 12, 0, seconds);
    const ends = { expectedEndsAt: at(20), boundEndsAt: at(50), atBound: because('then_person') };
    const expansion = { ...expansionOf([]), joins: [{ ...join, progress: { ...join.progress, ...ends } }] };
    const told = (now: number) => renderExpansion(expansion, style, now).map((line) => line.trim());
    const clock = (seconds: number) => formatClock(at(seconds));
    expect(told(at(10))).toContain(`This phase should end at ${clock(20)}.`);
    expect(told(at(30))).toContain(`This phase should have ended at ${clock(20)}.`);
    expect(told(at(30))).toContain(
      `If nothing changes until ${clock(50)}, the service gives the node up and asks a person.`,
    );
  });

  it('is never larger than the terminal, whatever its size and however many nodes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 250 }), fc.integer({ min: 40, max: 200 }), (count, columns) => {
        for (const rows of [12, 24, 60]) {
          const lines = frame(count, columns, rows);
          expect(lines.length).toBeLessThan(rows);
          expect(Math.max(...lines.map(displayWidth))).toBeLessThan(columns);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('shows the node at work even where most nodes do not fit, and counts the rest', () => {
    const text = frame(200, 100, 24).join('\n');
    expect(text).toContain('transferring');
    expect(text).toMatch(/… and \d+ more: .*verified/);
  });
});

describe('a diagnosis', () => {
  const style = styleFor({ ...speaking('en', processContext()), env: {} });
  const diagnosis = {
    at: 0,
    attempt: 1,
    symptom: 'hung_in_full_sync' as const,
    causes: [
      {
        code: 'dump_failed',
        facts: {},
        text: 'The dump failed.',
        speaksFor: [{ code: 'trickle', facts: {}, text: '236 B come.' }],
        speaksAgainst: [{ code: 'no_file', facts: {}, text: 'A file came.' }],
        wouldTell: 'The log.',
        copyHelps: 'once' as const,
      },
    ],
    remedy: { kind: 'reattach' as const },
  };

  it('is shown whole while the service acts on it, and whether another copy can help', () => {
    expect(diagnosisLines({ phase: 'attaching', diagnosis }, style)).toEqual([
      'likeliest cause The dump failed. (another copy can help once)',
      '  + 236 B come.',
      '  - A file came.',
      '  ? The log.',
      '→ The service attaches the node again.',
    ]);
    const waiting = { ...diagnosis, remedy: { kind: 'wait' as const, until: Date.UTC(2026, 0, 1, 3, 4, 5) } };
    expect(diagnosisLines({ phase: 'attaching', diagnosis: waiting }, style).at(-1)).toMatch(
      /^→ The node can help itself\. The service waits until \d\d:\d\d:\d\d/,
    );
  });

  it('leaves out what is no longer done', () => {
    expect(diagnosisLines({ phase: 'verified', diagnosis }, style)).toHaveLength(4);
    expect(diagnosisLines({ phase: 'verified' }, style)).toEqual([]);
  });

  it('stands under the evidence of its node, with the steps for a person', () => {
    const person = { ...diagnosis, remedy: { kind: 'person' as const, steps: ['Look at the disk.'] } };
    const node = { node: '10.0.0.9:9221', phase: 'quarantined' as const, evidence: null, anomalies: [] };
    const report = {
      expansionId: 'e',
      master: expansionOf(['10.0.0.9:9221']).master,
      nodes: [{ ...node, diagnosis: person, attempts: [], comparison: null }],
    };
    const lines = renderEvidence(report, style).join('\n');
    expect(lines).toMatch(/The dump failed(.|\n)*→ Look at the disk\./);
    expect(lines).toContain('No evidence: no full sync of this node went far enough to be judged.');
  });
});
