/**
 * Checks an export of the trail (docs/trail.md) without any service: that each entry follows the one before, that none is missing
 * up to the signed end, and that the trail still holds what a head that was kept elsewhere saw of it.
 */
import { canonical, number, type Row, row, TooDeepError, text } from './json.ts';
import { sealOn, sha256 } from './key.ts';

const trailFormat = 'pika-expander trail 1';
const zeros = '0'.repeat(64);
/** Several times as long as the service writes any. */
const mostLineCharacters = 256 * 1024;

export interface TrailFault {
  readonly code:
    | 'not_trail'
    | 'line_not_json'
    | 'line_not_canonical'
    | 'entry_missing'
    | 'entry_altered'
    | 'end_missing'
    | 'end_differs'
    | 'end_unsigned'
    | 'other_key'
    | 'not_head'
    | 'head_unsigned'
    | 'head_of_other_key'
    | 'head_beyond_end'
    | 'head_differs'
    | 'head_before_export';
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface TrailVerification {
  /** `altered` before `truncated` before `other_key` before `not_compared`. */
  readonly verdict: 'whole' | 'altered' | 'truncated' | 'other_key' | 'not_compared';
  /** Number of the entry that the export follows. */
  readonly follows: number | null;
  /** Number of its last entry. */
  readonly last: number | null;
  readonly entries: number;
  /** When its end was signed. */
  readonly at: number | null;
  readonly keyId: string | null;
  /** Whether the key was compared with one that the reader trusts. */
  readonly keyPinned: boolean;
  /** Number of the entry of the head that was kept; null = there was none to compare. */
  readonly headSeq: number | null;
  readonly faults: readonly TrailFault[];
}

export interface TrailChecks {
  /** The text of a head that was kept; null = none. */
  readonly head: string | null;
  /** The export must be signed by this key; null = any key is named, and the reader judges it. */
  readonly trustedKeyId: string | null;
}

interface Head {
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly isSigned: boolean;
  readonly keyId: string | null;
}

/** What was read so far. */
interface Reading {
  follows: number | null;
  seq: number;
  hash: string;
  entries: number;
  end: Head | null;
  /** Of the entry of the kept head. */
  seen: string | null;
  fault: TrailFault | null;
}

const fault = (code: TrailFault['code'], facts: TrailFault['facts'] = {}): TrailFault => ({ code, facts });

/** `chunks`: the text of the export, in any pieces. The first fault of the entries ends the reading. */
export async function verifyTrail(
  chunks: AsyncIterable<string> | Iterable<string>,
  { head, trustedKeyId }: TrailChecks,
): Promise<TrailVerification> {
  const kept = head === null ? null : headIn(head);
  const reading: Reading = {
    follows: null,
    seq: 0,
    hash: zeros,
    entries: 0,
    end: null,
    seen: null,
    fault: null,
  };
  for await (const line of linesOf(chunks)) {
    reading.fault = readLine(reading, line, kept);
    if (reading.fault !== null) break;
  }
  const faults = [
    ...(reading.fault === null ? endFaults(reading) : [reading.fault]),
    ...(reading.end !== null && trustedKeyId !== null && reading.end.keyId !== trustedKeyId
      ? [fault('other_key', { keyId: reading.end.keyId, trustedKeyId })]
      : []),
    ...(head === null ? [] : headFaults(reading, kept)),
  ];
  return {
    verdict: verdictOf(faults),
    follows: reading.follows,
    last: reading.follows === null ? null : reading.seq,
    entries: reading.entries,
    at: reading.end?.at ?? null,
    keyId: reading.end?.keyId ?? null,
    keyPinned: trustedKeyId !== null,
    headSeq: kept?.seq ?? null,
    faults,
  };
}

function verdictOf(faults: readonly TrailFault[]): TrailVerification['verdict'] {
  const codes = faults.map(({ code }) => code);
  const notCompared = ['not_head', 'head_before_export'];
  const truncated = ['end_missing', 'head_beyond_end'];
  const soft = [...notCompared, ...truncated, 'other_key'];
  if (codes.some((code) => !soft.includes(code))) return 'altered';
  if (codes.some((code) => truncated.includes(code))) return 'truncated';
  if (codes.includes('other_key')) return 'other_key';
  return codes.length > 0 ? 'not_compared' : 'whole';
}

async function* linesOf(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield `${line}\n`;
    // What is longer than any line is none: nothing more of it is read.
    if (rest.length > mostLineCharacters) break;
  }
  if (rest !== '') yield rest;
}

