import { Button } from '@mantine/core';
import { auditSummaryText, wholeAtText } from '../../model/audit-report.ts';
import type { Audit, AuditServer, AuditVerdict, Repair } from '../../model/views/audit.ts';
import { keys, useAudit, useMay } from '../api/queries.ts';
import { Crumbs } from '../components/crumbs.tsx';
import { PageTitle, PageToCome, Panel, Said } from '../components/parts.tsx';
import { ReasonButton } from '../components/reason-button.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { TableHead } from '../components/table-head.tsx';
import { formatDateTime } from '../format.ts';
import { useLanguage, useMessages, useReader } from '../i18n.tsx';
import { Link } from '../router.tsx';
import { AuditStateBadge, AuditVerdictBadge } from './audits.tsx';
import { PlanAndStart } from './new-expansion/plan-and-start.tsx';

export default function AuditPage({ id }: { readonly id: string }) {
  const a = useMessages().audits;
  const audit = useAudit(id);
  if (audit.data) return <AuditView audit={audit.data} />;
  return <PageToCome title={a.title} error={audit.error} onRetry={() => void audit.refetch()} />;
}

const worstFirst: readonly (AuditVerdict | null)[] = ['damaged', 'doubtful', 'not_judged', null, 'whole'];

function AuditView({ audit }: { readonly audit: Audit }) {
  const t = useMessages();
  const a = t.audits;
  const { language } = useLanguage();
  const may = useMay('audit');
  const mayRepair = useMay('expand');
  const shown = audit.servers
    .filter(({ master, verdict }) => master !== null || verdict !== null)
    .toSorted((x, y) => worstFirst.indexOf(x.verdict) - worstFirst.indexOf(y.verdict));
  return (
    <div className="main">
      <div className="stack tight">
        <Crumbs to={{ page: 'audits' }} title={a.title} id={audit.id} inPrint={false} />
        <div className="row apart title-line">
          <div className="row">
            <PageTitle title={`${a.title} ${audit.id}`}>{audit.id}</PageTitle>
            <AuditStateBadge state={audit.state} />
          </div>
          <div className="row no-print">
            {may && audit.endedAt === null && (
              <ReasonButton
                label={a.end}
                title={a.endTitle}
                text={a.endText}
                path={`/v1/audits/${encodeURIComponent(audit.id)}/cancel`}
                changes={keys.audit(audit.id)}
              />
            )}
            <a className="small" href={`/v1/audits/${encodeURIComponent(audit.id)}?format=markdown`}>
              {a.report}
            </a>
            <Button variant="default" onClick={() => window.print()}>
              {a.print}
            </Button>
          </div>
        </div>
        <p className="faint small">
          {formatDateTime(audit.createdAt)} · {t.common.by(audit.requestedBy)}
        </p>
      </div>
      <p aria-live="polite">{auditSummaryText[language](audit.counts, { language, tool: 'dashboard' })}</p>
      {audit.cancel && <p className="soft">{a.endedBy(audit.cancel.by, audit.cancel.reason)}</p>}
      {mayRepair &&
        audit.repairs.map((repair) => <RepairPanel key={repair.master.address} repair={repair} />)}
      {shown.length > 0 && (
        <Panel id="slaves" title={a.slaves} flush>
          <Scrollable label={a.slaves}>
            <table className="table">
              <TableHead columns={[a.verdict, a.slave, a.master, a.version, a.why]} />
              <tbody>
                {shown.map((server) => (
                  <ServerRow
                    key={server.index}
                    server={server}
                    master={server.master === null ? null : audit.servers[server.master]!}
                  />
                ))}
              </tbody>
            </table>
          </Scrollable>
        </Panel>
      )}
    </div>
  );
}

function ServerRow({
  server,
  master,
}: {
  readonly server: AuditServer;
  readonly master: AuditServer | null;
}) {
  const t = useMessages();
  const reader = useReader();
  const { verdict, reason, nextStep, examples, findings, comparisonId } = server;
  const since =
    verdict === 'damaged' ? wholeAtText[reader.language]({ ...server, time: formatDateTime }, reader) : '';
  return (
    <tr>
      <td>{verdict === null ? '–' : <AuditVerdictBadge verdict={verdict} />}</td>
      <td className="mono">{server.target.name}</td>
      <td className="mono">{master?.target.name ?? '–'}</td>
      <td className="num">{server.version ?? '–'}</td>
      <td>
        {reason && <Said>{reason.text}</Said>}
        {since !== '' && <p className="soft">{since}</p>}
        {examples.map(({ db, type, key, kind }) => (
          <p key={`${db} ${type} ${key} ${kind}`} className="small">
            db{db} {type} <span className="mono">{key}</span>: {t.comparisons.kinds[kind]}
          </p>
        ))}
        {findings
          .filter(({ severity }) => severity !== 'info')
          .map((finding) => (
            <p key={finding.code} className="small soft">
              <Said>{`${finding.text} ${finding.nextStep}`}</Said>
            </p>
          ))}
        {nextStep !== null && verdict !== 'whole' && (
          <p>
            → <Said>{nextStep}</Said>
          </p>
        )}
        {comparisonId !== null && (
          <p className="small no-print">
            <Link to={{ page: 'comparison', id: comparisonId }}>{t.audits.comparison}</Link>
          </p>
        )}
      </td>
    </tr>
  );
}

function RepairPanel({ repair }: { readonly repair: Repair }) {
  const a = useMessages().audits;
  const { label, ...request } = repair;
  return (
    <PlanAndStart
      id={`repair-${repair.master.address}`}
      title={a.repair}
      text={a.repairText(repair.nodes.length, repair.master.address)}
      help={a.repairHelp}
      nodes={repair.nodes.map(({ address }) => address)}
      request={request}
      label={label}
    />
  );
}
