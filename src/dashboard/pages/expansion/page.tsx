import { Button } from '@mantine/core';
import { useCallback } from 'react';
import { windowState } from '../../../core/plan/windows.ts';
import { anomalyTitle } from '../../../model/anomalies.ts';
import { isSaidAloud } from '../../../model/events.ts';
import { isActive, isEnded, leftUnverified } from '../../../model/expansion.ts';
import { shown } from '../../../model/shown.ts';
import type { StoredEvent } from '../../../model/views/event.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { expansionPath } from '../../api/client.ts';
import { useExpansion, useMay } from '../../api/queries.ts';
import { ConnectionNotice, ConnectionState } from '../../components/connection.tsx';
import { Crumbs } from '../../components/crumbs.tsx';
import { Causes } from '../../components/diagnosis.tsx';
import { Icon } from '../../components/icon.tsx';
import {
  Age,
  Notice,
  PageTitle,
  PageToCome,
  Panel,
  Said,
  useAnnounce,
  useDuration,
  useNow,
} from '../../components/parts.tsx';
import { StateBadge } from '../../components/status.tsx';
import { formatMoment } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { type ExpansionLive, useExpansionLive } from '../../live/use-expansion-live.ts';
import { Link, useRouter } from '../../router.tsx';
import { Findings } from '../new-expansion/plan-view.tsx';
import { ActiveNodes } from './active-nodes.tsx';
import { Charts } from './charts.tsx';
import { ControlsProvider, ExpansionControls, NodeControls } from './controls.tsx';
import { EventList } from './event-list.tsx';
import { ForecastPanel } from './forecast-panel.tsx';
import { NodeTable } from './node-table.tsx';
import { NextWindow, PacePanel, setsPace } from './pace-panel.tsx';
import { Timeline } from './timeline.tsx';
import { TopologyPicture } from './topology.tsx';

export default function ExpansionPage({ id }: { readonly id: string }) {
  const t = useMessages();
  const say = useAnnounce();
  const onFresh = useCallback(
    (events: readonly StoredEvent[]) => {
      // A page of old events is not news.
      if (events.length > 20) return;
      for (const event of events) if (isSaidAloud(event)) say(event.text);
    },
    [say],
  );
  const expansion = useExpansion(id);
  const live = useExpansionLive(id, onFresh);

  if (expansion.data) return <ExpansionDetail expansion={expansion.data} live={live} />;
  return (
    <PageToCome
      title={t.expansion.breadcrumb}
      error={expansion.error}
      onRetry={() => void expansion.refetch()}
    />
  );
}

function ExpansionDetail({
  expansion,
  live,
}: {
  readonly expansion: ExpansionView;
  readonly live: ExpansionLive;
}) {
  const t = useMessages();
  const e = t.expansion;
  const reader = useReader();
  const may = useMay('expand');
  const { go } = useRouter();
  const over = isEnded(expansion.state);
  const sections = [
    ['topology', e.topology],
    ['timeline', e.timeline],
    ...(setsPace(expansion) ? ([['pace', t.pace.title]] as const) : []),
    ['nodes', e.nodes],
    ['rates', e.rates],
    ['events', e.events],
    ...(expansion.forecast ? ([['forecast', t.newExpansion.forecast]] as const) : []),
  ] as const;
  return (
    <ControlsProvider expansion={expansion}>
      <div className="main">
        <div className="stack tight">
          <Crumbs to={{ page: 'overview' }} title={e.breadcrumb} id={expansion.id} />
          <div className="row apart title-line">
            <div className="row">
              <PageTitle title={`${t.states[expansion.state]}: ${expansion.master.name}`}>
                {e.title(expansion.master.name)}
              </PageTitle>
              <StateBadge state={expansion.state} large />
              <ConnectionState status={live.status} ended={over} />
            </div>
            <div className="row">
              <ExpansionControls />
              {may && leftUnverified(expansion).length > 0 && (
                <Button
                  size="sm"
                  leftSection={<Icon name="ring" />}
                  onClick={() => go({ page: 'retry', id: expansion.id })}
                >
                  {e.retryRest}
                </Button>
              )}
              <Button
                component="a"
                size="sm"
                variant="default"
                leftSection={<Icon name="download" />}
                href={`${expansionPath(expansion.id)}/evidence`}
                download={`evidence-${expansion.id}.json`}
              >
                {e.downloadEvidence}
              </Button>
            </div>
          </div>
          <p className="faint small">
            {shown(expansion, 'head', reader).map(({ name, label, value }, index) => (
              <span key={name}>
                {index > 0 && ' · '}
                {label}: <span className="soft">{value}</span>
              </span>
            ))}
            {expansion.retryOf !== undefined && (
              <>
                {' · '}
                {e.retryOf}:{' '}
                <Link to={{ page: 'expansion', id: expansion.retryOf }} className="mono">
                  {expansion.retryOf}
                </Link>
              </>
            )}
            {expansion.campaignId !== undefined && (
              <>
                {' · '}
                {t.campaigns.partOf}:{' '}
                <Link to={{ page: 'campaign', id: expansion.campaignId }} className="mono">
                  {expansion.campaignId}
                </Link>
              </>
            )}
          </p>
        </div>
        <ConnectionNotice status={live.status} ended={over} />
        <Situation expansion={expansion} />
        <Figures expansion={expansion} />
        <nav className="section-nav" aria-label={e.sections}>
          {sections.map(([id, title]) => (
            <a key={id} href={`#${id}`}>
              {title}
            </a>
          ))}
        </nav>
        <div className="now-grid">
          <Panel id="topology" title={e.topology}>
            <TopologyPicture expansion={expansion} />
          </Panel>
          <Panel id="now" title={e.now}>
            <ActiveNodes expansion={expansion} log={live.log} />
          </Panel>
        </div>
        <Panel id="timeline" title={e.timeline} flush>
          <Timeline expansion={expansion} />
        </Panel>
        <PacePanel expansion={expansion} />
        <NodeTable expansion={expansion} />
        <Panel id="rates" title={e.rates}>
          <Charts expansion={expansion} history={live.history} />
        </Panel>
        <EventList log={live.log} live={!over} />
        <ForecastPanel expansion={expansion} />
        {expansion.findings.length > 0 && <Findings findings={expansion.findings} />}
      </div>
    </ControlsProvider>
  );
}

