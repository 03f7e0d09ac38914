import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { type ReplayResult, replayFile as replayed } from '../../src/replay/index.ts';

const folder = new URL('../recordings/', import.meta.url).pathname;
const recordings = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
const named = (start: string): string => `${folder}${recordings.find((name) => name.startsWith(start))}`;

/** Each recording is replayed once. */
const results = new Map<string, Promise<ReplayResult>>();
function replayFile(path: string): Promise<ReplayResult> {
  const known = results.get(path) ?? replayed(path);
  results.set(path, known);
  return known;
}

interface Verified {
  readonly missing?: number;
  readonly error?: string;
  readonly link?: string;
  readonly db_repl_state?: string;
}

/** What was really in the nodes at the end, by the recording's last `verify` row. */
function truthOf(file: string): Readonly<Record<string, Verified>> {
  const rows = readFileSync(`${folder}${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return rows.findLast((row) => row.verify)?.verify ?? {};
}

const isBad = (truth: Verified): boolean =>
  truth.error !== undefined || (truth.missing ?? 0) > 0 || truth.db_repl_state !== undefined;

describe.each(recordings)('replay of %s', (file) => {
  it('never calls a full sync complete that lost keys, hung or died (promise 5)', async () => {
    const result = await replayFile(`${folder}${file}`);
    const truth = truthOf(file);
    const wrong = Object.entries(result).filter(
      ([node, slave]) => truth[node] && isBad(truth[node]) && slave.fullSync === 'complete',
    );
    expect(wrong).toEqual([]);
  });
});

describe('replay of recordings with byte counters', () => {
  it.each(recordings.filter((name) => /^4[0-4]-/.test(name)))(
    '%s: every healthy slave is complete, every other incomplete',
    async (file) => {
      const result = await replayFile(`${folder}${file}`);
      const truth = truthOf(file);
      for (const [node, slave] of Object.entries(result)) {
        expect([node, slave.fullSync]).toEqual([node, isBad(truth[node]!) ? 'incomplete' : 'complete']);
      }
    },
  );

  it('tells how many bytes of the snapshot came', async () => {
    const { s1, s3 } = await replayFile(named('41-'));
    expect(s1!.receivedBytes! / s1!.snapshotBytes!).toBeLessThan(0.4);
    expect(s3!.receivedBytes! / s3!.snapshotBytes!).toBeGreaterThan(0.94);
    expect(s3!.phases.map(([phase]) => phase)).toEqual([
      'attaching',
      'snapshotting',
      'transferring',
      'swapping',
      'catching_up',
    ]);
  });
});

describe('the cause of what was lost, from INFO and the node’s log', () => {
  it.each([
    ['05-', 's1', 'snapshot_superseded'],
    ['05-', 's2', 'snapshot_superseded'],
    ['06-', 's1', 'snapshot_superseded'],
    ['07-', 's1', 'snapshot_superseded'],
    ['07-', 's2', 'snapshot_superseded'],
    ['12b-3.5.4', 's1', 'full_sync_skipped'],
    ['14-4.0.1', 's1', 'master_unreachable'],
    ['15-3.5.4', 's1', 'master_refuses'],
    ['28-', 's1', 'snapshot_superseded'],
    ['31-4.0.1', 's1', 'full_sync_skipped'],
    ['41-', 's2', 'snapshot_superseded'],
  ])('%s %s: %s', async (recording, node, code) => {
    const slave = (await replayFile(named(recording)))[node]!;
    expect(slave).toMatchObject({ fullSync: 'incomplete', cause: { code } });
    expect(slave.because.length).toBeGreaterThan(0);
  });

  it('says why it cannot decide, in other words than those for a loss', async () => {
    const healthy = (await replayFile(named('01-'))).s1!;
    expect(healthy).toMatchObject({ fullSync: 'undecided', cause: null });
    expect(healthy.because).toEqual([
      'The recording does not hold the bytes that the node received: INFO stats, once per second.',
      'The recording does not hold LASTSAVE of the master, which tells of newer dumps.',
    ]);
    expect((await replayFile(named('40-'))).s1).toMatchObject({
      fullSync: 'complete',
      cause: null,
      because: [],
    });
  });
});

test('no copy of any recording is taken for one without an end, but those of a full disk', async () => {
  const taken = [];
  for (const file of recordings) {
    const slaves = Object.values(await replayFile(`${folder}${file}`));
    if (slaves.some(({ anomalies }) => anomalies.some((code) => endless.has(code)))) taken.push(file);
  }
  expect(taken).toEqual(recordings.filter((name) => name.startsWith('43-')));
}, 300_000);

const endless: ReadonlySet<string> = new Set(['copy_without_end', 'copy_begun_again', 'sync_loop']);

describe('anomalies by their recordings', () => {
  const cases: readonly (readonly [recording: string, node: string, code: string])[] = [
    ['05-', 's1', 'snapshot_superseded'],
    ['05-', 's2', 'snapshot_superseded'],
    ['06-', 's1', 'hung_in_full_sync'],
    ['07-', 's2', 'died_on_partial_database'],
    ['10b-3.5.4', 's1', 'full_sync_skipped'],
    ['12b-3.5.4', 's1', 'full_sync_skipped'],
    ['12b-4.0.1', 's1', 'full_sync_skipped'],
    ['14-3.5.4', 's1', 'master_unreachable'],
    ['15-3.5.4', 's1', 'refused_for_good'],
    ['16-4.0.1', 's1', 'refused_for_good'],
    ['17-4.0.1', 's1', 'node_restarted'],
    ['20-3.5.4', 's2', 'master_still_syncing'],
    ['20-4.0.1', 's2', 'master_still_syncing'],
    ['28-', 's2', 'died_on_partial_database'],
    ['30-3.5.4', 's1', 'snapshot_superseded'],
    ['30-4.0.1', 's1', 'full_sync_skipped'],
    ['31-3.5.4', 's1', 'full_sync_skipped'],
    ['31-4.0.1', 's1', 'full_sync_skipped'],
    ['32-3.5.4', 's1', 'snapshot_superseded'],
    ['34-3.5.4', 's2', 'died_on_partial_database'],
    ['41-', 's1', 'up_but_incomplete'],
    ['43-3.5.4', 's1', 'copy_without_end'],
    ['43-4.0.1', 's1', 'copy_without_end'],
  ];
  it.each(cases)('%s %s shows %s', async (recording, node, code) => {
    expect((await replayFile(named(recording)))[node]!.anomalies).toContain(code);
  });

  const healthy = [
    '01-',
    '02-',
    '03-',
    '04-',
    '08-',
    '09-',
    '10a-3.5.4',
    '10a-4.0.1',
    '12a-3.5.4',
    '22-3.5.4',
    '22-4.0.1',
    '25-',
    '34-4.0.1',
    '40-',
    '42-',
    '44-3.5.4',
    '44-4.0.1',
  ];
  it.each(healthy)('%s shows none', async (recording) => {
    const result: ReplayResult = await replayFile(named(recording));
    expect(Object.values(result).flatMap((slave) => slave.anomalies)).toEqual([]);
  });
});

describe('a recording that ends or pauses in the middle', () => {
  const replayed = async (lines: readonly string[]): Promise<ReplayResult> => {
    const here = mkdtempSync(join(tmpdir(), 'replay-'));
    try {
      writeFileSync(join(here, 'recording.jsonl'), lines.join('\n'));
      return await replayFile(join(here, 'recording.jsonl'));
    } finally {
      rmSync(here, { recursive: true });
    }
  };
  const lines = readFileSync(named('40-'), 'utf8').trim().split('\n');
  const copying = lines.findIndex((line) => line.includes('db0:WaitDBSync'));

  it('says nothing against a full sync that has not begun', async () => {
    const { s1 } = await replayed(lines.slice(0, copying));
    expect(s1).toMatchObject({ fullSync: 'undecided', cause: null });
    expect(s1!.because).toContain('No DB was seen in full sync since SLAVEOF.');
  });

  it.each(['40-', '43-4.0.1'])(
    'wherever %s is cut, nothing speaks against a copy that came whole',
    async (name) => {
      const all = readFileSync(named(name), 'utf8').trim().split('\n');
      const cuts = all.flatMap((line, at) => (/"node": "s1", "section": "stats"/.test(line) ? [at] : []));
      const wrong = [];
      for (const end of cuts) {
        const { s1 } = await replayed(all.slice(0, end));
        if (s1?.fullSync === 'incomplete') wrong.push([end, s1.because]);
      }
      expect(cuts.length).toBeGreaterThan(20);
      expect(wrong).toEqual([]);
    },
    300_000,
  );

  const isLog = (line: string): boolean => line.includes('"log": ');

  it('does not hold the log of an earlier full sync against the one that INFO shows after its end', async () => {
    const all = readFileSync(named('18-3.5.4'), 'utf8').trim().split('\n');
    const lost = all.findIndex((line) => line.includes('RsyncClient stop'));
    const { s1 } = await replayed(all.filter((line, at) => at <= lost || !isLog(line)));
    expect(s1).toMatchObject({ fullSync: 'undecided', cause: null });
  });

  it('names the newer dump, not the crash that it led to, where only the end of the log is there', async () => {
    const all = readFileSync(named('07-3.5.4'), 'utf8').trim().split('\n');
    const died = all.findIndex((line) => line.includes('open hashes db failed'));
    const { s2 } = await replayed(all.filter((line, at) => at >= died || !isLog(line)));
    expect(s2).toMatchObject({ fullSync: 'incomplete', cause: { code: 'snapshot_superseded' } });
  });

  it('takes a server that was slow for no other process', async () => {
    const up = lines.findIndex((line, at) => at > copying && line.includes('master_link_status:up'));
    const { t } = JSON.parse(lines[up]!);
    const slow = JSON.stringify({ t, node: 's1', error: 'no answer within 5 s' });
    expect((await replayed(lines.toSpliced(up + 1, 0, slow))).s1).toMatchObject({ fullSync: 'complete' });
  });

  it('names what the log says of a copy that does not go on', async () => {
    const { s1 } = await replayFile(named('16-3.5.4'));
    expect(s1!.because[0]).toMatch(/^The node’s log: The node could not write/);
  });
});

it.each(['16-', '41-', '01-'])('reads in Chinese: %s', async (recording) => {
  const result = await replayed(named(recording), { language: 'zh', tool: 'cli' });
  const texts = Object.values(result).flatMap(({ cause, because }) => [
    ...because,
    ...(cause ? [cause.text] : []),
  ]);
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts) {
    expect(text).toMatch(/\p{Script=Han}/u);
    expect(text).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/);
  }
});

describe('what is no recording', () => {
  it('is refused with the reason', async () => {
    await expect(replayFile(new URL('../recordings/README.md', import.meta.url).pathname)).rejects.toThrow(
      /line 1 is not a JSON object/,
    );
    const here = mkdtempSync(join(tmpdir(), 'replay-'));
    const file = join(here, 'row.jsonl');
    const meta = { meta: { nodes: { s1: { addr: '127.0.0.1:9221' } } } };
    const row = { t: 1, node: 's1', look: { kind: 'answered' } };
    writeFileSync(file, [meta, row].map((each) => JSON.stringify(each)).join('\n'));
    await expect(replayFile(file)).rejects.toThrow('a row is not of its kind');
    rmSync(here, { recursive: true });
  });
});

test('a row far behind the others is refused before the time up to it is filled with looks', async () => {
  const here = mkdtempSync(join(tmpdir(), 'replay-'));
  try {
    const file = join(here, 'far.jsonl');
    const meta = { meta: { nodes: { m: { addr: '127.0.0.1:9221', version: '3.5.4' } } } };
    const rows = [meta, { t: 0, node: 'm', error: 'refused' }, { t: 1e9, node: 'm', error: 'refused' }];
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    await expect(replayFile(file)).rejects.toThrow(
      't = 1000000000 s; a replay of 1 node takes at most 138 hours',
    );
  } finally {
    rmSync(here, { recursive: true });
  }
});

it('a dump that ended between two looks is no newer dump: a healthy slave of a real 3.5.4, looked at every 500 ms', async () => {
  const file = new URL('../fixtures/recorded-every-500-ms-3.5.4.jsonl', import.meta.url).pathname;
  expect((await replayed(file)).s1).toMatchObject({ fullSync: 'complete', anomalies: [] });
});
