import { faultSays, leftOut } from '../../model/comparison-texts.ts';
import { ErrorReply, ReplyReader } from '../../resp/reader.ts';
import { type Comparer, pagesAhead, pagesAtOnce } from '../comparer.ts';
import { assertCollection, beginWithCollection, isCount } from '../judge/plausible.ts';
import type { Settler } from '../judge/settle.ts';
import type { Pair, SideName } from '../pair.ts';
import { memberProbe, saysAbsent, sizeCommandOf } from '../wire/probe.ts';
import { errorFromReply, type RawReplies, sameBytes, usuallyKeptBytes, WireError } from '../wire/wire.ts';
import { printKey } from './keys.ts';
import { ListedMembers } from './listed-members.ts';
import { OpenPages } from './open-pages.ts';
import { type Collection, type Named, type Pager, pagerFor, valueIn } from './pagers.ts';
import { PageSizes } from './pages-ahead.ts';
import { largestMemberBytes, Piece, Pieces, type TooLarge } from './pieces.ts';
import { readMarks, type WriteMark, wroteNothing } from './write-marks.ts';

/** Differing members of one collection after which it is settled before reading on. */
const suspectsPerKey = 100;

/** Walks over one collection before a server that loses its place is given up. */
const mostTries = 3;

/** So many members take far longer to walk than questions whether anybody wrote meanwhile. */
const manyMembers = 10_000;

/**
 * Compares the members of one collection in pieces, one collection at a time. What differs becomes a suspect.
 * @param members how many it has; 0 = not known
 */
export function compareLarge(
  comparer: Comparer,
  type: Collection,
  listed: Buffer,
  members: number,
): Promise<void> {
  // What is asked for ahead may outlive the reply in which the key lies.
  const key = Buffer.from(listed);
  return comparer.largeInTurn(() =>
    type === 'list' ? compareLargeList(comparer, key) : new MemberWalk(comparer, type, key).run(members),
  );
}

/** A list by index: the same piece on both sides. The next pieces are asked for before the present one is judged. */
async function compareLargeList(comparer: Comparer, key: Buffer): Promise<void> {
  const { pair, settler } = comparer;
  const portion = comparer.portions.ofLarge('list');
  const ask = (start: number) => {
    const count = portion.size;
    const replies = pair.both(pair.write().add('LRANGE', key, start, start + count - 1), count);
    replies.catch(() => undefined);
    return { start, count, replies };
  };
  const asked = [ask(0)];
  for (;;) {
    while (asked.length <= pagesAhead(comparer, portion)) {
      const { start, count } = asked.at(-1)!;
      asked.push(ask(start + count));
    }
    const { start, count, replies: both } = asked.shift()!;
    const replies = await both;
    const items = [itemsOf(pair, 'left', replies[0]), itemsOf(pair, 'right', replies[1])];
    portion.saw(count, replies[0].totalBytes);
    if (sameBytes(replies[0], replies[1])) assertCollection('list', replies[0]);
    else {
      const stop = start + count - 1;
      settler.suspect({ type: 'list', key, probe: { of: 'range', start, stop } });
    }
    pair.release(replies);
    if (items.every((length) => length < count)) return;
  }
}

/** How many items a piece of a list holds; none where the list is gone. */
function itemsOf(pair: Pair, side: SideName, replies: RawReplies): number {
  const length = new ReplyReader(replies.bytes).array();
  if (typeof length === 'number') return length;
  if (saysAbsent(length)) return 0;
  throw errorFromReply(pair[side].connection.name, 'LRANGE', length);
}

const isTooLarge = (piece: Piece | TooLarge | null): piece is TooLarge =>
  piece !== null && !(piece instanceof Piece);

/** Of such pieces one at a time is judged. */
const isHuge = (piece: Piece | null): boolean =>
  piece !== null && piece.replies.totalBytes > usuallyKeptBytes;

/** What a walk over a collection came to: all was compared, or enough to judge it, or a server lost its place. */
type Walked = 'all' | 'enough' | 'place lost';

/**
 * Walks the members of one large hash, set, zset or stream on both sides. While both sides answer the same bytes nothing
 * is parsed; otherwise every member of a piece that is not in the other side's piece is asked for by name over there.
 */
