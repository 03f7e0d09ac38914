import { type ParsedNode, type ParsedNodes, parseNodes } from '../new-expansion/parse-nodes.ts';

/** A line of the pasted text: a master and the nodes to be added to it. */
export interface ParsedMember {
  readonly line: number;
  readonly master: ParsedNode;
  readonly nodes: readonly ParsedNode[];
}

export interface ParsedMembers {
  readonly members: readonly ParsedMember[];
  readonly problems: readonly (
    | ParsedNodes['problems'][number]
    /** `alone`: a master without nodes; `permits`: a permission behind the master, of which nothing is replaced. */
    | { readonly line: number; readonly text: string; readonly kind: 'alone' | 'permits' }
  )[];
}

/** Reads one member a line: the master first, then its nodes, each as the form for one expansion takes it. */
export function parseMembers(text: string): ParsedMembers {
  const members: ParsedMember[] = [];
  const problems: ParsedMembers['problems'][number][] = [];
  const known = new Set<string>();
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const { nodes: found, problems: wrong } = parseNodes(raw);
    problems.push(...wrong.map((problem) => ({ ...problem, line })));
    const [master, ...nodes] = found;
    if (master === undefined) continue;
    for (const { address } of found) {
      if (known.has(address.toLowerCase())) problems.push({ line, text: address, kind: 'twice' });
      known.add(address.toLowerCase());
    }
    if (master.overwriteData || master.repoint)
      problems.push({ line, text: master.address, kind: 'permits' });
    if (nodes.length === 0 && wrong.length === 0)
      problems.push({ line, text: master.address, kind: 'alone' });
    else members.push({ line, master, nodes });
  }
  return { members, problems };
}
