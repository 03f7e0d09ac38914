import type { NodeInput } from '../../api/types.ts';

/** One node of the pasted text, with what the text permits for it. */
export interface ParsedNode {
  readonly address: string;
  readonly seenAs: string | null;
  readonly credential: string | null;
  readonly overwriteData: boolean;
  readonly repoint: boolean;
}

interface ParseProblem {
  readonly line: number;
  readonly text: string;
  /** `option`: it stands behind an address, and is none of the words that may stand there. */
  readonly kind: 'invalid' | 'option' | 'twice';
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

const untold = { seenAs: null, credential: null, overwriteData: false, repoint: false } as const;

/** What a word behind an address says of its node; null = it is no such word, or its value is wrong. */
function optionOf(word: string): Partial<Omit<ParsedNode, 'address'>> | null {
  const at = word.indexOf('=');
  const name = (at < 0 ? word : word.slice(0, at)).toLowerCase();
  const value = at < 0 ? '' : word.slice(at + 1);
  if (at < 0 && name === 'overwrite-data') return { overwriteData: true };
  if (at < 0 && name === 'repoint') return { repoint: true };
  if (name === 'seen-as' && isAddress(value)) return { seenAs: value };
  if (name === 'credential' && value !== '') return { credential: value };
  return null;
}

const looksLikeOption = /^(?:overwrite-data|repoint|seen-as|credential)\b|^[a-z-]+(?:=|$)/i;

/**
 * Reads nodes as the command line takes them: `host:port,overwrite-data,repoint,seen-as=host:port,credential=name`. Nodes
 * are separated by line ends, blanks, commas or semicolons; `#` begins a comment. `A seen-as B` is read too.
 */
export function parseNodes(text: string): ParsedNodes {
  const nodes = new Map<string, ParsedNode>();
  const problems: ParseProblem[] = [];
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const words = raw
      .replace(/#.*$/, '')
      .replace(/\bseen-as\s+(?=\S)/gi, 'seen-as=')
      .split(/[\s,;]+/)
      .filter((word) => word !== '');
    let latest: string | null = null;
    for (const word of words) {
      const option = optionOf(word);
      const node: ParsedNode | undefined = latest === null ? undefined : nodes.get(latest);
      if (option !== null && latest !== null && node !== undefined) nodes.set(latest, { ...node, ...option });
      else if (!isAddress(word))
        problems.push({
          line,
          text: word,
          kind: latest !== null && looksLikeOption.test(word) ? 'option' : 'invalid',
        });
      else if (nodes.has(word.toLowerCase())) problems.push({ line, text: word, kind: 'twice' });
      else {
        latest = word.toLowerCase();
        nodes.set(latest, { address: word, ...untold });
      }
    }
  }
  return { nodes: [...nodes.values()], problems };
}

/** The node as a request names it. */
export const nodeInput = (node: ParsedNode): NodeInput => ({
  address: node.address,
  ...(node.seenAs === null ? {} : { seenAs: node.seenAs }),
  ...(node.credential === null ? {} : { credential: node.credential }),
  ...(node.overwriteData ? { overwriteData: true as const } : {}),
  ...(node.repoint ? { repoint: true as const } : {}),
});
