/** The servers of the guards' benchmark, a process of their own: masters and slaves that answer INFO, in sync, under writes. */
import { createServer, type Socket } from 'node:net';

export interface GuardSite {
  readonly masters: readonly string[];
}

const firstPort = 22_500;
const perSecond = 1000;
const bytesPerWrite = 100;

const replicationId = 'a'.repeat(50);
const position = (): string => {
  const at = Math.floor((Date.now() / 1000) * perSecond * bytesPerWrite);
  return `${Math.floor(at / 104_857_600) % 100_000} ${at % 104_857_600}`;
};

interface Place {
  readonly port: number;
  readonly masterPort: number | null;
  readonly slavePorts: readonly number[];
}

const info: Readonly<Record<string, (place: Place) => string>> = {
  server: ({ port }) =>
    `# Server\r\npika_version:3.5.4\r\npika_git_sha:0\r\nos:Linux\r\nprocess_id:${port}\r\ntcp_port:${port}\r\nuptime_in_seconds:86400\r\nrun_id:${String(port).padStart(40, '0')}\r\n`,
  replication: ({ masterPort, slavePorts }) =>
    masterPort === null
      ? `# Replication(MASTER)\r\nrole:master\r\nReplicationID:${replicationId}\r\nconnected_slaves:${slavePorts.length}\r\n${slavePorts.map((port, n) => `slave${n}:ip=127.0.0.1,port=${port},conn_fd=${n + 90},lag=(db0:0)\r\n`).join('')}db0:binlog_offset=${position()},safety_purge=none\r\n`
      : `# Replication(SLAVE)\r\nrole:slave\r\nReplicationID:${replicationId}\r\nmaster_host:127.0.0.1\r\nmaster_port:${masterPort}\r\nmaster_link_status:up\r\nslave_priority:100\r\nslave_read_only:1\r\ndb_repl_state:Connected\r\ndb0:binlog_offset=${position()},safety_purge=none\r\n`,
  stats: () =>
    `# Stats\r\ntotal_connections_received:9\r\ninstantaneous_ops_per_sec:${perSecond}\r\ntotal_commands_processed:9\r\nis_bgsaving:No\r\nis_scaning_keyspace:No\r\nis_compact:No\r\ntotal_net_repl_input_bytes:0\r\ntotal_net_repl_output_bytes:0\r\n`,
};

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

function answer(place: Place, words: readonly string[]): string {
  const [command = '', argument = '', key = ''] = words;
  if (/^info$/i.test(command)) return bulk(info[argument.toLowerCase()]?.(place) ?? '');
  if (/^lastsave$/i.test(command)) return ':0\r\n';
  if (/^config$/i.test(command)) return `*2\r\n${bulk(key)}${bulk('10')}`;
  return '+PONG\r\n';
}

function serve(place: Place): Promise<void> {
  const server = createServer((socket: Socket) => {
    let waiting = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      waiting += data.toString('latin1');
      for (;;) {
        const parts = waiting.split('\r\n');
        const count = Number(parts[0]?.slice(1));
        if (waiting === '' || parts.length < 2 * count + 2) return;
        const words = parts.slice(1, 2 * count + 1).filter((_, n) => n % 2 === 1);
        waiting = parts.slice(2 * count + 1).join('\r\n');
        socket.write(answer(place, words));
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(place.port, '127.0.0.1', () => resolve());
  });
}

process.on(
  'message',
  async ({ masters, slavesEach }: { readonly masters: number; readonly slavesEach: number }) => {
    const made: string[] = [];
    for (let n = 0; n < masters; n += 1) {
      const port = firstPort + n * (slavesEach + 1);
      const slavePorts = Array.from({ length: slavesEach }, (_, slave) => port + 1 + slave);
      await serve({ port, masterPort: null, slavePorts });
      for (const slave of slavePorts) await serve({ port: slave, masterPort: port, slavePorts: [] });
      made.push(`127.0.0.1:${port}`);
    }
    process.send!({ masters: made } satisfies GuardSite);
  },
);
process.once('disconnect', () => process.exit(0));
