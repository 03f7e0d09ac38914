import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Cluster,
  createCluster,
  fastTimers,
  type ServedCluster,
  serveCluster,
} from '../../src/simulator/index.ts';
import { until } from '../support/until.ts';
import type { Entry } from './history.ts';
import { judge } from './judge.ts';
import { type Recorder, record } from './recorder.ts';
import { buildSite, dataScale, quietSite, type SiteAddresses, type SitePlan } from './site.ts';

const password = 'of-the-recorder-test';
const planOf = (transferMs: number): SitePlan => ({
  id: 's',
  version: '3.5.4',
  expansions: [3],
  withData: [],
  transferMs,
  writesPerSecond: 10,
  password,
});

/** Commands by a client that is nobody's part; resolves when all replies have come. */
function send(address: string, ...commands: readonly string[]): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port: Number(port) });
    let replies = '';
    socket.on('data', (bytes) => {
      replies += bytes;
    });
    socket.on('end', () => resolve(replies));
    socket.on('error', reject);
    socket.write([`AUTH ${password}`, ...commands, 'QUIT', ''].join('\r\n'));
  });
}

describe('what is written down of served nodes', () => {
  const entries: Entry[] = [];
  let cluster: Cluster;
  let recorder: Recorder;
  let served: ServedCluster;
  let site: SiteAddresses;

  beforeEach(async () => {
    entries.length = 0;
    cluster = createCluster({
      seed: 'recorder',
      now: Date.now(),
      timers: fastTimers,
      dataScale,
      binlogScale: dataScale,
    });
    recorder = record(cluster, (entry) => entries.push(entry));
    served = await serveCluster(cluster);
  });
  afterEach(() => served.close());

  const build = async (transferMs: number): Promise<SitePlan> => {
    const plan = planOf(transferMs);
    site = await buildSite(cluster, recorder, plan, (id) => served.serve(id));
    return plan;
  };

  const slaveof = (): string => `SLAVEOF ${site.master.replace(':', ' ')} force`;
  const isWhole = (id: string): boolean => recorder.truth(id).connected && recorder.truth(id).lost === 0;
  const asked = () => [
    {
      key: 'naive',
      master: site.master,
      nodes: site.nodes[0]!.map((name) => ({ name, overwriteData: false })),
      together: 1,
    },
  ];
  const promises = (): readonly string[] => [
    ...new Set(judge({ asked: asked(), entries }).map(({ promise }) => promise)),
  ];

  it('is enough to find a naive burst guilty: two full syncs at once, and data lost', async () => {
    await build(4000);
    const [first, second] = site.nodes[0]!;
    cluster.fault.nextSuperseded('s-1.1', 'loss');
    await send(first!, slaveof());
    await until(() => entries.some((entry) => entry.kind === 'full_syncs' && entry.nodes.includes(first!)));
    await until(() => cluster.log.some(({ node, event }) => node === 's-1.1' && event === 'copy_started'));
    await send(second!, slaveof());
    await until(() => recorder.truth('s-1.1').connected && isWhole('s-1.2'), {
      what: 'both nodes to say up',
    });
    const saidAt = Date.now();
    entries.push({ kind: 'verified', at: saidAt, node: first!, saidAt, truth: recorder.truth('s-1.1') });
    expect(promises()).toEqual(expect.arrayContaining(['1', '2', '5']));
  });

  it('shows nodes that were attached one after the other as they are: whole, and equal in the end', async () => {
    const plan = await build(500);
    for (const [i, node] of site.nodes[0]!.entries()) {
      await send(node, slaveof(), 'INFO replication');
      await until(() => isWhole(`s-1.${i + 1}`), { what: `${node} to be whole` });
    }
    await quietSite(cluster, recorder, plan);
    for (const i of [1, 2, 3])
      expect(recorder.truth(`s-1.${i}`)).toMatchObject({
        follows: site.master,
        missing: 0,
        different: 0,
        foreign: 0,
        throttle: String(site.throttle),
      });
    const commands = entries.filter((entry) => entry.kind === 'command');
    expect(commands.map(({ node, words, reply }) => [node, words, reply])).toEqual(
      site.nodes[0]!.map((node) => [node, slaveof(), 'OK']),
    );
    expect(commands.map(({ unfinished }) => unfinished)).toEqual([[], [], []]);
    expect(promises()).toEqual(['2', '6']);
  });

  it('shows a second SLAVEOF, by which connection each came, and what touches others', async () => {
    await build(500);
    const [node] = site.nodes[0]!;
    await send(node!, slaveof(), slaveof());
    await send(node!, 'CONFIG SET throttle-bytes-per-second 70000');
    const commands = entries.filter((entry) => entry.kind === 'command');
    expect(commands.map(({ follows }) => follows)).toEqual([null, site.master, site.master]);
    const [first, second, third] = commands.map(({ connection }) => connection);
    expect([second === first, third! > second!]).toEqual([true, true]);
    expect(recorder.truth('s-1.1').throttle).toBe('70000');
    await send(served.addresses['s-old']!, 'INFO replication');
    await send(site.master, 'SET of-somebody-else value');
    expect(entries).toContainEqual(
      expect.objectContaining({
        kind: 'stranger',
        node: served.addresses['s-old'],
        words: 'INFO replication',
      }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'command', node: site.master, reply: 'OK' }),
    );
    expect(JSON.stringify(entries)).not.toContain(password);
    expect(promises()).toEqual(expect.arrayContaining(['4', '7']));
  });

  it('shows for how long nobody looked at a full sync', async () => {
    await build(500);
    const [node] = site.nodes[0]!;
    await send(node!, slaveof());
    const attachedAt = Date.now();
    await until(() => isWhole('s-1.1'), { what: `${node} to be whole` });
    const tookMs = Date.now() - attachedAt;
    await send(node!, 'INFO replication');
    await send(node!, 'SLAVEOF NO ONE');
    const last = entries.findLast((entry) => entry.kind === 'command');
    expect(last).toMatchObject({ words: 'SLAVEOF NO ONE', whole: true });
    expect(last?.unseenMs).toBeGreaterThanOrEqual(tookMs - 50);
  });

  it('tells when a client that came later first looks at a node', async () => {
    await build(500);
    const [node] = site.nodes[0]!;
    await send(node!, 'INFO replication');
    const since = Date.now();
    let seenAt: number | null = null;
    void recorder.firstCommand(['s-1.1'], since).then((at) => {
      seenAt = at;
    });
    expect(seenAt).toBeNull();
    await send(node!, 'INFO replication');
    await until(() => seenAt !== null);
    expect(seenAt).toBeGreaterThanOrEqual(since);
  });
});
