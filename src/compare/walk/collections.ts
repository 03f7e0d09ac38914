import { leftOut } from '../../model/comparison-texts.ts';
import { countIn, ErrorReply, type Reply, ReplyReader } from '../../resp/reader.ts';
import type { ListedStrings } from '../../resp/strings.ts';
import type { Comparer } from '../comparer.ts';
import { Elements } from '../judge/elements.ts';
import { assertCollection } from '../judge/plausible.ts';
import type { Settler } from '../judge/settle.ts';
import type { Pair, SideName } from '../pair.ts';
import { readFinding, type Suspect, saysAbsent, sizeCommandOf, wholeCommandOf } from '../wire/probe.ts';
import { assertAccepted, errorFromReply, type RawReplies, sameBytes } from '../wire/wire.ts';
import { askExpiries, judgeExpiries } from './expiry.ts';
import { compareLarge } from './members.ts';
import type { Collection } from './pagers.ts';

/** Collections of more members than this are read in pieces. */
const wholeUpTo = 512;

/**
 * Decides about everything that looked different. Collections whose sizes alone differed, and agree by now, are compared by
 * their members.
 */
export async function settleAll(comparer: Comparer): Promise<void> {
  const { settler } = comparer;
  for (;;) {
    if (settler.pending > 0) await settler.settle();
    const agreed = settler.takeAgreedInSize();
    for (const { type, key } of agreed) if (type !== 'string') await compareLarge(comparer, type, key, 0);
    if (agreed.length === 0 && settler.pending === 0) return;
  }
}

/**
 * Compares a page of keys of one type that are known to be of that type on one side at least, values and expiries. Returns how
 * many of them could be looked at.
 */
export async function compareTypedKeys(
  comparer: Comparer,
  type: Collection,
  keys: ListedStrings,
): Promise<number> {
  const { pair } = comparer;
  const known = pair.notCutShort(keys);
  if (known.count < keys.count) comparer.tally.unlookable(leftOut('names_zero_byte', { type }));
  if (known.count === 0) return 0;
  await compareSized(comparer, type, known, await readSizes(pair, type, known));
  return known.count;
}

/**
 * Of a page of keys of a Redis, compares those that are of a type on both sides. Only a collection of that type has a size in the
 * answer to the question for it, so nothing else need be asked. Returns the other keys, which were not looked at.
 */
export async function compareWhereOfType(
  comparer: Comparer,
  type: Collection,
  keys: ListedStrings,
): Promise<ListedStrings> {
  const { pair, settler, tally } = comparer;
  const sizes = await readSizes(pair, type, keys);
  const ofType: number[] = [];
  const others: number[] = [];
  for (let i = 0; i < keys.count; i++) (sizes.left[i]! > 0 && sizes.right[i]! > 0 ? ofType : others).push(i);
  const known = keys.pick(ofType);
  const pick = (all: readonly number[]) => (others.length === 0 ? all : ofType.map((i) => all[i]!));
  await compareSized(comparer, type, known, { left: pick(sizes.left), right: pick(sizes.right) });
  tally.looked(type, known.count);
  await settler.settleIfMany();
  return keys.pick(others);
}

/** Compares collections of one type whose sizes are known, members and expiries at the same time. */
async function compareSized(
  comparer: Comparer,
  type: Collection,
  keys: ListedStrings,
  sizes: Sizes,
): Promise<void> {
  const expiries = askExpiries(comparer, type, keys);
  await compareCollections(comparer, type, keys, sizes);
  await judgeExpiries(comparer, expiries);
}

/**
 * Compares collections of one type, known by their keys and sizes, on both sides: small ones whole and many at a time, large
 * ones in pieces. What differs becomes a suspect. `keys` is a page of keys, not more.
 */
async function compareCollections(
  comparer: Comparer,
  type: Collection,
  keys: ListedStrings,
  sizes: Sizes,
): Promise<void> {
  const { settler, tally } = comparer;
  let members = 0;
  const small: number[] = [];
  const smallMembers: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < keys.count; i++) {
    const left = sizes.left[i]!;
    const right = sizes.right[i]!;
    members += left;
    if (left !== right) {
      const of = Math.max(left, right) <= wholeUpTo ? 'whole' : 'size';
      settler.suspect({ type, key: keys.get(i), probe: { of } });
    } else if (left > wholeUpTo) large.push(i);
    else if (left > 0) {
      small.push(i);
      smallMembers.push(left);
    }
  }
  await compareSmall(comparer, type, keys.pick(small), smallMembers);
  for (const i of large) await compareLarge(comparer, type, keys.get(i), sizes.left[i]!);
  tally.lookedAtMembers(type, members);
}

interface Sizes {
  readonly left: readonly number[];
  readonly right: readonly number[];
}

async function readSizes(pair: Pair, type: Collection, keys: ListedStrings): Promise<Sizes> {
  const replies = await pair.both(pair.write().addEach(keys, [sizeCommandOf(type).name]));
  const left = sizesIn(pair, 'left', type, replies[0], keys.count);
  const right = sameBytes(replies[0], replies[1])
    ? left
    : sizesIn(pair, 'right', type, replies[1], keys.count);
  pair.release(replies);
  return { left, right };
}

