/** What agents see in the folders and logs of simulated nodes proves a copy, or does not. */
import { readdir, rm } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { takeFiles } from '../../../src/core/sync/files-complete.ts';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Folder } from '../../../src/model/views/agent.ts';
import { verifyEvidence } from '../../../src/verify/index.ts';
import { bundleOf } from '../../evidence/made.ts';
import { MB } from '../../scheduling/virtual-service.ts';
import { SimulatedAgents } from '../../support/simulated-agents.ts';
import { begin, ended, isIn, minute } from './played-expansion.ts';

let agents: SimulatedAgents;
afterEach(() => agents.close());

/** An expansion by one node, with an agent beside it and one beside the master. */
async function beginWithAgents(setting: Parameters<typeof begin>[0]) {
  const run = await begin({
    nodes: ['n1'],
    ...setting,
    agents: async (cluster) => {
      agents = await SimulatedAgents.beside(cluster);
      return agents.read;
    },
  });
  const comesTo = async (what: string, done: (expansion: Expansion) => boolean): Promise<Expansion> => {
    const came = await run.until(async () => {
      await agents.report();
      return done(await run.e());
    }, 60 * minute);
    const end = await run.e();
    expect([what, came, came ? '' : end.joins[0]!.waitingFor?.text]).toEqual([what, true, '']);
    return end;
  };
  return { ...run, comesTo };
}

const over = (expansion: Expansion): boolean => ended(expansion) || expansion.state === 'halted';
const midCopy = ({ joins }: Expansion): boolean => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB;
const filesRule = ({ joins }: Expansion) =>
  joins[0]!.evidence?.rules.find(({ rule }) => rule === 'files_complete');
/** What was found of the files in each attempt. */
const foundIn = ({ joins }: Expansion) => joins[0]!.attempts.map(({ tracker }) => tracker?.files?.found);

test.each(['3.5.4', '4.0.1'] as const)('a full sync is proven file by file: %s', async (version) => {
  const { cluster, comesTo, store } = await beginWithAgents({ version, policy: { requireAgent: true } });
  const end = await comesTo('its end', over);
  const { files } = cluster.node('m').dbs[0]!.dump!;
  const tables = files.filter(({ name }) => name.endsWith('.sst')).length;
  expect(filesRule(end)).toMatchObject({
    holds: true,
    statement: 'complete',
    facts: { tables, files: files.length },
  });
  expect([end.state, tables > 10]).toEqual(['succeeded', true]);
  const { verdict, nodes } = verifyEvidence(Buffer.from(await bundleOf(store, 'e')), null);
  const ofFiles = nodes[0]?.rules.find(({ rule }) => rule === 'files_complete')?.code;
  expect([verdict, ofFiles]).toEqual(['follows', 'files_by_agent']);
});

describe('hashes that the policy asks for come slower than the policy waits for a full sync that hangs', () => {
  /** From the first list of the opened tables on, the agent of the node has one more hash every 30 s, and `most` at last. */
  async function hashedSlowly(most: number) {
    const policy = { requireAgent: true, stallTimeoutMs: minute, verify: { fileHashes: true } };
    const run = await beginWithAgents({ policy });
    const { listings } = agents.read;
    let since: number | null = null;
    agents.read.listings = async (...given) => {
      const told = (await listings(...given))!;
      if (told.opened.some(({ files }) => files > 0) && given[0].host === run.cluster.node('n1').host)
        since ??= told.at;
      const known = since === null ? 0 : Math.min(most, Math.floor((told.at - since) / (minute / 2)));
      const hashed = (folder: Folder, count: number): Folder => ({
        ...folder,
        listing: folder.listing!.map((file, i) => ({
          ...file,
          sha256: i < count ? `of ${file.name}` : null,
        })),
      });
      return {
        ...told,
        dumps: told.dumps.map((folder) => hashed(folder, Number.POSITIVE_INFINITY)),
        opened: told.opened.map((folder) => hashed(folder, known)),
      };
    };
    return run.comesTo('its end', over);
  }

  test('they are waited for as long as they come', async () => {
    const end = await hashedSlowly(Number.POSITIVE_INFINITY);
    expect([end.state, filesRule(end)?.statement]).toEqual(['succeeded', 'complete']);
    expect(filesRule(end)!.facts.hashed).toBe(filesRule(end)!.facts.tables);
  });

  test('they are not waited for when no more come', async () => {
    const end = await hashedSlowly(3);
    const [join] = end.joins;
    expect([join!.phase, join!.problem?.code]).toEqual(['quarantined', 'evidence_missing']);
    const { hashing, found } = join!.attempts[0]!.tracker!.files!;
    expect(found).toMatchObject({ statement: 'not_hashed', facts: { hashed: 3 } });
    expect(join!.problem!.at - hashing!.at).toBeLessThan(2 * minute);
  });
});

