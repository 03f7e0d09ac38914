const compiled = new Map<string, RegExp>();
const keptPatterns = 200;

/** Redis-style pattern (`*`, `?`, `[a-z]`, `[^a]`, `\x`) over binary strings. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === '*') return true;
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = toRegExp(pattern);
    if (compiled.size >= keptPatterns) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

/** Text before a single `*` at the end; '' for any other pattern. Pika narrows scans by it. */
export function tailWildcardPrefix(pattern: string): string {
  const plain = /^[^*?[\]\\]+\*$/.test(pattern);
  return plain ? pattern.slice(0, -1) : '';
}

const quote = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function toRegExp(pattern: string): RegExp {
  let source = '^';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '\\' && i + 1 < pattern.length) source += quote(pattern[++i]!);
    else if (char === '[') {
      const end = pattern.indexOf(']', i + 1);
      const inner = end === -1 ? pattern.slice(i + 1) : pattern.slice(i + 1, end);
      const negated = inner.startsWith('^');
      const body = (negated ? inner.slice(1) : inner)
        .split('-')
        .map((part) => part.replace(/[\\\]^[]/g, '\\$&'))
        .join('-');
      source += body === '' ? '(?!)' : `[${negated ? '^' : ''}${body}]`;
      i = end === -1 ? pattern.length : end;
    } else source += quote(char);
  }
  return new RegExp(`${source}$`, 's');
}
