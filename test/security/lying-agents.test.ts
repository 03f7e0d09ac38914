import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadAgents } from '../../src/admission/sights.ts';
import { newMasterTracker, trackMaster } from '../../src/core/sync/master-tracker.ts';
import { newSlaveTracker, trackSlave } from '../../src/core/sync/tracker.ts';
import { capabilitiesOf } from '../../src/engines/pika/capabilities.ts';
import { logLines } from '../../src/engines/pika/log-lines.ts';
import { isMet } from '../../src/model/evidence.ts';
import type { Expansion } from '../../src/model/expansion.ts';
import type { Look } from '../../src/model/observation.ts';
import type { PolicyInput } from '../../src/model/policy.ts';
import type { AgentListings, AgentServer } from '../../src/model/views/agent.ts';
import type { Cluster } from '../../src/simulator/index.ts';
import type { StoredSight } from '../../src/store/agents.ts';
import type { Compare } from '../../src/work/expansion/session.ts';
import { begin, ended, minute } from '../core/steps/played-expansion.ts';
import { MB } from '../scheduling/virtual-service.ts';
import { aFolder, aSeenServer } from '../support/agents.ts';

const uuid = fc.constantFrom('a'.repeat(32), 'b'.repeat(32));
const file = fc.record({
  name: fc.constantFrom('strings/000007.sst', 'hashes/000012.sst', 'strings/CURRENT', '../x', ''),
  bytes: fc.constantFrom(0, 1, 4_000_000, 1e300),
  sha256: fc.constantFrom(null, 'c'.repeat(64)),
});
const folder = fc.record({
  db: fc.constantFrom('db0', 'db1'),
  path: fc.constantFrom('/d/db0', '/e/db0'),
  inode: fc.constantFrom('7', '8'),
  changedAt: fc.integer(),
  dumpId: fc.option(uuid),
  files: fc.nat(),
  bytes: fc.nat(),
  listing: fc.option(fc.array(file, { maxLength: 4 })),
});
/** Times are told as differences to now. */
const ago = fc.integer({ min: -60_000, max: 60_000 });
const anything = fc.record({
  attempts: fc.array(
    fc.record({
      db: fc.constantFrom(null, 'db0', 'db9'),
      startedAt: ago,
      endedAt: fc.option(ago),
      verdict: fc.constantFrom('complete', 'incomplete', 'failed', 'running', 'undecided'),
      cause: fc.constantFrom(null, 'snapshot_superseded', 'disk_full', 'nonsense'),
      files: fc.record({ listed: fc.option(fc.nat(9)), copied: fc.nat(9) }),
    }),
    { maxLength: 3 },
  ),
  log: fc.array(
    fc.record({
      code: fc.constantFrom(...Object.keys(logLines), 'nonsense'),
      at: ago,
      thread: fc.nat(),
      values: fc.record({ db: fc.constantFrom('db0', 'x'), uuid, error: fc.constant('No space left') }),
      line: fc.constant('a line'),
    }),
    { maxLength: 8 },
  ),
  dumps: fc.array(folder, { maxLength: 2 }),
  copies: fc.array(folder, { maxLength: 2 }),
  opened: fc.array(folder, { maxLength: 2 }),
  backups: fc.constantFrom([], ['/d/db0_bak']),
});

/** That all is well: a dump, its list, a copy of every file. */
const allIsWell: Partial<AgentServer> = {
  attempts: [
    {
      db: 'db0',
      startedAt: -1_000,
      endedAt: 0,
      verdict: 'complete',
      cause: null,
      files: { listed: 2, copied: 2 },
    },
  ],
  log: [
    { code: 'list_taken', at: 0, thread: 1, values: { db: 'db0', uuid: 'a'.repeat(32) }, line: 'a line' },
  ],
  dumps: [
    aFolder({ dumpId: 'a'.repeat(32), listing: [{ name: 'strings/000007.sst', bytes: 9, sha256: null }] }),
  ],
  opened: [aFolder({ listing: [{ name: 'strings/000007.sst', bytes: 9, sha256: null }] })],
};

function serverAt(
  lie: Partial<AgentServer>,
  host: string,
  port: number,
  processId: number,
  now: number,
): AgentServer {
  const server = aSeenServer(host, port, { processId, ...lie });
  return {
    ...server,
    attempts: server.attempts.map((attempt) => ({
      ...attempt,
      startedAt: now + attempt.startedAt,
      endedAt: attempt.endedAt === null ? null : now + attempt.endedAt,
    })),
    log: server.log.map((fact) => ({ ...fact, at: now + fact.at })),
  };
}

/** An agent that names the right process of each server, which everybody can read in INFO, and otherwise lies. */
const agentsThatTell =
  (nextLie: () => Partial<AgentServer>) =>
  (cluster: Cluster): ReadAgents => ({
    async sights(addresses) {
      const now = Math.round(cluster.now());
      return cluster.nodes
        .filter(({ host, port }) => addresses.includes(`${host}:${port}`))
        .map(
          ({ host, port, processId }): StoredSight => ({
            agent: 'liar',
            host,
            version: '1',
            startedAt: 0,
            receivedAt: now,
            clockAheadMs: 0,
            nextReportInMs: 2_000,
            reports: 1,
            refused: 0,
            instances: [],
            dropped: { addresses: 0, servers: 0 },
            server: serverAt(nextLie(), host, port, processId, now),
            hasListings: true,
          }),
        );
    },
    async listings(): Promise<AgentListings> {
      const { dumps = [], copies = [], opened = [] } = nextLie();
      return { at: Math.round(cluster.now()), dumps, copies, opened };
    },
  });

