import { Button } from '@mantine/core';
import type { CampaignSummary } from '../../../model/views/campaign.ts';
import { useCampaigns } from '../../api/campaigns.ts';
import { ErrorNotice, Loading, PageTitle, useDuration, useNow } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge } from '../../components/status.tsx';
import { formatDateTime, formatMoment } from '../../format.ts';
import { useMessages } from '../../i18n/index.tsx';
import { Link } from '../../router.tsx';
import { CampaignBadge, MemberStrip } from './status.tsx';

export default function CampaignsPage() {
  const t = useMessages();
  const c = t.campaigns;
  const list = useCampaigns();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="main">
      <PageTitle title={c.title}>{c.title}</PageTitle>
      {list.isPending && <Loading />}
      {list.isError && !list.data && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && items.length === 0 && (
        <div className="panel empty big">
          <h2>{c.none}</h2>
          <p>{c.noneText}</p>
          <p>
            <code>pika-expander campaign start -f campaign.yaml</code>
          </p>
        </div>
      )}
      {items.length > 0 && (
        <div className="panel">
          <Scrollable label={c.title}>
            <table className="table history-table">
              <thead>
                <tr>
                  <th scope="col">{c.state}</th>
                  <th scope="col">{c.name}</th>
                  <th scope="col">{c.progress}</th>
                  <th scope="col">{c.members}</th>
                  <th scope="col">{c.nodes}</th>
                  <th scope="col">{c.remaining}</th>
                  <th scope="col">{c.accepted}</th>
                  <th scope="col">{c.requestedBy}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((campaign) => (
                  <CampaignRow key={campaign.id} campaign={campaign} />
                ))}
              </tbody>
            </table>
          </Scrollable>
        </div>
      )}
      {list.hasNextPage && (
        <Button size="xs" variant="default" onClick={() => void list.fetchNextPage()}>
          {t.common.more}
        </Button>
      )}
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
