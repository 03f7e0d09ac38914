/** The texts of tokens that the service makes: `pxt_`, 32 random characters, and 6 that check them. */
import { createHash, randomInt } from 'node:crypto';

const prefix = 'pxt_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 32;
const checkLength = 6;
const shape = new RegExp(`^${prefix}([0-9A-Za-z]{${randomLength}})([0-9A-Za-z]{${checkLength}})$`);

/** A new text, with 190 bits of chance. */
export function newTokenText(): string {
  const random = Array.from({ length: randomLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  return prefix + random + checkOf(random);
}

/** Whether a text has the form of such a token, with the right check: scanners need not ask the service. */
export function isTokenText(text: string): boolean {
  const [, random, check] = shape.exec(text) ?? [];
  return random !== undefined && check === checkOf(random);
}

/** A text without such tokens. */
export const hideTokenTexts = (text: string): string =>
  text.replace(new RegExp(`${prefix}[0-9A-Za-z]{8,}`, 'g'), `${prefix}…`);

/** What is kept of the text of a token: its SHA-256. */
export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The CRC-32 (of zip and gzip) of the random part in base 62. */
function checkOf(random: string): string {
  let rest = crc32(Buffer.from(random));
  let text = '';
  for (let at = 0; at < checkLength; at += 1) {
    text = alphabet[rest % alphabet.length] + text;
    rest = Math.floor(rest / alphabet.length);
  }
  return text;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
