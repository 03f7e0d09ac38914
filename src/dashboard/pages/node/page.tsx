import { Button } from '@mantine/core';
import { useCallback } from 'react';
import { anomalyFor, anomalyInGeneral, anomalySteps } from '../../../model/anomalies.ts';
import { remedyTexts } from '../../../model/anomaly-table.ts';
import { commandText } from '../../../model/commands.ts';
import { type AnomalyRecord, type EvidenceRule, ruleFor } from '../../../model/evidence.ts';
import { isActive, isEnded } from '../../../model/expansion.ts';
import { formatAddress } from '../../../model/observation.ts';
import type { AttemptView, ExpansionView, JoinView, NodeDetail } from '../../../model/views/expansion.ts';
import { call, nodePath } from '../../api/client.ts';
import { allObservations, useExpansion, useNode } from '../../api/queries.ts';
import { ConnectionNotice, ConnectionState } from '../../components/connection.tsx';
import { DiagnosisPanel } from '../../components/diagnosis.tsx';
import { Icon } from '../../components/icon.tsx';
import {
  download,
  Notice,
  PageTitle,
  PageToCome,
  Panel,
  Said,
  useDuration,
  useNow,
} from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge, PhaseBadge } from '../../components/status.tsx';
import { formatDateTime, formatMoment } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { useExpansionLive } from '../../live/use-expansion-live.ts';
import { Link } from '../../router.tsx';
import { ReportFacts } from '../comparison-report.tsx';
import { ActiveNode } from '../expansion/active-nodes.tsx';
import { ControlsProvider, NodeControls } from '../expansion/controls.tsx';
import { isStill, spansOf } from '../expansion/lanes.ts';
import { Findings } from '../new-expansion/plan-view.tsx';
import { Facts } from './facts.tsx';
import { HostLog, HostPanel } from './host.tsx';
import { Observations } from './observations.tsx';

export default function NodePage({ id, node }: { readonly id: string; readonly node: string }) {
  const t = useMessages();
  const expansion = useExpansion(id);
  const detail = useNode(id, node);
  const live = useExpansionLive(
    id,
    useCallback(() => {}, []),
  );
  const summary = expansion.data?.joins.find((join) => join.target.name === node);
  if (!expansion.data || !detail.data) {
    return (
      <PageToCome
        title={t.node.title(node)}
        error={detail.error ?? expansion.error}
        onRetry={() => void Promise.all([detail.refetch(), expansion.refetch()])}
      />
    );
  }
  // The page's detail has the evidence; the expansion's copy has the freshest progress.
  const join: NodeDetail = summary ? { ...detail.data, progress: summary.progress } : detail.data;
  return <NodeView expansion={expansion.data} join={join} status={live.status} />;
}

function NodeView({
  expansion,
  join,
  status,
}: {
  readonly expansion: ExpansionView;
  readonly join: NodeDetail;
  readonly status: ReturnType<typeof useExpansionLive>['status'];
}) {
  const t = useMessages();
  const n = t.node;
  const over = isEnded(expansion.state);
  const proof = (
    <div key="proof" className="stack wide proof">
      {join.diagnosis && <DiagnosisPanel join={join} diagnosis={join.diagnosis} />}
      <EvidencePanel join={join} />
      <AnomaliesPanel join={join} />
      <HostLog join={join} until={over ? expansion.endedAt : null} />
      <AttemptsPanel join={join} />
      {join.comparison && <ComparisonPanel comparison={join.comparison} />}
    </div>
  );
  const state = (
    <div key="state" className="stack wide">
      <Panel id="progress" title={t.comparisons.progress}>
        <ul className="plain">
          <ActiveNode id={expansion.id} join={join} />
        </ul>
      </Panel>
      {(join.hosts.node ?? join.hosts.master) && <HostPanel join={join} />}
      <PhasesPanel join={join} over={over} endedAt={expansion.endedAt} />
      <Panel id="target" title={n.target}>
        <dl className="facts">
          <dt>{n.target}</dt>
          <dd className="mono">{formatAddress(join.target.address)}</dd>
          <dt>{n.seenAs}</dt>
          <dd className="mono">{formatAddress(join.target.seenAs)}</dd>
          <dt>{n.mayOverwrite}</dt>
          <dd>{join.target.overwriteData ? t.common.yes : t.common.no}</dd>
          <dt>{n.mayRepoint}</dt>
          <dd>{join.target.repoint ? t.common.yes : t.common.no}</dd>
        </dl>
      </Panel>
    </div>
  );
  return (
    <ControlsProvider expansion={expansion}>
      <div className="main">
        <div className="stack tight">
          <nav className="crumbs" aria-label={t.expansion.breadcrumb}>
            <Link to={{ page: 'overview' }}>{t.expansion.breadcrumb}</Link> <span aria-hidden="true">/</span>
            <Link to={{ page: 'expansion', id: expansion.id }} className="mono">
              {expansion.master.name}
            </Link>
          </nav>
          <div className="row apart title-line">
            <div className="row">
              <PageTitle title={n.title(join.target.name)}>{n.title(join.target.name)}</PageTitle>
              <PhaseBadge phase={join.phase} silent={join.progress.silent} />
              <ConnectionState status={status} ended={over} />
            </div>
            <div className="row">
              <NodeControls join={join} size="sm" stress />
              <DownloadButton id={expansion.id} join={join} />
            </div>
          </div>
          <p className="soft">{t.phaseHelp[join.phase]}</p>
        </div>
        <ConnectionNotice status={status} ended={over} />
        {join.problem && (
          <Notice
            tone={join.phase === 'quarantined' ? 'odd' : 'bad'}
            title={n.problem}
            steps={join.problem.nextSteps}
            code={join.problem.code}
          >
            <Said>{join.problem.text}</Said>
          </Notice>
        )}
        <div className="node-grid">{isActive(join.phase) ? [state, proof] : [proof, state]}</div>
        {join.findings.length > 0 && <Findings findings={join.findings} />}
        <Observations id={expansion.id} node={join.target.name} running={!over} />
      </div>
    </ControlsProvider>
  );
}

