import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../src/core/plan/plan.ts';
import { preflight, revalidate } from '../../../src/core/plan/preflight.ts';
import type { NodeFacts } from '../../../src/model/observation.ts';
import type { AgentServer } from '../../../src/model/views/agent.ts';
import { aFolder, sightOf, space } from '../../support/agents.ts';
import { aMaster, aNode, aRequest, now, type RequestChanges } from './preflight-support.ts';

const snapshotBytes = 8e9;
const sizes: NodeFacts['sizes'] = {
  sstBytes: snapshotBytes,
  liveSstBytes: snapshotBytes,
  memtableBytes: 0,
  estimatedKeys: 1,
};
const oneDisk = { db: space('/data/db', 1), dump: space('/data/dump', 1), dbSync: space('/data/dbsync', 1) };

const seenBy = (
  node: Partial<AgentServer>,
  master: Partial<AgentServer> = {},
  aheadMs = 0,
): RequestChanges => ({
  master: aMaster({ facts: { sizes }, sight: sightOf(now, { paths: oneDisk, ...master }) }),
  nodes: [aNode('10.0.0.2:9221', { sight: sightOf(now, { paths: oneDisk, ...node }, aheadMs) })],
});
const others = new Set(['streams_not_transferred', 'version_has_bug']);
const found = (changes: RequestChanges) =>
  preflight(aRequest(changes)).filter(({ code }) => !others.has(code));
const again = ({ master, nodes }: RequestChanges) =>
  revalidate({
    master: master!,
    nodes: nodes!.map((node) => ({ ...node, touched: false })),
    policy: { batchSize: 'auto', requireAgent: false },
    plannedMaster: null,
  });

describe('the agents on the hosts', () => {
  test('find nothing against healthy hosts', () => {
    expect(found(seenBy({ openFileLimit: 65_535 }))).toEqual([]);
  });

  test('are missed by one finding that names the servers, and what is not seen there', () => {
    expect(found({})).toMatchObject([
      { code: 'agents_missing', severity: 'info', facts: { servers: ['10.0.0.1:9221', '10.0.0.2:9221'] } },
    ]);
    expect(again({ master: aMaster(), nodes: [aNode()] })).toEqual([]);
  });

  test('are required by a policy that says so, also right before a batch', () => {
    const policy = { requireAgent: true };
    expect(found({ policy })).toMatchObject([{ code: 'agents_required', severity: 'error' }]);
    expect(found({ ...seenBy({}), policy })).toEqual([]);
  });
});

test('agents that contest each other count as none, with their names', () => {
  const agents = ['host-7@pika-1', 'host-7@pika-1'];
  const contested: RequestChanges = {
    ...seenBy({}),
    nodes: [aNode('10.0.0.2:9221', { contestedAgents: agents })],
  };
  const finding = {
    code: 'agents_contested',
    severity: 'warning',
    facts: { servers: [{ server: '10.0.0.2:9221', agents }] },
  };
  expect(found(contested)).toMatchObject([finding]);
  expect(found({ ...contested, policy: { requireAgent: true } })).toMatchObject([
    { code: 'agents_required', severity: 'error', facts: { servers: ['10.0.0.2:9221'] } },
    finding,
  ]);
});

