import { ErrorReply, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import type { Pair, SideName } from '../pair.ts';
import type { Portion } from '../portion.ts';
import { saysAbsent } from '../wire/probe.ts';
import { errorFromReply, type RawReplies } from '../wire/wire.ts';
import type { Head, Members, Pager } from './pagers.ts';

/** The largest member that can be compared if the two sides list members in different orders. */
export const largestMemberBytes = 24 * 1024 * 1024;

/** One piece of a large collection, as one side gave it. */
export class Piece {
  readonly replies: RawReplies;
  /** null = there is none: the key was deleted or became another type. */
  readonly head: Head | null;
  readonly #pager: Pager;
  #members: Members | null = null;

  /** Throws WireError where the server refuses to read the members. */
  constructor(server: string, pager: Pager, replies: RawReplies, count: number) {
    this.replies = replies;
    this.#pager = pager;
    this.head = pager.head(replies.bytes, count);
    if (this.head !== null) return;
    const reply = new ReplyReader(replies.bytes).next();
    if (!(reply instanceof ErrorReply)) throw new ProtocolError('a reply to a reading of members is none');
    if (!saysAbsent(reply)) throw errorFromReply(server, 'a read of members', reply);
  }

  get next(): Buffer | null {
    return this.head?.next ?? null;
  }

  /** Parsed when somebody asks. None where the collection is gone: its members show as suspects then. */
  get members(): Members {
    this.#members ??=
      this.head === null ? new Map() : this.#pager.members(new ReplyReader(this.replies.bytes).next());
    return this.#members;
  }
}

/** A piece that is one member, larger than can be compared. */
export interface TooLarge {
  readonly bytes: number;
}

interface Asked {
  readonly from: Buffer;
  readonly count: number;
  readonly keptBytes: number | undefined;
  readonly replies: Promise<RawReplies>;
}

/** How many members each piece has: as many on both sides, so that equal collections come in equal pieces. */
export class PieceSizes {
  readonly portion: Portion;
  /** Of pieces that one side has asked for, and the other side has not. */
  readonly #ahead = new Map<number, number>();

  constructor(portion: Portion) {
    this.portion = portion;
  }

  /** Each side asks once for each piece. */
  of(piece: number): number {
    const size = this.#ahead.get(piece) ?? this.portion.size;
    if (!this.#ahead.delete(piece)) this.#ahead.set(piece, size);
    return size;
  }
}

/**
 * The pieces of one large collection on one side. Each is asked for as soon as the piece before it tells where it begins, so
 * that the server does not wait while pieces are judged, nor for the other server.
 */
export class Pieces {
  readonly #pair: Pair;
  readonly #side: SideName;
  readonly #key: Buffer;
  readonly #pager: Pager;
  readonly #sizes: PieceSizes;
  #asked = 0;
  #ahead: Asked | null = null;

  constructor(pair: Pair, side: SideName, key: Buffer, pager: Pager, sizes: PieceSizes) {
    this.#pair = pair;
    this.#side = side;
    this.#key = key;
    this.#pager = pager;
    this.#sizes = sizes;
  }

  /** The piece that begins at `from`. Its replies are the caller's to release. */
  async at(from: Buffer): Promise<Piece | TooLarge> {
    const { name } = this.#pair[this.#side].connection;
    let asked = this.#ahead?.from.equals(from) ? this.#ahead : this.#askNext(from);
    this.#ahead = null;
    for (;;) {
      const { count, keptBytes } = asked;
      const replies = await asked.replies;
      this.#sizes.portion.saw(count, replies.totalBytes);
      if (replies.digest === null) {
        const piece = new Piece(name, this.#pager, replies, count);
        if (piece.next !== null) this.#ahead = this.#askNext(piece.next);
        return piece;
      }
      if (count === 1 && keptBytes !== undefined) return { bytes: replies.totalBytes };
      asked =
        count === 1 ? this.#ask(from, 1, largestMemberBytes) : this.#ask(from, this.#sizes.portion.size);
    }
  }

  #askNext(from: Buffer): Asked {
    return this.#ask(from, this.#sizes.of(this.#asked++));
  }

  #ask(from: Buffer, count: number, keptBytes?: number): Asked {
    const writer = this.#pair.write();
    this.#pager.write(writer, this.#key, from, count);
    const replies = this.#pair.one(this.#side, writer, count, keptBytes);
    replies.catch(() => undefined);
    return { from, count, keptBytes, replies };
  }
}
