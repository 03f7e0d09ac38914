import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCluster, SimulatedHost } from '../../src/simulator/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulated-host-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The size of a MANIFEST is what its tables take. */
const shown = (name: string, bytes: number): string =>
  name.includes('/MANIFEST-') ? name : `${name} ${bytes}`;

/** Names and sizes of all files; inodes of the folders of databases. */
async function onDisk(id: string) {
  const paths = await readdir(join(folder, id), { recursive: true, withFileTypes: true });
  const files: string[] = [];
  const inodes = new Map<string, number>();
  for (const entry of paths) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(join(folder, id).length + 1);
    if (!/^(?:db|dbsync|dump)\//.test(name)) continue;
    const { size, ino } = await stat(path);
    if (entry.isFile()) files.push(shown(name, size));
    else if (/\/db0\w*$/.test(name)) inodes.set(name, ino);
  }
  return { files: files.toSorted(), inodes };
}

/** How often a copy was seen before and after it took the place of the database. */
async function anyTrouble(seed: number): Promise<number> {
  const version = seed % 2 === 0 ? '3.5.4' : '4.0.1';
  const [m, s1] = [`m${seed}`, `s${seed}`];
  const cluster = createCluster({ seed, dataScale: 100, logs: true });
  cluster.addNode({ id: m, version, binlogAt: { file: 20, offset: 0 } });
  cluster.addNode({ id: s1, version, config: { 'throttle-bytes-per-second': 2_000_000 } });
  cluster.load(m, { strings: 600, hashes: 50 });
  const { random, port } = cluster.node(m);
  const proc = join(folder, `proc${seed}`);
  const hosts = [m, s1].map((id) => new SimulatedHost(cluster, id, join(folder, id), proc));
  for (const host of hosts) await host.make();
  const troubles: readonly (() => void)[] = [
    () => cluster.fault.bgsave(m),
    () => cluster.fault.failBgsave(m),
    () => cluster.fault.slowBgsave(m, 5000),
    () => cluster.fault.removeDumps(m),
    () => cluster.fault.nextSuperseded(s1, random.pick(['loss', 'hang', 'death'])),
    () => cluster.fault.crash(s1),
    () => {
      if (cluster.node(s1).bootFailure !== null) cluster.fault.wipe(s1);
      cluster.fault.restart(s1);
    },
  ];
  let moved = 0;
  let before = await onDisk(s1);
  for (let step = 0; step < 25; step++) {
    const { alive, master, stalledUntil } = cluster.node(s1);
    if (alive && master === null && stalledUntil <= cluster.now())
      cluster.execute(s1, ['SLAVEOF', '127.0.0.1', String(port)]);
    cluster.advance(random.int(100, 6000));
    random.pick(troubles)();
    for (const host of hosts) await host.write();
    for (const id of [m, s1]) {
      const listed = cluster
        .foldersOf(id)
        .flatMap(({ path, files }) => files.map(({ name, bytes }) => shown(`${path}/${name}`, bytes)));
      expect((await onDisk(id)).files).toEqual(listed.toSorted());
    }
    const now = await onDisk(s1);
    const copied = before.inodes.get('dbsync/db0');
    if (copied !== undefined && now.inodes.get('db/db0') === copied) moved++;
    before = now;
    expect((await readdir(proc)).length).toBe(cluster.node(s1).alive ? 2 : 1);
  }
  return moved;
}

test('whatever happens between two writes, files and process of a host are those of the node', async () => {
  let moved = 0;
  for (let seed = 1; seed <= 4; seed++) moved += await anyTrouble(seed);
  expect(moved).toBeGreaterThan(0);
});
