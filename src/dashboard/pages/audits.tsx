import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { auditSummaryText } from '../../model/audit-report.ts';
import { verdictWord } from '../../model/audit-texts.ts';
import type { AuditVerdict, StoredAuditDoc } from '../../model/views/audit.ts';
import { startAudit, useAudits, useIsOperator } from '../api/queries.ts';
import { ListPanel } from '../components/list-panel.tsx';
import { PageTitle, useNow } from '../components/parts.tsx';
import { StartDialog } from '../components/start-dialog.tsx';
import { Badge, type Tone } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useLanguage, useMessages } from '../i18n.tsx';
import { Link, useRouter } from '../router.tsx';
import { parseNodes } from './new-expansion/parse-nodes.ts';

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
  const operator = useIsOperator();
  const [asking, setAsking] = useState(false);
  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={a.title}>{a.title}</PageTitle>
        {operator && <Button onClick={() => setAsking(true)}>{a.start}</Button>}
      </div>
      {asking && <StartAudit onClose={() => setAsking(false)} />}
      <ListPanel
        list={useAudits()}
        label={a.title}
        columns={[a.asked, a.state, a.verdict]}
        row={(audit) => <AuditRow key={audit.id} audit={audit} />}
        none={
          <>
            <h2>{a.none}</h2>
            <p>{a.noneText}</p>
          </>
        }
      />
    </div>
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
  const [text, setText] = useState('');
  const { nodes, problems } = parseNodes(text);
  const masters = nodes.length === 0 ? 'all' : nodes.map(({ address }) => address);
  return (
    <StartDialog
      texts={{ title: a.start, text: a.startText, depth: a.depth, submit: a.submit }}
      isComplete={problems.length === 0}
      start={(depth) => startAudit({ masters, depth })}
      onStarted={({ id }) => go({ page: 'audit', id })}
      onClose={onClose}
      fields={(checked) => (
        <Textarea
          data-autofocus
          label={a.masters}
          description={a.mastersHelp}
          className="mono-input"
          rows={5}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          spellCheck={false}
          error={checked && problems[0] ? `${problems[0].text}: host:port` : undefined}
        />
      )}
    />
  );
}
