import type { KeyType } from '../../model/comparison.ts';
import { leftOut, note } from '../../model/comparison-texts.ts';
import { bytesIn, itemsIn, numberIn, ReplyReader, stringsIn } from '../../resp/reader.ts';
import { ListedStrings } from '../../resp/strings.ts';
import type { Comparer } from '../comparer.ts';
import type { SideName } from '../pair.ts';
import { infoText, typeNamed } from '../wire/server.ts';
import { accepted } from '../wire/wire.ts';
import { compareTypedKeys } from './collections.ts';

/**
 * Whether neither side of a 4.x pair can hold a stream, without a walk over all keys. No file of RocksDB held entries
 * of streams when the servers were first asked. And since its start neither server has executed a command that could
 * have made a stream, be it in a file by now or not. Pika counts commands that came by replication, but not the commands
 * of a transaction (pika-facts 6). CONFIG RESETSTAT does not forget them.
 */
export async function holdNoStreams({ pair }: Comparer): Promise<boolean> {
  const sides = await Promise.all(
    (['left', 'right'] as const).map(async (side) => {
      const [rocksdb, executed] = await Promise.all([
        pair.rocksdb(side),
        infoText(pair[side].connection, 'command_exec_count'),
      ]);
      const files = [...rocksdb.matchAll(/num_files_at_level\d+_stream_data_cf:(\d+)/g)];
      return (
        files.length > 0 &&
        files.every((match) => match[1] === '0') &&
        /^# Command_Exec_Count/m.test(executed) &&
        !/^(XADD|EXEC|SLOTSRESTORE.*):/m.test(executed)
      );
    }),
  );
  return sides.every((none) => none);
}

/**
 * Keys asked for by SCAN. Odd numbers, since Pika keeps its cursors, which are counts, for all clients together, and most
 * clients ask for round ones.
 */
const scanCounts = [997, 991, 983, 743, 601, 487] as const;

/**
 * Compares the streams of a 4.x server. Its range commands do not know streams. SCAN visits all types one after the
 * other and streams last (pika-facts 6), so the type of a page's last key tells whether the page can
 * hold any. SCAN can lose its place: a cursor that the server forgot begins again. 4.0.1 ends early, with an empty
 * page, where a page begins with a key of one byte (LoadCursorStartKey). The walk notices both and tries other counts.
 * If that fails, the report says that the walk did not see all streams. Both sides are walked at the same time. SCAN
 * takes long, because it visits every key once for each type. So a walk that would find nothing is left out.
 */
export async function compareStreams(comparer: Comparer): Promise<number> {
  if (await holdNoStreams(comparer)) {
    comparer.tally.note(note('no_streams'));
    return 0;
  }
  const [seen] = await Promise.all([compareStreamsOf(comparer, 'left'), compareStreamsOf(comparer, 'right')]);
  comparer.tally.looked('stream', seen);
  return seen;
}

async function compareStreamsOf(comparer: Comparer, side: SideName): Promise<number> {
  let most = 0;
  for (const count of scanCounts) {
    const { streams, whole } = await scanForStreams(comparer, side, count);
    if (whole) return streams;
    most = Math.max(most, streams);
  }
  const server = comparer.pair[side].connection.name;
  comparer.tally.leftOut(leftOut('streams_lost_place', { server }));
  return most;
}

interface ScannedStreams {
  readonly streams: number;
  /** false = the scan lost its place. */
  readonly whole: boolean;
}

async function scanForStreams(comparer: Comparer, side: SideName, count: number): Promise<ScannedStreams> {
  let streams = 0;
  for (let cursor = 0; ; ) {
    const page = await scanPage(comparer, side, cursor, Math.min(count, comparer.pair.pace.largestPage));
    const keys = await streamsAmong(comparer, side, page.keys);
    const own = side === 'left' ? keys : await lackingOnLeft(comparer, keys);
    await compareTypedKeys(comparer, 'stream', ListedStrings.of(own));
    await comparer.settler.settleIfMany();
    streams += keys.length;
    if (page.next === 0) return { streams, whole: cursor === 0 || page.keys.length > 0 };
    if (page.next <= cursor) return { streams, whole: false };
    cursor = page.next;
  }
}

/** Streams that the left side has too are compared when its own are walked. */
async function lackingOnLeft(comparer: Comparer, keys: readonly Buffer[]): Promise<readonly Buffer[]> {
  if (keys.length === 0) return keys;
  const types = await typesIn(comparer, 'left', keys);
  return keys.filter((_, i) => types[i] !== 'stream');
}

async function scanPage(
  comparer: Comparer,
  side: SideName,
  cursor: number,
  count: number,
): Promise<{ readonly next: number; readonly keys: readonly Buffer[] }> {
  const { pair } = comparer;
  const replies = await pair.one(side, pair.write().add('SCAN', cursor, 'COUNT', count), count);
  const reply = accepted(pair[side].connection.name, 'SCAN', new ReplyReader(replies.bytes).next());
  const [next, keys] = itemsIn(reply);
  return { next: numberIn(next), keys: stringsIn(keys) };
}

async function streamsAmong(comparer: Comparer, side: SideName, keys: readonly Buffer[]): Promise<Buffer[]> {
  const last = keys.at(-1);
  if (last === undefined) return [];
  // The type of a key that is listed under another name cannot be asked for.
  if (!comparer.pair.isCutShort(last) && (await typesIn(comparer, side, [last]))[0] !== 'stream') return [];
  const types = await typesIn(comparer, side, keys);
  const streams = keys.filter((_, i) => types[i] === 'stream');
  if (streams.length > 0 && keys.some((key, i) => types[i] === null && comparer.pair.isCutShort(key)))
    comparer.tally.leftOut(leftOut('streams_zero_byte'));
  return streams;
}

async function typesIn(
  comparer: Comparer,
  side: SideName,
  keys: readonly Buffer[],
): Promise<(KeyType | null)[]> {
  const { pair } = comparer;
  const writer = pair.write().addEach(ListedStrings.of(keys), ['TYPE']);
  const { name } = pair[side].connection;
  const reader = new ReplyReader((await pair.one(side, writer)).bytes);
  return keys.map(() => typeNamed(bytesIn(accepted(name, 'TYPE', reader.next())).toString('latin1')));
}