function DownloadButton({ id, join }: { readonly id: string; readonly join: JoinView }) {
  const t = useMessages().node;
  const name = join.target.name;
  const save = async () => {
    const [detail, observations] = await Promise.all([
      call<NodeDetail>(nodePath(id, name)),
      allObservations(id, name),
    ]);
    const text = JSON.stringify({ expansionId: id, node: detail, observations }, null, 2);
    download(`${name.replaceAll(/[^\w.-]/g, '_')}-${id}.json`, text);
  };
  return (
    <Button size="sm" variant="default" leftSection={<Icon name="download" />} onClick={() => void save()}>
      {t.download}
    </Button>
  );
}

function PhasesPanel({
  join,
  over,
  endedAt,
}: {
  readonly join: JoinView;
  readonly over: boolean;
  readonly endedAt: number | null;
}) {
  const t = useMessages();
  const n = t.node;
  const duration = useDuration();
  const current = useNow();
  const spans = spansOf(join, over && endedAt !== null ? endedAt : current);
  return (
    <Panel id="phases" title={n.phases} flush>
      <Scrollable label={n.phases}>
        <table className="table dense">
          <thead>
            <tr>
              <th scope="col">{n.phase}</th>
              <th scope="col">{n.entered}</th>
              <th scope="col">{n.lasted}</th>
              <th scope="col">{n.attempt}</th>
            </tr>
          </thead>
          <tbody>
            {spans.map((span, index) => (
              <tr key={`${span.phase} ${span.from}`}>
                <td>
                  <i className={`swatch phase-${span.phase}`} /> {t.phases[span.phase]}
                </td>
                <td className="num nowrap" title={formatDateTime(span.from)}>
                  {formatMoment(span.from, current)}
                </td>
                <td className="num nowrap">
                  {isStill(span.phase) && index === spans.length - 1 ? '–' : duration(span.to - span.from)}
                </td>
                <td className="num">{span.attempt || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </Panel>
  );
}

const verdictTones = { verified: 'good', not_verified: 'bad', undecided: 'plain' } as const;
const verdictIcons = { verified: 'check', not_verified: 'cross', undecided: 'circle' } as const;

function EvidencePanel({ join }: { readonly join: JoinView }) {
  const t = useMessages();
  const n = t.node;
  const evidence = join.evidence;
  return (
    <Panel
      id="evidence"
      title={n.evidence}
      flush
      tools={
        evidence && (
          <Badge tone={verdictTones[evidence.verdict]} icon={verdictIcons[evidence.verdict]}>
            {n.verdict}: {n.verdicts[evidence.verdict]}
          </Badge>
        )
      }
    >
      {evidence === null ? (
        <p className="empty">{n.evidenceNone}</p>
      ) : (
        <ol className="plain rules">
          {evidence.rules.map((rule) => (
            <Rule key={rule.rule} rule={rule} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Rule({ rule }: { readonly rule: EvidenceRule }) {
  const t = useMessages();
  const said = ruleFor(rule, useReader());
  const tone = rule.holds === null ? 'plain' : rule.holds ? 'good' : 'bad';
  const icon = rule.holds === null ? 'circle' : rule.holds ? 'check' : 'cross';
  const word = rule.holds === null ? t.node.holdsUnknown : rule.holds ? t.node.holds : t.node.holdsNot;
  return (
    <li className="rule">
      <Badge tone={tone} icon={icon}>
        {word}
      </Badge>
      <div className="grow">
        <h3>{said.label}</h3>
        <p className="soft">
          <Said>{said.text}</Said>
        </p>
        <Facts facts={rule.facts} label={t.node.facts} at={rule.at} />
      </div>
    </li>
  );
}

function AnomaliesPanel({ join }: { readonly join: JoinView }) {
  const t = useMessages().node;
  const givenUp = join.phase === 'failed' || join.phase === 'quarantined';
  return (
    <Panel
      id="anomalies"
      title={t.anomalies}
      flush
      tools={join.anomalies.length > 0 && <Badge tone="warn">{join.anomalies.length}</Badge>}
    >
      {join.anomalies.length === 0 ? (
        <p className="empty">{t.anomaliesNone}</p>
      ) : (
        <ol className="plain rules">
          {byCode(join.anomalies).map((anomalies) => (
            <Anomaly key={anomalies[0]?.code} anomalies={anomalies} givenUp={givenUp} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** Every kind once, the latest first; of each kind all times it was seen. */
function byCode(anomalies: readonly AnomalyRecord[]): readonly (readonly AnomalyRecord[])[] {
  const kinds = new Map<string, AnomalyRecord[]>();
  for (const anomaly of anomalies.toReversed()) {
    kinds.set(anomaly.code, [...(kinds.get(anomaly.code) ?? []), anomaly]);
  }
  return [...kinds.values()];
}

function Anomaly({
  anomalies,
  givenUp,
}: {
  readonly anomalies: readonly AnomalyRecord[];
  readonly givenUp: boolean;
}) {
  const n = useMessages().node;
  const nextSteps = useMessages().common.nextSteps;
  const reader = useReader();
  const latest = anomalies[0];
  if (!latest) return null;
  const known = anomalyInGeneral(latest.code, reader);
  return (
    <li className="rule anomaly" data-anomaly={latest.code}>
      <div className="grow stack tight">
        <div className="row">
          <h3>{known.title}</h3>
          <Badge tone="warn" icon="warning">
            <span className="mono">{latest.code}</span>
          </Badge>
          <span className="faint small">{n.seenTimes(anomalies.length)}</span>
        </div>
        <dl className="facts">
          <dt>{n.cause}</dt>
          <dd>{known.cause}</dd>
          <dt>{n.versions}</dt>
          <dd>{known.versions}</dd>
          <dt>{n.remedy}</dt>
          <dd>{remedyTexts[latest.remedy][reader.language]({}, reader)}</dd>
        </dl>
        <div>
          <p className="small soft">{nextSteps}</p>
          <ul className="steps">
            {anomalySteps(latest, givenUp ? 'givenUp' : 'underWay', reader).map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ul>
        </div>
        <ol className="plain occurrences">
          {anomalies.map((anomaly) => (
            <li key={anomaly.at}>
              <p>
                <span className="faint num">
                  {n.attempt} {anomaly.attempt}:
                </span>{' '}
                <Said>{anomalyFor(anomaly, reader).text}</Said>
              </p>
              <Facts facts={anomaly.facts} label={n.facts} at={anomaly.at} />
            </li>
          ))}
        </ol>
      </div>
    </li>
  );
}

function AttemptsPanel({ join }: { readonly join: JoinView }) {
  const t = useMessages().node;
  if (join.attempts.length === 0) return null;
  return (
    <Panel id="attempts" title={t.attempts} flush>
      <ol className="plain rules">
        {join.attempts.toReversed().map((attempt) => (
          <AttemptItem key={attempt.number} attempt={attempt} />
        ))}
      </ol>
    </Panel>
  );
}

function AttemptItem({ attempt }: { readonly attempt: AttemptView }) {
  const n = useMessages().node;
  const duration = useDuration();
  const tone = attempt.outcome === 'verified' ? 'good' : attempt.outcome === null ? 'info' : 'bad';
  return (
    <li className="rule">
      <div className="grow stack tight">
        <div className="row">
          <h3>
            {n.attempt} {attempt.number}:{' '}
            {attempt.kind === 'attach' ? n.attemptKindAttach : n.attemptKindReattach}
          </h3>
          <Badge tone={tone}>{attempt.outcome === null ? n.attemptOpen : n.outcomes[attempt.outcome]}</Badge>
          <span className="faint small num">
            {formatDateTime(attempt.startedAt)}
            {attempt.endedAt !== null && ` · ${duration(attempt.endedAt - attempt.startedAt)}`}
          </span>
        </div>
        {attempt.intents.length > 0 && (
          <Scrollable label={n.intents}>
            <table className="table dense">
              <thead>
                <tr>
                  <th scope="col">{n.intentCommand}</th>
                  <th scope="col">{n.intentWhy}</th>
                  <th scope="col">{n.intentAnswer}</th>
                </tr>
              </thead>
              <tbody>
                {attempt.intents.map((intent) => (
                  <tr key={intent.id}>
                    <td className="mono nowrap">{commandText(intent.command)}</td>
                    <td>
                      <Said>{intent.reason.text}</Said>
                    </td>
                    <td>
                      {intent.outcome === null ? '…' : n.intentOutcomes[intent.outcome]}
                      {intent.reply && (
                        <span className="mono faint">
                          {' '}
                          {typeof intent.reply === 'string' ? intent.reply : intent.reply.text}
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrollable>
        )}
      </div>
    </li>
  );
}

function ComparisonPanel({ comparison }: { readonly comparison: NonNullable<JoinView['comparison']> }) {
  const t = useMessages();
  return (
    <Panel
      id="comparison"
      title={t.node.comparison}
      tools={
        <Link to={{ page: 'comparison', id: comparison.id }} className="small">
          {t.common.details}
        </Link>
      }
    >
      {comparison.report === null ? (
        <p className="faint">{t.node.comparisonNone}</p>
      ) : (
        <ReportFacts report={comparison.report} />
      )}
    </Panel>
  );
}
