import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import { type ExpansionState, isActive, isEnded, type JoinPhase, joinPhases } from '../../model/expansion.ts';
import type { ExpansionSummary, JoinSummary } from '../../model/views/expansion.ts';
import { useOpenCampaigns } from '../api/campaigns.ts';
import { useExpansionList, useMay } from '../api/queries.ts';
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

const waitingStates: readonly ExpansionState[] = ['halted', 'awaiting_approval', 'paused'];
const workingStates: readonly ExpansionState[] = ['running', 'pending'];
const endedStates: readonly ExpansionState[] = ['succeeded', 'failed', 'cancelled'];

/** What is worst stands first. */
const urgency = (expansion: ExpansionSummary): number =>
  waitingStates.indexOf(expansion.state) === -1 ? 9 : waitingStates.indexOf(expansion.state);

export function OverviewPage() {
  const t = useMessages();
  const { go } = useRouter();
  const may = useMay('expand');
  const status = useFeed();
  const waiting = useExpansionList({ states: waitingStates, search: '', limit: 100 });
  const working = useExpansionList({ states: workingStates, search: '', limit: 100 });
  const ended = useExpansionList({ states: endedStates, search: '', limit: 20 });
  const waitingItems = itemsOf(waiting).toSorted(
    (a, b) => urgency(a) - urgency(b) || a.stateSince - b.stateSince,
  );
  const workingItems = itemsOf(working);
  const leftBehind = itemsOf(ended).filter((expansion) => quarantined(expansion) > 0);
  const needsPerson = [...waitingItems, ...leftBehind];
  const campaigns = useOpenCampaigns().data?.items.filter((campaign) => campaign.needsPerson) ?? [];
  const needed = needsPerson.length + campaigns.length;
  const loaded = waiting.data && working.data && ended.data;
  const nothingAtAll = loaded && needed + workingItems.length + itemsOf(ended).length === 0;
  const failed = [waiting, working, ended].find((query) => query.isError && !query.data);

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
              {campaigns.map((campaign) => (
                <WaitingCampaignCard key={campaign.id} campaign={campaign} />
              ))}
              {needsPerson.map((expansion) => (
                <WaitingCard key={expansion.id} expansion={expansion} />
              ))}
            </ul>
          </Panel>
          <Panel id="running" title={t.overview.running} flush>
            {workingItems.length === 0 && <p className="empty">{t.overview.nothingRunning}</p>}
            <ul className="plain cards">
              {workingItems.map((expansion) => (
                <RunningCard key={expansion.id} expansion={expansion} />
              ))}
            </ul>
          </Panel>
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

function WaitingCard({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  const bad = quarantined(expansion);
  const failed = countPhase(expansion, 'failed');
  const why = isEnded(expansion.state)
    ? t.overview.endedWithQuarantine
    : (expansion.problem ?? expansion.stateReason)?.text;
  const step = expansion.problem?.nextSteps[0];
  return (
    <li className="card" data-testid="expansion-card">
      <CardTitle expansion={expansion} />
      {why && (
        <p className="card-why">
          <Said>{why}</Said>
        </p>
      )}
      {step && !isEnded(expansion.state) && (
        <p className="soft small card-step">
          <Icon name="arrow" /> <Said>{step}</Said>
        </p>
      )}
      <div className="row small">
        {bad > 0 && (
          <Badge tone="odd" icon="shield">
            {t.overview.quarantinedNodes(bad)}
          </Badge>
        )}
        {failed > 0 && (
          <Badge tone="bad" icon="cross">
            {t.overview.failedNodes(failed)}
          </Badge>
        )}
        <span className="faint num">
          {t.overview.verifiedOf(countPhase(expansion, 'verified'), expansion.joins.length)}
        </span>
      </div>
      <PhaseStrip joins={expansion.joins} />
    </li>
  );
}

function RunningCard({ expansion }: { readonly expansion: ExpansionSummary }) {
  const t = useMessages();
  const active = expansion.joins.filter((join) => isActive(join.phase));
  return (
    <li className="card" data-testid="expansion-card">
      <CardTitle expansion={expansion} />
      <div className="row small soft num">
        <span>{t.overview.verifiedOf(countPhase(expansion, 'verified'), expansion.joins.length)}</span>
        {expansion.batchCount !== null && (
          <span>· {t.overview.batchOf(expansion.currentBatch + 1, expansion.batchCount)}</span>
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
  const { receivedBytes, snapshotBytes, bytesPerSecond, remainingSeconds } = join.progress;
  return (
    <span>
      · <span className="mono">{join.target.name}</span> {t.phases[join.phase]} <Silence join={join} />
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
