import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { LogReport } from '../../src/model/full-sync-log.ts';
import { readLogs } from '../../src/replay/logs.ts';

const recordings = join(import.meta.dirname, '../recordings/logs');

/** What an independent comparison found at the end of each recording; missing: null = not compared. */
interface Outcome {
  readonly link: 'up' | 'down' | 'dead';
  readonly missing: number | null;
  readonly keys: number | null;
}
const outcomes = JSON.parse(readFileSync(join(recordings, 'outcomes.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Outcome>>>
>;
const all = Object.entries(outcomes).flatMap(([recording, slaves]) =>
  Object.entries(slaves).map(([slave, outcome]) => ({ recording, slave, ...outcome })),
);

const logsOf = (recording: string, slave: string): Promise<LogReport> => {
  const master = join(recordings, recording, 'master');
  return readLogs([join(recordings, recording, slave)], existsSync(master) ? [master] : []);
};
const short = ({ attempts }: LogReport) =>
  attempts.map(
    ({ db, verdict, cause, files }) => `${db} ${verdict} ${cause} ${files.copied}/${files.listed}`,
  );

describe('the last full sync in the log of a real server', () => {
  test.each(all)('$recording $slave', async ({ recording, slave, link, missing }) => {
    const { attempts } = await logsOf(recording, slave);
    const verdict = attempts.at(-1)!.verdict;
    // A slave whose link is down lacks what was written since, also after a whole copy.
    if (verdict === 'complete') expect(link === 'down' ? 0 : missing).toBe(0);
    else expect(missing === 0).toBe(false);
    if (missing === 0) expect(verdict).toBe('complete');
  });
});

test.each([
  ['04a-3.5.4', 'slave1', ['db0 incomplete snapshot_superseded 20/57']],
  ['04a-3.5.4', 'slave2', ['db0 failed snapshot_superseded 14/60']],
  ['05-3.5.5', 'slave1', ['db0 failed snapshot_superseded 25/57']],
  ['05-4.0.1', 'slave1', ['db0 failed snapshot_superseded 20/61', 'db0 complete null 67/67']],
  ['06-3.5.4', 'slave1', ['db0 failed node_restarted 26/57', 'db0 complete null 60/60']],
  ['07-4.0.1', 'slave1', ['db0 failed session_lost 21/61', 'db0 complete null 73/73']],
  ['08-3.5.4', 'slave2', ['null failed master_refuses 0/null']],
  ['09-3.5.4', 'slave1', ['null failed master_refuses 0/null']],
  ['11-3.5.4', 'slave1', ['db0 failed disk_full 26/57']],
  ['11-4.0.1', 'slave1', ['db0 running disk_full 28/61']],
  ['12-3.5.4', 'slave1', ['db0 incomplete dump_failed 0/1', 'db0 complete null 56/56']],
  ['12-3.5.5', 'slave1', ['db0 failed dump_failed 0/1', 'db0 complete null 60/60']],
  ['15-3.5.4', 'slave1', ['db0 failed rsync_port_closed 0/null']],
  ['15-4.0.1', 'slave1', ['db0 complete null 55/55']],
  [
    '18-4.0.0',
    'slave1',
    ['db0 failed copy_on_another_mount 61/61', 'db0 failed copy_on_another_mount 61/61'],
  ],
  ['24-4.0.1', 'slave1', ['db0 failed detached 12/61', 'db0 complete null 61/61']],
  ['28-4.0.1', 'slave1', ['db0 complete null 61/61', 'db1 complete null 13/13']],
])('%s %s: each attempt by its name', async (start, slave, expected) => {
  const recording = Object.keys(outcomes).find((name) => name.startsWith(`${start}-`))!;
  expect(short(await logsOf(recording, slave))).toEqual(expected);
});

describe('a log of which a part is missing', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pika-expander-logs-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const written = async (lines: readonly string[], name = 'pika.INFO'): Promise<string> => {
    await writeFile(join(folder, name), lines.join('\n'));
    return join(folder, name);
  };
  const linesOf = (start: string, slave: string): string[] => {
    const recording = Object.keys(outcomes).find((name) => name.startsWith(`${start}-`))!;
    const at = join(recordings, recording, slave);
    const file = readdirSync(at).toSorted()[0]!;
    return gunzipSync(readFileSync(join(at, file)))
      .toString()
      .split('\n');
  };

  it('never makes an incomplete copy complete, wherever the log begins', async () => {
    for (const [start, slave] of [
      ['04a-3.5.4', 'slave1'],
      ['05-3.5.4', 'slave1'],
      ['04b-3.5.4', 'slave2'],
    ] as const) {
      const lines = linesOf(start, slave);
      for (let cut = 1; cut < lines.length - 1; cut += 3) {
        const { attempts } = await readLogs([await written(lines.slice(cut))]);
        expect(
          attempts.map(({ verdict }) => verdict),
          `from line ${cut}`,
        ).not.toContain('complete');
      }
    }
  });

  it('never makes an incomplete copy complete, whichever line is lost', async () => {
    const lines = linesOf('04b-3.5.4', 'slave1');
    for (let lost = 0; lost < lines.length; lost++) {
      const { attempts } = await readLogs([await written(lines.toSpliced(lost, 1))]);
      expect(
        attempts.map(({ verdict }) => verdict),
        `without line ${lost}`,
      ).not.toContain('complete');
    }
  });

  it('is undecided where the list of files lies before its first line, and says so', async () => {
    const lines = linesOf('01-4.0.1', 'slave1');
    const cut = lines.findLastIndex((line) => line.includes('file_set: ')) + 1;
    const { attempts } = await readLogs([await written(lines.slice(cut))]);
    expect(attempts).toMatchObject([
      { verdict: 'undecided', cause: 'log_begins_later', files: { listed: null } },
    ]);
    expect(attempts[0]!.nextStep).toContain('earlier log');
  });

  it('does not say of a release that begins again that it hangs, where only that line is left', async () => {
    const lines = linesOf('05-4.0.1', 'slave1');
    const cut = lines.findIndex((line) => line.includes('will restart the sync process'));
    const { attempts } = await readLogs([await written(lines.slice(cut))]);
    expect(attempts[0]).toMatchObject({ verdict: 'failed', cause: 'snapshot_superseded' });
  });

  it('runs where the log ends in mid-copy, and failed once a later process is known', async () => {
    const lines = linesOf('01-4.0.1', 'slave1');
    const cut = lines.findIndex((line) => line.includes('work_thread index'));
    const running = await readLogs([await written(lines.slice(0, cut))]);
    expect(running.attempts).toMatchObject([{ verdict: 'running', endedAt: null }]);
    const later = lines.map((line) => line.replace(/ (\d\d):/, (_, hour) => ` ${Number(hour) + 10}:`));
    const restarted = await readLogs([await written([...lines.slice(0, cut), ...later])]);
    expect(restarted.attempts).toMatchObject([
      { verdict: 'failed', cause: 'node_restarted' },
      { verdict: 'complete', cause: null },
    ]);
  });

  it('reads lines without a year, packed files, and folders with a file per severity', async () => {
    const lines = linesOf('01-3.5.4', 'slave1');
    const yearless = lines.map((line) => line.replace(/^([IWEF])2026/, '$1'));
    const name = 'pika.host.user.log.INFO.20261128-035358.17';
    await writeFile(join(folder, `${name}.gz`), gzipSync(yearless.join('\n')));
    await written(
      yearless.filter((line) => line.startsWith('W')),
      name.replace('INFO', 'WARNING'),
    );
    const { attempts } = await readLogs([folder]);
    expect(attempts).toMatchObject([
      { verdict: 'complete', startedAt: expect.stringMatching(/^2026-11-28T03:5/) },
    ]);
  });

  it('reads on in the next file after a rotation', async () => {
    const lines = linesOf('01-3.5.4', 'slave1');
    const half = lines.findIndex((line) => line.includes('work_thread index'));
    await written(lines.slice(0, half), 'pika.host.user.log.INFO.20261128-035358.17');
    await written([...lines.slice(0, 4), ...lines.slice(half)], 'pika.host.user.log.INFO.20261128-035403.17');
    expect((await readLogs([folder])).attempts).toMatchObject([{ verdict: 'complete' }]);
  });

  const wrapped: readonly (readonly [string, (lines: readonly string[]) => string | Buffer])[] = [
    ['packed, without .gz in the name', (lines) => gzipSync(lines.join('\n'))],
    ['packed and cut short', (lines) => gzipSync(lines.join('\n')).subarray(0, -8)],
    ['with CRLF and a mark of its encoding', (lines) => `\ufeff${lines.join('\r\n')}`],
    ['in UTF-16', (lines) => Buffer.from(`\ufeff${lines.join('\n')}`, 'utf16le')],
    ['after the zeros of a truncated file', (lines) => `${'\0'.repeat(70_000)}${lines.join('\n')}`],
    ['as grep prints it', (lines) => lines.map((line, at) => `/var/log/pika.INFO:${at}:${line}`).join('\n')],
    [
      'as Kubernetes keeps it',
      (lines) => lines.map((line) => `2026-11-28T03:54:00Z stderr F ${line}`).join('\n'),
    ],
    [
      'as Docker keeps it',
      (lines) =>
        lines.map((log) => JSON.stringify({ log: `${log}\n`, stream: 'stderr', time: '0' })).join('\n'),
    ],
    [
      'with colours',
      (lines) => lines.map((line) => (line.startsWith('W') ? `\u001b[33m${line}\u001b[m` : line)).join('\n'),
    ],
    ['with each line twice', (lines) => lines.flatMap((line) => [line, line]).join('\n')],
    [
      'with beginnings of lines that a full disk cut off',
      (lines) => lines.map((line, at) => (at % 9 ? line : `${line.slice(0, 40)}${line}`)).join('\n'),
    ],
  ];
  it.each(wrapped)('reads a log %s', async (_, wrap) => {
    await writeFile(join(folder, 'log'), wrap(linesOf('01-3.5.4', 'slave1')));
    expect(short(await readLogs([join(folder, 'log')]))).toEqual(['db0 complete null 57/57']);
  });

  it('reads pieces in any order, once where they overlap, beside empty files and links', async () => {
    const lines = linesOf('05-4.0.1', 'slave1');
    const piece = (from: number, to: number) => written(lines.slice(from, to), `piece-${from}`);
    const pieces = [
      await piece(150, 9999),
      await piece(0, 90),
      await piece(60, 160),
      await written([], 'empty'),
    ];
    await symlink(pieces[1]!, join(folder, 'link'));
    const whole = short(
      await logsOf(Object.keys(outcomes).find((name) => name.startsWith('05-4.0.1'))!, 'slave1'),
    );
    expect(short(await readLogs([...pieces, join(folder, 'link')]))).toEqual(whole);
    await writeFile(join(folder, 'foreign'), 'no log');
    expect(short(await readLogs([folder])), 'a folder of files with other names').toEqual(whole);
    await expect(readLogs([...pieces, join(folder, 'foreign')])).rejects.toThrow('foreign holds no line');
    await expect(readLogs(['/dev/zero'])).rejects.toThrow('neither a file nor a folder');
  });

  it.each([
    ['01-4.0.1', 'slave1', 'undecided', 'log_has_gaps'],
    ['04a-3.5.4', 'slave1', 'undecided', 'log_has_gaps'],
    ['08-3.5.4', 'slave2', 'failed', 'master_refuses'],
    ['15-3.5.4', 'slave1', 'failed', 'rsync_port_closed'],
    ['18-4.0.0', 'slave1', 'failed', 'copy_on_another_mount'],
  ])(
    'of %s %s, does not judge from warnings what only other lines tell',
    async (start, slave, verdict, cause) => {
      const warnings = linesOf(start, slave).filter((line) => !line.startsWith('I'));
      const { attempts } = await readLogs([await written(warnings, 'pika.WARNING')]);
      expect(attempts[0]).toMatchObject({ verdict, cause });
    },
  );

  it('does not take what is left of an earlier copy for another full sync', async () => {
    const lines = linesOf('07-3.5.4', 'slave1');
    const cut = lines.findIndex((line) => line.includes('Master conn disconnect'));
    expect(short(await readLogs([await written(lines.slice(cut))]))).toEqual(['db0 complete null 56/56']);
  });

  it('is undecided where the file in which a full sync ended is missing', async () => {
    const first = linesOf('01-4.0.1', 'slave1');
    const last = first.findLastIndex((line) => line.includes('copy remote file, '));
    const later = first.map((line) => line.replace(/ (\d\d):/, (_, hour) => ` ${Number(hour) + 10}:`));
    const granted = later.findIndex((line) => line.includes('Need Wait To Sync'));
    const { attempts } = await readLogs([await written([...first.slice(0, last), ...later.slice(granted)])]);
    expect(attempts[0]).toMatchObject({ verdict: 'undecided', cause: 'log_has_gaps' });
    expect(attempts.at(-1)).toMatchObject({ verdict: 'complete' });
  });

  it('keeps two databases apart where the log begins between their lists', async () => {
    const lines = linesOf('28-4.0.1', 'slave1');
    const cut = lines.findIndex((line) => line.includes('file_set: ')) + 3;
    expect(short(await readLogs([await written(lines.slice(cut))]))).toEqual([
      'db1 undecided log_begins_later 13/null',
      'db0 complete null 61/61',
    ]);
  });

  it.each([
    ['07-3.5.4', /Master conn disconnect/, ['db0 failed session_lost 25/57', 'db0 complete null 56/56']],
    ['04b-3.5.4', /Change db success/, ['db0 incomplete snapshot_superseded 21/57']],
    ['12-3.5.4', /Change db success/, ['db0 incomplete dump_failed 0/1', 'db0 undecided log_has_gaps 56/56']],
    // Another copy, of which the beginning is missing, is not taken for the copy that was aborted before.
    [
      '24-3.5.4',
      /Need Wait To Sync|copy meta data done/,
      ['db0 failed detached 22/57', 'db0 undecided log_has_gaps 60/null'],
    ],
    ['07-4.0.0', /Need Wait To Sync/, ['db0 failed session_lost 22/61', 'db0 complete null 73/73']],
  ])('of %s, judges rightly without the lines %s', async (start, lost, expected) => {
    const lines = linesOf(start, 'slave1');
    const granted = lines.findIndex((line) => line.includes('RsyncClient begin to copy'));
    const without = lines.filter((line, at) => at < granted || !lost.test(line));
    expect(short(await readLogs([await written(without)]))).toEqual(expected);
  });

  it.each([
    ['26-4.0.1', 'slave1', 'doing bgsave, retries:2', null],
    ['27b-4.0.1', 'slave1', 'copy remote meta failed', 'doing_bgsave'],
    ['15-3.5.4', 'slave1', 'request timeout, retry times: 1', 'rsync_port_closed'],
    // A dump that is being replaced refuses files for a moment.
    ['04b-3.5.4', 'slave2', 'copy remote file failed', null],
    ['12-3.5.4', 'slave1', 'copy remote file failed', 'dump_failed'],
  ])('of %s %s up to “%s”, names no cause that the log does not show', async (start, slave, last, cause) => {
    const lines = linesOf(start, slave);
    const cut = lines.findIndex((line) => line.includes(last)) + 1;
    expect((await readLogs([await written(lines.slice(0, cut))])).attempts).toMatchObject([
      { verdict: 'running', cause },
    ]);
  });

  it('names the failed dump where the log begins after the list', async () => {
    const lines = linesOf('12-3.5.5', 'slave1');
    const cut = lines.findIndex((line) => line.includes('copy remote file failed'));
    const { attempts } = await readLogs([await written(lines.slice(cut))]);
    expect(attempts[0]).toMatchObject({ verdict: 'failed', cause: 'dump_failed' });
  });

  it('still runs where the clock jumped back before', async () => {
    const lines = linesOf('01-4.0.1', 'slave1');
    const granted = lines.findIndex((line) => line.includes('Try Send Meta Sync'));
    const cut = lines.findIndex((line) => line.includes('work_thread index'));
    const earlier = lines.slice(granted, cut).map((line) => line.replace(' 03:', ' 01:'));
    expect(short(await readLogs([await written([...lines, ...earlier])]))).toEqual([
      expect.stringMatching(/^db0 running null/),
      'db0 complete null 61/61',
    ]);
  });

  it('takes a dump that the master began during the copy as no proof', async () => {
    const lines = linesOf('26-4.0.1', 'slave1');
    const master = linesOf('26-4.0.1', 'master');
    const last = lines.findLast((line) => line.includes('copy remote file, '))!;
    const dump = master.find((line) => line.includes('bgsave_info'))!;
    // Another time zone: the logs are set beside each other by the list of files that both tell of.
    const inShanghai = (line: string) =>
      line.replace(/ (\d\d):/, (_, hour) => ` ${String(Number(hour) + 8).padStart(2, '0')}:`);
    const again = inShanghai(`${last.slice(0, 24)}${dump.slice(24)}`);
    const masterLog = await written([...master.map(inShanghai), again], 'master.INFO');
    const { attempts } = await readLogs([await written(lines)], [masterLog]);
    expect(attempts).toMatchObject([{ verdict: 'undecided', cause: 'dump_during_copy' }]);
    const before = await written(master.map(inShanghai), 'before.INFO');
    expect((await readLogs([await written(lines)], [before])).attempts).toMatchObject([
      { verdict: 'complete' },
    ]);
  });

  it('refuses files that are no logs, and lines without an end do not fill the memory', async () => {
    await expect(readLogs([await written(['root:x:0:0'])])).rejects.toThrow('holds no line of a Pika log');
    await expect(readLogs([join(folder, 'nowhere')])).rejects.toThrow('cannot be read');
    const huge = await written([
      'I20261128 03:54:00.076643 17533 pika.cc:209] Server at: /x',
      'x'.repeat(30_000_000),
    ]);
    expect(await readLogs([huge])).toEqual({ attempts: [], findings: [] });
  });
});

test.each([
  ['08-3.5.4', 'slave2', 'masterauth is wrong', 'set masterauth'],
  ['09-3.5.4', 'slave1', 'numbers of `databases` differ', 'configuration files of both'],
  ['24-3.5.4', 'slave2', 'replication id of another master', 'CLEARREPLICATIONID'],
  ['18-4.0.0', 'slave1', 'another mount', 'slave1/db/db0_bak if the old data matter'],
  ['04a-3.5.4', 'slave2', 'died when it opened', 'slave2/db/db0 away: it holds the unfinished copy'],
  ['04a-3.5.4', 'slave1', 'newer dump', 'Let no client read from this node'],
  ['11-4.0.1', 'slave1', 'disk of the node is full', 'goes on by itself'],
])('%s %s: the words say what happened and what helps there', async (start, slave, text, nextStep) => {
  const recording = Object.keys(outcomes).find((name) => name.startsWith(`${start}-`))!;
  expect((await logsOf(recording, slave)).attempts[0]).toMatchObject({
    text: expect.stringContaining(text),
    nextStep: expect.stringContaining(nextStep),
  });
});

test('a copy that still runs is not to be repeated', async () => {
  const recording = Object.keys(outcomes).find((name) => name.startsWith('11-4.0.1'))!;
  const [attempt] = (await logsOf(recording, 'slave1')).attempts;
  expect(attempt).toMatchObject({ verdict: 'running', nextStep: expect.not.stringContaining('SLAVEOF') });
});

test('the words are in the reader’s language', async () => {
  const recording = Object.keys(outcomes).find((name) => name.startsWith('05-3.5.4'))!;
  const { attempts, findings } = await readLogs([join(recordings, recording, 'slave1')], [], {
    language: 'zh',
    tool: 'cli',
  });
  for (const text of [
    ...attempts.flatMap(({ text, nextStep }) => [text, nextStep!]),
    ...findings.map(({ text }) => text),
  ])
    expect(text).toMatch(/\p{Script=Han}/u);
});
