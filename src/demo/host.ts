/** A host around a simulated node, and a real agent on it: it finds the process, its pika.conf and its log. */
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '../agent/agent.ts';
import type { Address } from '../model/observation.ts';
import type { Cluster } from '../simulator/index.ts';

interface HostRequest {
  readonly cluster: Cluster;
  readonly node: string;
  /** Where the node is served. */
  readonly address: Address;
  /** Where its files are made. */
  readonly folder: string;
  /** Address of the service, and the token of the agent. */
  readonly service: string;
  readonly token: string;
}

interface Host {
  /** Folder of the log. */
  readonly log: string;
  close(): Promise<void>;
}

const logEveryMs = 200;

export async function hostWithAgent(request: HostRequest): Promise<Host> {
  const { service, token, address, folder, cluster, node } = request;
  const { proc, log } = await makeFolders(request);
  const ending = new AbortController();
  const { signal } = ending;
  const parts = { service, token, confs: [], stateFile: null, version: 'demo', signal, say: () => {} };
  const agent = new Agent({ ...parts, knownAs: [{ port: address.port, address }] }, { proc });
  const writeLog = logWriter(cluster, node, join(folder, 'log', 'pika.demo.pika.log.INFO.20261128-000000.1'));
  const writing = (async () => {
    while (!signal.aborted) {
      await writeLog();
      await sleep(logEveryMs);
    }
  })();
  const running = Promise.all([agent.run(), writing]);
  return {
    log,
    async close() {
      ending.abort();
      await running;
    },
  };
}

/** What Linux shows of the process, and the files of a Pika. */
async function makeFolders({ cluster, node, address, folder }: HostRequest) {
  const proc = join(folder, 'proc');
  const { processId } = cluster.node(node);
  const own = join(proc, String(processId));
  const log = join(folder, 'log');
  for (const path of [own, log]) await mkdir(path, { recursive: true });
  await writeFile(join(folder, 'pika.conf'), `port : ${address.port}\ndatabases : 1\n`);
  await writeFile(join(own, 'cmdline'), 'pika\0-c\0pika.conf\0');
  await writeFile(join(own, 'status'), `NSpid: ${processId}\n`);
  await writeFile(join(own, 'environ'), 'TZ=UTC\0');
  await symlink(folder, join(own, 'cwd'));
  return { proc, log };
}

/** Writes what the node has logged since the last call. While a copy goes on, the model orders its lines anew each time. */
function logWriter(cluster: Cluster, node: string, path: string): () => Promise<void> {
  const written = new Map<string, number>();
  const withoutTime = (line: string): string => line.slice(line.indexOf(' ', 20));
  return async () => {
    const seen = new Map<string, number>();
    const isNew = (line: string): boolean => {
      const words = withoutTime(line);
      const count = (seen.get(words) ?? 0) + 1;
      seen.set(words, count);
      if (count <= (written.get(words) ?? 0)) return false;
      written.set(words, count);
      return true;
    };
    await appendFile(
      path,
      cluster
        .logOf(node)
        .filter(isNew)
        .map((line) => `${line}\n`)
        .join(''),
    );
  };
}
