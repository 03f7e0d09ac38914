import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import { type ExpansionState, isActive, isEnded, type JoinPhase, joinPhases } from '../../model/expansion.ts';
import type { ExpansionSummary, JoinSummary } from '../../model/views/expansion.ts';
import { useOpenCampaigns } from '../api/campaigns.ts';
import { useExpansionList, useIncidents, useMay } from '../api/queries.ts';
import { ConnectionState } from '../components/connection.tsx';
import { HoldsBanner } from '../components/holds.tsx';
import { Icon } from '../components/icon.tsx';
import {
  Age,
  ErrorNotice,
  Loading,
  PageTitle,
  Panel,
  Said,
  useDuration,
  useNow,
} from '../components/parts.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { Badge, Silence, StateBadge } from '../components/status.tsx';
import { formatBytes, formatDateTime, formatMoment, formatRate } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { useFeed } from '../live/use-feed.ts';
import { Link, useRouter } from '../router.tsx';
import { WaitingCampaignCard } from './campaigns/waiting-card.tsx';
import { ControlsProvider, ExpansionControls } from './expansion/controls.tsx';
import { measuredNow } from './expansion/progress.ts';
import { TroubledNodes } from './expansion/troubled-nodes.tsx';
import { IncidentLine, linesOf } from './incident-lines.tsx';

const waitingStates: readonly ExpansionState[] = ['halted', 'awaiting_approval', 'paused'];
const workingStates: readonly ExpansionState[] = ['running', 'pending'];
const endedStates: readonly ExpansionState[] = ['succeeded', 'failed', 'cancelled'];

/** Further ones are on the page of channels. */
const mostLines = 10;

/** What is worst stands first. */
const urgency = ({ state }: { readonly state: string }): number => {
  const place = (waitingStates as readonly string[]).indexOf(state);
  return place === -1 ? waitingStates.length : place;
};

export function OverviewPage() {
  const t = useMessages();
  const { go } = useRouter();
  const may = useMay('expand');
  const status = useFeed();
  const waiting = useExpansionList({ states: waitingStates, search: '', limit: 100 });
  const working = useExpansionList({ states: workingStates, search: '', limit: 100 });
  const ended = useExpansionList({ states: endedStates, search: '', limit: 20 });
  const waitingItems = itemsOf(waiting);
  const workingItems = itemsOf(working);
  const runningItems = workingItems.filter(({ state }) => state === 'running');
  const pendingItems = workingItems.filter(({ state }) => state === 'pending');
  const leftBehind = itemsOf(ended).filter((expansion) => quarantined(expansion) > 0);
  const campaigns = useOpenCampaigns().data?.items.filter((campaign) => campaign.needsPerson) ?? [];
  const needsPerson = [
    ...[...waitingItems, ...campaigns].toSorted(
      (a, b) => urgency(a) - urgency(b) || a.stateSince - b.stateSince,
    ),
    ...leftBehind,
  ];
  const incidents = useIncidents();
  const lines = linesOf(
    incidents.data?.pages.flatMap((page) => page.items) ?? [],
    new Set(needsPerson.map(({ id }) => id)),
  );
  const needed = needsPerson.length + lines.length;
  const loaded = waiting.data && working.data && ended.data && !incidents.isPending;
  const nothingAtAll = loaded && needed + workingItems.length + itemsOf(ended).length === 0;
  const failed = [waiting, working, ended, incidents].find((query) => query.isError && !query.data);

  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={t.overview.title}>{t.overview.title}</PageTitle>
        <div className="row">
          <ConnectionState status={status} />
          {may && (
            <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => go({ page: 'new' })}>
              {t.app.newExpansion}
            </Button>
          )}
        </div>
      </div>
      <HoldsBanner />
      {failed && <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />}
      {!loaded && !failed && <Loading />}
      {nothingAtAll && (
        <div className="panel empty big">
          <h2>{t.overview.emptyTitle}</h2>
          <p>{t.overview.emptyText}</p>
        </div>
      )}
      {loaded && !nothingAtAll && (
        <>
          <Glance needed={needed} running={runningItems.length} pending={pendingItems.length} />
          <div
            className={
              needed > 0 && runningItems.length + pendingItems.length > 0 ? 'overview-grid' : 'stack wide'
            }
          >
            <Panel
              id="needs-person"
              title={t.overview.needsPerson}
              flush
              className={needed > 0 ? 'urgent' : 'at-ease'}
              tools={needed > 0 && <Badge tone="bad">{needed}</Badge>}
            >
              {needed === 0 && (
                <p className="calm">
                  <Icon name="check" /> {t.overview.nobodyNeeded}
                </p>
              )}
              <ul className="plain cards">
                {needsPerson.map((needed) =>
                  'joins' in needed ? (
                    <WaitingCard key={needed.id} expansion={needed} />
                  ) : (
                    <WaitingCampaignCard key={needed.id} campaign={needed} />
                  ),
                )}
                {lines.slice(0, mostLines).map((incident) => (
                  <IncidentLine key={incident.id} incident={incident} />
                ))}
              </ul>
              {(lines.length > mostLines || incidents.hasNextPage) && (
                <p className="card">
                  <Link to={{ page: 'channels' }}>{t.overview.moreIncidents}</Link>
                </p>
              )}
            </Panel>
            <div className="stack wide">
              <Panel id="running" title={t.overview.running} flush>
                {runningItems.length === 0 && <p className="empty">{t.overview.nothingRunning}</p>}
                <Cards expansions={runningItems} />
              </Panel>
              {pendingItems.length > 0 && (
                <Panel id="pending" title={t.overview.pending} flush>
                  <Cards expansions={pendingItems} />
                </Panel>
              )}
            </div>
          </div>
          <History />
        </>
      )}
    </div>
  );
}

