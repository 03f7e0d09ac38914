/**
 * The observer's judgement: which promises of the design a history breaks. It knows what was asked, what arrived at the
 * nodes, what they really were, and what the service said to its clients; of the service's reasoning it knows nothing.
 */
import type { Asked, Entry, History, Truth } from './history.ts';

export interface Violation {
  /** The promise's number in docs/reliability.md. */
  readonly promise: '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8';
  readonly text: string;
  /** The node, or the master, whose timeline shows it; null = none in particular. */
  readonly node: string | null;
  readonly at: number;
}

type Command = Extract<Entry, { kind: 'command' }>;

/** The clocks of the nodes and of the service are read in different processes. */
const slackMs = 250;

/**
 * A full sync that nobody looked at for longer than this (no worker, no database) may be impossible to prove, and is made
 * again then; one that was looked at all the time must do.
 */
const provableUnseenMs = 1000;

const isAttach = ({ words }: Command): boolean =>
  /^slaveof /i.test(words) && !/^slaveof no one$/i.test(words);
const isDetach = ({ words }: Command): boolean => /^slaveof no one$/i.test(words);
const isPermitted = ({ words }: Command): boolean =>
  /^(?:slaveof .*|clearreplicationid|config rewrite|config set throttle-bytes-per-second \d+)$/i.test(words);
const isDone = ({ reply }: Command): boolean => reply === 'OK';

/** Every promise that was broken, in order of time. */
export function judge(history: History): readonly Violation[] {
  const judgement = new Judgement(history);
  const entries = [...history.entries].sort((a, b) => a.at - b.at);
  for (const entry of entries) judgement.take(entry);
  judgement.close(entries.at(-1)?.at ?? 0);
  return judgement.violations;
}

class Judgement {
  readonly violations: Violation[] = [];
  readonly #asked: readonly Asked[];
  readonly #askedOf = new Map<string, Asked>();
  readonly #masters: ReadonlySet<string>;
  readonly #attached = new Set<string>();
  readonly #saidVerified: ReadonlyMap<string, number>;
  readonly #saidEnded: ReadonlyMap<string, number>;
  readonly #skipped: ReadonlySet<string>;
  readonly #expansionOf = new Map<string, string>();
  readonly #newestConnection = new Map<string, number>();
  readonly #left = new Set<string>();
  #stored = false;

  constructor({ asked, entries }: History) {
    this.#asked = asked;
    for (const each of asked) for (const { name } of each.nodes) this.#askedOf.set(name, each);
    this.#masters = new Set(asked.map(({ master }) => master));
    const verified = entries.filter((entry) => entry.kind === 'verified');
    this.#saidVerified = new Map(verified.map(({ node, saidAt }) => [node, saidAt]));
    const ended = entries.filter((entry) => entry.kind === 'ended');
    this.#saidEnded = new Map(ended.map(({ key, saidAt }) => [key, saidAt]));
    this.#skipped = new Set(entries.filter((entry) => entry.kind === 'skipped').map(({ node }) => node));
  }

