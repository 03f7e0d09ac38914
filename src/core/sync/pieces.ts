/** How the files of a copy come: in pieces, each the answer to one request. The way of the bytes tells whether requests time out. */
import type { FullSyncPass } from '../../model/full-sync.ts';
import type { Facts } from '../../model/text.ts';

/** A node shares its throttle among ten rounds a second, and asks for no more than 4 MiB at once (v4.0.1 throttle.cc). */
const roundsPerSecond = 10;
const pieceAtMostBytes = 4 * 1024 * 1024;

/** Of each answer beside its piece: 83 to 89 were counted; and of pings between two looks. */
const envelopeBytes = 150;
const pingsBytes = 400;
/** The list of files may come with the first piece; the small files of 3.5 are larger together. */
const listBytes = 4096;

/** The node reads an answer in parts, so one look can fall into the middle of a piece, and seldom several looks in a row. */
const looksAtMost = 4;

/** Shorter times between two looks show a pace that jumps. */
const windowMs = 1000;

type Pieces = NonNullable<FullSyncPass['pieces']>;

interface Counter {
  readonly bytes: number;
  readonly at: number;
}

/** Takes in what came between two looks of a copy that has begun. */
export function takePieces(
  pieces: Pieces | undefined,
  before: Counter,
  now: Counter,
  throttleBytesPerSecond: number,
): Pieces {
  const since = { wholeBytes: before.bytes, sinceAt: before.at, sinceBytes: before.bytes };
  const known = pieces ?? { whole: 0, ragged: 0, looks: 0, slowMs: 0, ...since };
  return slowly(counted(known, now.bytes, throttleBytesPerSecond), now, throttleBytesPerSecond);
}

/** Counts from the look at which a piece had ended last. */
function counted(known: Pieces, bytes: number, throttle: number): Pieces {
  const { whole, ragged, looks } = known;
  const piece = Math.floor(throttle / roundsPerSecond);
  const came = bytes - known.wholeBytes;
  // Larger rounds are shared by several requests of any size.
  if (came <= pingsBytes || piece > pieceAtMostBytes) return known;
  const pieces = Math.floor(came / piece);
  const beside = whole + ragged === 0 ? listBytes : pingsBytes;
  const next = { ...known, wholeBytes: bytes, looks: 0 };
  if (pieces > 0 && came - pieces * piece <= pieces * envelopeBytes + beside)
    return { ...next, whole: whole + 1 };
  return looks + 1 < looksAtMost ? { ...known, looks: looks + 1 } : { ...next, ragged: ragged + 1 };
}

/** A node whose answers come in time has files at a tenth of its throttle at least, or the network is slow. */
function slowly(known: Pieces, { bytes, at }: Counter, throttle: number): Pieces {
  const ms = at - known.sinceAt;
  if (ms < windowMs) return known;
  const isSlow = ((bytes - known.sinceBytes) * 1000) / ms < throttle / roundsPerSecond;
  return { ...known, sinceAt: at, sinceBytes: bytes, slowMs: known.slowMs + (isSlow ? ms : 0) };
}

/** A few looks can show whole pieces alone by chance. */
const wholeThatTell = 5;
/** A busy machine can slow a copy down for a moment. */
const slowMsThatTells = 3000;

interface Told {
  readonly code: 'no_file_ended' | 'came_slowly';
  readonly facts: Facts;
}

/** What tells that the requests of a copy time out, which received more than its snapshot holds; null = nothing. */
export function requestsTimeOut(pieces: Pieces | undefined): Told | null {
  if (pieces === undefined) return null;
  const { whole, ragged, slowMs } = pieces;
  if (whole >= wholeThatTell && ragged === 0) return { code: 'no_file_ended', facts: {} };
  return slowMs >= slowMsThatTells ? { code: 'came_slowly', facts: { forMs: slowMs } } : null;
}
