import type { Finding, Plan } from '../../api/types.ts';
import { Notice, Panel, Said, useDuration } from '../../components/parts.tsx';
import { Badge, SeverityBadge } from '../../components/status.tsx';
import { formatBytes, formatShare } from '../../format.ts';
import { useMessages } from '../../i18n/index.tsx';
import { Link } from '../../router.tsx';

/** What the expansion would do, and what stands against it. */
export function PlanView({ plan }: { readonly plan: Plan }) {
  const t = useMessages().newExpansion;
  const errors = plan.findings.filter((finding) => finding.severity === 'error').length;
  const warnings = plan.findings.filter((finding) => finding.severity === 'warning').length;
  return (
    <div className="stack">
      {plan.acceptable ? (
        <Notice tone={warnings > 0 ? 'warn' : 'good'} title={t.acceptable} live>
          {warnings > 0 && <p>{t.warnings(warnings)}</p>}
        </Notice>
      ) : (
        <Notice tone="bad" title={t.notAcceptable(errors)} live />
      )}
      {plan.waitsFor !== null && (
        <Notice tone="info">
          {t.waitsFor} <Link to={{ page: 'expansion', id: plan.waitsFor }}>{plan.waitsFor}</Link>
        </Notice>
      )}
      <Findings findings={plan.findings} />
      <div className="plan-grid">
        <Batches plan={plan} />
        <Forced plan={plan} />
        <ForecastPanel plan={plan} />
      </div>
    </div>
  );
}

const severityOrder = { error: 0, warning: 1, info: 2 } as const;

