import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { campaignHasEnded } from '../../../model/campaign.ts';
import { viaWords } from '../../../model/shown.ts';
import type { CampaignView, MemberView } from '../../../model/views/campaign.ts';
import { campaignPath, useCampaign, useCampaignEvents } from '../../api/campaigns.ts';
import { Crumbs } from '../../components/crumbs.tsx';
import { Icon } from '../../components/icon.tsx';
import {
  Age,
  Bar,
  Notice,
  PageTitle,
  PageToCome,
  Panel,
  Said,
  useAnnounce,
  useDuration,
  useNow,
} from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge } from '../../components/status.tsx';
import { formatDateTime, formatMoment } from '../../format.ts';
import { useLanguage, useMessages } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { CampaignControls } from './controls.tsx';
import { CampaignBadge, MemberBadge, MemberStrip, stripWords } from './status.tsx';

export default function CampaignPage({ id }: { readonly id: string }) {
  const t = useMessages();
  const campaign = useCampaign(id);
  if (campaign.data) return <CampaignShown campaign={campaign.data} stale={campaign.isError} />;
  return (
    <PageToCome title={t.campaigns.title} error={campaign.error} onRetry={() => void campaign.refetch()} />
  );
}

function CampaignShown({ campaign, stale }: { readonly campaign: CampaignView; readonly stale: boolean }) {
  const t = useMessages();
  const c = t.campaigns;
  const { language } = useLanguage();
  const { id, label, state } = campaign;
  const title = label ?? id;
  useSaidState(campaign);
  return (
    <div className="main">
      <div className="stack tight">
        <Crumbs to={{ page: 'campaigns' }} title={c.title} id={id} />
        <div className="row apart title-line">
          <div className="row">
            <PageTitle title={`${c.states[state]}: ${title}`}>{title}</PageTitle>
            <CampaignBadge state={state} large />
            {campaign.needsPerson && <Badge tone="bad">{c.needsPerson}</Badge>}
          </div>
          <div className="row">
            <CampaignControls campaign={campaign} />
            <ReportLink campaign={campaign} format="markdown" />
            <ReportLink campaign={campaign} format="json" />
          </div>
        </div>
        <p className="faint small">
          {formatDateTime(campaign.acceptedAt)} ·{' '}
          {c.acceptedBy(campaign.requestedBy, viaWords[campaign.via][language])}
        </p>
      </div>
      {stale && <Notice tone="warn">{t.connection.lostLong}</Notice>}
      <Situation campaign={campaign} />
      <Figures campaign={campaign} />
      <Members campaign={campaign} />
      <Events campaign={campaign} />
    </div>
  );
}

/** Tells a change of state to those who do not see it. */
function useSaidState({ state, stateReason }: CampaignView): void {
  const c = useMessages().campaigns;
  const say = useAnnounce();
  const before = useRef(state);
  useEffect(() => {
    if (before.current === state) return;
    before.current = state;
    say(`${c.states[state]}${stateReason ? `: ${stateReason.text}` : ''}`);
  }, [state, stateReason, say, c]);
}

function ReportLink({
  campaign,
  format,
}: {
  readonly campaign: CampaignView;
  readonly format: 'markdown' | 'json';
}) {
  const c = useMessages().campaigns;
  const markdown = format === 'markdown';
  return (
    <Button
      component="a"
      size="sm"
      variant="default"
      leftSection={<Icon name="download" />}
      href={`${campaignPath(campaign.id)}/report?format=${format}`}
      download={`report-${campaign.id}.${markdown ? 'md' : 'json'}`}
    >
      {markdown ? c.reportText : c.reportJson}
    </Button>
  );
}

