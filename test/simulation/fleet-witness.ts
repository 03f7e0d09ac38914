import type { Expansion, Join } from '../../src/model/expansion.ts';
import { formatAddress } from '../../src/model/observation.ts';
import { pairHasEnded, replacementHasEnded } from '../../src/model/states.ts';
import type { Pair, StoredReplacement } from '../../src/model/views/replacement.ts';
import type { Cluster } from '../../src/simulator/cluster.ts';
import { masterOf, type SimNode } from '../../src/simulator/world.ts';
import type { StoredAudit } from '../../src/store/audits.ts';
import type { SentCommand } from './network.ts';
import type { Scenario } from './scenario.ts';
import { addressOf } from './servers.ts';

/** Watches what is done with slaves that are there: replacements and audits. */
export interface FleetWitness {
  /** Whether a replacement sends the command; then it is judged here. */
  isOurs(command: SentCommand): boolean;
  sent(command: SentCommand): void;
  arriving(command: SentCommand): void;
  /** Something about a node has changed. */
  noted(node: SimNode): void;
  stored(replacement: StoredReplacement): void;
  cancelled(): void;
  audited(before: StoredAudit | null, after: StoredAudit): void;
  ended(): void;
}

interface Around {
  readonly cluster: Cluster;
  readonly scenario: Scenario;
  readonly meddledAt: (nodeId: string) => number;
  readonly robbedAt: (nodeId: string) => number;
  /** The node's place in the newest expansion that names it. */
  readonly joinOf: (nodeId: string) => { readonly expansion: Expansion; readonly join: Join } | null;
  /** Says what the node lacks, if it was called whole and must have been found to lack it. */
  readonly checkWhole: (
    node: SimNode,
    said: string,
    verify: { readonly depth: string; readonly samplePerType: number },
  ) => void;
  readonly report: (promise: string, text: string) => void;
}

/**
 * How long ago it may have been that a slave, which counts, left its master: a look may lie for 8 s when its turn begins, and a
 * turn may act within 5 s.
 */
const unseenMs = 15_000;
/** After a cancellation nothing is detached later than this. */
const cancelledWithinMs = 1000;

