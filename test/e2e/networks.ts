/**
 * Networks for the tests on real Pika: each node in a network namespace of its own on a bridge, all at one port, known by
 * names that may come to mean other addresses; and ports that are closed. For root in namespaces of its own:
 *
 *     unshare --net --mount sh -c 'ip link set lo up; PIKA_BIN=/path/to/pika npx vitest run test/e2e'
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PikaNode, startPika } from '../support/pika.ts';
import { pikaMissing, type Rig, serviceOfItsOwn, stopRig } from './rig.ts';

/** Of a network namespace that nobody else uses: loopback, and what these tests have made. */
const ownLinks = /^\d+: (?:lo|pe2e\w*)[:@]/;

/** Why no network can be built here; null = it can. */
export function noNetworks(): string | null {
  if (pikaMissing) return pikaMissing;
  if (process.getuid?.() !== 0) return 'it needs root';
  const { stdout, error } = spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' });
  if (error) return error.message;
  const isOwn = stdout.split('\n').every((link) => link === '' || ownLinks.test(link));
  return isOwn ? null : 'it needs `unshare --net --mount`, see test/e2e/networks.ts';
}

function sh(command: string): void {
  const { status, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

const port = 9221;
const space = (i: number): string => `pe2e${i}`;
const ipOf = (i: number): string => `10.99.0.${i + 1}`;

export interface Network {
  readonly rig: Rig;
  /** Gives a node that does not run another address under its name, as a restart in Kubernetes does. */
  move(node: PikaNode): void;
  /** Nothing gets from this node to the port of the others any more; returns how to open it again. */
  refuse(from: PikaNode, port: number): () => void;
  /** Nothing gets back from this port of the master: who asks hears silence. */
  silence(port: number): () => void;
  close(): void;
}

/** A master and nodes in namespaces of their own, named pika-0, pika-1 and so on. */
export async function startNetwork(
  nodes: number,
  settings: Readonly<Record<string, string | number>>,
): Promise<Network> {
  const folder = mkdtempSync(join(tmpdir(), 'pika-expander-net-'));
  const ips = Array.from({ length: nodes + 1 }, (_, i) => ipOf(i));
  const writeHosts = (): void =>
    writeFileSync(
      `${folder}/hosts`,
      `127.0.0.1 localhost\n${ips.map((ip, i) => `${ip} pika-${i}.pika\n`).join('')}`,
    );
  writeHosts();
  const service = await serviceOfItsOwn();
  sh(`mount --bind ${folder}/hosts /etc/hosts
    mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns
    ip link add pe2e type bridge; ip addr add 10.99.0.254/24 dev pe2e; ip link set pe2e up`);
  for (const [i, ip] of ips.entries()) {
    sh(`ip netns add ${space(i)}
      ip link add ${space(i)} type veth peer name eth0 netns ${space(i)}; ip link set ${space(i)} master pe2e up
      ip -n ${space(i)} link set lo up; ip -n ${space(i)} addr add ${ip}/24 dev eth0
      ip -n ${space(i)} link set eth0 up; ip -n ${space(i)} route add default via 10.99.0.254`);
  }
  const all = await Promise.all(
    ips.map((_, i) =>
      startPika({
        binary: process.env.PIKA_BIN!,
        under: ['ip', 'netns', 'exec', space(i)],
        host: `pika-${i}.pika`,
        port,
        settings: { 'network-interface': 'eth0', ...settings },
      }),
    ),
  );
  const [master, ...slaves] = all as [PikaNode, ...PikaNode[]];
  const rule = (i: number, words: string): (() => void) => {
    sh(`ip -n ${space(i)} rule del pref 0; ip -n ${space(i)} rule add pref 10 lookup local
      ip -n ${space(i)} rule add pref 5 ipproto tcp ${words}`);
    return () =>
      sh(`ip -n ${space(i)} rule del pref 5; ip -n ${space(i)} rule add pref 0 lookup local
        ip -n ${space(i)} rule del pref 10`);
  };
  return {
    rig: { master, slaves, ...service, writes: null },
    move(node) {
      const i = all.indexOf(node);
      const [before, after] = [ips[i]!, `10.99.0.${i + 101}`];
      ips[i] = after;
      sh(`ip -n ${space(i)} addr del ${before}/24 dev eth0; ip -n ${space(i)} addr add ${after}/24 dev eth0
        ip -n ${space(i)} route replace default via 10.99.0.254`);
      writeHosts();
    },
    refuse: (from, to) => rule(all.indexOf(from), `dport ${to} prohibit`),
    silence: (from) => rule(0, `sport ${from} blackhole`),
    close() {
      // The end of a network namespace takes its links along some time later: the next network has the same names.
      for (const i of ips.keys()) sh(`ip link del ${space(i)}; ip netns del ${space(i)}`);
      sh('ip link del pe2e; umount -l /run/netns /etc/hosts');
      rmSync(folder, { recursive: true });
    },
  };
}

export async function stopNetwork(network: Network): Promise<void> {
  try {
    await stopRig(network.rig);
  } finally {
    network.close();
  }
}
