import { describe, expect, test } from 'vitest';
import { chooseSight, newOfSight, readSights, withSightOf } from '../../src/admission/sights.ts';
import type { Look } from '../../src/model/observation.ts';
import type { AgentSight } from '../../src/model/views/agent.ts';
import { type StoredSight, sightOf } from '../../src/store/agents.ts';
import { aReport, aSeenServer } from '../support/agents.ts';
import { nodeTarget } from '../support/expansions.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';

const now = 100_000;
const told = (agent: string, processId: number | null, over: Partial<StoredSight> = {}): StoredSight => ({
  agent,
  host: agent,
  version: '1',
  startedAt: 0,
  receivedAt: now - 1_000,
  clockAheadMs: 0,
  nextReportInMs: 2_000,
  reports: 1,
  refused: 0,
  instances: [],
  dropped: { addresses: 0, servers: 0 },
  server: aSeenServer('10.0.0.7', 9221, { processId }),
  hasListings: false,
  ...over,
});
const answered = (processId: number | null): Look => ({
  kind: 'answered',
  at: now,
  tookMs: 1,
  facts: {
    server: { reportedVersion: '3.5.4', processId, uptimeSeconds: 1, runId: null, tcpPort: 9221 },
  },
});
const silent: Look = { kind: 'unreachable', at: now, code: 'ECONNREFUSED', message: 'refused' };
const chosen = (sights: readonly StoredSight[], look: Look, known: number | null = null) =>
  chooseSight(sights, look, known, now).sight?.agent ?? null;

describe('the sight that counts', () => {
  test.each<[string, readonly StoredSight[], Look, number | null, string | null]>([
    ['is of the process that INFO names', [told('a', 7)], answered(7), null, 'a'],
    ['is of no other process', [told('a', 8)], answered(7), null, null],
    ['is of no process that ended, while the server answers', [told('a', null)], answered(7), null, null],
    [
      'is of the process that answered before, where a look did not ask',
      [told('a', 7)],
      { ...answered(7), facts: {} } as Look,
      7,
      'a',
    ],
    ['is what the only agent says of a server that died', [told('a', null)], silent, 7, 'a'],
    ['is what the only agent says of a server that was started again', [told('a', 9)], silent, 7, 'a'],
    [
      'is of the agent, of two, whose process INFO names',
      [told('a', 8), told('b', 7)],
      answered(7),
      null,
      'b',
    ],
    [
      'is of none of two agents that name the same process',
      [told('a', 7), told('b', 7)],
      answered(7),
      null,
      null,
    ],
    ['is of none of two that disagree about a dead server', [told('a', null), told('b', 9)], silent, 7, null],
    [
      'is of the agent, of two, that names the process that answered before',
      [told('a', 7), told('b', 9)],
      silent,
      7,
      'a',
    ],
    ['is not older than three reports', [told('a', 7, { receivedAt: now - 6_001 })], answered(7), null, null],
    ['may be three reports old', [told('a', 7, { receivedAt: now - 6_000 })], answered(7), null, 'a'],
    [
      'of an agent that reports no more contests nothing',
      [told('a', 7), told('b', 7, { receivedAt: 0 })],
      answered(7),
      null,
      'a',
    ],
  ])('%s', (_, sights, look, known, agent) => {
    expect(chosen(sights, look, known)).toBe(agent);
  });

  test('stands beside every kind of look, by the clock of the service', () => {
    const log = [{ code: 'died', at: 5_000, thread: 1, values: {}, line: 'open db failed' }];
    const server = aSeenServer('10.0.0.7', 9221, { log });
    const sight = told('a', null, { clockAheadMs: 3_000, server });
    for (const look of [silent, answered(7)])
      expect(withSightOf(look, { sight, contested: [] })).toMatchObject({
        kind: look.kind,
        sight: { agent: 'a', clockAheadMs: 3_000, server: { log: [{ at: 2_000 }] } },
      });
    expect(withSightOf(silent, { sight: null, contested: [] })).toEqual(silent);
  });

  test('is none of two agents with one token and one host name, which the look tells', () => {
    const instances = [
      { id: 'b', firstAt: now - 4_000, lastAt: now - 2_000 },
      { id: 'a', firstAt: now - 9_000, lastAt: now - 1_000 },
    ];
    for (const look of [silent, answered(7)]) {
      const one = chooseSight([told('host-7', 7, { instances })], look, 7, now);
      expect(one).toEqual({ sight: null, contested: ['host-7@host-7', 'host-7@host-7'] });
      expect(withSightOf(look, one)).toEqual({
        ...look,
        contestedAgents: ['host-7@host-7', 'host-7@host-7'],
      });
    }
    const other = told('b', 7);
    expect(chooseSight([told('host-7', 7, { instances }), other], answered(7), 7, now)).toMatchObject({
      sight: null,
      contested: ['host-7@host-7', 'host-7@host-7', 'b@b'],
    });
  });
});

test('a server is found by its address and by that under which others see it', async () => {
  const agents = createMemoryAgents({ reachable: () => {} });
  await agents.report({
    agent: 'a',
    report: aReport([aSeenServer('10.0.0.7', 9221), aSeenServer('172.16.0.8', 9222)]),
    receivedAt: now,
    nextReportInMs: 2_000,
    dropped: { addresses: 0, servers: 0 },
  });
  const behindNat = { ...nodeTarget('1.2.3.4:9222'), seenAs: { host: '172.16.0.8', port: 9222 } };
  const targets = [nodeTarget('10.0.0.7:9221'), behindNat, nodeTarget('10.0.0.9:9221')];
  const found = await readSights(agents, targets);
  expect(targets.map(({ name }) => found.get(name)!.length)).toEqual([1, 1, 0]);
});

describe('what is stored of a sight', () => {
  const line = (at: number) => ({ code: 'trysync_ok', at, thread: 1, values: {}, line: `line ${at}` });
  const seen = (receivedAt: number, ats: readonly number[], over: Partial<StoredSight> = {}): AgentSight =>
    sightOf(
      told('a', 7, {
        receivedAt,
        server: aSeenServer('10.0.0.7', 9221, { processId: 7, log: ats.map(line) }),
        ...over,
      }),
    );
  const stored = (sight: AgentSight, before: AgentSight | undefined) =>
    newOfSight({ ...silent, sight }, before).sight?.server.log.map(({ line: text }) => text);

  test('is a report once, and of its log what is new', () => {
    const first = seen(1, [10, 20]);
    expect(stored(first, undefined)).toEqual(['line 10', 'line 20']);
    expect(newOfSight({ ...silent, sight: first }, first)).toEqual(silent);
    expect(stored(seen(2, [10, 20, 30]), first)).toEqual(['line 30']);
    // The difference of the clocks is known better by now.
    expect(stored(seen(2, [10, 20, 21], { clockAheadMs: 400 }), first)).toEqual(['line 21']);
  });

  test('is the whole log of another process or another agent', () => {
    const first = seen(1, [10, 20]);
    expect(stored(seen(2, [10, 20], { agent: 'b' }), first)).toHaveLength(2);
    const restarted = { server: aSeenServer('10.0.0.7', 9221, { processId: 8, log: [line(5)] }) };
    expect(stored(seen(2, [], restarted), first)).toEqual(['line 5']);
  });
});
