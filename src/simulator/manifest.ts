/** Writes a MANIFEST of RocksDB, by its own description of the format. */
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
};
/** Bytes after their length. */
export const sized = (text: string | Buffer): Buffer =>
  Buffer.concat([varint(text.length), Buffer.from(text)]);
/** One change of a database. */
export const change = (...parts: (number | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? varint(part) : part)));
/** A table file is added. */
export const table = (number: number, bytes = 100, fields: Buffer = varint(1)): Buffer =>
  change(103, 2, number, bytes, sized('a'), sized('z'), 1, 2 ** 55, fields);

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  }
  value = ~value >>> 0;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

/** Records cut into blocks. `logNumber`: in files that are used again. */
export function log(records: readonly Buffer[], logNumber: number | null = null): Buffer {
  const header = logNumber === null ? 7 : 11;
  const pieces: Buffer[] = [];
  let at = 0;
  const put = (piece: Buffer): void => {
    pieces.push(piece);
    at += piece.length;
  };
  for (const record of records) {
    let from = 0;
    do {
      if (32_768 - (at % 32_768) < header) put(Buffer.alloc(32_768 - (at % 32_768)));
      const data = record.subarray(from, from + 32_768 - (at % 32_768) - header);
      const isLast = from + data.length === record.length;
      const type = from === 0 ? (isLast ? 1 : 2) : isLast ? 4 : 3;
      const checked = Buffer.concat([
        Buffer.from([logNumber === null ? type : type + 4]),
        logNumber === null ? Buffer.alloc(0) : Buffer.from(Uint32Array.of(logNumber).buffer),
        data,
      ]);
      const head = Buffer.alloc(6);
      head.writeUInt32LE(crc(checked));
      head.writeUInt16LE(data.length, 4);
      put(Buffer.concat([head, checked]));
      from += data.length;
    } while (from < record.length);
  }
  return Buffer.concat(pieces);
}
