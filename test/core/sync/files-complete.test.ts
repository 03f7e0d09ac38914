import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filesRule } from '../../../src/core/sync/evidence.ts';
import { type AgentsWord, takeFiles } from '../../../src/core/sync/files-complete.ts';
import { newSlaveTracker } from '../../../src/core/sync/tracker.ts';
import { isMet } from '../../../src/model/evidence.ts';
import type { FullSyncPass, SlaveTracker } from '../../../src/model/full-sync.ts';
import type { AgentServer, FolderFile } from '../../../src/model/views/agent.ts';
import { aSeenServer, sightOf } from '../../support/agents.ts';

/** Two agents that show a whole copy; each test changes what one of them tells. */
const id = 'a4c1f4b6cbbd3a9f4a3b1a0c7cbe4d0e';
const place = { path: '/data/dump/20261128/db0', inode: '77' };
const table = (name: string, bytes = 4_000_000, sha256: string | null = null): FolderFile => ({
  name,
  bytes,
  sha256,
});
const tables = [table('hashes/000012.sst'), table('strings/000007.sst'), table('strings/000009.sst', 123)];
/** Of a 3.5.4 dump; streams are made and never sent. */
const dumped = [
  ...tables,
  table('strings/CURRENT', 16),
  table('strings/MANIFEST-000005', 900),
  table('streams/000003.sst'),
  table('info', 60),
];
const folder = { db: 'db0', changedAt: 2000, files: 7, bytes: 9_000_000 };

type Server = Partial<AgentServer>;
const attempt = {
  db: 'db0',
  startedAt: 2000,
  endedAt: 9000,
  verdict: 'complete' as const,
  cause: null,
  files: { listed: 6, copied: 6 },
};
const listTaken = {
  code: 'list_taken',
  at: 2300,
  thread: 1,
  line: '',
  values: { db: 'db0', uuid: id, count: '6' },
};
const ownDump = {
  code: 'dump_begun',
  at: 2050,
  thread: 1,
  line: '',
  values: { db: 'db0', path: place.path },
};

interface Told {
  readonly node?: Server | null;
  readonly master?: Server | null;
  readonly at?: number;
  readonly masterAt?: number;
}
const opened = (...files: FolderFile[]) => ({
  opened: [{ ...folder, path: '/data/db/db0', inode: '9', dumpId: null, listing: files }],
});
const dump = (change: Partial<AgentServer['dumps'][number]> = {}) => ({
  dumps: [{ ...folder, ...place, dumpId: id, listing: dumped, ...change }],
});

const word = (told: Server | null, at: number): AgentsWord =>
  told === null ? {} : { sight: sightOf(at, told), listings: { at, ...aSeenServer('10.0.0.2', 9221, told) } };
const node = (told: Told): AgentsWord =>
  word(
    told.node === null ? null : { ...opened(...tables), attempts: [attempt], log: [listTaken], ...told.node },
    told.at ?? 9600,
  );
const master = (told: Told): AgentsWord =>
  word(told.master === null ? null : { ...dump(), log: [ownDump], ...told.master }, told.masterAt ?? 9600);

const pass = { startedAt: 2000, endedAt: 9200, end: 'swapped', dbs: ['db0'] } as unknown as FullSyncPass;
const slave: SlaveTracker = {
  ...newSlaveTracker({
    attachedAt: 1000,
    master: { host: '10.0.0.1', port: 9221 },
    self: { host: '10.0.0.2', port: 9221 },
    before: null,
    listedBefore: [],
  }),
  waits: [pass],
};
const copying: SlaveTracker = { ...slave, waits: [{ ...pass, endedAt: null, end: null }] };

const found = (told: Told, hashes = false, before: SlaveTracker = slave) =>
  takeFiles(before, node(told), master(told), hashes).files?.found;

test('a node that opened exactly the tables of the dump, by a log that shows one copy, is whole', () => {
  expect(found({})).toMatchObject({
    holds: true,
    statement: 'complete',
    facts: { tables: 3, bytes: 8_000_123, files: 6, hashed: 0 },
  });
});

test('what the node writes afterwards is no table of the dump', () => {
  expect(found({ node: opened(...tables, table('strings/000031.sst')) })?.holds).toBe(true);
});

