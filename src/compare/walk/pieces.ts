import { ErrorReply, ProtocolError, ReplyReader } from '../../resp/reader.ts';
import { type Comparer, pagesAhead } from '../comparer.ts';
import type { Pair, SideName } from '../pair.ts';
import { saysAbsent } from '../wire/probe.ts';
import { errorFromReply, type RawReplies } from '../wire/wire.ts';
import type { Head, Members, Pager } from './pagers.ts';
import { type PageSizes, PagesAhead } from './pages-ahead.ts';

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

/**
 * The pieces of one large collection on one side. As many members are asked for as on the other side, and fewer where they are
 * too large to be kept.
 */
export class Pieces {
  readonly #pair: Pair;
  readonly #side: SideName;
  readonly #key: Buffer;
  readonly #pager: Pager;
  readonly #sizes: PageSizes;
  readonly #pages: PagesAhead<Piece | TooLarge>;

  constructor(comparer: Comparer, side: SideName, key: Buffer, pager: Pager, sizes: PageSizes) {
    this.#pair = comparer.pair;
    this.#side = side;
    this.#key = key;
    this.#pager = pager;
    this.#sizes = sizes;
    this.#pages = new PagesAhead(
      () => pagesAhead(comparer, sizes.portion),
      (from, number) => this.#read(from, this.#sizes.of(number)),
      (piece) => (piece instanceof Piece ? piece.next : null),
    );
  }

  /** The piece that begins at `from`. Its replies are the caller's to release. */
  at(from: Buffer, number: number): Promise<Piece | TooLarge> {
    return this.#pages.take(from, number);
  }

  async #read(from: Buffer, most: number): Promise<Piece | TooLarge> {
    const { connection } = this.#pair[this.#side];
    let count = most;
    let keptBytes: number | undefined;
    for (;;) {
      const writer = this.#pair.write();
      this.#pager.write(writer, this.#key, from, count);
      const replies = await this.#pair.one(this.#side, writer, count, keptBytes);
      this.#sizes.portion.saw(count, replies.totalBytes);
      if (replies.digest === null) return new Piece(connection.name, this.#pager, replies, count);
      if (keptBytes !== undefined) return { bytes: replies.totalBytes };
      if (count === 1) keptBytes = largestMemberBytes;
      else count = Math.min(this.#sizes.portion.size, count >> 1);
    }
  }
}