class MemberWalk {
  readonly #comparer: Comparer;
  readonly #pair: Pair;
  readonly #settler: Settler;
  readonly #type: Named;
  readonly #key: Buffer;
  readonly #pager: Pager;
  #suspects = 0;
  #isSuspected = false;

  constructor(comparer: Comparer, type: Named, key: Buffer) {
    this.#comparer = comparer;
    this.#pair = comparer.pair;
    this.#settler = comparer.settler;
    this.#type = type;
    this.#key = key;
    this.#pager = pagerFor(comparer.pair, type);
  }

  /** Ends where it is clear that the collections differ. */
  async run(members: number): Promise<void> {
    if (this.#pair.kind === 'redis' && this.#pager.byCursor && members >= manyMembers)
      return this.#walkOneByOne();
    for (let tries = mostTries; tries > 0; tries--)
      if ((await this.#walk('left', 'right')) !== 'place lost') return;
    const { name } = this.#pair.left.connection;
    throw new WireError('garbled', name, faultSays('place_lost'));
  }

  /**
   * Walks the left side, and the right side only if needed. Of two collections that nobody wrote to, which have as many members, and
   * of which the right one holds all members of the left one with their values, the right one holds no others.
   */
  async #walkOneByOne(): Promise<void> {
    const marks = await readMarks(this.#pair);
    if ((await this.#walk('left')) === 'enough') return;
    const holdsNoOthers = !this.#isSuspected && (await this.#haveAsManySince(marks));
    if (!holdsNoOthers) await this.#walk('right');
  }

  /** Whether both have as many members, and nothing changed since a look at both servers. */
  async #haveAsManySince(before: readonly WriteMark[]): Promise<boolean> {
    const { name } = sizeCommandOf(this.#type);
    const replies = await this.#pair.both(this.#pair.write().add(name, this.#key));
    const haveAsMany = isCount(replies[0].bytes) && sameBytes(replies[0], replies[1]);
    this.#pair.release(replies);
    // Not asked for together: a cap may hold up the first question.
    const after = await readMarks(this.#pair);
    return haveAsMany && wroteNothing(before, after) && !after.some(({ membersExpire }) => membersExpire);
  }

  async #walk(...sides: readonly SideName[]): Promise<Walked> {
    const sizes = new PageSizes(this.#comparer.portions.ofLarge(this.#type));
    const piecesOf = (side: SideName) => new Pieces(this.#comparer, side, this.#key, this.#pager, sizes);
    const [leftPieces, rightPieces] = [piecesOf('left'), piecesOf('right')];
    const open = new OpenPages(pagesAtOnce(this.#comparer));
    let left = sides.includes('left') ? this.#pager.start : null;
    let right = sides.includes('right') ? this.#pager.start : null;
    for (let number = 0; left !== null || right !== null; number++) {
      const [onLeft, onRight]: readonly [Piece | TooLarge | null, Piece | TooLarge | null] =
        await Promise.all([left && leftPieces.at(left, number), right && rightPieces.at(right, number)]);
      sizes.done(number);
      if (isTooLarge(onLeft) || isTooLarge(onRight)) {
        await open.finish();
        this.#giveUp(onLeft, onRight);
        return 'enough';
      }
      await open.add(this.#judge(onLeft, onRight));
      if (isHuge(onLeft) || isHuge(onRight)) await open.finish();
      if (this.#lostPlace(left, onLeft) || this.#lostPlace(right, onRight)) {
        await open.finish();
        return 'place lost';
      }
      left = onLeft?.next ?? null;
      right = onRight?.next ?? null;
      if (this.#suspects < suspectsPerKey) continue;
      await open.finish();
      this.#suspects = 0;
      const differing = await this.#settler.settle();
      if (differing.some(({ type, key }) => type === this.#type && key.equals(this.#key))) return 'enough';
    }
    await open.finish();
    return 'all';
  }

  /** Pika's scan cursors count up. A cursor that goes back shows that the server forgot it and began again (trace 23). */
  #lostPlace(from: Buffer | null, piece: Piece | null): boolean {
    if (!piece?.next || this.#pair.kind === 'redis' || !this.#pager.byCursor) return false;
    return !(Number(piece.next) > Number(from));
  }

  /** A member is too large to be compared, which is noted. */
  #giveUp(...pieces: readonly (Piece | TooLarge | null)[]): void {
    const bytes = Math.max(...pieces.map((piece) => (isTooLarge(piece) ? piece.bytes : 0)));
    const facts = { type: this.#type, key: printKey(this.#key), bytes };
    this.#comparer.tally.leftOut(leftOut('member_too_large', facts));
  }

  async #judge(left: Piece | null, right: Piece | null): Promise<void> {
    if (!this.#areTheSame(left, right))
      await Promise.all([this.#lookUp('right', left, right), this.#lookUp('left', right, left)]);
    if (left) this.#pair.left.connection.release(left.replies);
    if (right) this.#pair.right.connection.release(right.replies);
  }

  /** By their bytes. Then their members need not be known. */
  #areTheSame(left: Piece | null, right: Piece | null): boolean {
    if (!left?.head || !right || !sameBytes(left.replies, right.replies)) return false;
    return beginWithCollection(left.replies.bytes.subarray(left.head.membersAt), this.#type);
  }

  /** Asks `side` for the members of `piece` that `own`, its own piece, does not hold with the same value. */
  async #lookUp(side: SideName, piece: Piece | null, own: Piece | null): Promise<void> {
    if (piece === null || (await this.#holdsAll(side, piece))) return;
    const asked = [...piece.members].filter(([name, value]) => own?.members.get(name) !== value);
    if (asked.length === 0) return;
    const names = asked.map(([name]) => Buffer.from(name, 'latin1'));
    const many = this.#commandForMany(side);
    const writer = this.#pair.write();
    if (many !== null) writer.add(many, this.#key, ...names);
    else for (const name of names) writer.add(...memberProbe(this.#type, this.#key, name));
    const replies = await this.#pair.one(side, writer, names.length, largestMemberBytes);
    const values = replies.digest === null ? this.#valuesIn(side, replies, many !== null, names.length) : [];
    asked.forEach(([, value], i) => {
      if (values[i] === value) return;
      this.#suspects += 1;
      this.#isSuspected = true;
      this.#settler.suspect({ type: this.#type, key: this.#key, probe: { of: 'member', name: names[i]! } });
    });
    this.#pair[side].connection.release(replies);
  }

  /**
   * Redis has the members of a hash, set or zset in an order of its own in each process, so that hardly a piece is like
   * another. There all members of a piece are asked for by the very bytes that the other side listed. Whether all of them
   * are there, with the same values; false also where this is not known.
   */
  async #holdsAll(side: SideName, piece: Piece): Promise<boolean> {
    const many = this.#commandForMany(side);
    if (this.#pair.kind === 'pika' || many === null || piece.head === null) return false;
    const listed = new ListedMembers(piece.replies.bytes, piece.head.membersAt, this.#type);
    if (listed.count === 0) return true;
    const question = listed.ask(this.#pair.write(), many, this.#key);
    const replies = await this.#pair.one(side, question, listed.count, largestMemberBytes);
    const holdsAll = replies.digest === null && listed.areIn(replies.bytes);
    this.#pair[side].connection.release(replies);
    return holdsAll;
  }

  /** A command that asks for many members at once; null = this server has none for the type. */
  #commandForMany(side: SideName): string | null {
    if (this.#type === 'hash') return 'HMGET';
    const { kind, major } = this.#pair[side].facts;
    if (kind === 'pika' || major < 7) return null;
    return this.#type === 'set' ? 'SMISMEMBER' : this.#type === 'zset' ? 'ZMSCORE' : null;
  }

  #valuesIn(side: SideName, replies: RawReplies, inOneArray: boolean, count: number): (string | null)[] {
    const reader = new ReplyReader(replies.bytes);
    if (!inOneArray) return Array.from({ length: count }, () => valueIn(this.#type, reader.next()));
    const reply = reader.next();
    if (reply instanceof ErrorReply && !saysAbsent(reply))
      throw errorFromReply(this.#pair[side].connection.name, 'a read of members', reply);
    return Array.isArray(reply) ? reply.map((value) => valueIn(this.#type, value)) : [];
  }
}
