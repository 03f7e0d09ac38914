import { useQuery } from '@tanstack/react-query';
import type { ListedSlave, NodeFacts } from '../../../model/observation.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { fetchObservations, useMay, useTopology } from '../../api/queries.ts';

export interface OldSlaves {
  /** null = not known. */
  readonly slaves: readonly ListedSlave[] | null;
  readonly sstBytes: number | null;
}

/**
 * The slaves that a master had before an expansion. An operator's page asks the master; a viewer may not have the
 * service log in anywhere, so the viewer's page reads the first look at the master that the expansion stored.
 */
export function useOldSlaves(expansion: ExpansionView): OldSlaves {
  const may = useMay('plan');
  const asked = useTopology(may ? expansion.master.name : null, expansion.master.credential);
  const recorded = useQuery({
    queryKey: ['first-looks', expansion.id],
    enabled: !may || asked.isError,
    staleTime: 30_000,
    queryFn: () => fetchObservations(expansion.id, expansion.master.name, 0, 50),
  });
  const mine = new Set(expansion.joins.map(({ target }) => `${target.seenAs.host}:${target.seenAs.port}`));
  const others = (slaves: readonly ListedSlave[]) =>
    slaves.filter((slave) => !mine.has(`${slave.ip}:${slave.port}`));
  if (asked.data) return { slaves: others(asked.data.slaves), sstBytes: asked.data.master.sstBytes };
  const looks = (recorded.data?.items ?? []).flatMap(({ look }): NodeFacts[] =>
    look.kind === 'answered' ? [look.facts] : [],
  );
  const listed = looks.find((facts) => facts.replication)?.replication?.slaves;
  return {
    slaves: listed ? others(listed) : null,
    sstBytes: looks.find((facts) => facts.sizes)?.sizes?.sstBytes ?? null,
  };
}
