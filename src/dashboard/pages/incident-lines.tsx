import type { Topic } from '../../model/channel.ts';
import type { IncidentView } from '../../model/views/channel.ts';
import { AcknowledgeButton } from '../components/acknowledge-button.tsx';
import { Age, Said } from '../components/parts.tsx';
import { Badge } from '../components/status.tsx';
import { useMessages } from '../i18n.tsx';
import { Link, type Route } from '../router.tsx';

/** What the states of expansions, of campaigns and of the service say themselves. */
const saidElsewhere: readonly Topic[] = ['halted', 'approval', 'frozen'];

/** The incidents that no card says, with the problems that nothing else says; what nobody sees to stands first. */
export const linesOf = (
  incidents: readonly IncidentView[],
  cards: ReadonlySet<string>,
): readonly IncidentView[] =>
  incidents
    .filter(({ expansionId, campaignId }) => !cards.has(expansionId ?? campaignId ?? ''))
    .map((incident) => ({
      ...incident,
      problems: incident.problems
        .filter(({ topic }) => !saidElsewhere.includes(topic))
        .toSorted((a, b) => gravity(a) - gravity(b)),
    }))
    .filter(({ problems }) => problems.length > 0)
    .toSorted(
      (a, b) =>
        Number(a.acknowledged !== null) - Number(b.acknowledged !== null) ||
        gravity(a.problems[0]!) - gravity(b.problems[0]!) ||
        a.openedAt - b.openedAt,
    );

const gravity = ({ level }: IncidentView['problems'][number]): number => (level === 'error' ? 0 : 1);

/** The page of what an incident is about; null = it has none. */
function pageOf(incident: IncidentView): Route | null {
  const { expansionId, campaignId, auditId, guardId, replacementId } = incident;
  if (expansionId !== null) return { page: 'expansion', id: expansionId };
  if (campaignId !== undefined) return { page: 'campaign', id: campaignId };
  if (auditId !== undefined) return { page: 'audit', id: auditId };
  if (guardId !== undefined) return { page: 'guard', id: guardId };
  return replacementId === undefined ? null : { page: 'replacement', id: replacementId };
}

/** An incident that is no card: what it is about, its worst problem, and who sees to it. */
export function IncidentLine({ incident }: { readonly incident: IncidentView }) {
  const { channels: t, overview } = useMessages();
  const { title, openedAt, problems, moreProblems, acknowledged } = incident;
  const more = problems.length - 1 + moreProblems;
  const page = pageOf(incident);
  return (
    <li className="card" data-testid="incident-line">
      <div className="card-line">
        <div className="row">
          {page === null ? (
            <strong>{title}</strong>
          ) : (
            <Link to={page} className="card-link" label={overview.open(title)}>
              {title}
            </Link>
          )}
          {acknowledged !== null && <Badge tone="plain">{t.acknowledgedBy(acknowledged.by)}</Badge>}
          <span className="faint small">
            <Age since={openedAt} />
          </span>
        </div>
        <AcknowledgeButton incident={incident} />
      </div>
      <p className="card-why break">
        <Said>{problems[0]!.text}</Said>
        {more > 0 && <span className="soft"> {t.more(more)}</span>}
      </p>
    </li>
  );
}
