/** The same logs as operators give them: other names, order, clocks, line ends, years. What is told of them stays. */
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLogs } from '../../src/replay/logs.ts';
import { logRecordings, recordedLines } from '../support/log-recordings.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pika-expander-variants-'));
});
afterAll(() => rm(folder, { recursive: true }));

const written = (lines: readonly string[], changedAt?: number): string => {
  const path = join(folder, `log-${files++}`);
  writeFileSync(path, lines.join('\n'));
  if (changedAt !== undefined) utimesSync(path, changedAt / 1000, changedAt / 1000);
  return path;
};
const told = async (paths: readonly string[], master: readonly string[] = []): Promise<readonly string[]> =>
  (await readLogs(paths, master)).attempts.map(
    ({ db, verdict, cause, files: { copied, listed } }) => `${db} ${verdict} ${cause} ${copied}/${listed}`,
  );

const recordings = readdirSync(logRecordings)
  .filter((name) => /^\d/.test(name))
  .flatMap((name) =>
    readdirSync(join(logRecordings, name))
      .filter((server) => server.startsWith('slave'))
      .map((server) => ({ recording: name, server })),
  );
const linesOf = ({ recording, server }: (typeof recordings)[number]): readonly string[] =>
  recordedLines(/^[^-]+-[^-]+/.exec(recording)![0], server);

/** The same for each variant: found out once. */
const known = new Map<(typeof recordings)[number], Promise<readonly string[]>>();
function toldAsRecorded(each: (typeof recordings)[number]): Promise<readonly string[]> {
  const found = known.get(each) ?? told([written(linesOf(each))]);
  known.set(each, found);
  return found;
}

const prefix = /^([IWEF])(\d{4})(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)/;
const timeOf = (line: string): number => {
  const [, , year, month, day, hours, minutes, seconds] = prefix.exec(line)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hours, minutes, seconds);
};
const stamp = (at: number): string => new Date(at).toISOString();
/** As if the server's clock, or its time zone, were another one. */
function shifted(lines: readonly string[], ms: number, yearNamed = true): readonly string[] {
  return lines.map((line) =>
    line.replace(prefix, (_all, severity: string) => {
      const now = stamp(timeOf(line) + ms);
      const year = yearNamed ? now.slice(0, 4) : '';
      return `${severity}${year}${now.slice(5, 7)}${now.slice(8, 10)} ${now.slice(11, 19)}`;
    }),
  );
}
const withoutHead = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => prefix.test(line));
const middle = (lines: readonly string[]): number =>
  timeOf(withoutHead(lines)[Math.floor(withoutHead(lines).length / 2)]!);

const head = ['Log file created at: 2026/11/28 03:00:00', 'Running on machine: vm'];
const variants: Readonly<Record<string, (lines: readonly string[]) => readonly string[]>> = {
  'line ends of Windows': (lines) => [written(lines.map((line) => `${line}\r`))],
  'the file given twice under two names': (lines) => [written(lines), written(lines)],
  'files of all severities under plain names, WARNING first': (lines) => [
    written(lines.filter((line) => /^[WEF]\d/.test(line))),
    written(lines.filter((line) => /^[EF]\d/.test(line)).concat(lines[0]!)),
    written(lines),
  ],
  'cut into three by a rotation, in reverse order': (lines) => {
    const third = Math.ceil(lines.length / 3);
    return [2, 1, 0].map((part) => written(lines.slice(part * third, (part + 1) * third)));
  },
  'line ends of Windows, made twice': (lines) => [written(lines.map((line) => `${line}\r\r`))],
  'files of all severities in one, as cat prints them': (lines) => {
    const of = (severities: RegExp) => [...head, ...lines.filter((line) => severities.test(line))];
    return [written([...of(/^[EF]\d/), ...of(/^F\d/), ...lines, ...of(/^[WEF]\d/)])];
  },
  'files of all severities in one, sorted by their text': (lines) => [
    written([...lines, ...lines.filter((line) => /^[WEF]\d/.test(line))].toSorted()),
  ],
  'latest line first': (lines) => [written(lines.toReversed())],
  'rotated files in one, in reverse order': (lines) => {
    const half = Math.ceil(lines.length / 2);
    return [written([...head, ...lines.slice(half), ...head, ...lines.slice(0, half)])];
  },
  'another time zone': (lines) => [written(shifted(lines, -5.5 * 3_600_000))],
  'over the turn of the year': (lines) => [written(shifted(lines, Date.UTC(2027, 0, 1) - middle(lines)))],
  'over the turn of the year, in lines without a year and without the head of the file': (lines) => [
    written(
      shifted(withoutHead(lines), Date.UTC(2027, 0, 1) - middle(lines), false),
      Date.UTC(2027, 0, 1, 2),
    ),
  ],
};

test.each(Object.entries(variants))('%s', async (_name, made) => {
  for (const each of recordings)
    expect(await told(made(linesOf(each))), each.recording).toEqual(await toldAsRecorded(each));
});

test('two files of an upgraded server, of 3.5.4 and then of 4.0.1, are told one after the other', async () => {
  const older = recordedLines('04a-3.5.4', 'slave1');
  const newer = recordedLines('01-4.0.1', 'slave1');
  const later = shifted(newer, middle(older) + 3_600_000 - middle(newer));
  expect(await told([written([...older, ...later])])).toEqual([
    ...(await told([written(older)])),
    ...(await told([written(newer)])),
  ]);
});

test('two DBs of which one came whole and one was spoilt, their lines between each other, are told apart', async () => {
  const own = withoutHead(recordedLines('04a-3.5.4', 'slave1'));
  const other = withoutHead(recordedLines('01-3.5.4', 'slave1'))
    .filter((line) => !line.includes('Server at'))
    .map((line) =>
      line
        .replaceAll('db0', 'db1')
        .replace(/ +(\d+) (\w+\.cc)/, (_all, id, file) => ` ${Number(id) + 30_000} ${file}`),
    );
  const begun = (lines: readonly string[]) =>
    timeOf(lines.find((line) => line.includes('Need Wait To Sync'))!);
  const besides = shifted(other, begun(own) - begun(other));
  const between = [...own, ...besides].toSorted((a, b) => a.slice(1, 25).localeCompare(b.slice(1, 25)));
  expect((await told([written(between)])).toSorted()).toEqual([
    'db0 incomplete snapshot_superseded 20/57',
    'db1 complete null 57/57',
  ]);
});

test('a master whose clock and time zone are others tells the same', async () => {
  for (const each of recordings.filter(({ recording }) =>
    existsSync(join(logRecordings, recording, 'master')),
  )) {
    const slave = written(linesOf(each));
    const master = linesOf({ ...each, server: 'master' });
    const same = await told([slave], [written(master)]);
    for (const ms of [8 * 3_600_000, 37_000, -50_000, 8 * 3_600_000 + 23_000])
      expect(await told([slave], [written(shifted(master, ms))]), each.recording).toEqual(same);
  }
});

test('no piece of a log makes a copy complete that is not', async () => {
  for (const each of recordings) {
    const lines = linesOf(each);
    const isWhole = (all: readonly string[]) => all.filter((line) => line.includes(' complete ')).length;
    const whole = isWhole(await told([written(lines)]));
    const step = Math.max(1, Math.floor(lines.length / 6));
    for (let cut = step; cut < lines.length; cut += step)
      for (const piece of [lines.slice(cut), lines.slice(0, cut), lines.toSpliced(cut, step)])
        expect(isWhole(await told([written(piece)])), `${each.recording} at ${cut}`).toBeLessThanOrEqual(
          whole,
        );
  }
});
