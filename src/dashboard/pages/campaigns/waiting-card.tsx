import type { CampaignSummary } from '../../../model/views/campaign.ts';
import { Age, Said } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { CampaignControls } from './controls.tsx';
import { CampaignBadge, MemberStrip } from './status.tsx';

/** A campaign that waits for a person, as the overview shows it. */
export function WaitingCampaignCard({ campaign }: { readonly campaign: CampaignSummary }) {
  const c = useMessages().campaigns;
  const { id, label, state, stateReason, stateSince, progress } = campaign;
  return (
    <li className="card" data-testid="campaign-card">
      <div className="card-line">
        <div className="row">
          <CampaignBadge state={state} />
          <Link to={{ page: 'campaign', id }} className="card-link" label={c.open(label ?? id)}>
            {label ?? id}
          </Link>
          <span className="soft">{c.name}</span>
          <span className="faint small">
            <Age since={stateSince} />
          </span>
        </div>
        <CampaignControls campaign={campaign} only={['approve', 'resume']} />
      </div>
      {stateReason && (
        <p className="card-why">
          <Said>{stateReason.text}</Said>
        </p>
      )}
      <p className="faint small num">{c.succeededOf(progress.byState.succeeded, progress.members)}</p>
      <MemberStrip progress={progress} />
    </li>
  );
}
