import { anomalyTitle } from '../../../model/anomalies.ts';
import type { JoinPhase } from '../../../model/expansion.ts';
import type { ExpansionSummary, JoinSummary } from '../../../model/views/expansion.ts';
import { Causes } from '../../components/diagnosis.tsx';
import { useMessages, useReader } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { NodeControls } from './controls.tsx';

/** The nodes in these phases, each with what is wrong and what a person can do. Stands within a ControlsProvider. */
export function TroubledNodes({
  expansion,
  phases,
  most = 8,
}: {
  readonly expansion: ExpansionSummary;
  readonly phases: readonly JoinPhase[];
  readonly most?: number;
}) {
  const joins = expansion.joins.filter(({ phase }) => phases.includes(phase));
  const left = joins.length - most;
  if (joins.length === 0) return null;
  return (
    <ul className="plain troubled">
      {joins.slice(0, most).map((join) => (
        <TroubledNode key={join.target.name} id={expansion.id} join={join} />
      ))}
      {left > 0 && (
        <li>
          <Link to={{ page: 'expansion', id: expansion.id }}>+{left}</Link>
        </li>
      )}
    </ul>
  );
}

function TroubledNode({ id, join }: { readonly id: string; readonly join: JoinSummary }) {
  const t = useMessages();
  const reader = useReader();
  const latest = join.anomalies.at(-1);
  return (
    <li>
      <Link to={{ page: 'node', id, node: join.target.name }} className="mono">
        {join.target.name}
      </Link>
      <span>
        {t.phases[join.phase]}
        {latest && `: ${anomalyTitle(latest.code, reader)}`}
      </span>
      <NodeControls join={join} stress />
      {join.diagnosis && (
        <details className="troubled-why">
          <summary aria-label={`${join.target.name}: ${t.diagnosis.title}`}>{t.diagnosis.title}</summary>
          <Causes diagnosis={join.diagnosis} />
        </details>
      )}
    </li>
  );
}
