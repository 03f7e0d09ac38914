import { Button } from '@mantine/core';
import { useCallback } from 'react';
import { windowState } from '../../../core/plan/windows.ts';
import { isSaidAloud } from '../../../model/events.ts';
import { isActive, isEnded, leftUnverified } from '../../../model/expansion.ts';
import { shown } from '../../../model/shown.ts';
import type { StoredEvent } from '../../../model/views/event.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { expansionPath } from '../../api/client.ts';
import { useExpansion, useMay } from '../../api/queries.ts';
import { ConnectionNotice, ConnectionState } from '../../components/connection.tsx';
import { Crumbs } from '../../components/crumbs.tsx';
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
import { ControlsProvider, ExpansionControls } from './controls.tsx';
import { EventList } from './event-list.tsx';
import { ForecastPanel } from './forecast-panel.tsx';
import { NodeTable } from './node-table.tsx';
import { NextWindow, PacePanel, setsPace } from './pace-panel.tsx';
import { batchSeconds, wholeSeconds } from './remaining.ts';
import { Timeline } from './timeline.tsx';
import { TopologyPicture } from './topology.tsx';
import { TroubledNodes } from './troubled-nodes.tsx';

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
    ...(over ? [] : ([['now', e.now]] as const)),
    ['nodes', e.nodes],
    ['timeline', e.timeline],
    ['events', e.events],
    ['topology', e.topology],
    ...(setsPace(expansion) ? ([['pace', t.pace.title]] as const) : []),
    ['rates', e.rates],
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
        <div className={live.status === 'reconnecting' && !over ? 'stack wide last-known' : 'stack wide'}>
          {!over && (
            <Panel id="now" title={e.now}>
              <ActiveNodes expansion={expansion} log={live.log} />
            </Panel>
          )}
          <NodeTable expansion={expansion} />
          <Panel id="timeline" title={e.timeline} flush>
            <Timeline expansion={expansion} />
          </Panel>
        </div>
        <EventList log={live.log} live={!over} />
        <Panel id="topology" title={e.topology}>
          <TopologyPicture expansion={expansion} />
        </Panel>
        <PacePanel expansion={expansion} />
        <Panel id="rates" title={e.rates}>
          <Charts expansion={expansion} history={live.history} />
        </Panel>
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
  const reason = (expansion.problem ?? expansion.stateReason)?.text;
  const steps = expansion.problem?.nextSteps ?? [];
  const pending = expansion.pendingControl;
  const said = holdsUp(expansion);
  return (
    <>
      {expansion.state === 'halted' && (
        <Notice tone="bad" title={e.halted} steps={steps} code={expansion.problem?.code ?? expansion.state}>
          {reason && (
            <p>
              <Said>{reason}</Said>
            </p>
          )}
          <TroubledNodes expansion={expansion} phases={['failed', 'quarantined']} />
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
          <TroubledNodes expansion={expansion} phases={['quarantined']} />
        </Notice>
      )}
      {said && (
        <p className="soft state-reason">
          <Icon name="info" /> <Said>{said}</Said>
        </p>
      )}
    </>
  );
}

/**
 * What holds up an expansion that goes on by itself. While nodes are at work, what was said when it began is no news; the
 * wait for another expansion stands above, with its link.
 */
function holdsUp({ state, stateReason, joins, waitsFor }: ExpansionView): string | null {
  if (state === 'running')
    return joins.some(({ phase }) => isActive(phase)) ? null : (stateReason?.text ?? null);
  return state === 'pending' && waitsFor === null ? (stateReason?.text ?? null) : null;
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

/** Of the whole expansion where that is forecast, and of what is being copied now. */
function RemainingTime({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const e = t.expansion;
  const duration = useDuration();
  const now = useNow();
  if (isEnded(expansion.state)) return <dd className="faint">–</dd>;
  const whole = wholeSeconds(expansion, now);
  const batch = batchSeconds(expansion);
  const atWork = expansion.joins.some((join) => isActive(join.phase));
  const shown = whole ?? batch;
  return (
    <>
      <dd className="num">
        {shown === null ? <span className="faint">{t.common.unknown}</span> : duration(shown * 1000)}
      </dd>
      <dd className="faint small">
        {whole !== null ? e.remainingWhole : atWork ? e.remainingBatch : e.remainingNothing}
        {whole !== null && batch !== null && (
          <>
            {' · '}
            <span className="nowrap">{e.remainingOfCopy(duration(batch * 1000))}</span>
          </>
        )}
      </dd>
    </>
  );
}
