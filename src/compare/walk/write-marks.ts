import { infoFields } from '../../engines/pika/info.ts';
import type { Comparer } from '../comparer.ts';
import type { Pair } from '../pair.ts';
import { infoText } from '../wire/server.ts';
import type { WireConnection } from '../wire/wire.ts';

/**
 * Whether the right side of the selected DB has no key that the left side lacks, without a walk over the right side. The walk
 * must have found all keys of the left side on the right. Then equal numbers of keys on both sides, at the same moment, are
 * the same keys. For a slave, the same moment is the same place in the master's stream of writes. For servers that do not
 * follow each other, it is a time without writes to either server. Only a master counts living keys alone where it was
 * walked; any other server may count expired keys that it shows to nobody. `false` = not known: the right side must be walked.
 */
export async function holdsNothingForeign(
  comparer: Comparer,
  before: readonly WriteMark[],
): Promise<boolean> {
  const { pair, clock } = comparer;
  for (let looks = 0; looks < mostLooksAtCounts; looks++) {
    const marks = await readMarks(pair);
    const [left, right] = marks;
    if (pair.leader !== 'left' && (left!.expiring || right!.expiring)) return false;
    const sameMoment =
      pair.leader === null ? wroteNothing(before, marks) : left!.position === right!.position;
    if (sameMoment) return left!.keys === right!.keys;
    if (pair.leader === null) return false;
    await clock.sleep(1);
  }
  return false;
}

const mostLooksAtCounts = 30;

/** What one INFO of a Redis tells at one moment about the selected DB. */
export interface WriteMark {
  readonly keys: number;
  readonly expiring: boolean;
  /** Place in the stream of writes. */
  readonly position: string;
  /** Changes with every write; null = this server does not tell. */
  readonly writes: string | null;
  /** Whether members of collections can expire by themselves, which is no write. */
  readonly membersExpire: boolean;
}

/** Whether no client wrote to either server between two looks. */
export const wroteNothing = (before: readonly WriteMark[], after: readonly WriteMark[]): boolean =>
  before.length === after.length &&
  after.every(({ writes }, side) => writes !== null && writes === before[side]!.writes);

export async function readMarks(pair: Pair): Promise<readonly WriteMark[]> {
  return Promise.all([readMark(pair.left.connection, pair.db), readMark(pair.right.connection, pair.db)]);
}

async function readMark(connection: WireConnection, db: number): Promise<WriteMark> {
  const text = await infoText(connection);
  const fields = infoFields(text);
  const [, keys = '0', expires = '0', more = ''] =
    new RegExp(`^db${db}:keys=(\\d+),expires=(\\d+)(.*)`, 'm').exec(text) ?? [];
  const changes = fields.get('rdb_changes_since_last_save');
  const slave = fields.get('role') === 'slave';
  return {
    keys: Number(keys),
    expiring: Number(expires) > 0,
    position: fields.get(slave ? 'slave_repl_offset' : 'master_repl_offset') ?? '',
    writes: changes ? `${changes} ${fields.get('rdb_last_save_time')} ${fields.get('run_id')}` : null,
    // Redis from 7.4 on, and Valkey from 9 on.
    membersExpire: /(subexpiry|keys_with_volatile_items)=[1-9]/.test(more),
  };
}