function readLine(reading: Reading, line: string, kept: Head | null): TrailFault | null {
  const after = reading.seq;
  const parsed = parsedLine(line);
  if ('code' in parsed) return fault(parsed.code as TrailFault['code'], { after });
  if (reading.follows === null) return readFormat(reading, parsed.value, kept);
  // Whatever comes after the end was added.
  if (reading.end !== null) return fault('end_differs', { after });
  if (parsed.value.format !== undefined) {
    reading.end = headOf(parsed.value);
    return reading.end === null ? fault('end_missing', { after }) : null;
  }
  return readEntry(reading, parsed.value, kept);
}

function parsedLine(line: string): { readonly value: Row } | { readonly code: string } {
  if (line.length > mostLineCharacters) return { code: 'line_not_json' };
  try {
    const value: unknown = JSON.parse(line);
    return `${canonical(value)}\n` === line ? { value: row(value) } : { code: 'line_not_canonical' };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TooDeepError || error instanceof RangeError)
      return { code: 'line_not_json' };
    throw error;
  }
}

function readFormat(reading: Reading, { format, follows }: Row, kept: Head | null): TrailFault | null {
  const [seq, hash] = [number(row(follows).seq), text(row(follows).hash)];
  if (format !== trailFormat || seq === null || hash === null) return fault('not_trail');
  if (seq === 0 && hash !== zeros) return fault('entry_altered', { seq: 0 });
  Object.assign(reading, { follows: seq, seq, hash });
  if (kept?.seq === seq) reading.seen = hash;
  return null;
}

function readEntry(reading: Reading, entry: Row, kept: Head | null): TrailFault | null {
  const { hash, ...said } = entry;
  const seq = number(entry.seq);
  const expected = reading.seq + 1;
  if (seq !== expected) return fault('entry_missing', { expected, found: seq });
  if (hash !== sha256(`${reading.hash}${canonical(said)}`)) return fault('entry_altered', { seq });
  Object.assign(reading, { seq, hash, entries: reading.entries + 1 });
  if (kept?.seq === seq) reading.seen = hash;
  return null;
}

function endFaults({ follows, end, seq, hash }: Reading): readonly TrailFault[] {
  if (follows === null) return [fault('not_trail')];
  if (end === null) return [fault('end_missing', { after: seq })];
  if (!end.isSigned) return [fault('end_unsigned')];
  return end.seq === seq && end.hash === hash ? [] : [fault('end_differs', { after: seq })];
}

/** Whether the trail still holds what the kept head saw. */
function headFaults({ fault: broken, follows, end, seq, seen }: Reading, kept: Head | null) {
  if (kept === null) return [fault('not_head')];
  if (!kept.isSigned) return [fault('head_unsigned')];
  const ofKey =
    end !== null && end.keyId !== kept.keyId
      ? [fault('head_of_other_key', { keyId: kept.keyId, other: end.keyId })]
      : [];
  if (broken !== null || follows === null) return ofKey;
  if (kept.seq < follows) return [...ofKey, fault('head_before_export', { seq: kept.seq, follows })];
  if (kept.seq > seq) return [...ofKey, fault('head_beyond_end', { seq: kept.seq, last: seq, at: kept.at })];
  return seen === kept.hash ? ofKey : [...ofKey, fault('head_differs', { seq: kept.seq, at: kept.at })];
}

function headIn(content: string): Head | null {
  try {
    return headOf(row(JSON.parse(content)));
  } catch {
    return null;
  }
}

function headOf({ format, seq: number_, hash: hash_, at: at_, signature }: Row): Head | null {
  const [seq, hash, at] = [number(number_), text(hash_), number(at_)];
  if (format !== trailFormat || seq === null || hash === null || at === null) return null;
  const { isSigned, keyId, isMisnamed } = sealOn(signature, `${trailFormat} ${canonical({ seq, hash, at })}`);
  return { seq, hash, at, keyId, isSigned: isSigned && !isMisnamed };
}