describe('a compaction has replaced tables before the list of the database came', () => {
  const replaced = (...gone: FolderFile[]) => ({
    node: opened(
      tables[0]!,
      tables[1]!,
      table('strings/000031.sst'),
      ...gone.map((file) => ({ ...file, gone: true as const })),
    ),
  });

  test('what the agent saw of them as they came proves them', () => {
    expect(found(replaced(tables[2]!))).toMatchObject({
      holds: true,
      statement: 'complete_then_compacted',
      facts: { tables: 3, bytes: 8_000_123, replaced: 1, hashed: 0 },
    });
  });

  test('a table that was last seen while it grew is not proven', () => {
    expect(found(replaced(table('strings/000009.sst', 100)))).toMatchObject({
      holds: null,
      statement: 'came_too_late',
      facts: { gone: 1 },
    });
  });

  test('hashes that were taken in time count, and no others will come', () => {
    const hashed = tables.map(({ name, bytes }) => table(name, bytes, `of ${name}`));
    const told = (last: FolderFile): Told => ({
      node: opened(hashed[0]!, hashed[1]!, { ...last, gone: true }),
      master: dump({ listing: hashed }),
    });
    expect(found(told(hashed[2]!), true)).toMatchObject({ holds: true, facts: { hashed: 3, replaced: 1 } });
    expect(found(told(tables[2]!), true)).toMatchObject({
      holds: true,
      statement: 'complete_then_compacted',
      facts: { hashed: 2, replaced: 1, unhashed: 1 },
    });
    const short = table(tables[2]!.name, 100);
    expect(found(told(short), true)).toMatchObject({ holds: null, statement: 'came_too_late' });
    expect(found(told({ ...hashed[2]!, sha256: 'other' }), true)).toMatchObject({
      holds: false,
      statement: 'hashes_differ',
    });
  });
});

describe('only proof says no', () => {
  test.each<readonly [string, string, Told]>([
    [
      'its log says that the dump was replaced',
      'log_incomplete',
      { node: { attempts: [{ ...attempt, verdict: 'incomplete', cause: 'snapshot_superseded' }] } },
    ],
    [
      'a table is shorter than in the dump',
      'sizes_differ',
      { node: opened(tables[0]!, tables[1]!, table('strings/000009.sst', 100)) },
    ],
    [
      'a table has another content',
      'hashes_differ',
      {
        node: opened(table('hashes/000012.sst', 4_000_000, 'bb'), tables[1]!, tables[2]!),
        master: dump({ listing: [table('hashes/000012.sst', 4_000_000, 'aa'), tables[1]!, tables[2]!] }),
      },
    ],
  ])('%s', (_, statement, told) => {
    expect(found(told)).toMatchObject({ holds: false, statement });
  });
});

test('a list that came late can be of the old data, whose tables have the same numbers', () => {
  const old = opened(tables[0]!, tables[1]!, table('strings/000009.sst', 100));
  const late = node({
    node: { ...old, attempts: [{ ...attempt, endedAt: null, verdict: 'running' }] },
    at: 9400,
  });
  const told = node({ node: { opened: [] }, at: 9600 });
  const seen = takeFiles(slave, { ...told, listings: late.listings }, master({}), false);
  expect(seen.files?.found).toMatchObject({ holds: null, statement: 'not_listed', facts: { on: 'node' } });
  expect(takeFiles(seen, node({ at: 9700 }), master({}), false).files?.found).toMatchObject({ holds: true });
});

