import { countIn, ErrorReply, ReplyReader } from '../../resp/reader.ts';
import { ListedStrings } from '../../resp/strings.ts';
import { type Comparer, largeAtOnce } from '../comparer.ts';
import type { Pair, SideName } from '../pair.ts';
import { bytesAimedAt } from '../portion.ts';
import { saysAbsent } from '../wire/probe.ts';
import { accepted, assertAccepted, sameBytes } from '../wire/wire.ts';
import { OpenPages } from './open-pages.ts';

/** Larger strings are read in pieces. */
const largestWholeBytes = 1024 * 1024;
const pieceBytes = 512 * 1024;

export interface BySize {
  /** Keys of strings to be read together. */
  readonly batches: readonly (readonly Buffer[])[];
  /** Keys of strings that were compared in pieces. */
  readonly large: readonly Buffer[];
  /** Keys that are no strings on one side at least. */
  readonly others: readonly Buffer[];
}

/**
 * Asks for the sizes of strings on both sides of a Redis pair, and compares the large strings in pieces. So neither
 * server nor this program ever holds a large string in a reply. Says how the other strings may be read.
 */
export async function compareLargeStrings(comparer: Comparer, keys: readonly Buffer[]): Promise<BySize> {
  const sizes = await readSizes(comparer.pair, keys);
  const batches: Buffer[][] = [];
  const large: Buffer[] = [];
  const others: Buffer[] = [];
  let room = 0;
  for (const [i, key] of keys.entries()) {
    const [left, right] = sizes[i]!;
    const bytes = left === null || right === null ? null : Math.max(left, right);
    if (bytes === null) others.push(key);
    else if (bytes > largestWholeBytes) {
      large.push(key);
      await comparePieces(comparer, key, left!, right!);
    } else {
      if (batches.length === 0 || bytes > room) {
        batches.push([]);
        room = bytesAimedAt.redis;
      }
      batches.at(-1)!.push(key);
      room -= bytes;
    }
  }
  return { batches, large, others };
}

type Sizes = readonly [number | null, number | null];

/** The sizes on both sides, 0 where there is no such key, null where it is no string. */
async function readSizes(pair: Pair, keys: readonly Buffer[]): Promise<readonly Sizes[]> {
  const replies = await pair.both(pair.write().addEach(ListedStrings.of(keys), ['STRLEN']));
  const readers = [new ReplyReader(replies[0].bytes), new ReplyReader(replies[1].bytes)] as const;
  const sizes = keys.map((): Sizes => [sizeIn(pair, 'left', readers[0]), sizeIn(pair, 'right', readers[1])]);
  pair.release(replies);
  return sizes;
}

function sizeIn(pair: Pair, side: SideName, reader: ReplyReader): number | null {
  const reply = reader.next();
  if (reply instanceof ErrorReply && saysAbsent(reply)) return null;
  return countIn(accepted(pair[side].connection.name, 'STRLEN', reply));
}

async function comparePieces(comparer: Comparer, key: Buffer, left: number, right: number): Promise<void> {
  if (left !== right) {
    comparer.settler.suspect({ type: 'string', key, probe: { of: 'whole' } });
    return;
  }
  const open = new OpenPages(largeAtOnce);
  for (let start = 0; start < left; start += pieceBytes) await open.add(comparePiece(comparer, key, start));
  await open.finish();
}

async function comparePiece({ pair, settler }: Comparer, key: Buffer, start: number): Promise<void> {
  const stop = start + pieceBytes - 1;
  const replies = await pair.both(pair.write().add('GETRANGE', key, start, stop));
  if (sameBytes(replies[0], replies[1]))
    assertAccepted(pair.left.connection.name, 'GETRANGE', replies[0], saysAbsent);
  else settler.suspect({ type: 'string', key, probe: { of: 'range', start, stop } });
  pair.release(replies);
}