describe('a copy that did not end is no obstacle for the next one, which is proven', () => {
  test('it was thrown away for a newer dump', async () => {
    const { cluster, comesTo } = await beginWithAgents({ version: '4.0.1', policy: { requireAgent: true } });
    await comesTo('its copy', midCopy);
    cluster.fault.bgsave('m');
    const end = await comesTo('its end', over);
    expect([end.state, filesRule(end)?.holds, cluster.node('n1').fullSyncsDone]).toEqual([
      'succeeded',
      true,
      1,
    ]);
  });

  test('the node was killed', async () => {
    const { cluster, comesTo } = await beginWithAgents({ version: '3.5.4', policy: { requireAgent: true } });
    await comesTo('its copy', midCopy);
    cluster.fault.crash('n1');
    cluster.advance(4000);
    cluster.fault.restart('n1');
    const end = await comesTo('its end', over);
    expect([end.state, filesRule(end)?.holds]).toEqual(['succeeded', true]);
  });
});

describe('where files never came, nothing is proven', () => {
  test('a newer dump cut the copy short, which LASTSAVE of this release does not tell', async () => {
    const { cluster, comesTo } = await beginWithAgents({ version: '3.5.2', policy: { maxAttempts: 1 } });
    await comesTo('its copy', midCopy);
    cluster.fault.nextSuperseded('n1', 'loss');
    cluster.fault.bgsave('m');
    const end = await comesTo('its end', over);
    expect(foundIn(end)).toMatchObject([{ holds: false }]);
    expect(isIn(0, 'verified')(end)).toBe(false);
    cluster.advance(2000);
    await agents.report();
    const { tracker } = end.joins[0]!.attempts[0]!;
    const { files } = takeFiles(tracker!, await agents.wordOf('n1'), await agents.wordOf('m'), false);
    expect(files!.found).toMatchObject({
      holds: false,
      statement: 'log_incomplete',
      facts: { cause: 'snapshot_superseded' },
    });
  });

  test.each(['hang', 'death'] as const)('a newer dump ends in %s', async (outcome) => {
    const { cluster, comesTo } = await beginWithAgents({ policy: { maxAttempts: 1 } });
    await comesTo('its copy', midCopy);
    cluster.fault.nextSuperseded('n1', outcome);
    cluster.fault.bgsave('m');
    const end = await comesTo('its end', over);
    expect(foundIn(end).some((found) => found?.holds)).toBe(false);
    expect(isIn(0, 'verified')(end)).toBe(false);
  });

  test('the disk of the node is full', async () => {
    const { cluster, comesTo } = await beginWithAgents({ policy: { maxAttempts: 1 } });
    cluster.fault.copyRoom('n1', 100 * MB);
    const end = await comesTo('its end', over);
    expect(foundIn(end).some((found) => found?.holds)).toBe(false);
    expect(isIn(0, 'verified')(end)).toBe(false);
  });

  test('INFO and the log say that all is well, and a table of the opened database is missing', async () => {
    const { comesTo } = await beginWithAgents({ policy: { requireAgent: true } });
    agents.beforeLook = async (id, path) => {
      const isSwapped = (await readdir(path('dbsync'))).length === 0;
      if (id === 'n1' && isSwapped) await rm(path('db/db0/strings/000100.sst'), { force: true });
    };
    const found = (expansion: Expansion) => foundIn(expansion).at(-1);
    const seen = await comesTo('the list of its tables', (e) => found(e)?.statement === 'not_whole');
    expect(found(seen)).toMatchObject({
      holds: null,
      facts: { problem: expect.stringContaining('000100.sst: missing') },
    });
  });
});