describe('what nobody can tell is not judged, with the reason', () => {
  test.each<readonly [string, string, Told, object]>([
    ['no agent on the node', 'no_agent', { node: null }, { on: 'node' }],
    ['no agent on the master', 'no_agent', { master: null }, { on: 'master' }],
    ['the agent of the node is silent since the swap', 'silent_agent', { at: 9100 }, { on: 'node' }],
    ['the agent of the master is', 'silent_agent', { masterAt: 9100 }, { on: 'master' }],
    ['the log does not show it', 'attempt_unseen', { node: { attempts: [] } }, { db: 'db0' }],
    [
      'the log begins later',
      'log_undecided',
      { node: { attempts: [{ ...attempt, verdict: 'undecided', cause: 'log_begins_later' }] } },
      { cause: 'log_begins_later' },
    ],
    ['its list was not told', 'list_unseen', { node: { log: [] } }, { db: 'db0' }],
    [
      'a second dump was begun',
      'dump_during_copy',
      { master: { log: [ownDump, { ...ownDump, at: 8000 }] } },
      { db: 'db0' },
    ],
    ['the master has another dump by now', 'dump_gone', { master: dump({ dumpId: 'other' }) }, { db: 'db0' }],
    ['no list of the master', 'not_listed', { master: dump({ listing: null }) }, { on: 'master' }],
    ['no list of the node', 'not_listed', { node: { opened: [] } }, { on: 'node' }],
    [
      'a compaction took a table before the list came',
      'came_too_late',
      { node: opened(tables[0]!, tables[1]!, table('strings/000031.sst')) },
      { gone: 1, tables: 3, afterMs: 600 },
    ],
    [
      'its MANIFEST names a table that is not there',
      'not_whole',
      {
        node: {
          opened: [{ ...opened(...tables).opened[0]!, problem: 'strings/000009.sst: missing' }],
        },
      },
      { db: 'db0', problem: 'strings/000009.sst: missing' },
    ],
    [
      'a table that is neither of the dump nor newer',
      'other_tables',
      { node: opened(...tables, table('strings/000003.sst')) },
      { others: 1, example: 'strings/000003.sst' },
    ],
  ])('%s', (_, statement, told, facts) => {
    expect(found(told)).toMatchObject({ holds: null, statement, facts });
  });

  test('the dump was made anew in its place while the node copied it', () => {
    const during = takeFiles(copying, node({ at: 5000 }), master({ masterAt: 5000 }), false);
    const after = { ...during, waits: [pass] };
    expect(found({ master: { ...dump({ inode: '78' }) } }, false, after)).toMatchObject({
      holds: null,
      statement: 'dump_during_copy',
    });
  });

  test('hashes that were asked for and have not all come', () => {
    expect(found({}, true)).toMatchObject({
      holds: null,
      statement: 'not_hashed',
      facts: { hashed: 0, tables: 3 },
    });
    const hashed = tables.map(({ name, bytes }) => table(name, bytes, `of ${name}`));
    expect(found({ node: opened(...hashed), master: dump({ listing: hashed }) }, true)).toMatchObject({
      holds: true,
      facts: { hashed: 3 },
    });
  });
});

describe('hashes that are on their way', () => {
  const hashed = tables.map(({ name, bytes }) => table(name, bytes, `of ${name}`));
  const answeredAt = (at: number, known: SlaveTracker = slave): SlaveTracker => ({
    ...known,
    lastAnsweredAt: at,
  });
  const told = (count: number) => ({
    node: node({ node: opened(...hashed.slice(0, count), ...tables.slice(count)) }),
    master: master({ master: dump({ listing: hashed }) }),
  });
  const seenAt = (at: number, count: number, known: SlaveTracker): SlaveTracker => {
    const { node, master } = told(count);
    return takeFiles(answeredAt(at, known), node, master, true);
  };

  test('are waited for as long as one after another comes, without requireAgent too', () => {
    let known = seenAt(10_000, 1, slave);
    expect(filesRule(answeredAt(69_000, known), false).leftOut).toBeUndefined();
    known = seenAt(69_000, 2, known);
    expect(filesRule(answeredAt(128_000, known), false).leftOut).toBeUndefined();
    known = seenAt(128_000, 2, known);
    expect(filesRule(answeredAt(130_000, known), false).leftOut).toBe(true);
    expect(seenAt(140_000, 3, known).files?.found).toMatchObject({ holds: true, statement: 'complete' });
  });
});

describe('a copy that began again right after another dump', () => {
  const served = (uuid: string, at: number) => ({
    code: 'list_served',
    at,
    thread: 1,
    line: '',
    values: { uuid, count: '6' },
  });
  const firstList = { ...listTaken, at: 100, values: { ...listTaken.values, uuid: 'b'.repeat(32) } };
  const again = { node: { log: [firstList, listTaken] } };
  const log = [{ ...ownDump, at: 90 }, served('b'.repeat(32), 95), ownDump, served(id, 2250)];

  test('is of the second dump, as the log of the master tells by its own clock', () => {
    expect(found({ ...again, master: { log } })?.holds).toBe(true);
  });

  test('is in doubt where a dump began after its list was served', () => {
    const third = { ...ownDump, at: 2260 };
    expect(found({ ...again, master: { log: [...log, third] } })).toMatchObject({
      holds: null,
      statement: 'dump_during_copy',
    });
  });

  test('keeps what was seen of its dump although both lists are told with each report', () => {
    const during = takeFiles(copying, node({ ...again, at: 5000 }), master({ masterAt: 5000 }), false);
    expect(
      found({ ...again, master: { ...dump({ inode: '78' }) } }, false, { ...during, waits: [pass] }),
    ).toMatchObject({ holds: null, statement: 'dump_during_copy' });
  });
});

