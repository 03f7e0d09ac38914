import { replacementControlProblem } from '../../core/replacement/controls.ts';
import type { Replacement } from '../../model/views/replacement.ts';
import { keys, useMay, useReplacement, useSession } from '../api/queries.ts';
import { Crumbs } from '../components/crumbs.tsx';
import { PageTitle, PageToCome, Panel, Said } from '../components/parts.tsx';
import { ReasonButton } from '../components/reason-button.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { TableHead } from '../components/table-head.tsx';
import { formatDateTime } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Link } from '../router.tsx';
import { ReplacementStateBadge } from './replacements.tsx';

export default function ReplacementPage({ id }: { readonly id: string }) {
  const r = useMessages().replacements;
  const replacement = useReplacement(id);
  if (replacement.data) return <ReplacementView replacement={replacement.data} />;
  return <PageToCome title={r.title} error={replacement.error} onRetry={() => void replacement.refetch()} />;
}

function ReplacementView({ replacement }: { readonly replacement: Replacement }) {
  const t = useMessages();
  const r = t.replacements;
  const may = useMay('replace');
  const mayApprove = useMay('approve');
  const { id, label, state, stateReason, master, newNodes, approval, cancel, reason } = replacement;
  const me = useSession().data?.name ?? null;
  const fits = (verb: 'approve' | 'cancel') => replacementControlProblem(replacement, verb, me) === null;
  const act = (verb: 'approve' | 'cancel', buttonLabel: string, title: string, text: string) => (
    <ReasonButton
      label={buttonLabel}
      title={title}
      text={text}
      path={`/v1/replacements/${encodeURIComponent(id)}/${verb}`}
      changes={keys.replacement(id)}
    />
  );
  return (
    <div className="main">
      <div className="stack tight">
        <Crumbs to={{ page: 'replacements' }} title={r.title} id={id} inPrint={false} />
        <div className="row apart title-line">
          <div className="row">
            <PageTitle title={`${r.title} ${label ?? id}`}>{label ?? id}</PageTitle>
            <ReplacementStateBadge state={state} />
          </div>
          <div className="row">
            {mayApprove && fits('approve') && act('approve', r.approve, r.approveTitle, r.approveText)}
            {may && fits('cancel') && act('cancel', r.cancel, r.cancelTitle, r.cancelText)}
          </div>
        </div>
        <p className="faint small">
          {formatDateTime(replacement.createdAt)} · {t.common.by(replacement.requestedBy)} · {reason} ·{' '}
          {r.master} <span className="mono">{master.name}</span>
          {newNodes?.expansionId && (
            <>
              {' · '}
              <Link to={{ page: 'expansion', id: newNodes.expansionId }}>{r.newNodes}</Link>
            </>
          )}
        </p>
      </div>
      <p aria-live="polite">{stateReason && <Said>{stateReason.text}</Said>}</p>
      {approval && <p className="soft">{r.approvedBy(approval.by, approval.reason)}</p>}
      {cancel && <p className="soft">{r.cancelledBy(cancel.by, cancel.reason)}</p>}
      <Pairs replacement={replacement} />
    </div>
  );
}

function Pairs({ replacement: { pairs } }: { readonly replacement: Replacement }) {
  const r = useMessages().replacements;
  return (
    <Panel id="pairs" title={r.pairs} flush>
      <Scrollable label={r.pairs}>
        <table className="table">
          <TableHead columns={[r.old, r.new, r.phase, r.what]} />
          <tbody>
            {pairs.map(({ index, old, new: node, phase, reason, nextStep }) => (
              <tr key={index}>
                <td className="mono">{old.name}</td>
                <td className="mono">{node ?? '–'}</td>
                <td>{r.phases[phase]}</td>
                <td>
                  {reason && <Said>{reason.text}</Said>}
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