function sizesIn(pair: Pair, side: SideName, type: Collection, replies: RawReplies, count: number): number[] {
  const reader = new ReplyReader(replies.bytes);
  const sizes: number[] = [];
  while (sizes.length < count) {
    const reply = reader.next();
    if (!(reply instanceof ErrorReply)) sizes.push(countIn(reply));
    else if (saysAbsent(reply)) sizes.push(0);
    else throw errorFromReply(pair[side].connection.name, sizeCommandOf(type).name, reply);
  }
  return sizes;
}

/**
 * The next batch is asked for before the present one is judged, so that no server waits for this program.
 * @param members how many of them each key has
 */
async function compareSmall(
  comparer: Comparer,
  type: Collection,
  keys: ListedStrings,
  members: readonly number[],
): Promise<void> {
  const portion = comparer.portions.ofSmall(type);
  let asked: AskedBatch | null = null;
  for (let from = 0; from < keys.count; ) {
    let to = from;
    let together = 0;
    while (to < keys.count && together < portion.size) together += members[to++]!;
    const next = askWhole(comparer, { type, keys, from, to, members: together });
    if (asked !== null) await judgeWhole(comparer, asked);
    asked = next;
    from = to;
  }
  if (asked !== null) await judgeWhole(comparer, asked);
}

/** Small collections of one type that are asked for together. */
interface WholeBatch {
  readonly type: Collection;
  readonly keys: ListedStrings;
  /** The first of them among the keys, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Of all of them. */
  readonly members: number;
}

interface AskedBatch extends WholeBatch {
  readonly replies: Promise<readonly [RawReplies, RawReplies]>;
}

function askWhole({ pair }: Comparer, batch: WholeBatch): AskedBatch {
  const { type, keys, from, to, members } = batch;
  const { name, more } = wholeCommandOf(type);
  const writer = pair.write().addEach(keys, [name], more, from, to);
  const replies = pair.both(writer, Math.max(to - from, members));
  replies.catch(() => undefined);
  return { ...batch, replies };
}

async function judgeWhole(comparer: Comparer, batch: AskedBatch): Promise<void> {
  const { pair } = comparer;
  const { type, members } = batch;
  const replies = await batch.replies;
  comparer.portions.ofSmall(type).saw(members, replies[0].totalBytes);
  if (sameBytes(replies[0], replies[1])) {
    assertAccepted(pair.left.connection.name, wholeCommandOf(type).name, replies[0], saysAbsent);
    assertCollection(type, replies[0]);
  } else {
    if (replies[0].digest || replies[1].digest) return compareTooLarge(comparer, batch);
    compareOneByOne(comparer, batch, replies);
  }
  pair.release(replies);
}

/** The replies are too large to be kept: fewer keys at a time, and a single one in pieces. */
async function compareTooLarge(comparer: Comparer, batch: WholeBatch): Promise<void> {
  const { type, keys, from, to, members } = batch;
  if (to - from === 1) return compareLarge(comparer, type, keys.get(from), members);
  const middle = (from + to) >> 1;
  await judgeWhole(comparer, askWhole(comparer, { ...batch, to: middle, members: members >> 1 }));
  await judgeWhole(
    comparer,
    askWhole(comparer, { ...batch, from: middle, members: members - (members >> 1) }),
  );
}

const elements = { left: new Elements(), right: new Elements() };

/** Mostly the bytes of a key's members tell already that they are equal. Only what is left is taken apart. */
function compareOneByOne(
  { pair, settler }: Comparer,
  { type, keys, from, to }: WholeBatch,
  replies: readonly [RawReplies, RawReplies],
): void {
  const left = new ReplyReader(replies[0].bytes);
  const right = new ReplyReader(replies[1].bytes);
  const stringsEach = type === 'hash' ? 2 : 1;
  for (let i = from; i < to; i++) {
    if (
      elements.left.take(left.buffer, left.position, stringsEach) &&
      elements.right.take(right.buffer, right.position, stringsEach) &&
      areEqual(type)
    ) {
      left.position = elements.left.end;
      right.position = elements.right.end;
      continue;
    }
    const suspect: Suspect = { type, key: keys.get(i), probe: { of: 'whole' } };
    const findings = [
      findingOf(pair, 'left', suspect, left.next(), settler),
      findingOf(pair, 'right', suspect, right.next(), settler),
    ] as const;
    if (findings[0].digest !== findings[1].digest) settler.suspect(suspect);
  }
}

/** Redis gives the members of a set or hash in an order of its own in each process. */
const areEqual = (type: Collection): boolean =>
  elements.left.areSame(elements.right) ||
  ((type === 'set' || type === 'hash') && elements.left.areSameInAnyOrder(elements.right));

function findingOf(pair: Pair, side: SideName, suspect: Suspect, reply: Reply, settler: Settler) {
  try {
    return readFinding(suspect, reply, settler.expiry);
  } catch (error) {
    if (error instanceof ErrorReply)
      throw errorFromReply(pair[side].connection.name, wholeCommandOf(suspect.type).name, error);
    throw error;
  }
}
