import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { xauthOf } from '../../src/connectors/codis.ts';

interface GroupServer {
  server: string;
  datacenter: string;
  action: { index?: number; state?: string };
  replica_group: boolean;
}
interface Group {
  id: number;
  servers: GroupServer[];
  promoting: { index?: number; state?: string };
  out_of_sync: boolean;
}

class RemoteError extends Error {}

/**
 * The API of Codis' dashboard, as pkg/topom/topom_api.go and topom_group.go have it: the groups, what each call refuses, and
 * when a group is out of step with its proxies. `ofPika`: as the Codis of Pika, which puts each server that answers online by
 * itself whenever it looks at them.
 */
export class CodisDashboard {
  readonly groups: Group[] = [];
  /** Changing calls without the token, in their order: `add 1 10.0.0.2:9221`. */
  readonly calls: string[] = [];
  /** What proxies were last told of each group: servers that readers get. */
  readonly readers = new Map<number, readonly string[]>();
  /** Called before each call is answered. */
  onCall: (call: string) => void = () => undefined;
  status: number | null = null;
  readonly #xauth: string;
  readonly #ofPika: boolean;
  readonly #server: Server;

  constructor(product: string, { ofPika = false } = {}) {
    this.#xauth = xauthOf(product);
    this.#ofPika = ofPika;
    this.#server = createServer((request, response) => {
      try {
        if (this.status !== null) return void response.writeHead(this.status).end('<html>');
        const answer = this.#answer(
          request.method ?? '',
          (request.url ?? '').split('/').slice(1).map(decodeURIComponent),
        );
        response.writeHead(200).end(JSON.stringify(answer, null, 4));
      } catch (error) {
        const { message } = error as Error;
        response.writeHead(800).end(JSON.stringify({ Cause: message, Stack: [] }, null, 4));
      }
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A group that slots point to. The first server is its master. */
  addGroup(id: number, ...servers: readonly string[]): Group {
    const group = {
      id,
      servers: servers.map((server) => serverAt(server)),
      promoting: {},
      out_of_sync: false,
    };
    this.groups.push(group);
    return group;
  }

  #answer(method: string, [api, topom, room, ...rest]: readonly string[]): unknown {
    if (api !== 'api' || topom !== 'topom') throw new RemoteError('not found');
    if (method === 'GET' && room === 'stats') {
      this.#check(rest[0]);
      this.onCall('stats');
      const slots = Array.from({ length: 1024 }, (_, id) => ({
        id,
        group_id: this.groups[0]?.id ?? 0,
        action: {},
      }));
      return {
        closed: false,
        slots,
        group: { models: this.groups, stats: {} },
        proxy: { models: [], stats: {} },
      };
    }
    const [verb = '', xauth, ...args] = rest;
    if (method !== 'PUT' || room !== 'group') throw new RemoteError('not found');
    this.#check(xauth);
    const call = [verb, ...args].join(' ');
    this.calls.push(call);
    this.onCall(call);
    this.#change(verb, Number(args[0]), args[1] ?? '', args[2]);
    if (this.#ofPika)
      for (const { servers } of this.groups) for (const each of servers) each.replica_group = true;
    return 'OK';
  }

  #check(xauth: string | undefined): void {
    if (xauth !== this.#xauth) throw new RemoteError('invalid xauth, please check product name & auth');
  }

  #change(verb: string, gid: number, addr: string, value: string | undefined): void {
    const group = this.groups.find(({ id }) => id === gid);
    if (group === undefined) throw new RemoteError(`group-[${gid}] doesn't exist`);
    if (verb === 'resync') {
      group.out_of_sync = false;
      this.readers.set(
        gid,
        group.servers.filter((each) => each.replica_group).map((each) => each.server),
      );
      return;
    }
    const index = group.servers.findIndex(({ server }) => server === addr);
    if (verb === 'add') {
      if (this.groups.some(({ servers }) => servers.some(({ server }) => server === addr)))
        throw new RemoteError(`server-[${addr}] already exists`);
    } else if (index === -1) throw new RemoteError(`group-[${gid}] doesn't have server-[${addr}]`);
    if (group.promoting.state) throw new RemoteError(`group-[${gid}] is promoting`);
    if (verb === 'add') group.servers.push(serverAt(addr, value));
    else if (verb === 'replica-groups') {
      if (group.servers.length !== 1) group.out_of_sync = true;
      group.servers[index]!.replica_group = value !== '0';
    } else if (verb === 'del') {
      if (index === 0) throw new RemoteError(`group-[${gid}] can't remove master, still in use`);
      if (group.servers[index]!.replica_group) group.out_of_sync = true;
      group.servers.splice(index, 1);
    } else throw new RemoteError(`the tests know no ${verb}`);
  }
}

const serverAt = (server: string, datacenter = ''): GroupServer => ({
  server,
  datacenter,
  action: {},
  replica_group: false,
});
