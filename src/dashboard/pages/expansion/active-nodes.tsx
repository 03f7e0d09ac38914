import { isActive } from '../../../model/expansion.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';
import { Age, Bar, Said, useDuration } from '../../components/parts.tsx';
import { Ends, PhaseBadge, Silence } from '../../components/status.tsx';
import { formatBytes, formatClock, formatRate } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import type { EventLog } from '../../live/event-log.ts';
import { useEvents } from '../../live/use-expansion-live.ts';
import { Link } from '../../router.tsx';
import { hasLag, measuredNow, shareOf } from './progress.ts';

const shown = 6;

/** The nodes that are being worked on: how far, how fast, how long still. */
export function ActiveNodes({
  expansion,
  log,
}: {
  readonly expansion: ExpansionView;
  readonly log: EventLog;
}) {
  const t = useMessages();
  const active = expansion.joins.filter((join) => isActive(join.phase) || join.published === false);
  if (active.length === 0) {
    return (
      <>
        <p className="faint">{t.expansion.nothingNow}</p>
        <LatestTrouble log={log} />
      </>
    );
  }
  return (
    <ul className="plain active-nodes">
      {active.slice(0, shown).map((join) => (
        <ActiveNode key={join.target.name} id={expansion.id} join={join} dense={active.length > 2} />
      ))}
      {active.length > shown && <li className="faint">+{active.length - shown}</li>}
    </ul>
  );
}

const latestShown = 4;

/** While nothing goes on: the last things that went wrong, which is mostly why. */
function LatestTrouble({ log }: { readonly log: EventLog }) {
  const t = useMessages();
  const trouble = useEvents(log)
    .filter((event) => event.level !== 'info')
    .slice(-latestShown)
    .toReversed();
  if (trouble.length === 0) return null;
  return (
    <>
      <h3 className="sub-heading">{t.expansion.latestTrouble}</h3>
      <ol className="plain stack tight small">
        {trouble.map((event) => (
          <li key={event.seq} className="trouble-line">
            <span className="faint num">{formatClock(event.at)}</span>
            <Said>{event.text}</Said>
          </li>
        ))}
      </ol>
    </>
  );
}

export function ActiveNode({
  id,
  join,
  dense,
}: {
  readonly id: string;
  readonly join: JoinView;
  readonly dense?: boolean;
}) {
  const t = useMessages();
  const n = t.nodeTable;
  const duration = useDuration();
  const { snapshotBytes, receivedBytes, bytesPerSecond, remainingSeconds, lagBytes, files } =
    measuredNow(join);
  const unknown = <span className="faint">{isActive(join.phase) ? t.common.unknown : '–'}</span>;
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
          <PhaseBadge phase={join.phase} silent={join.progress.silent} />
        </span>
      </div>
      <Bar tall share={shareOf(join)} label={`${join.target.name}: ${n.bytes}`} />
      <dl className={dense ? 'quad dense num' : 'quad num'}>
        <div>
          <dt>{n.bytes}</dt>
          <dd>
            {receivedBytes === null ? unknown : formatBytes(receivedBytes)} /{' '}
            {snapshotBytes === null ? unknown : formatBytes(snapshotBytes)}
          </dd>
        </div>
        {files && !dense && (
          <div>
            <dt>{t.host.files}</dt>
            <dd>{t.host.filesCame(files.copied, files.listed)}</dd>
          </div>
        )}
        {join.phase === 'transferring' && (
          <>
            <div>
              <dt>{n.rate}</dt>
              <dd>{bytesPerSecond === null ? unknown : formatRate(bytesPerSecond)}</dd>
            </div>
            <div>
              <dt>{n.remaining}</dt>
              <dd>{remainingSeconds === null ? unknown : duration(remainingSeconds * 1000)}</dd>
            </div>
          </>
        )}
        {hasLag(join.phase) && (
          <div>
            <dt>{n.lag}</dt>
            <dd>{lagBytes === null ? unknown : formatBytes(lagBytes)}</dd>
          </div>
        )}
      </dl>
      <p className="small">
        <Silence join={join} />
      </p>
      {!dense && (
        <p className="faint small">
          <Ends join={join} />
        </p>
      )}
      {join.waitingFor && (
        <p className="soft small">
          <Said>{join.waitingFor.text}</Said>
        </p>
      )}
    </li>
  );
}