describe('each finding about a host', () => {
  const full = { ...oneDisk, dbSync: space('/data/dbsync', 1, 5e9) };
  test.each<readonly [string, RequestChanges, string, object]>([
    [
      'the node has no room for the copy beside its old data',
      seenBy({ paths: full }),
      'disk_too_small',
      { what: 'copy', path: '/data/dbsync', freeBytes: 5e9, neededBytes: snapshotBytes },
    ],
    [
      'the dump is made on another mount that has no room',
      seenBy({}, { paths: { ...oneDisk, dump: space('/dumps', 2, 1e9) } }),
      'disk_too_small',
      { what: 'dump', path: '/dumps', freeBytes: 1e9, neededBytes: snapshotBytes },
    ],
    [
      'the copy would lie on another mount',
      seenBy({ paths: { ...oneDisk, dbSync: space('/copies', 2) } }),
      'paths_on_different_mounts',
      { dbPath: '/data/db', dbSyncPath: '/copies' },
    ],
    [
      'the port of the files is closed to the node',
      seenBy({ ports: [{ to: { host: '10.0.0.1', port: 19_222 }, at: now, outcome: 'refused' }] }),
      'ports_closed_to_node',
      { host: '10.0.0.1', ports: [{ port: 19_222, outcome: 'refused' }] },
    ],
    [
      'the process may open too few files',
      seenBy({ openFileLimit: 1024 }, { opened: [aFolder({ files: 54 })] }),
      'open_file_limit',
      { limit: 1024, needed: 5054 },
    ],
    ['the clocks differ', seenBy({}, {}, -3100), 'clock_skew', { aheadMs: -3100 }],
  ])('%s', (_, changes, code, facts) => {
    expect(found(changes)).toMatchObject([{ code, facts }]);
    // It holds right before the node is attached, too.
    expect(again(changes)).toMatchObject([{ code, facts }]);
  });

  test('only the ports that this release needs are found closed', () => {
    const tried = (host: string, port: number) => [
      { to: { host, port }, at: now, outcome: 'refused' as const },
    ];
    const seen = (version: string, node: Partial<AgentServer>, master: Partial<AgentServer> = {}) => ({
      master: aMaster({ version, sight: sightOf(now, master) }),
      nodes: [aNode('10.0.0.2:9221', { version, sight: sightOf(now, node) })],
    });
    const closed = (changes: RequestChanges) =>
      preflight(aRequest(changes)).flatMap(({ code, facts }) =>
        code.startsWith('ports_') ? [[code, facts]] : [],
      );
    expect(closed(seen('3.3.6', { ports: tried('10.0.0.1', 19_222) }))).toEqual([]);
    expect(closed(seen('3.5.4', {}, { ports: tried('10.0.0.2', 10_221) }))).toEqual([]);
    expect(closed(seen('3.3.6', {}, { ports: tried('10.0.0.2', 10_221) }))).toMatchObject([
      ['ports_closed_to_master', { host: '10.0.0.2', ports: [{ port: 10_221, outcome: 'refused' }] }],
    ]);
  });

  test('a port that was closed more than a minute ago may be open by now', () => {
    const tried = { to: { host: '10.0.0.1', port: 19_222 }, outcome: 'refused' as const };
    expect(found(seenBy({ ports: [{ ...tried, at: now - 60_000 }] }))).toHaveLength(1);
    expect(found(seenBy({ ports: [{ ...tried, at: now - 60_001 }] }))).toEqual([]);
  });

  test('another Pika on the disk of the node', () => {
    expect(found(seenBy({ sharesDiskWith: [9222] }))).toMatchObject([
      { code: 'another_pika_shares_disk', facts: { ports: [9222] } },
    ]);
  });

  test('a copy that was left unfinished counts as room: the next full sync deletes it', () => {
    expect(found(seenBy({ paths: full, copies: [aFolder({ bytes: 4e9 })] }))).toEqual([]);
  });

  test('a port that was closed once and is open now is no finding', () => {
    const to = { host: '10.0.0.1', port: 19_222 };
    const ports = [
      { to, at: now - 10_000, outcome: 'no_answer' as const },
      { to, at: now, outcome: 'open' as const },
    ];
    expect(found(seenBy({ ports }))).toEqual([]);
  });

  test('mounts that an agent sees make hints from the names of paths needless', () => {
    const config = { dbPath: '/data/db', dbSyncPath: '/copies/dbsync' };
    const codes = (sight?: ReturnType<typeof sightOf>) =>
      preflight(aRequest({ nodes: [aNode('10.0.0.2:9221', { config, ...(sight ? { sight } : {}) })] })).map(
        ({ code }) => code,
      );
    expect(codes()).toContain('paths_apart');
    expect(codes(sightOf(now, { paths: oneDisk }))).not.toContain('paths_apart');
  });

  test('a log folder that the binlog of the copies alone would fill', () => {
    const changes = seenBy({}, { paths: { ...oneDisk, log: space('/logs', 3, 1e6) } });
    const plan = makePlan({
      ...aRequest(changes),
      id: 'plan',
      at: now,
      measured: {
        writes: { bytesPerSecond: 20e6, overSeconds: 60 } as never,
        learnt: [],
      },
    });
    expect(plan.findings.find(({ code }) => code === 'disk_too_small')?.facts).toMatchObject({
      what: 'growth',
      path: '/logs',
      freeBytes: 1e6,
    });
  });
});

describe('a plan says from where the ports of the master were tried', () => {
  const ports = [11_221, 19_222];
  const derivedPorts = ports.map((port) => ({ port, shift: port - 9221, outcome: 'open' as const }));
  const said = (changes: RequestChanges) =>
    makePlan({ ...aRequest(changes), id: 'plan', at: now }).ports?.text;

  test('and that this proves nothing of the nodes’ way', () => {
    expect(said({ master: aMaster({ facts: { derivedPorts } }) })).toBe(
      'From here the service reached port 9221, 11221 and 19222 of the master. That proves nothing of the way from the nodes: an agent beside a node tries it.',
    );
    expect(said({})).toBe(undefined);
  });

  test('where the agents beside the nodes reached them too', () => {
    const tried = [9221, ...ports].map((port) => ({
      to: { host: '10.0.0.1', port },
      at: now,
      outcome: 'open' as const,
    }));
    const { nodes } = seenBy({ ports: tried });
    expect(said({ master: aMaster({ facts: { derivedPorts } }), nodes: nodes! })).toBe(
      'From here the service reached port 9221, 11221 and 19222 of the master. So did the agents beside 1 of 1 node.',
    );
  });
});
