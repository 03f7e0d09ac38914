/** A key's bytes as text when they are printable ASCII, else base64 with the prefix `base64:`. */
export function printKey(key: Buffer): string {
  return isPrintable(key) && !key.toString('latin1').startsWith('base64:')
    ? key.toString('latin1')
    : `base64:${key.toString('base64')}`;
}

function isPrintable(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte < 0x20 || byte > 0x7e) return false;
  return true;
}