const itemsOf = (query: ReturnType<typeof useExpansionList>): readonly ExpansionSummary[] =>
  query.data?.pages.flatMap((page) => page.items) ?? [];

const countPhase = (expansion: ExpansionSummary, phase: JoinPhase): number =>
  expansion.joins.filter((join) => join.phase === phase).length;
const quarantined = (expansion: ExpansionSummary): number => countPhase(expansion, 'quarantined');

function CardTitle({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  return (
    <div className="row">
      <StateBadge state={expansion.state} />
      <Link
        to={{ page: 'expansion', id: expansion.id }}
        className="card-link mono"
        label={t.overview.open(expansion.master.name)}
      >
        {expansion.master.name}
      </Link>
      {expansion.label && <span className="soft">{expansion.label}</span>}
      <span className="faint small">
        <Age since={expansion.stateSince} />
      </span>
    </div>
  );
}

/** The three figures that one looks for first, each leading to what it counts. */
function Glance(props: { readonly needed: number; readonly running: number; readonly pending: number }) {
  const t = useMessages().overview;
  return (
    <ul className="plain glance">
      <li className={props.needed > 0 ? 'bad' : 'good'}>
        <a href="#needs-person">{t.glance.needed(props.needed)}</a>
      </li>
      <li>
        <a href="#running">{t.glance.running(props.running)}</a>
      </li>
      {props.pending > 0 && (
        <li>
          <a href="#pending">{t.glance.pending(props.pending)}</a>
        </li>
      )}
    </ul>
  );
}

function Cards({ expansions }: { readonly expansions: readonly ExpansionSummary[] }) {
  if (expansions.length === 0) return null;
  return (
    <ul className="plain cards">
      {expansions.map((expansion) => (
        <RunningCard key={expansion.id} expansion={expansion} />
      ))}
    </ul>
  );
}

const mostNodes = 3;

/** What a person is needed for, why, and the buttons to do it. */
function WaitingCard({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  const ended = isEnded(expansion.state);
  const why = ended ? t.overview.endedWithQuarantine : (expansion.problem ?? expansion.stateReason)?.text;
  const step = expansion.problem?.nextSteps[0];
  const pending = expansion.pendingControl;
  return (
    <li className="card" data-testid="expansion-card">
      <ControlsProvider expansion={expansion}>
        <div className="card-line">
          <CardTitle expansion={expansion} />
          <ExpansionControls only={['approve', 'resume']} />
        </div>
        {why && (
          <p className="card-why">
            <Said>{why}</Said>
          </p>
        )}
        {step && !ended && (
          <p className="soft small card-step">
            <Icon name="arrow" /> <Said>{step}</Said>
          </p>
        )}
        <TroubledNodes
          expansion={expansion}
          phases={ended ? ['quarantined'] : ['failed', 'quarantined']}
          most={mostNodes}
        />
        {pending !== null && (
          <p className="soft small">
            {t.expansion.pendingControl(t.controls[pending.verb], pending.by, pending.reason)}
          </p>
        )}
        <PhaseLine expansion={expansion} />
      </ControlsProvider>
    </li>
  );
}

/** How far it is, in words and as a strip. */
function PhaseLine({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages().overview;
  const bad = quarantined(expansion);
  const failed = countPhase(expansion, 'failed');
  return (
    <>
      <div className="row small">
        {bad > 0 && (
          <Badge tone="odd" icon="shield">
            {t.quarantinedNodes(bad)}
          </Badge>
        )}
        {failed > 0 && (
          <Badge tone="bad" icon="cross">
            {t.failedNodes(failed)}
          </Badge>
        )}
        <span className="faint num">
          {t.verifiedOf(countPhase(expansion, 'verified'), expansion.joins.length)}
        </span>
      </div>
      <PhaseStrip joins={expansion.joins} />
    </>
  );
}

function RunningCard({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  const active = expansion.joins.filter((join) => isActive(join.phase));
  return (
    <li className="card" data-testid="expansion-card">
      <CardTitle expansion={expansion} />
      <div className="row small soft num facts-line">
        <span>{t.overview.verifiedOf(countPhase(expansion, 'verified'), expansion.joins.length)}</span>
        {expansion.batchCount !== null && (
          <span>{t.overview.batchOf(expansion.currentBatch + 1, expansion.batchCount)}</span>
        )}
        {active.slice(0, 2).map((join) => (
          <ActiveNode key={join.target.name} join={join} />
        ))}
        {active.length === 0 && expansion.stateReason && <Said>{expansion.stateReason.text}</Said>}
      </div>
      <PhaseStrip joins={expansion.joins} />
    </li>
  );
}

function ActiveNode({ join }: { readonly join: JoinSummary }) {
  const t = useMessages();
  const duration = useDuration();
  const { progress } = join;
  if (progress === null) return null;
  const copying = { ...join, progress };
  const { receivedBytes, snapshotBytes, bytesPerSecond, remainingSeconds } = measuredNow(copying);
  return (
    <span>
      <span className="mono">{join.target.name}</span> {t.phases[join.phase]} <Silence join={copying} />
      {receivedBytes !== null && snapshotBytes !== null && join.phase === 'transferring' && (
        <>
          {' '}
          {formatBytes(receivedBytes)} / {formatBytes(snapshotBytes)}
          {bytesPerSecond !== null && `, ${formatRate(bytesPerSecond)}`}
          {remainingSeconds !== null && `, ${t.overview.left(duration(remainingSeconds * 1000))}`}
        </>
      )}
    </span>
  );
}

/** All nodes of an expansion as one line: a share per phase, in words for those who do not see it. */
function PhaseStrip({ joins }: { readonly joins: readonly JoinSummary[] }) {
  const t = useMessages();
  const counts = joinPhases
    .map((phase) => ({ phase, count: joins.filter((join) => join.phase === phase).length }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => stripOrder(a.phase) - stripOrder(b.phase));
  const words = counts.map(({ phase, count }) => `${count} ${t.phases[phase]}`).join(', ');
  return (
    <div
      className="phase-strip"
      role="img"
      aria-label={`${t.overview.progressLabel}: ${words}`}
      title={words}
    >
      {counts.map(({ phase, count }) => (
        <i key={phase} className={`phase-${phase}`} style={{ flexGrow: count }} />
      ))}
    </div>
  );
}

/** Done on the left, to do on the right, as in a progress bar. */
function stripOrder(phase: JoinPhase): number {
  if (phase === 'verified') return 0;
  if (phase === 'waiting') return 99;
  return joinPhases.length - joinPhases.indexOf(phase);
}

function History() {
  const t = useMessages();
  const [search, setSearch] = useState('');
  const [state, setState] = useState<ExpansionState | ''>('');
  const list = useExpansionList({
    states: state === '' ? endedStates : [state],
    search: useDeferredValue(search.trim()),
    limit: 20,
  });
  const items = itemsOf(list);
  return (
    <Panel
      id="history"
      title={t.overview.history}
      flush
      tools={
        <div className="row">
          <TextInput
            size="xs"
            w={230}
            type="search"
            placeholder={t.overview.search}
            aria-label={t.overview.search}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <NativeSelect
            size="xs"
            aria-label={t.overview.state}
            value={state}
            onChange={(event) => setState(event.currentTarget.value as ExpansionState | '')}
            data={[
              { value: '', label: t.overview.allStates },
              ...endedStates.map((value) => ({ value, label: t.states[value] })),
            ]}
          />
        </div>
      }
    >
      {items.length === 0 ? (
        <p className="empty">{t.overview.noMatch}</p>
      ) : (
        <Scrollable label={t.overview.history}>
          <table className="table history-table">
            <thead>
              <tr>
                <th scope="col">{t.overview.state}</th>
                <th scope="col">{t.overview.master}</th>
                <th scope="col">{t.overview.label}</th>
                <th scope="col">{t.overview.nodes}</th>
                <th scope="col">{t.overview.began}</th>
                <th scope="col">{t.overview.took}</th>
                <th scope="col">{t.overview.requestedBy}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((expansion) => (
                <HistoryRow key={expansion.id} expansion={expansion} />
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
      {list.hasNextPage && (
        <p className="empty">
          <Button
            size="xs"
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {t.common.more}
          </Button>
        </p>
      )}
    </Panel>
  );
}

function HistoryRow({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  const duration = useDuration();
  const now = useNow();
  return (
    <tr>
      <td>
        <StateBadge state={expansion.state} />
      </td>
      <td className="mono">
        <Link to={{ page: 'expansion', id: expansion.id }}>{expansion.master.name}</Link>
      </td>
      <td className="history-label">{expansion.label}</td>
      <td className="num nowrap">
        {t.overview.verifiedOf(countPhase(expansion, 'verified'), expansion.joins.length)}
        {quarantined(expansion) > 0 && (
          <>
            {' '}
            <Badge tone="odd" icon="shield">
              {quarantined(expansion)}
            </Badge>
          </>
        )}
      </td>
      <td className="num nowrap" title={formatDateTime(expansion.acceptedAt)}>
        {formatMoment(expansion.acceptedAt, now)}
      </td>
      <td className="num nowrap">
        {expansion.startedAt !== null && expansion.endedAt !== null
          ? duration(expansion.endedAt - expansion.startedAt)
          : '–'}
      </td>
      <td className="soft optional">{expansion.requestedBy}</td>
    </tr>
  );
}