/** Why it stands as it stands, and what a person can do: the first thing to read at night. */
function Situation({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const e = t.expansion;
  const quarantined = expansion.joins.filter((join) => join.phase === 'quarantined');
  const troubled = expansion.joins.filter((join) => ['failed', 'quarantined'].includes(join.phase));
  const reason = (expansion.problem ?? expansion.stateReason)?.text;
  const steps = expansion.problem?.nextSteps ?? [];
  const pending = expansion.pendingControl;
  return (
    <>
      {expansion.state === 'halted' && (
        <Notice tone="bad" title={e.halted} steps={steps} code={expansion.problem?.code ?? expansion.state}>
          {reason && (
            <p>
              <Said>{reason}</Said>
            </p>
          )}
          <TroubledNodes expansion={expansion} names={troubled.map((join) => join.target.name)} />
        </Notice>
      )}
      {expansion.state === 'failed' && (
        <Notice
          tone="bad"
          title={e.failedTitle}
          steps={steps}
          code={expansion.problem?.code ?? expansion.state}
        >
          {reason && <Said>{reason}</Said>}
        </Notice>
      )}
      {expansion.state === 'awaiting_approval' && (
        <Notice tone="warn" title={e.awaiting} steps={steps}>
          {reason && <Said>{reason}</Said>}
        </Notice>
      )}
      {expansion.state === 'paused' && (
        <Notice tone="warn" title={e.pausedTitle} steps={steps}>
          {reason && <Said>{reason}</Said>}
        </Notice>
      )}
      <WindowWait expansion={expansion} />
      {expansion.waitsFor !== null && !isEnded(expansion.state) && (
        <Notice tone="info">
          {e.waitsFor}: <Link to={{ page: 'expansion', id: expansion.waitsFor }}>{expansion.waitsFor}</Link>
        </Notice>
      )}
      {pending !== null && pending !== undefined && (
        <Notice tone="info">{e.pendingControl(t.controls[pending.verb], pending.by, pending.reason)}</Notice>
      )}
      {quarantined.length > 0 && expansion.state !== 'halted' && (
        <Notice tone="odd" title={e.endedQuarantine(quarantined.length)}>
          <TroubledNodes expansion={expansion} names={quarantined.map((join) => join.target.name)} />
        </Notice>
      )}
      {(expansion.state === 'running' || expansion.state === 'pending') && expansion.stateReason && (
        <p className="soft state-reason">
          <Icon name="info" /> <Said>{expansion.stateReason.text}</Said>
        </p>
      )}
    </>
  );
}

/** Nothing is at work, because no time window is open. */
function WindowWait({ expansion }: { readonly expansion: ExpansionView }) {
  const p = useMessages().pace;
  const now = useNow();
  const { windows } = expansion.policy;
  const atWork = expansion.joins.some((join) => isActive(join.phase));
  if (expansion.state !== 'running' || atWork || windowState(windows, now).open) return null;
  return (
    <Notice tone="info" title={p.waitsForWindow}>
      <NextWindow windows={windows} />
    </Notice>
  );
}

function TroubledNodes({
  expansion,
  names,
}: {
  readonly expansion: ExpansionView;
  readonly names: readonly string[];
}) {
  const t = useMessages();
  const reader = useReader();
  return (
    <ul className="plain troubled">
      {expansion.joins
        .filter((join) => names.includes(join.target.name))
        .slice(0, 8)
        .map((join) => {
          const latest = join.anomalies.at(-1);
          return (
            <li key={join.target.name}>
              <Link to={{ page: 'node', id: expansion.id, node: join.target.name }} className="mono">
                {join.target.name}
              </Link>
              <span>
                {t.phases[join.phase]}
                {latest && (
                  <>
                    {': '}
                    {anomalyTitle(latest.code, reader)}
                  </>
                )}
              </span>
              <NodeControls join={join} stress />
              {join.diagnosis && (
                <details className="troubled-why">
                  <summary aria-label={`${join.target.name}: ${t.diagnosis.title}`}>
                    {t.diagnosis.title}
                  </summary>
                  <Causes diagnosis={join.diagnosis} />
                </details>
              )}
            </li>
          );
        })}
    </ul>
  );
}

/** State and remaining time are two things, and stand apart. */
function Figures({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const e = t.expansion;
  const duration = useDuration();
  const now = useNow();
  const total = expansion.joins.length;
  const verified = expansion.joins.filter((join) => join.phase === 'verified').length;
  return (
    <dl className="figures">
      <div>
        <dt>{e.state}</dt>
        <dd>{t.states[expansion.state]}</dd>
        <dd className="faint small">
          <Age since={expansion.stateSince} />
        </dd>
      </div>
      <div>
        <dt>{e.remaining}</dt>
        <RemainingTime expansion={expansion} />
      </div>
      <div>
        <dt>{e.verified}</dt>
        <dd className="num">
          {verified} <span className="faint">/ {total}</span>
        </dd>
        <dd className="faint small">{t.common.nodes(total)}</dd>
      </div>
      <div>
        <dt>{e.batch}</dt>
        <dd className="num">
          {expansion.batchCount === null ? (
            <span className="faint">{e.batchNone}</span>
          ) : (
            <>
              {Math.min(expansion.currentBatch + 1, expansion.batchCount)}{' '}
              <span className="faint">/ {expansion.batchCount}</span>
            </>
          )}
        </dd>
        {expansion.batchSize !== null && (
          <dd className="faint small" title={expansion.batchSizeReason?.text}>
            {t.newExpansion.batchSizeChosen(expansion.batchSize)}
          </dd>
        )}
        {expansion.nextBatchNotBefore !== null && expansion.nextBatchNotBefore > now && (
          <dd className="faint small">{e.nextBatchAt(formatMoment(expansion.nextBatchNotBefore, now))}</dd>
        )}
      </div>
      <div>
        <dt>{e.version}</dt>
        <dd>{expansion.capabilities?.version ?? <span className="faint">{t.common.unknown}</span>}</dd>
        {expansion.startedAt !== null && expansion.endedAt === null && (
          <dd className="faint small num">
            {e.elapsed}: {duration(Math.max(0, now - expansion.startedAt))}
          </dd>
        )}
      </div>
    </dl>
  );
}

function RemainingTime({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const duration = useDuration();
  const active = expansion.joins.filter((join) => isActive(join.phase));
  const remaining = active
    .map((join) => join.progress.remainingSeconds)
    .filter((seconds): seconds is number => seconds !== null);
  if (isEnded(expansion.state)) return <dd className="faint">–</dd>;
  if (active.length === 0)
    return (
      <>
        <dd className="faint">{t.common.unknown}</dd>
        <dd className="faint small">{t.expansion.remainingNothing}</dd>
      </>
    );
  return (
    <>
      <dd className="num">
        {remaining.length === 0 ? (
          <span className="faint">{t.common.unknown}</span>
        ) : (
          duration(Math.max(...remaining) * 1000)
        )}
      </dd>
      <dd className="faint small">{t.expansion.remainingBatch}</dd>
    </>
  );
}
