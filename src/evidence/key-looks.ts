/** Of all looks the ones on which verdicts rest: the others between them say nothing new. */
import { wordsOfLook } from '../model/observation.ts';
import type { Observation } from '../model/views/observation.ts';

/** What a look says, and of which process. */
const signs = ({ look }: Observation): string =>
  JSON.stringify([wordsOfLook(look), look.kind === 'answered' ? look.facts.server?.processId : null]);

const tellsSizes = ({ look }: Observation): boolean =>
  look.kind === 'answered' && look.facts.sizes !== undefined;

/** The last looks of a node, beside its changes: those on which `stable` rests, and the looks since the offset. */
const lastLooks = 12;

function indexesOfChanges(looks: readonly Observation[]): Set<number> {
  const kept = new Set<number>([0, looks.length - 1]);
  let before: string | null = null;
  looks.forEach((look, index) => {
    const now = signs(look);
    if (before !== null && now !== before) {
      kept.add(index - 1);
      kept.add(index);
    }
    before = now;
  });
  return kept;
}

const picked = (looks: readonly Observation[], indexes: ReadonlySet<number>): readonly Observation[] =>
  looks.filter((_look, index) => indexes.has(index));

/** Both sides of each change, the first of the looks with sizes in a row with the look before it, and the last looks. */
function keyLooksOfNode(looks: readonly Observation[]): readonly Observation[] {
  const kept = indexesOfChanges(looks);
  looks.forEach((look, index) => {
    if (tellsSizes(look) && (index === 0 || !tellsSizes(looks[index - 1]!)))
      for (const chosen of [index - 1, index]) kept.add(chosen);
    if (index >= looks.length - lastLooks) kept.add(index);
  });
  // What an agent told of the copy last.
  kept.add(looks.findLastIndex(({ look }) => (look.sight?.server.attempts.length ?? 0) > 0));
  return picked(looks, kept);
}

/** Both sides of each change with the sizes around it, and what it said beside each key look of a node. */
function keyLooksOfMaster(
  looks: readonly Observation[],
  beside: readonly Observation[],
): readonly Observation[] {
  if (looks.length === 0) return [];
  const kept = indexesOfChanges(looks);
  const sizedAt = looks.flatMap((look, index) => (tellsSizes(look) ? [index] : []));
  const seqs = beside.map(({ seq }) => seq).sort((a, b) => a - b);
  let next = 0;
  for (const seq of seqs) {
    while (next < looks.length && looks[next]!.seq <= seq) next += 1;
    kept.add(Math.max(0, next - 1));
    kept.add(Math.min(looks.length - 1, next));
  }
  let sized = 0;
  for (const index of [...kept].sort((a, b) => a - b)) {
    while (sized < sizedAt.length && sizedAt[sized]! <= index) sized += 1;
    for (const around of [sizedAt[sized - 1], sizedAt[sized]]) if (around !== undefined) kept.add(around);
  }
  return picked(looks, kept);
}

/** The looks on which the verdicts of an expansion rest. Of these alone it chooses all again, so the others can be deleted. */
export async function keyLooks(
  { master, nodes }: { readonly master: string; readonly nodes: readonly string[] },
  /** Of one server, by its name; in order of seq. */
  looksAt: (name: string) => Promise<readonly Observation[]>,
): Promise<{
  readonly ofNode: ReadonlyMap<string, readonly Observation[]>;
  readonly ofMaster: readonly Observation[];
}> {
  const ofNode = new Map<string, readonly Observation[]>();
  for (const node of nodes) ofNode.set(node, keyLooksOfNode(await looksAt(node)));
  return { ofNode, ofMaster: keyLooksOfMaster(await looksAt(master), [...ofNode.values()].flat()) };
}