/** Why it stands as it stands: the first thing to read at night. */
function Situation({ campaign }: { readonly campaign: CampaignView }) {
  const c = useMessages().campaigns;
  const { state, stateReason, stop, pendingControls } = campaign;
  const why = stateReason?.text ?? null;
  const halted = campaign.members.filter(({ expansionState }) => expansionState === 'halted');
  return (
    <>
      {stop !== null && !(campaignHasEnded(state) && state !== 'failed') && (
        <Notice tone="bad" title={state === 'failed' ? c.failedTitle : c.stoppedTitle}>
          <Said>{stop.reason.text}</Said>
        </Notice>
      )}
      {stop === null && state === 'failed' && (
        <Notice tone="bad" title={c.failedTitle}>
          <Said>{why}</Said>
        </Notice>
      )}
      {state === 'cancelled' && (
        <Notice tone="info" title={c.stoppedOver}>
          <Said>{why}</Said>
        </Notice>
      )}
      {state === 'halted' && (
        <Notice tone="bad" title={c.haltedTitle}>
          <ul className="plain troubled">
            {halted.map((member) => (
              <li key={member.index}>
                <ExpansionLink member={member} />
                <Said>{member.reason?.text ?? null}</Said>
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {state === 'awaiting_approval' && (
        <Notice tone="warn" title={c.awaitingTitle}>
          <Said>{why}</Said>
        </Notice>
      )}
      {state === 'paused' && (
        <Notice tone="warn" title={c.pausedTitle}>
          <Said>{why}</Said>
        </Notice>
      )}
      {(state === 'running' || state === 'pending') && why !== null && (
        <p className="soft state-reason">
          <Icon name="info" /> <Said>{why}</Said>
        </p>
      )}
      {pendingControls.map(({ id, verb, reason }) => (
        <Notice key={id} tone="info">
          {c.pending(c.controls[verb], reason)}
        </Notice>
      ))}
    </>
  );
}

function Figures({ campaign }: { readonly campaign: CampaignView }) {
  const t = useMessages();
  const c = t.campaigns;
  const duration = useDuration();
  const now = useNow();
  const { progress, settings, remainingSeconds, state, startedAt, endedAt } = campaign;
  const over = campaignHasEnded(state);
  return (
    <>
      <dl className="figures">
        <div>
          <dt>{c.state}</dt>
          <dd>{c.states[state]}</dd>
          <dd className="faint small">
            <Age since={campaign.stateSince} />
          </dd>
        </div>
        <div>
          <dt>{c.remaining}</dt>
          <dd className="num">
            {over ? '–' : remainingSeconds === null ? t.common.unknown : duration(remainingSeconds * 1000)}
          </dd>
          {!over && remainingSeconds !== null && <dd className="faint small">{c.remainingHelp}</dd>}
        </div>
        <div>
          <dt>{c.members}</dt>
          <dd className="num">
            {progress.byState.succeeded} <span className="faint">/ {progress.members}</span>
          </dd>
          <dd className="faint small">{c.memberStates.succeeded}</dd>
        </div>
        <div>
          <dt>{c.nodes}</dt>
          <dd className="num">
            {progress.nodesVerified} <span className="faint">/ {progress.nodes}</span>
          </dd>
          {startedAt !== null && (
            <dd className="faint small num">
              {over ? c.took : t.expansion.elapsed}:{' '}
              {duration((endedAt ?? Math.max(now, startedAt)) - startedAt)}
            </dd>
          )}
        </div>
        <div>
          <dt>{c.settings}</dt>
          <dd>{c.atATime(settings.maxRunning)}</dd>
          <dd className="faint small">
            {c.stopsAfter(settings.stopAfterFailures)}
            {settings.canaryApproval && ` · ${c.asksAfterCanary}`}
          </dd>
        </div>
      </dl>
      <Panel id="progress" title={c.progress}>
        <div className="stack tight">
          <Bar tall share={progress.nodesVerified / progress.nodes} label={c.nodes} />
          <p className="soft small num">
            {c.nodes}: {t.common.of(String(progress.nodesVerified), String(progress.nodes))}
          </p>
          <MemberStrip progress={progress} />
          <p className="soft small num">
            {c.membersCount(progress.members)}: {stripWords(progress, c.memberStates)}
          </p>
        </div>
      </Panel>
    </>
  );
}

function Members({ campaign }: { readonly campaign: CampaignView }) {
  const c = useMessages().campaigns;
  return (
    <Panel id="members" title={c.members} flush>
      <Scrollable label={c.members}>
        <table className="table history-table">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">{c.group}</th>
              <th scope="col">{c.master}</th>
              <th scope="col">{c.state}</th>
              <th scope="col">{c.nodes}</th>
              <th scope="col">{c.remainingOrTook}</th>
              <th scope="col">{c.expansion}</th>
              <th scope="col">{c.why}</th>
            </tr>
          </thead>
          <tbody>
            {campaign.members.map((member) => (
              <MemberRow key={member.index} member={member} />
            ))}
          </tbody>
        </table>
      </Scrollable>
    </Panel>
  );
}

function MemberRow({ member }: { readonly member: MemberView }) {
  const t = useMessages();
  const c = t.campaigns;
  const duration = useDuration();
  const { index, group, master, nodes, state, expansionState, remainingSeconds, startedAt, endedAt } = member;
  const took = startedAt !== null && endedAt !== null ? duration(endedAt - startedAt) : '–';
  const open = state === 'waiting' || state === 'starting' || state === 'running';
  const unlikeState = state === 'running' && expansionState !== null && expansionState !== 'running';
  return (
    <tr data-member={index}>
      <td className="num">{index + 1}</td>
      <td>
        <Badge tone={group === 'canary' ? 'odd' : 'plain'}>{c.groups[group]}</Badge>
      </td>
      <td className="mono" title={nodes.join('\n')}>
        {master}
      </td>
      <td className="nowrap">
        <MemberBadge state={state} />
        {unlikeState && <span className="faint small"> {t.states[expansionState]}</span>}
      </td>
      <td className="num nowrap">{t.common.of(String(member.nodesVerified), String(nodes.length))}</td>
      <td className="num nowrap">
        {!open ? (
          <span title={c.took}>{took}</span>
        ) : remainingSeconds === null ? (
          t.common.unknown
        ) : (
          duration(remainingSeconds * 1000)
        )}
      </td>
      <td className="nowrap">{member.expansionId === null ? '–' : <ExpansionLink member={member} />}</td>
      <td className="campaign-why">
        {member.reason !== null && state !== 'succeeded' && <Said>{member.reason.text}</Said>}
      </td>
    </tr>
  );
}

function ExpansionLink({ member }: { readonly member: MemberView }) {
  if (member.expansionId === null) return null;
  return (
    <Link to={{ page: 'expansion', id: member.expansionId }} className="mono">
      {member.expansionId}
    </Link>
  );
}

function Events({ campaign }: { readonly campaign: CampaignView }) {
  const c = useMessages().campaigns;
  const now = useNow();
  const events = useCampaignEvents(campaign.id, campaignHasEnded(campaign.state));
  const items = events.data?.items.toReversed() ?? [];
  return (
    <Panel id="events" title={c.events} flush>
      {items.length === 0 ? (
        <p className="empty">{c.eventsNone}</p>
      ) : (
        <Scrollable label={c.events}>
          <table className="table dense">
            <thead>
              <tr>
                <th scope="col">{c.when}</th>
                <th scope="col">{c.what}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((event) => (
                <tr key={event.seq}>
                  <td className="num nowrap">{formatMoment(event.at, now)}</td>
                  <td>
                    {event.level !== 'info' && <Icon name="warning" />} <Said>{event.text}</Said>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
    </Panel>
  );
}
