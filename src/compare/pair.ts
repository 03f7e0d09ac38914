import type { ListedStrings } from '../resp/strings.ts';
import { CommandWriter } from '../resp/writer.ts';
import type { Pace } from './pace.ts';
import { infoText, leaderOf, type ServerFacts, selectDb } from './wire/server.ts';
import type { RawReplies, WireConnection } from './wire/wire.ts';

/** One of the two servers under comparison. */
export interface Side {
  readonly connection: WireConnection;
  readonly facts: ServerFacts;
}

export type SideName = 'left' | 'right';

const mostWriters = 16;
const mostWriterBytes = 1024 * 1024;

/** Both servers, asked at the same time and within the caps. */
export class Pair {
  readonly left: Side;
  readonly right: Side;
  /** The side whose writes the other one follows; null = neither. */
  readonly leader: SideName | null;
  readonly pace: Pace;
  /** Whose commands were sent and answered: their memory is used again. */
  readonly #writers: CommandWriter[] = [];
  #db = -1;
  readonly #rocksdb: Partial<Record<SideName, Promise<string>>> = {};
  /** Bytes received from each side for which its cap was charged. */
  readonly #charged = { left: 0, right: 0 };

  constructor(left: Side, right: Side, pace: Pace) {
    this.left = left;
    this.right = right;
    this.leader = leaderOf(left.facts, right.facts);
    this.pace = pace;
    for (const side of [left, right]) side.connection.allowsLongCommands = side.facts.kind === 'pika';
  }

  get db(): number {
    return this.#db;
  }

  get kind(): ServerFacts['kind'] {
    return this.left.facts.kind;
  }

  /** Pika 3.x, where each type has a store of its own and a name may have several types. */
  get typesApart(): boolean {
    return this.kind === 'pika' && this.left.facts.major < 4;
  }

  /**
   * Whether a listed name may be the beginning of a longer name, by which the key can be asked for. 4.0.1 shows nothing
   * after the last zero byte of a name (pika-facts 6).
   */
  isCutShort(name: Buffer): boolean {
    return this.#cutsNames && name.at(-1) === 0;
  }

  /** Those of the listed names that are whole. */
  notCutShort(names: ListedStrings): ListedStrings {
    if (!this.#cutsNames) return names;
    const whole: number[] = [];
    for (let i = 0; i < names.count; i++) if (names.lastByte(i) !== 0) whole.push(i);
    return names.pick(whole);
  }

  get #cutsNames(): boolean {
    return this.kind === 'pika' && !this.typesApart;
  }

  async select(db: number): Promise<void> {
    if (db === this.#db) return;
    await Promise.all([selectDb(this.left.connection, db), selectDb(this.right.connection, db)]);
    this.#db = db;
  }

  /** What RocksDB told about one side when it was first asked. A Pika takes longer for it than for all else that INFO is asked for. */
  rocksdb(side: SideName): Promise<string> {
    this.#rocksdb[side] ??= infoText(this[side].connection, 'rocksdb');
    return this.#rocksdb[side];
  }

  /** An empty pipeline, to be sent once. */
  write(): CommandWriter {
    return (this.#writers.pop() ?? new CommandWriter()).reset();
  }

  /**
   * Sends the same bytes to both; `ops` = values and keys looked up by them, `keptBytes` = how much of each side's replies
   * may be kept where it is more than usual. The writer is no longer the caller's.
   */
  async both(
    commands: CommandWriter,
    ops = commands.commands,
    keptBytes?: number,
  ): Promise<readonly [RawReplies, RawReplies]> {
    if (this.pace.waits) await this.pace.turn();
    const replies = await Promise.all([
      this.#send('left', commands, ops, keptBytes),
      this.#send('right', commands, ops, keptBytes),
    ]);
    this.#giveBack(commands);
    return replies;
  }

  /** Sends to one side. */
  async one(
    side: SideName,
    commands: CommandWriter,
    ops = commands.commands,
    keptBytes?: number,
  ): Promise<RawReplies> {
    if (this.pace.waits) await this.pace.turn();
    const replies = await this.#send(side, commands, ops, keptBytes);
    this.#giveBack(commands);
    return replies;
  }

  #giveBack(commands: CommandWriter): void {
    if (this.#writers.length < mostWriters && commands.bytes < mostWriterBytes) this.#writers.push(commands);
  }

  /** Charges what is asked for when it is sent, and afterwards all bytes that have come from this side since the last time. */
  async #send(
    side: SideName,
    commands: CommandWriter,
    ops: number,
    keptBytes: number | undefined,
  ): Promise<RawReplies> {
    this.pace.spent(side, { ops });
    const { connection } = this[side];
    const replies = await connection.sendBytes(commands.toBuffer(), commands.commands, keptBytes);
    this.pace.spent(side, { bytes: connection.receivedBytes - this.#charged[side] });
    this.#charged[side] = connection.receivedBytes;
    return replies;
  }

  release(replies: readonly [RawReplies, RawReplies]): void {
    this.left.connection.release(replies[0]);
    this.right.connection.release(replies[1]);
  }

  close(): void {
    this.left.connection.close();
    this.right.connection.close();
  }
}
