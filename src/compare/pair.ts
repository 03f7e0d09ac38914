import { CommandWriter } from '../resp/writer.ts';
import type { Pace } from './pace.ts';
import { leaderOf, type ServerFacts, selectDb } from './wire/server.ts';
import type { RawReplies, WireConnection } from './wire/wire.ts';

/** One of the two servers under comparison. */
export interface Side {
  readonly connection: WireConnection;
  readonly facts: ServerFacts;
}

export type SideName = 'left' | 'right';

/** Both servers, asked at the same time and within the caps. */
export class Pair {
  readonly left: Side;
  readonly right: Side;
  /** The side whose writes the other one follows; null = neither. */
  readonly leader: SideName | null;
  readonly pace: Pace;
  readonly #writer = new CommandWriter();
  #db = -1;
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
    return this.kind === 'pika' && !this.typesApart && name.at(-1) === 0;
  }

  async select(db: number): Promise<void> {
    if (db === this.#db) return;
    await Promise.all([selectDb(this.left.connection, db), selectDb(this.right.connection, db)]);
    this.#db = db;
  }

  /** An empty pipeline; the previous pipeline must have been sent. */
  write(): CommandWriter {
    return this.#writer.reset();
  }

  /**
   * Sends the same bytes to both; `ops` = values and keys looked up by them, `keptBytes` = how much of each side's replies
   * may be kept where it is more than usual. The commands are on their way, or copied, on return.
   */
  async both(
    commands: CommandWriter,
    ops = commands.commands,
    keptBytes?: number,
  ): Promise<readonly [RawReplies, RawReplies]> {
    const bytes = Buffer.from(commands.toBuffer());
    const count = commands.commands;
    if (this.pace.waits) await this.pace.turn();
    const replies = await Promise.all([
      this.left.connection.sendBytes(bytes, count, keptBytes),
      this.right.connection.sendBytes(bytes, count, keptBytes),
    ]);
    this.#charge(ops);
    return replies;
  }

  /** Sends to one side. */
  async one(
    side: SideName,
    commands: CommandWriter,
    ops = commands.commands,
    keptBytes?: number,
  ): Promise<RawReplies> {
    const bytes = Buffer.from(commands.toBuffer());
    const count = commands.commands;
    if (this.pace.waits) await this.pace.turn();
    const replies = await this[side].connection.sendBytes(bytes, count, keptBytes);
    this.#charge(ops);
    return replies;
  }

  /** Charges all that has come since the last time: replies, their marks, and what was asked for beside them. */
  #charge(ops: number): void {
    const left = this.left.connection.receivedBytes;
    const right = this.right.connection.receivedBytes;
    this.pace.spent(ops, left - this.#charged.left, right - this.#charged.right);
    Object.assign(this.#charged, { left, right });
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
