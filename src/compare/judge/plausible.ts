import type { KeyType } from '../../model/comparison.ts';
import { afterStrings, ProtocolError } from '../../resp/reader.ts';
import { areAll } from '../../resp/strings.ts';

/**
 * Whether replies that both sides gave alike are replies to what was asked at all: two servers behind one broken proxy, or
 * two that refuse alike, say the same too. Looked at is what costs little beside the reading itself.
 */

const newline = 0x0a;
const carriageReturn = 0x0d;
const asterisk = 0x2a;
const minus = 0x2d;
const colon = 0x3a;
const dollar = 0x24;

/** Whether a reply to MGET is whole and has a string for each of `keys` keys: nil stands for other types. */
export function isArrayOfStrings(bytes: Buffer, keys: number): boolean {
  const head = `*${keys}\r\n`;
  if (bytes.toString('latin1', 0, head.length) !== head) return false;
  return afterStrings(bytes, head.length, keys) === bytes.length;
}

/** Whether a reply is a number of things, and no error. */
export const isCount = (bytes: Buffer): boolean => /^:\d+\r\n$/.test(bytes.toString('latin1', 0, 32));

/** Whether replies are `count` expiries: numbers, of which none is below -2. Mostly no key expires. */
export function areExpiries(bytes: Buffer, count: number): boolean {
  if (areAll(bytes, 0, ':-1\r\n', count)) return true;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (bytes[at] !== colon) return false;
    if (bytes[at + 1] === minus && !isMinusOneOrTwo(bytes, at + 2)) return false;
    while (at < bytes.length && bytes[at] !== newline) at += 1;
    at += 1;
  }
  return at === bytes.length;
}

const isMinusOneOrTwo = (bytes: Buffer, at: number): boolean =>
  (bytes[at] === 0x31 || bytes[at] === 0x32) && bytes[at + 1] === carriageReturn;

/** Whether replies begin with one to a reading of a whole collection. */
export function beginWithCollection(bytes: Buffer, type: KeyType): boolean {
  if (bytes[0] !== asterisk) return false;
  const end = bytes.indexOf(newline);
  if (bytes.toString('latin1', 0, end + 1) === '*0\r\n') return true;
  if (!/^\*\d{1,10}\r$/.test(bytes.toString('latin1', 0, Math.min(end, 16)))) return false;
  if (type === 'stream') return bytes[end + 1] === asterisk;
  return bytes[end + 1] === dollar && bytes[end + 2] !== minus;
}

/** Throws ProtocolError where replies do not begin with one to a reading of a whole collection, nor with an error. */
export function assertCollection(type: KeyType, { bytes }: { readonly bytes: Buffer }): void {
  // A key that meanwhile has another type is refused; it shows when its type is asked for.
  if (bytes[0] === minus || beginWithCollection(bytes, type)) return;
  throw new ProtocolError(`a reply to a reading of a ${type} is none`);
}
