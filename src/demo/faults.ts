/** The commands that a person types beside simulated nodes: each is a fault, or a look behind the curtain. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandLineWords } from '../model/command-line/index.ts';
import { nearest } from '../model/nearest.ts';
import { bulkText, type Cluster, isFailure, NodeRefused, NodeStalled } from '../simulator/index.ts';

type Words = CommandLineWords['simulate'];

/** A line that cannot be carried out; the message says why. */
class Mistyped extends Error {}

/** Time between two SLAVEOFs of a burst, as a script has it. */
const burstGapMs = 1200;
const copyRoomBytes = 1_000_000;

export class Faults {
  readonly #cluster: Cluster;
  readonly #words: Words;
  readonly #master: string;

  /** `master`: the node that the others are slaves of. */
  constructor(cluster: Cluster, master: string, words: Words) {
    this.#cluster = cluster;
    this.#master = master;
    this.#words = words;
  }

  /** Carries out a line, and yields what there is to say of it. */
  async *run(line: string): AsyncGenerator<string> {
    const [name = '', ...args] = line.trim().split(/\s+/);
    if (name === '') return;
    try {
      const command = this.#commands[name];
      if (command === undefined)
        throw new Mistyped(
          this.#words.unknownCommand(
            name,
            nearest(name, [...Object.keys(this.#commands), 'quit'])[0] ?? null,
          ),
        );
      for await (const text of command(args)) yield text;
    } catch (error) {
      if (!(error instanceof Mistyped)) throw error;
      yield error.message;
    }
  }

  readonly #commands: Readonly<
    Record<string, (args: readonly string[]) => Iterable<string> | AsyncIterable<string>>
  > = {
    help: () => this.#words.help.map((line) => `  ${line}`),
    nodes: () => this.nodes(),
    burst: (args) => this.#burst(args),
    bgsave: ([node = this.#master]) => {
      const id = this.#running(node);
      this.#cluster.fault.bgsave(id);
      return [this.#words.dump(id)];
    },
    kill: ([node]) => {
      const id = this.#running(node);
      this.#cluster.fault.crash(id);
      return [];
    },
    start: ([node]) => {
      const id = this.#named(node);
      if (this.#cluster.node(id).alive) return [this.#words.runs(id)];
      this.#cluster.fault.restart(id);
      return [];
    },
    stall: ([node, text = '30']) => {
      const id = this.#running(node);
      const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
      if (seconds < 1 || seconds > 3600) throw new Mistyped(this.#words.notSeconds(text));
      this.#cluster.fault.stall(id, seconds * 1000);
      return [this.#words.stalled(id, seconds)];
    },
    cut: ([node]) => this.#told(node, 'cut', (id) => this.#cluster.fault.partition(id, this.#master)),
    heal: ([node]) => this.#told(node, 'healed', (id) => this.#cluster.fault.heal(id, this.#master)),
    full: ([node]) => this.#told(node, 'full', (id) => this.#cluster.fault.copyRoom(id, copyRoomBytes)),
    free: ([node]) =>
      this.#told(node, 'free', (id) => this.#cluster.fault.copyRoom(id, Number.POSITIVE_INFINITY)),
    lose: ([node]) => {
      const id = this.#running(node);
      return [this.#words.lost(id, this.#cluster.fault.dropKeys(id, 0.5))];
    },
    writes: ([how]) => {
      if (how !== 'on' && how !== 'off') throw new Mistyped(this.#words.onOrOff);
      this.#cluster.fault[how === 'on' ? 'resumeWrites' : 'pauseWrites'](this.#master);
      return [how === 'on' ? this.#words.writesOn : this.#words.writesOff];
    },
  };

  /** A line for each node. */
  nodes(): readonly string[] {
    const nodes = this.#cluster.nodes;
    const width = Math.max(...nodes.map(({ id }) => id.length));
    return nodes.map(({ id, port }) => `  ${id.padEnd(width)}  127.0.0.1:${port}  ${this.#stateOf(id)}`);
  }

  #stateOf(id: string): string {
    const { alive, keys, lost, bootFailure } = this.#cluster.observe(id);
    if (!alive) return bootFailure === null ? this.#words.down : this.#words.downFor(bootFailure);
    const info = this.#replicationOf(id);
    if (info === null) return this.#words.noAnswer(id);
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    if (field('role') === 'slave')
      return this.#words.slave({
        link: field('master_link_status') ?? '?',
        inFullSync: this.#cluster.observe(this.#master).slavesInFullSync.includes(id),
        keys,
        lost: lost ?? 0,
      });
    const slaves = Number(field('connected_slaves') ?? 0);
    if (slaves > 0) return this.#words.master({ slaves, keys });
    return keys === 0 ? this.#words.empty : this.#words.noSlave({ keys });
  }

  /** null = the node does not answer now. */
  #replicationOf(id: string): string | null {
    try {
      return bulkText(this.#cluster.execute(id, ['INFO', 'replication']));
    } catch (error) {
      if (error instanceof NodeStalled || error instanceof NodeRefused) return null;
      throw error;
    }
  }

  async *#burst(args: readonly string[]): AsyncGenerator<string> {
    const named = args.map((node) => this.#running(node));
    const others = this.#cluster.nodes.map(({ id }) => id).filter((id) => id !== this.#master);
    const free = others.filter(
      (id) => this.#cluster.node(id).alive && this.#cluster.node(id).master === null,
    );
    const nodes = named.length > 0 ? named : free;
    if (nodes.length === 0) throw new Mistyped(this.#words.noNodeLeft);
    // Of what a superseded copy can end in, the loss that nobody notices is the one to be seen.
    for (const id of nodes.slice(0, -1)) this.#cluster.fault.nextSuperseded(id, 'loss');
    for (const [place, id] of nodes.entries()) {
      if (place > 0) await sleep(burstGapMs);
      yield this.#words.sent(id, this.#slaveOf(id));
    }
  }

  #slaveOf(id: string): string {
    try {
      const { port } = this.#cluster.node(this.#master);
      const reply = this.#cluster.execute(id, ['SLAVEOF', '127.0.0.1', String(port)]);
      return isFailure(reply) ? reply.error : 'OK';
    } catch (error) {
      if (error instanceof NodeStalled || error instanceof NodeRefused) return '-';
      throw error;
    }
  }

  #told(
    node: string | undefined,
    what: 'cut' | 'healed' | 'full' | 'free',
    act: (id: string) => void,
  ): readonly string[] {
    const id = this.#named(node);
    act(id);
    return [this.#words[what](id)];
  }

  /** By its name, its port or its address. Throws Mistyped. */
  #named(text: string | undefined): string {
    const nodes = this.#cluster.nodes;
    const all = nodes.map(({ id }) => id).join(', ');
    if (text === undefined) throw new Mistyped(this.#words.nodeMissing(all));
    const port = text.slice(text.lastIndexOf(':') + 1);
    const node = nodes.find((each) => each.id === text || String(each.port) === port);
    if (node === undefined) throw new Mistyped(this.#words.noSuchNode(text, all));
    return node.id;
  }

  #running(text: string | undefined): string {
    const id = this.#named(text);
    if (!this.#cluster.node(id).alive) throw new Mistyped(this.#words.endedAlready(id));
    return id;
  }
}
