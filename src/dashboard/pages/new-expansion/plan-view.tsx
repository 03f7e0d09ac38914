import { Button } from '@mantine/core';
import type { Finding } from '../../../model/views/finding.ts';
import type { Plan } from '../../../model/views/plan.ts';
import { Notice, Panel, Said } from '../../components/parts.tsx';
import { Badge, SeverityBadge } from '../../components/status.tsx';
import { useMessages } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { ForecastFacts } from './forecast-facts.tsx';

/** What the expansion would do, and what stands against it. */
interface PlanProps {
  readonly plan: Plan;
  /** Permits something to be done to a node, as the finding's next step asks. */
  readonly onPermit?: (node: string, permission: PermissionName) => void;
}

export type PermissionName = 'overwriteData' | 'repoint';

/** Findings that a permission for the node solves; the texts name the fields of the API, here it is a button. */
const permissionFor: Readonly<Record<string, PermissionName>> = {
  holds_data: 'overwriteData',
  data_unknown: 'overwriteData',
  already_slave_of: 'repoint',
  already_slave_of_this_master: 'repoint',
};

export function PlanView({ plan, onPermit }: PlanProps) {
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
      <Findings findings={plan.findings} onPermit={onPermit} />
      {plan.ports && (
        <p className="soft small">
          <Said>{plan.ports.text}</Said>
        </p>
      )}
      <div className="plan-grid">
        <Batches plan={plan} />
        <Forced plan={plan} />
        <Panel id="forecast" title={t.forecast}>
          <ForecastFacts forecast={plan.forecast} snapshotBytes={plan.topology?.master.sstBytes ?? null} />
        </Panel>
      </div>
    </div>
  );
}

const severityOrder = { error: 0, warning: 1, info: 2 } as const;

/** Findings per node, the worst first; those of the master and the request as a whole before all. */
export function Findings({
  findings,
  onPermit,
}: {
  readonly findings: readonly Finding[];
  readonly onPermit?: PlanProps['onPermit'];
}) {
  const t = useMessages().newExpansion;
  const knowledgeLink = useMessages().knowledge.link;
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
                <div>
                  <p>
                    <Said>{finding.text}</Said>
                  </p>
                  {finding.nextStep && (
                    <p className="soft small">
                      → <Said>{finding.nextStep}</Said>
                    </p>
                  )}
                  {isOfVersions(finding.code) && (
                    <p className="small">
                      <Link to={{ page: 'knowledge' }}>{knowledgeLink}</Link>
                    </p>
                  )}
                  {onPermit && <Permit finding={finding} onPermit={onPermit} />}
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

/** Findings that the page of knowledge explains. */
const isOfVersions = (code: string): boolean => code === 'known_faults' || code.startsWith('version_');

function grouped(findings: readonly Finding[]): readonly (readonly [string | null, readonly Finding[]])[] {
  const byNode = new Map<string | null, Finding[]>();
  for (const finding of findings.toSorted((a, b) => severityOrder[a.severity] - severityOrder[b.severity])) {
    byNode.set(finding.node, [...(byNode.get(finding.node) ?? []), finding]);
  }
  return [...byNode].toSorted(
    ([nodeA, a], [nodeB, b]) => Number(nodeA !== null) - Number(nodeB !== null) || worst(a) - worst(b),
  );
}

function Permit({
  finding,
  onPermit,
}: {
  readonly finding: Finding;
  readonly onPermit: NonNullable<PlanProps['onPermit']>;
}) {
  const t = useMessages().newExpansion;
  const permission = permissionFor[finding.code];
  const { node } = finding;
  if (!permission || node === null || finding.severity !== 'error') return null;
  const label = permission === 'overwriteData' ? t.permitOverwrite : t.permitRepoint;
  return (
    <Button
      size="compact-xs"
      variant="default"
      mt={4}
      aria-label={`${node}: ${label}`}
      onClick={() => onPermit(node, permission)}
    >
      {label}
    </Button>
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
      <p className="soft small">
        <Said>{plan.batchSizeReason.text}</Said>
      </p>
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
  const limit = capabilities.maxConcurrentFullSyncs;
  return (
    <Panel id="forced" title={t.forcedTitle}>
      <div className="stack tight">
        <p className="row">
          <Badge tone="plain">Pika {capabilities.version}</Badge>
          <Badge tone={limit === 1 ? 'warn' : 'good'} icon={limit === 1 ? 'warning' : 'check'}>
            {t.atMost(limit)}
          </Badge>
        </p>
        {capabilities.opensSupersededCopy && <p>{t.forcedOne(capabilities.version)}</p>}
        {!capabilities.canProveFullSync && <Notice tone="warn">{t.cannotProve}</Notice>}
        {Object.keys(capabilities.reasons).length > 0 && (
          <details>
            <summary>{t.whyList}</summary>
            <dl className="facts reasons">
              {Object.entries(capabilities.reasons).map(([key, reason]) => (
                <div key={key}>
                  <dt className="mono small">{key}</dt>
                  <dd className="small">
                    <Said>{reason}</Said>
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </Panel>
  );
}
