import { type Expansion, isActive, type Join } from '../../../core/expansion.ts';
import { Age, Bar, Said, useDuration } from '../../components/parts.tsx';
import { PhaseBadge } from '../../components/status.tsx';
import { formatBytes, formatRate } from '../../format.ts';
import { useMessages } from '../../i18n/index.tsx';
import { Link } from '../../router.tsx';

const shown = 6;

/** The nodes that are being worked on: how far, how fast, how long still. */
export function ActiveNodes({ expansion }: { readonly expansion: Expansion }) {
  const t = useMessages();
  const active = expansion.joins.filter((join) => isActive(join.phase));
  if (active.length === 0) return <p className="faint">{t.expansion.nothingNow}</p>;
  return (
    <ul className="plain stack">
      {active.slice(0, shown).map((join) => (
        <ActiveNode key={join.target.name} id={expansion.id} join={join} />
      ))}
      {active.length > shown && <li className="faint">+{active.length - shown}</li>}
    </ul>
  );
}

export function ActiveNode({ id, join }: { readonly id: string; readonly join: Join }) {
  const t = useMessages();
  const n = t.nodeTable;
  const duration = useDuration();
  const { snapshotBytes, receivedBytes, bytesPerSecond, remainingSeconds, lagBytes } = join.progress;
  const unknown = <span className="faint">{t.common.unknown}</span>;
  const share = snapshotBytes && receivedBytes !== null ? receivedBytes / snapshotBytes : null;
  return (
    <li className="active-node">
      <div className="row apart">
        <Link to={{ page: 'node', id, node: join.target.name }} className="mono strong">
          {join.target.name}
        </Link>
        <span className="row tight">
          <span className="faint small">
            <Age since={join.phaseSince} />
          </span>
          <PhaseBadge phase={join.phase} />
        </span>
      </div>
      <Bar tall share={share} label={`${join.target.name}: ${n.bytes}`} />
      <dl className="quad num">
        <div>
          <dt>{n.bytes}</dt>
          <dd>
            {receivedBytes === null ? unknown : formatBytes(receivedBytes)} /{' '}
            {snapshotBytes === null ? unknown : formatBytes(snapshotBytes)}
          </dd>
        </div>
        <div>
          <dt>{n.rate}</dt>
          <dd>{bytesPerSecond === null ? unknown : formatRate(bytesPerSecond)}</dd>
        </div>
        <div>
          <dt>{n.remaining}</dt>
          <dd>{remainingSeconds === null ? unknown : duration(remainingSeconds * 1000)}</dd>
        </div>
        <div>
          <dt>{n.lag}</dt>
          <dd>{lagBytes === null ? unknown : formatBytes(lagBytes)}</dd>
        </div>
      </dl>
      {join.waitingFor && (
        <p className="soft small">
          <Said>{join.waitingFor}</Said>
        </p>
      )}
    </li>
  );
}
