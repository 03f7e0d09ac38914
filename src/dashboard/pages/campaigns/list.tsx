import { Button } from '@mantine/core';
import type { CampaignSummary } from '../../../model/views/campaign.ts';
import { useCampaigns } from '../../api/campaigns.ts';
import { useMay } from '../../api/queries.ts';
import { Icon } from '../../components/icon.tsx';
import { ListPanel } from '../../components/list-panel.tsx';
import { PageTitle, useDuration, useNow } from '../../components/parts.tsx';
import { Badge } from '../../components/status.tsx';
import { formatDateTime, formatMoment } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { Link, useRouter } from '../../router.tsx';
import { CampaignBadge, MemberStrip } from './status.tsx';

export default function CampaignsPage() {
  const c = useMessages().campaigns;
  const may = useMay('expand');
  const { go } = useRouter();
  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={c.title}>{c.title}</PageTitle>
        {may && (
          <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => go({ page: 'new-campaign' })}>
            {c.form.title}
          </Button>
        )}
      </div>
      <ListPanel
        list={useCampaigns()}
        label={c.title}
        columns={[c.state, c.name, c.progress, c.members, c.nodes, c.remaining, c.accepted, c.requestedBy]}
        row={(campaign) => <CampaignRow key={campaign.id} campaign={campaign} />}
        none={
          <>
            <h2>{c.none}</h2>
            <p>{c.noneText}</p>
          </>
        }
      />
    </div>
  );
}

function CampaignRow({ campaign }: { readonly campaign: CampaignSummary }) {
  const t = useMessages();
  const c = t.campaigns;
  const duration = useDuration();
  const now = useNow();
  const { id, label, state, needsPerson, progress, remainingSeconds, acceptedAt, endedAt } = campaign;
  return (
    <tr>
      <td>
        <span className="row tight">
          <CampaignBadge state={state} />
          {needsPerson && <Badge tone="bad">{c.needsPerson}</Badge>}
        </span>
      </td>
      <td>
        <Link to={{ page: 'campaign', id }}>{label ?? <span className="mono">{id}</span>}</Link>
      </td>
      <td className="campaign-progress">
        <MemberStrip progress={progress} />
      </td>
      <td className="num nowrap">{c.succeededOf(progress.byState.succeeded, progress.members)}</td>
      <td className="num nowrap">{t.common.of(String(progress.nodesVerified), String(progress.nodes))}</td>
      <td className="num nowrap">
        {endedAt !== null
          ? '–'
          : remainingSeconds === null
            ? t.common.unknown
            : duration(remainingSeconds * 1000)}
      </td>
      <td className="num nowrap" title={formatDateTime(acceptedAt)}>
        {formatMoment(acceptedAt, now)}
      </td>
      <td className="soft optional">{campaign.requestedBy}</td>
    </tr>
  );
}
