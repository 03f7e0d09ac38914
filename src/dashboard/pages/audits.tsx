import { auditSummaryText } from '../../model/audit-report.ts';
import { verdictWord } from '../../model/audit-texts.ts';
import type { AuditVerdict, StoredAuditDoc } from '../../model/views/audit.ts';
import { startAudit, useAudits } from '../api/queries.ts';
import { ListPage } from '../components/list-page.tsx';
import { useMasters } from '../components/masters-field.tsx';
import { useNow } from '../components/parts.tsx';
import { StartDialog } from '../components/start-dialog.tsx';
import { Badge, type Tone } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useLanguage, useMessages } from '../i18n.tsx';
import { Link, useRouter } from '../router.tsx';

const tones: Readonly<Record<AuditVerdict, Tone>> = {
  whole: 'good',
  damaged: 'bad',
  doubtful: 'warn',
  not_judged: 'plain',
};

export function AuditVerdictBadge({ verdict }: { readonly verdict: AuditVerdict }) {
  const { language } = useLanguage();
  return <Badge tone={tones[verdict]}>{verdictWord(verdict, { language, tool: 'dashboard' })}</Badge>;
}

export function AuditStateBadge({ state }: { readonly state: StoredAuditDoc['state'] }) {
  const { states } = useMessages().audits;
  return <Badge tone={state === 'running' ? 'info' : 'plain'}>{states[state]}</Badge>;
}

export default function AuditsPage() {
  const a = useMessages().audits;
  return (
    <ListPage
      startedBy="audit"
      texts={a}
      dialog={(onClose) => <StartAudit onClose={onClose} />}
      list={useAudits()}
      columns={[a.asked, a.state, a.verdict]}
      row={(audit) => <AuditRow key={audit.id} audit={audit} />}
    />
  );
}

function AuditRow({ audit }: { readonly audit: StoredAuditDoc }) {
  const now = useNow();
  const { language } = useLanguage();
  return (
    <tr>
      <td className="num nowrap">
        <Link to={{ page: 'audit', id: audit.id }}>{formatMoment(audit.createdAt, now)}</Link>
      </td>
      <td>
        <AuditStateBadge state={audit.state} />
      </td>
      <td>
        <div className="row">
          {audit.counts.damaged > 0 && <AuditVerdictBadge verdict="damaged" />}
          {auditSummaryText[language](audit.counts, { language, tool: 'dashboard' })}
        </div>
      </td>
    </tr>
  );
}

function StartAudit({ onClose }: { readonly onClose: () => void }) {
  const a = useMessages().audits;
  const { go } = useRouter();
  const { masters, isComplete, field } = useMasters();
  return (
    <StartDialog
      texts={{ title: a.start, text: a.startText, depth: a.depth, submit: a.submit }}
      isComplete={isComplete}
      start={(depth) => startAudit({ masters, depth })}
      onStarted={({ id }) => go({ page: 'audit', id })}
      onClose={onClose}
      fields={field}
    />
  );
}