test('what was proven of a copy stays when a compaction takes its tables, and another copy is judged anew', () => {
  const proven = takeFiles(slave, node({}), master({}), false);
  expect(found({ node: { opened: [] } }, false, proven)).toMatchObject({ holds: true });
  const again = { ...proven, waits: [pass, { ...pass, startedAt: 20_000, endedAt: 29_000 }] };
  expect(found({ at: 30_000, masterAt: 30_000 }, false, again)).toMatchObject({ holds: null });
});

test('every database must be proven', () => {
  const two = { ...slave, waits: [{ ...pass, dbs: ['db0', 'db1'] }] };
  expect(found({}, false, two)).toMatchObject({
    holds: null,
    statement: 'attempt_unseen',
    facts: { db: 'db1' },
  });
});

test('a policy that requires agents waits for what cannot be judged, any other does not', () => {
  const unknown = takeFiles(slave, node({ node: null }), master({}), false);
  expect(isMet(filesRule(unknown, false))).toBe(true);
  expect(isMet(filesRule(unknown, true))).toBe(false);
  const wrong = takeFiles(
    slave,
    node({ node: { attempts: [{ ...attempt, verdict: 'incomplete', cause: 'snapshot_superseded' }] } }),
    master({}),
    false,
  );
  for (const required of [false, true]) expect(isMet(filesRule(wrong, required))).toBe(false);
});

test('agents that report are waited for, for a moment: a small node would be verified before they could tell', () => {
  const silent = takeFiles({ ...slave, lastAnsweredAt: 9300 }, node({ at: 9100 }), master({}), false);
  expect(filesRule(silent, false)).toMatchObject({ statement: 'silent_agent', holds: null });
  expect(isMet(filesRule(silent, false))).toBe(false);
  expect(isMet(filesRule({ ...silent, lastAnsweredAt: 19_300 }, false))).toBe(true);
});

describe('whatever agents tell', () => {
  const files = fc.array(
    fc.record({
      name: fc.constantFrom(...dumped.map(({ name }) => name), 'strings/000031.sst', '000001.sst', 'x'),
      bytes: fc.constantFrom(0, 123, 4_000_000),
      sha256: fc.constantFrom(null, 'aa', 'bb'),
    }),
    { maxLength: 8 },
  );
  const told = fc.record({
    node: fc.option(
      fc.record({
        attempts: fc.constantFrom([], [attempt], [{ ...attempt, verdict: 'undecided' as const }]),
        log: fc.constantFrom([], [listTaken]),
        opened: files.map((listing) => opened(...listing).opened),
      }),
    ),
    master: fc.option(files.map((listing) => dump({ listing }))),
    at: fc.constantFrom(9000, 9600),
    masterAt: fc.constantFrom(9000, 9600),
  });

  test('the rule holds only if each table of the dump is on the node with its size, and hash where both have it', () => {
    fc.assert(
      fc.property(told, fc.boolean(), (each, hashes) => {
        const verdict = found(each, hashes);
        if (verdict?.holds !== true) return;
        const own = new Map(each.node!.opened[0]!.listing!.map((file) => [file.name, file]));
        for (const { name, bytes, sha256 } of each.master!.dumps[0]!.listing!) {
          if (!name.endsWith('.sst') || name.startsWith('streams/')) continue;
          expect(own.get(name)?.bytes).toBe(bytes);
          const there = own.get(name)?.sha256 ?? null;
          if (hashes || (sha256 !== null && there !== null)) expect(there).toBe(sha256);
        }
      }),
    );
  });

  test('a rule that is not needed never lets a node be verified that is not without agents', () => {
    fc.assert(
      fc.property(told, (each) => {
        // Without agents the rule is met, so nothing is easier with them.
        expect(isMet(filesRule(takeFiles(slave, node({ node: null }), master({}), false), false))).toBe(true);
        const rule = filesRule(takeFiles(slave, node(each), master(each), false), false);
        if (rule.holds === false) expect(isMet(rule)).toBe(false);
        if (rule.holds !== true)
          expect(isMet(filesRule(takeFiles(slave, node(each), master(each), false), true))).toBe(false);
      }),
    );
  });
});