/** Findings per node, the worst first; those of the master and the request as a whole before all. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const t = useMessages().newExpansion;
  const groups = grouped(findings);
  return (
    <Panel id="findings" title={t.findings} flush>
      {groups.length === 0 && <p className="empty">{t.noFindings}</p>}
      {groups.map(([node, list]) => (
        <section key={node ?? ''} className="finding-group" aria-label={node ?? t.findingsMaster}>
          <h3 className={node === null ? '' : 'mono'}>{node ?? t.findingsMaster}</h3>
          <ul className="plain">
            {list.map((finding) => (
              <li key={`${finding.code} ${finding.text}`} className="finding">
                <SeverityBadge severity={finding.severity} />
                <div lang="en">
                  <p>{finding.text}</p>
                  {finding.nextStep && <p className="soft small">→ {finding.nextStep}</p>}
                </div>
                <code className="mono faint small">{finding.code}</code>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Panel>
  );
}

function grouped(findings: readonly Finding[]): readonly (readonly [string | null, readonly Finding[]])[] {
  const byNode = new Map<string | null, Finding[]>();
  for (const finding of findings.toSorted((a, b) => severityOrder[a.severity] - severityOrder[b.severity])) {
    byNode.set(finding.node, [...(byNode.get(finding.node) ?? []), finding]);
  }
  return [...byNode].toSorted(
    ([nodeA, a], [nodeB, b]) => Number(nodeA !== null) - Number(nodeB !== null) || worst(a) - worst(b),
  );
}

const worst = (findings: readonly Finding[]): number =>
  Math.min(...findings.map((finding) => severityOrder[finding.severity]));

const shownBatches = 12;

function Batches({ plan }: { readonly plan: Plan }) {
  const t = useMessages();
  const rest = plan.batches.slice(shownBatches);
  return (
    <Panel id="batches" title={t.newExpansion.batches}>
      <p>
        <strong>{t.newExpansion.batchSizeChosen(plan.batchSize)}</strong>
      </p>
      {plan.batchSizeReason && (
        <p className="soft small">
          <Said>{plan.batchSizeReason}</Said>
        </p>
      )}
      <ol className="plain batch-list">
        {plan.batches.slice(0, shownBatches).map((batch, index) => (
          <BatchLine key={batch.join(' ')} number={index + 1} nodes={batch} />
        ))}
      </ol>
      {rest.length > 0 && (
        <details>
          <summary>
            {t.common.showAll} (+{rest.length})
          </summary>
          <ol className="plain batch-list">
            {rest.map((batch, index) => (
              <BatchLine key={batch.join(' ')} number={shownBatches + index + 1} nodes={batch} />
            ))}
          </ol>
        </details>
      )}
    </Panel>
  );
}

function BatchLine({ number, nodes }: { readonly number: number; readonly nodes: readonly string[] }) {
  const t = useMessages().newExpansion;
  return (
    <li>
      <span className="batch-tag">{t.batch(number)}</span>
      <span className="mono">{nodes.join(', ')}</span>
    </li>
  );
}

/** What the master's version forces, and why: each reason as the capability table gives it. */
function Forced({ plan }: { readonly plan: Plan }) {
  const t = useMessages().newExpansion;
  const capabilities = plan.capabilities;
  if (capabilities === null) return null;
  // JSON has no Infinity: a limit that is not there arrives as null.
  const limit = capabilities.maxConcurrentFullSyncs as number | null;
  const unlimited = limit === null || limit > 10_000;
  return (
    <Panel id="forced" title={t.forcedTitle}>
      <div className="stack tight">
        <p className="row">
          <Badge tone="plain">Pika {capabilities.version}</Badge>
          <Badge tone={limit === 1 ? 'warn' : 'good'} icon={limit === 1 ? 'warning' : 'check'}>
            {unlimited ? t.unlimited : t.atMost(limit)}
          </Badge>
        </p>
        {capabilities.opensSupersededCopy && <p>{t.forcedOne(capabilities.version)}</p>}
        {!capabilities.canProveFullSync && <Notice tone="warn">{t.cannotProve}</Notice>}
        {Object.keys(capabilities.reasons).length > 0 && (
          <details>
            <summary>{t.whyList}</summary>
            <dl className="facts reasons" lang="en">
              {Object.entries(capabilities.reasons).map(([key, reason]) => (
                <div key={key}>
                  <dt className="mono small">{key}</dt>
                  <dd className="small">{reason}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </Panel>
  );
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly confidence?: number;
}

function ForecastPanel({ plan }: { readonly plan: Plan }) {
  const t = useMessages().newExpansion;
  const duration = useDuration();
  const forecast = plan.forecast;
  if (forecast === null) {
    const size = plan.topology?.master.sstBytes ?? null;
    return (
      <Panel id="forecast" title={t.forecast}>
        <dl className="facts">
          <dt>{t.forecastTotal}</dt>
          <dd className="faint">{t.forecastUnknown}</dd>
          <dt>{t.forecastBytes}</dt>
          <dd className={size === null ? 'faint' : 'num'}>
            {size === null ? t.forecastUnknown : formatBytes(size)}
          </dd>
        </dl>
      </Panel>
    );
  }
  const time = (seconds: number) => duration(seconds * 1000);
  return (
    <Panel id="forecast" title={t.forecast}>
      <dl className="facts">
        <dt>{t.forecastTotal}</dt>
        <RangeValue range={forecast.secondsTotal} format={time} />
        <dt>{t.forecastNode}</dt>
        <RangeValue range={forecast.secondsPerNode} format={time} />
        <dt>{t.forecastBytes}</dt>
        <RangeValue range={forecast.bytesPerNode} format={formatBytes} />
      </dl>
      {forecast.basis && (
        <p className="soft small forecast-basis">
          <Said>{forecast.basis}</Said>
        </p>
      )}
    </Panel>
  );
}

function RangeValue({
  range,
  format,
}: {
  readonly range: Range | null | undefined;
  readonly format: (value: number) => string;
}) {
  const t = useMessages().newExpansion;
  if (!range) return <dd className="faint">{t.forecastUnknown}</dd>;
  return (
    <dd className="num">
      {t.forecastRange(format(range.low), format(range.high))}
      {range.confidence !== undefined && (
        <span className="faint small"> {t.confidence(formatShare(range.confidence))}</span>
      )}
    </dd>
  );
}
