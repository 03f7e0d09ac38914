/** One node of the pasted text. */
interface ParsedNode {
  readonly address: string;
  readonly seenAs: string | null;
}

interface ParseProblem {
  readonly line: number;
  readonly text: string;
  readonly kind: 'invalid' | 'twice';
}

export interface ParsedNodes {
  readonly nodes: readonly ParsedNode[];
  readonly problems: readonly ParseProblem[];
}

/** Whether a text is `host:port` or `[ipv6]:port` with a port from 1 to 65535. The service looks closer. */
export function isAddress(text: string): boolean {
  const parts = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*))(?::(\d{1,5}))$/.exec(text);
  const port = Number(parts?.[1]);
  return parts !== null && port >= 1 && port <= 65_535;
}

const seenAsWord = /^seen-as$/i;

/**
 * Reads the addresses of a pasted text: separated by line ends, blanks, commas or semicolons; `#` begins a
 * comment; `A seen-as B` gives the address under which the other nodes see A.
 */
export function parseNodes(text: string): ParsedNodes {
  const nodes: ParsedNode[] = [];
  const problems: ParseProblem[] = [];
  const known = new Set<string>();
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const words = raw
      .replace(/#.*$/, '')
      .split(/[\s,;]+/)
      .filter((word) => word !== '');
    for (let at = 0; at < words.length; at += 1) {
      const address = words[at] ?? '';
      const seenAs = seenAsWord.test(words[at + 1] ?? '') ? (words[at + 2] ?? '') : null;
      if (seenAs !== null) at += 2;
      const wrong = isAddress(address) ? (seenAs === null || isAddress(seenAs) ? null : seenAs) : address;
      if (wrong !== null) problems.push({ line, text: wrong, kind: 'invalid' });
      else if (known.has(address.toLowerCase())) problems.push({ line, text: address, kind: 'twice' });
      else {
        known.add(address.toLowerCase());
        nodes.push({ address, seenAs });
      }
    }
  }
  return { nodes, problems };
}
