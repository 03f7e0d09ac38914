import type { Keyspace, KeyType } from '../keyspace.ts';
import type { Reply } from '../reply.ts';
import type { Traits } from '../versions.ts';

/** What a data command works on. */
export interface DataContext {
  readonly keyspace: Keyspace;
  readonly traits: Traits;
  /** Milliseconds since the epoch on the node's clock. */
  readonly now: number;
  readonly cursors: CursorStore;
  /** What goes to the binlog in place of the command itself, where replaying it would give something else. */
  log(argv: readonly string[]): void;
}

export interface DataCommand {
  /** As in Redis: number of words with the name; negative = at least. */
  readonly arity: number;
  readonly writes: boolean;
  /** Appeared with streams (3.5.3). */
  readonly streams?: true;
  readonly run: (context: DataContext, argv: readonly string[]) => Reply;
}

export type CommandTable = Readonly<Record<string, DataCommand>>;

const keptCursors = 5000;

/** Start keys behind SCAN cursors; the server forgets old ones, and an unknown cursor starts at the beginning. */
export class CursorStore {
  private readonly starts = new Map<string, string>();

  get(name: string): string | undefined {
    return this.starts.get(name);
  }

  set(name: string, start: string): void {
    this.starts.delete(name);
    this.starts.set(name, start);
    if (this.starts.size > keptCursors) this.starts.delete(this.starts.keys().next().value!);
  }
}

/** The last second that fits into 31 bits: 2038-01-19. */
export const lastSecond = 2 ** 31 - 1;

export const read = (arity: number, run: DataCommand['run']): DataCommand => ({ arity, writes: false, run });
export const write = (arity: number, run: DataCommand['run']): DataCommand => ({ arity, writes: true, run });

/** A whole number in the range that JavaScript keeps exact; undefined otherwise. */
export function toInteger(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,18}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Whether 4.0 would refuse a command of this type on the key (one type per name there). */
export function clashes({ keyspace, traits, now }: DataContext, type: KeyType, key: string): boolean {
  if (!traits.oneTypePerKey) return false;
  return typesOf(keyspace, key, now).some((other) => other !== type);
}

/** Pika's order of types where a name has several. */
export const typeOrder: readonly KeyType[] = ['string', 'hash', 'list', 'zset', 'set', 'stream'];

export function typesOf(keyspace: Keyspace, key: string, now: number): KeyType[] {
  return typeOrder.filter((type) => keyspace.peek(type, key, now) !== undefined);
}
