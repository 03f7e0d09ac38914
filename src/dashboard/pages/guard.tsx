import { guardSummary } from '../../model/guard-texts.ts';
import type { Guard } from '../../model/views/guard.ts';
import { keys, useGuard, useMay } from '../api/queries.ts';
import { Crumbs } from '../components/crumbs.tsx';
import { PageTitle, PageToCome, Panel, Said, useNow } from '../components/parts.tsx';
import { ReasonButton } from '../components/reason-button.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { TableHead } from '../components/table-head.tsx';
import { formatDateTime, formatMoment } from '../format.ts';
import { useLanguage, useMessages } from '../i18n.tsx';
import { Link } from '../router.tsx';
import { GuardStateBadge, LevelBadge } from './guards.tsx';

export default function GuardPage({ id }: { readonly id: string }) {
  const g = useMessages().guards;
  const guard = useGuard(id);
  if (guard.data) return <GuardView guard={guard.data} />;
  return <PageToCome title={g.title} error={guard.error} onRetry={() => void guard.refetch()} />;
}

const pathOf = (id: string): string => `/v1/guards/${encodeURIComponent(id)}`;

function GuardView({ guard }: { readonly guard: Guard }) {
  const t = useMessages();
  const g = t.guards;
  const { language } = useLanguage();
  const may = useMay('guard');
  const { id, label, audits, state } = guard;
  return (
    <div className="main">
      <div className="stack tight">
        <Crumbs to={{ page: 'guards' }} title={g.title} id={id} inPrint={false} />
        <div className="row apart title-line">
          <div className="row">
            <PageTitle title={`${g.title} ${label ?? id}`}>{label ?? id}</PageTitle>
            <GuardStateBadge state={state} />
          </div>
          {may && state === 'watching' && (
            <ReasonButton
              label={g.end}
              title={g.endTitle}
              text={g.endText}
              path={`${pathOf(id)}/end`}
              changes={keys.guard(id)}
            />
          )}
        </div>
        <p className="faint small">
          {formatDateTime(guard.createdAt)} · {t.common.by(guard.requestedBy)}
          {audits?.nextAt && state === 'watching' && <> · {g.nextAudit(formatDateTime(audits.nextAt))}</>}
          {audits?.last && (
            <>
              {' · '}
              <Link to={{ page: 'audit', id: audits.last }}>{g.lastAudit}</Link>
            </>
          )}
        </p>
      </div>
      <p aria-live="polite">{guardSummary[language](guard.counts, { language, tool: 'dashboard' })}</p>
      {guard.end && <p className="soft">{g.endedBy(guard.end.by, guard.end.reason)}</p>}
      <Findings guard={guard} />
      <Servers guard={guard} canForget={may && state === 'watching'} />
    </div>
  );
}

function Findings({ guard: { masters } }: { readonly guard: Guard }) {
  const g = useMessages().guards;
  const now = useNow();
  const findings = masters
    .flatMap((master) => master.findings)
    .toSorted((a, b) => a.level.localeCompare(b.level) || a.since - b.since);
  if (findings.length === 0)
    return (
      <Panel id="findings" title={g.findings}>
        <p>{g.nothing}</p>
      </Panel>
    );
  return (
    <Panel id="findings" title={g.findings} flush>
      <Scrollable label={g.findings}>
        <table className="table">
          <TableHead columns={[g.level, g.server, g.since, g.what]} />
          <tbody>
            {findings.map(({ server, reason, level, since, nextStep }) => (
              <tr key={`${server} ${reason.code}`}>
                <td>
                  <LevelBadge level={level} />
                </td>
                <td className="mono">{server}</td>
                <td className="num nowrap">{formatMoment(since, now)}</td>
                <td>
                  <Said>{reason.text}</Said>
                  {nextStep !== null && (
                    <p>
                      → <Said>{nextStep}</Said>
                    </p>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </Panel>
  );
}

function Servers({ guard, canForget }: { readonly guard: Guard; readonly canForget: boolean }) {
  const g = useMessages().guards;
  const now = useNow();
  return (
    <Panel id="servers" title={g.guarded} flush>
      <Scrollable label={g.guarded}>
        <table className="table">
          <TableHead columns={[g.master, g.slave, g.version, g.lookedAt, g.proven]} unnamed={canForget} />
          <tbody>
            {guard.masters.flatMap((master) => [
              <tr key={master.index}>
                <td className="mono">{master.target.name}</td>
                <td />
                <td className="num">{master.remembered?.version ?? '–'}</td>
                <td className="num nowrap">
                  {master.lookedAt === null ? '–' : formatMoment(master.lookedAt, now)}
                </td>
                <td />
                {canForget && <td />}
              </tr>,
              ...master.slaves.map(({ target, remembered, proof }) => (
                <tr key={`${master.index} ${target.name}`}>
                  <td />
                  <td className="mono">{target.name}</td>
                  <td className="num">{remembered?.version ?? '–'}</td>
                  <td className="num nowrap">
                    {remembered === null ? '–' : formatMoment(remembered.at, now)}
                  </td>
                  <td className="num nowrap">
                    {proof === null ? g.never : `${formatMoment(proof.at, now)} (${proof.by})`}
                  </td>
                  {canForget && (
                    <td>
                      <ReasonButton
                        small
                        label={g.forget}
                        title={g.forgetTitle(target.name)}
                        text={g.forgetText}
                        path={`${pathOf(guard.id)}/forget`}
                        body={{ slave: target.name }}
                        changes={keys.guard(guard.id)}
                      />
                    </td>
                  )}
                </tr>
              )),
            ])}
          </tbody>
        </table>
      </Scrollable>
    </Panel>
  );
}
