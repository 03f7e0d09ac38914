// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard

import { useState } from 'react';
import type { Look } from '../../../model/observation.ts';
import type { Observation } from '../../../model/views/observation.ts';
import { useObservations } from '../../api/queries.ts';
import { ErrorNotice, Loading, Panel } from '../../components/parts.tsx';
import { useVisibleRows, VirtualRows } from '../../components/virtual-rows.tsx';
import { formatBytes, formatDateTime } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';

const rowHeight = 30;

/** What the node answered, look by look; one of them in full. */
export function Observations({
  id,
  node,
  running,
}: {
  readonly id: string;
  readonly node: string;
  readonly running: boolean;
}) {
  const n = useMessages().node;
  const [picked, setPicked] = useState<Observation | null>(null);
  const observations = useObservations(id, node, running);
  const items = observations.data?.toReversed() ?? [];
  const range = useVisibleRows(items.length, rowHeight);
  const shown = picked ?? items[0] ?? null;
  return (
    <Panel id="observations" title={n.observations} flush>
      <p className="panel-note faint small">{n.observationsHelp}</p>
      {observations.isPending && <Loading />}
      {observations.isError && (
        <ErrorNotice error={observations.error} onRetry={() => void observations.refetch()} />
      )}
      {observations.data && items.length === 0 && <p className="empty">{n.observationsNone}</p>}
      {items.length > 0 && (
        <div className="observations">
          <section ref={range.ref} className="observation-list" aria-label={n.observations} tabIndex={0}>
            <VirtualRows
              range={range}
              count={items.length}
              rowHeight={rowHeight}
              row={(index, style) => {
                const item = items[index] as Observation;
                return (
                  <button
                    key={item.seq}
                    type="button"
                    className={`observation ${item === shown ? 'active' : ''}`}
                    aria-pressed={item === shown}
                    style={style}
                    onClick={() => setPicked(item)}
                  >
                    <span className="num">{formatDateTime(item.at).slice(5)}</span>
                    <span className={item.look.kind === 'answered' ? '' : 'strong'}>
                      {n.looks[item.look.kind]}
                    </span>
                    <span className="faint ellipsis mono" translate="no">
                      {briefly(item.look)}
                    </span>
                  </button>
                );
              }}
            />
          </section>
          {shown && (
            <pre className="json observation-json" tabIndex={0}>
              {JSON.stringify(shown.look, null, 2)}
            </pre>
          )}
        </div>
      )}
    </Panel>
  );
}

/** The few things of a look that tell most. */
function briefly(look: Look): string {
  if (look.kind !== 'answered') return 'message' in look ? look.message : `${look.tookMs} ms`;
  const replication = look.facts.replication;
  const states = Object.entries(replication?.dbStates ?? {}).map(([db, state]) => `${db} ${state}`);
  const bytes = look.facts.stats?.replInputBytes ?? null;
  return [
    replication?.role,
    replication?.linkStatus && `link ${replication.linkStatus}`,
    ...states,
    bytes !== null && formatBytes(bytes),
  ]
    .filter(Boolean)
    .join(' · ');
}