const liesOf = (seed: number): (() => Partial<AgentServer>) => {
  const lies = fc.sample(anything, { seed, numRuns: 200 }) as readonly Partial<AgentServer>[];
  let told = 0;
  return () => lies[told++ % lies.length]!;
};

/** A comparison that finds nothing: what holds a node back here are the rules that INFO decides. */
const blind =
  (cluster: Cluster): Compare =>
  async ({ policy }) => ({
    depth: policy.depth,
    verdict: 'equal',
    reason: null,
    said: { reason: null, notes: [] },
    startedAt: Math.round(cluster.now()),
    endedAt: Math.round(cluster.now()),
    lookedAtKeys: 0,
    lookedAtKeysByType: {},
    estimatedKeys: 0,
    share: 1,
    smallestLossFound: null,
    differencesTotal: 0,
    differencesByKind: { missing: 0, value: 0, ttl: 0 },
    differencesBySign: {},
    examples: [],
    rounds: 1,
    settledByRecheck: 0,
    counts: null,
  });

type World = (run: Awaited<ReturnType<typeof begin>>) => Promise<void>;
const worlds: Readonly<Record<string, World>> = {
  'all goes well': async () => {},
  'a second dump spoils the copy in silence': async (run) => {
    await run.until(
      async () => ((await run.e()).joins[0]!.progress.receivedBytes ?? 0) > 200 * MB,
      5 * minute,
    );
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
  },
  'a node dies on its copy': async (run) => {
    await run.until(
      async () => ((await run.e()).joins[0]!.progress.receivedBytes ?? 0) > 200 * MB,
      5 * minute,
    );
    run.cluster.fault.nextSuperseded('n1', 'death');
    run.cluster.fault.bgsave('m');
  },
};

async function play(
  world: World,
  agents: ((cluster: Cluster) => ReadAgents) | undefined,
  policy: PolicyInput,
) {
  const run = await begin({
    nodes: ['n1'],
    policy: { maxAttempts: 1, ...policy },
    compare: blind,
    ...(agents ? { agents } : {}),
  });
  await world(run);
  await run.until(async () => ended(await run.e()) || (await run.e()).state === 'halted', 20 * minute);
  return run;
}

const verifiedIn = ({ joins }: Expansion): boolean => joins[0]!.phase === 'verified';

describe.each(Object.keys(worlds))('whatever an agent tells while %s', (name) => {
  const world = worlds[name]!;
  const tellers = {
    'that all is well': () => allIsWell,
    'lies of seed 1': liesOf(1),
    'lies of seed 2': liesOf(2),
    'lies of seed 3': liesOf(3),
  };

  test('a node is verified only if it would be without agents, and never where an agent is required', async () => {
    const bare = await play(world, undefined, {});
    const would = verifiedIn(await bare.e());
    expect(would).toBe(name === 'all goes well');
    const required = await play(world, undefined, { requireAgent: true });
    expect(verifiedIn(await required.e())).toBe(false);
    for (const [what, lie] of Object.entries(tellers))
      for (const requireAgent of [false, true]) {
        const run = await play(world, agentsThatTell(lie), { requireAgent });
        const expansion = await run.e();
        if (!would) expect([what, requireAgent, verifiedIn(expansion)]).toEqual([what, requireAgent, false]);
        if (verifiedIn(expansion)) expect(expansion.joins[0]!.evidence!.rules.every(isMet)).toBe(true);
      }
  });
});

test('what an agent tells changes nothing that a tracker has from INFO', async () => {
  const run = await begin({ nodes: ['n1'] });
  await run.comesTo('its end', ended);
  const { master, joins } = await run.e();
  const seen = await run.store.observations({ expansionId: 'e', afterSeq: 0, limit: 10_000 });
  expect(seen.length).toBeGreaterThan(30);
  const first = seen.find(({ node, look }) => node === master.name && look.kind === 'answered')!.look;
  const capabilities = capabilitiesOf((first as Look & { kind: 'answered' }).facts);
  const lies = fc.sample(anything, { seed: 5, numRuns: seen.length }) as readonly Partial<AgentServer>[];

  function follow(lying: boolean) {
    let masters = newMasterTracker();
    let slave = newSlaveTracker({
      attachedAt: seen[0]!.at,
      master: master.address,
      self: joins[0]!.target.address,
      before: null,
      listedBefore: [],
    });
    for (const [index, { node, look }] of seen.entries()) {
      const server = serverAt(lies[index]!, '10.0.0.7', 1, 1, look.at);
      const sight = { at: look.at, agent: 'liar', clockAheadMs: 0, server };
      const told: Look = lying ? { ...look, sight } : look;
      if (node === master.name) masters = trackMaster(masters, told);
      else slave = trackSlave(slave, told, masters, capabilities);
    }
    const { sight: _, ...bareMaster } = masters;
    const { sight: told, files: __, ...bareSlave } = slave;
    expect(told === undefined).toBe(!lying);
    return { bareMaster, bareSlave };
  }
  expect(follow(true)).toEqual(follow(false));
});