export function createFleetWitness(around: Around): FleetWitness {
  const { cluster, scenario, report } = around;
  const master = cluster.node('m');
  const now = (): number => cluster.now();
  const ids = new Map(cluster.nodes.map((node) => [formatAddress(addressOf(node)), node.id]));
  const proven = new Set(scenario.fleet.slaves.filter((slave) => slave.proven).map(({ id }) => id));
  const leftAt = new Map<string, number>();
  const following = new Set<string>();
  /** When a slave was last told to leave. */
  const told = new Map<string, number>();
  const endedAt = new Map<number, number>();
  let known: StoredReplacement | null = null;
  let cancelledAt: number | null = null;

  const follows = (node: SimNode): boolean =>
    node.alive &&
    masterOf(cluster.world, node) === master &&
    node.dbs.every(({ state }) => state === 'Connected');
  const noted = (node: SimNode): void => {
    if (follows(node)) following.add(node.id);
    else if (following.delete(node.id)) leftAt.set(node.id, now());
  };
  cluster.nodes.forEach(noted);

  const oldOf = ({ old }: Pair): string => ids.get(old.name)!;
  const isProven = (id: string): boolean => proven.has(id) || around.joinOf(id)?.join.phase === 'verified';
  const mayBeSeenFollowing = (id: string, since: number): boolean =>
    following.has(id) || (leftAt.get(id) ?? Number.NEGATIVE_INFINITY) > since;

  /** Slaves that stay, and that whoever detaches another may count on. */
  function staying(sentAt: number): readonly string[] {
    const go = new Set(known!.pairs.filter(({ phase }) => phase !== 'kept').map(oldOf));
    return cluster.nodes
      .map(({ id }) => id)
      .filter((id) => !go.has(id) && isProven(id) && mayBeSeenFollowing(id, sentAt - unseenMs));
  }

  function checkDetach(node: SimNode, pair: Pair, sentAt: number): void {
    const { keepVerified } = scenario.fleet.replacement!;
    const stay = staying(sentAt);
    if (stay.length < keepVerified)
      report(
        'keep',
        `${node.id} is detached while ${stay.join(', ') || 'nobody'} stays; ${keepVerified} must`,
      );
    const fresh = pair.new === null ? null : ids.get(pair.new)!;
    if (fresh !== null && !stay.includes(fresh))
      report(
        'keep',
        `${node.id} is detached, and ${fresh}, which takes its place, is not verified and there`,
      );
    if (cancelledAt !== null && sentAt - cancelledAt > cancelledWithinMs)
      report(
        'keep',
        `${node.id} is detached ${Math.round(sentAt - cancelledAt)} ms after that was called off`,
      );
  }

  return {
    isOurs: ({ expansionId }) => expansionId === scenario.fleet.replacement?.id,
    sent({ argv, node }) {
      const pair = known!.pairs.find((each) => oldOf(each) === node);
      const isNoOne = argv.join(' ').toLowerCase() === 'slaveof no one';
      if (!isNoOne || pair?.phase !== 'detaching' || pair.intent === null)
        report(
          '4',
          `${argv.join(' ')} was sent to ${node} by a replacement, which had not stored that it will`,
        );
    },
    arriving({ node: id, sentAt }) {
      const node = cluster.node(id);
      if (masterOf(cluster.world, node) !== master) return;
      const pair = known!.pairs.find((each) => oldOf(each) === id)!;
      if (pairHasEnded(pair.phase))
        report('6', `${id} is detached after the replacement said of it: ${pair.reason?.text}`);
      else checkDetach(node, pair, sentAt);
      told.set(id, now());
    },
    noted,
    stored(replacement) {
      if (known !== null && replacementHasEnded(known.state))
        report('6', `${replacement.id} had ended (${known.state}) and is ${replacement.state} now`);
      known = replacement;
      for (const { index, phase } of replacement.pairs)
        if (pairHasEnded(phase) && !endedAt.has(index)) endedAt.set(index, now());
    },
    cancelled() {
      cancelledAt ??= now();
    },
    audited(before, { doc, servers }) {
      for (const server of servers) {
        const { verdict, reason, index, target } = server;
        // Slaves of slaves are judged beside their own masters.
        if (
          server.master !== 0 ||
          verdict === null ||
          before?.servers.find((each) => each.index === index)?.verdict === verdict
        )
          continue;
        const id = ids.get(target.name) ?? cluster.listener(target.address)?.id;
        if (id === undefined) continue;
        const node = cluster.node(id);
        if (verdict === 'whole') {
          proven.add(id);
          if (now() - (told.get(id) ?? Number.NEGATIVE_INFINITY) > unseenMs)
            around.checkWhole(node, `was called whole by ${doc.id}`, doc.spec);
        }
        const untouched = Math.max(around.meddledAt(id), around.robbedAt(id)) === Number.NEGATIVE_INFINITY;
        if (reason?.code === 'data_differ' && untouched && follows(node) && cluster.observe(id).lost === 0)
          report('audit', `${id} was called damaged by ${doc.id}, and holds all that its master holds`);
      }
    },
    ended() {
      for (const pair of known?.pairs ?? []) {
        const id = oldOf(pair);
        const since = endedAt.get(pair.index) ?? Number.POSITIVE_INFINITY;
        const isSlave = masterOf(cluster.world, cluster.node(id)) === master;
        if (pair.phase === 'done' && isSlave && around.meddledAt(id) < since)
          report('6', `${id} was said to be detached, and follows the master`);
        if (pair.phase === 'kept' && !isSlave && told.has(id))
          report('6', `${id} was said to be kept, and was detached`);
      }
    },
  };
}
