import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createCluster, scaleTimers, serveCluster } from '../../src/simulator/index.ts';

test('a thousand nodes on TCP in one process: 200 masters sync 4 slaves each, then rest without any timer', async () => {
  const cluster = createCluster({
    seed: 1,
    timers: scaleTimers(0.1),
    dataScale: 100,
    defaults: { version: '4.0.1', config: { 'throttle-bytes-per-second': 5_000_000 } },
  });
  for (let master = 0; master < 200; master++) {
    cluster.addNode({ id: `m${master}`, binlogAt: { file: 20, offset: 0 } });
    cluster.load(`m${master}`, { strings: 50 });
    for (let slave = 1; slave <= 4; slave++) cluster.addNode({ id: `m${master}s${slave}` });
  }
  const served = await serveCluster(cluster);
  try {
    expect(Object.keys(served.addresses)).toHaveLength(1_000);
    expect(await ask(served.addresses.m199s4!, 'PING')).toBe('+PONG\r\n');
    for (const node of cluster.nodes) {
      const master = node.id.split('s')[0]!;
      if (master === node.id) continue;
      cluster.execute(node.id, ['SLAVEOF', '127.0.0.1', String(cluster.node(master).port)]);
    }
    expect(cluster.nextEventAt()).not.toBe(null);
    cluster.advance(60_000);
    for (const { id } of cluster.nodes.filter(({ id }) => id.includes('s')))
      expect(cluster.observe(id)).toMatchObject({ missing: 0, states: { db0: 'Connected' } });
    expect(cluster.nextEventAt()).toBe(null);
  } finally {
    await served.close();
  }
});

function ask(address: string, command: string): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host!, () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
  });
}