  take(entry: Entry): void {
    switch (entry.kind) {
      case 'command':
        this.#command(entry);
        break;
      case 'stranger':
        this.#broken(
          '4',
          entry.at,
          entry.node,
          `${entry.words} was sent to ${entry.node}, which no request names`,
        );
        break;
      case 'full_syncs':
        this.#fullSyncs(entry);
        break;
      case 'accepted':
        this.#accepted(entry);
        break;
      case 'refused':
        this.#broken('6', entry.at, null, `request ${entry.key} was refused: ${entry.text}`);
        break;
      case 'verified':
        this.#verified(entry);
        break;
      case 'left':
        this.#leaves(entry);
        break;
      case 'stored':
        this.#storedAtEnd(entry);
        break;
      case 'secret':
        this.#broken('8', entry.at, null, `the password of the nodes is in ${entry.where}`);
        break;
      case 'skipped':
      case 'ended':
        break;
    }
  }

  /** What should have come and did not. */
  close(at: number): void {
    for (const asked of this.#asked) {
      if (!this.#expansionOf.has(asked.key))
        this.#broken('6', at, null, `request ${asked.key} was never accepted`);
      if (!this.#saidEnded.has(asked.key))
        this.#broken('6', at, asked.master, `request ${asked.key} has not ended`);
      else
        for (const { name } of asked.nodes)
          if (!this.#left.has(name))
            this.#broken('5', at, name, `${name} was not looked at by the observer at the end`);
    }
    if (!this.#stored) this.#broken('6', at, null, 'what the service knows at the end could not be read');
  }

  #broken(promise: Violation['promise'], at: number, node: string | null, text: string): void {
    this.violations.push({ promise, text, node, at });
  }

  // ---- promises 1 and 2

  #fullSyncs({ at, master, nodes }: Extract<Entry, { kind: 'full_syncs' }>): void {
    const limit = Math.min(...nodes.map((node) => this.#askedOf.get(node)?.together ?? 1));
    if (nodes.length > limit)
      this.#broken(
        '1',
        at,
        master,
        `${nodes.join(', ')} are in full sync of ${master} at once; ${limit} may be`,
      );
  }

  #checkTurn(command: Command, asked: Asked): void {
    const { at, node } = command;
    const place = asked.nodes.findIndex(({ name }) => name === node);
    const begin = place - (place % asked.together);
    const batch = asked.nodes.slice(begin, begin + asked.together).map(({ name }) => name);
    const unfinished = command.unfinished.filter((each) => !batch.includes(each) && !this.#skipped.has(each));
    if (unfinished.length > 0)
      this.#broken(
        '2',
        at,
        node,
        `SLAVEOF on ${node} while ${unfinished.join(', ')} lacked data of the master`,
      );
    for (const { name } of asked.nodes.slice(0, begin)) {
      if (
        this.#skipped.has(name) ||
        (this.#saidVerified.get(name) ?? Number.POSITIVE_INFINITY) <= at + slackMs
      )
        continue;
      this.#broken('2', at, node, `SLAVEOF on ${node} before ${name} of an earlier batch was verified`);
    }
  }

  // ---- promises 3, 4 and 7: what arrives at a node

  #command(command: Command): void {
    const { at, node, words } = command;
    const asked = this.#askedOf.get(node);
    if (asked === undefined) {
      const whose = this.#masters.has(node) ? 'is a master and only to be read' : 'no request names';
      this.#broken('4', at, node, `${words} was sent to ${node}, which ${whose}`);
      return;
    }
    if (!isPermitted(command)) this.#broken('4', at, node, `${words} was sent to ${node}`);
    const ended = this.#saidEnded.get(asked.key);
    if (ended !== undefined && at > ended + slackMs)
      this.#broken('6', at, node, `${words} was sent to ${node} after its expansion was reported as ended`);
    this.#checkConnection(command);
    if (!isDone(command)) return;
    if (isDetach(command)) this.#checkDetach(command);
    if (isAttach(command)) this.#checkAttach(command, asked);
  }

  /** Whoever takes over opens connections of its own; after that the one before must be silent. */
  #checkConnection({ at, node, words, connection }: Command): void {
    const newest = this.#newestConnection.get(node) ?? 0;
    if (connection < newest)
      this.#broken(
        '7',
        at,
        node,
        `${words} came to ${node} by connection ${connection} after the newer ${newest} had acted`,
      );
    this.#newestConnection.set(node, Math.max(newest, connection));
  }

  #checkDetach({ at, node, whole, unseenMs }: Command): void {
    const verified = this.#saidVerified.get(node);
    if (verified !== undefined && verified < at - slackMs)
      this.#broken('7', at, node, `${node} was detached after it was called verified`);
    else if (whole && unseenMs < provableUnseenMs)
      this.#broken(
        '7',
        at,
        node,
        `${node} was detached although it had everything, and was never out of sight for longer than ${unseenMs} ms of its full sync`,
      );
  }

  #checkAttach(command: Command, asked: Asked): void {
    const { at, node, follows, keys, slaves } = command;
    if (follows === asked.master)
      this.#broken('7', at, node, `a second SLAVEOF came to ${node}, which followed ${follows} already`);
    else if (follows !== null) this.#broken('3', at, node, `SLAVEOF on ${node}, which followed ${follows}`);
    const verified = this.#saidVerified.get(node);
    if (verified !== undefined && verified < at - slackMs)
      this.#broken('7', at, node, `SLAVEOF on ${node} after it was called verified`);
    const mayOverwrite = asked.nodes.find(({ name }) => name === node)!.overwriteData;
    if (keys > 0 && !mayOverwrite && !this.#attached.has(node))
      this.#broken('3', at, node, `SLAVEOF on ${node}, which held ${keys} keys of its own`);
    if (slaves > 0) this.#broken('3', at, node, `SLAVEOF on ${node}, which had slaves`);
    this.#checkTurn(command, asked);
    this.#attached.add(node);
  }

  // ---- promise 5, and what was borrowed

  #verified({ at, node, truth }: Extract<Entry, { kind: 'verified' }>): void {
    const problem = lacks(truth, this.#askedOf.get(node)?.master ?? null);
    if (problem !== null) this.#broken('5', at, node, `${node} was called verified, but ${problem}`);
    if (!this.#attached.has(node))
      this.#broken('5', at, node, `${node} was called verified, but nothing attached it`);
  }

  #leaves({ at, node, truth, ownThrottle }: Extract<Entry, { kind: 'left' }>): void {
    this.#left.add(node);
    if (truth.throttle !== ownThrottle || truth.throttleInFile !== ownThrottle)
      this.#broken(
        '4',
        at,
        node,
        `${node} keeps the throttle ${truth.throttle} (in its file ${truth.throttleInFile}); it was ${ownThrottle}`,
      );
    if (!this.#saidVerified.has(node)) return;
    const { missing, different, foreign } = truth;
    const problem = lacks(truth, this.#askedOf.get(node)?.master ?? null);
    if (problem !== null) this.#broken('5', at, node, `${node}, called verified, ends so: ${problem}`);
    else if (missing !== 0 || different !== 0 || foreign !== 0)
      this.#broken(
        '5',
        at,
        node,
        `${node}, called verified, ends with ${missing} keys missing, ${different} different, ${foreign} foreign`,
      );
  }

  // ---- promise 6

  #accepted({ at, key, expansionId }: Extract<Entry, { kind: 'accepted' }>): void {
    const known = this.#expansionOf.get(key) ?? expansionId;
    if (known !== expansionId)
      this.#broken('6', at, null, `request ${key} became two expansions, ${known} and ${expansionId}`);
    this.#expansionOf.set(key, known);
  }

  #storedAtEnd({ at, expansions }: Extract<Entry, { kind: 'stored' }>): void {
    this.#stored = true;
    for (const { key } of this.#asked) {
      const found = expansions.filter((each) => each.key === key);
      if (found.length !== 1)
        this.#broken(
          '6',
          at,
          null,
          `request ${key} is stored as ${found.length} expansions: ${found.map(({ id }) => id).join(', ')}`,
        );
    }
    const keys = new Set(this.#asked.map(({ key }) => key));
    for (const { id, key } of expansions)
      if (key === null || !keys.has(key))
        this.#broken('6', at, null, `expansion ${id} was asked for by nobody`);
  }
}

/** What a node that is called verified has not; null = nothing. */
function lacks(truth: Truth, master: string | null): string | null {
  if (truth.follows !== master) return `it follows ${truth.follows ?? 'nobody'}`;
  if (!truth.connected) return 'it is not connected to its master';
  if (truth.lost !== 0) return `${truth.lost} keys of the master will never come to it`;
  return null;
}
