import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { guardSummary } from '../../model/guard-texts.ts';
import type { GuardFinding, StoredGuardDoc } from '../../model/views/guard.ts';
import { startGuard, useGuards } from '../api/queries.ts';
import { ListPage } from '../components/list-page.tsx';
import { useMasters } from '../components/masters-field.tsx';
import { useNow } from '../components/parts.tsx';
import { StartDialog } from '../components/start-dialog.tsx';
import { Badge } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useLanguage, useMessages } from '../i18n.tsx';
import { Link, useRouter } from '../router.tsx';

export function GuardStateBadge({ state }: { readonly state: StoredGuardDoc['state'] }) {
  const { states } = useMessages().guards;
  return <Badge tone={state === 'watching' ? 'info' : 'plain'}>{states[state]}</Badge>;
}

export function LevelBadge({ level }: { readonly level: GuardFinding['level'] }) {
  const { levels } = useMessages().guards;
  return <Badge tone={level === 'error' ? 'bad' : 'warn'}>{levels[level]}</Badge>;
}

export default function GuardsPage() {
  const g = useMessages().guards;
  return (
    <ListPage
      startedBy="guard"
      texts={g}
      dialog={(onClose) => <StartGuard onClose={onClose} />}
      list={useGuards()}
      columns={[g.since, g.label, g.state, g.finds]}
      row={(guard) => <GuardRow key={guard.id} guard={guard} />}
    />
  );
}

function GuardRow({ guard }: { readonly guard: StoredGuardDoc }) {
  const now = useNow();
  const { language } = useLanguage();
  const { counts } = guard;
  return (
    <tr>
      <td className="num nowrap">
        <Link to={{ page: 'guard', id: guard.id }}>{formatMoment(guard.createdAt, now)}</Link>
      </td>
      <td>{guard.label ?? '–'}</td>
      <td>
        <GuardStateBadge state={guard.state} />
      </td>
      <td>
        <div className="row">
          {counts.errors > 0 && <LevelBadge level="error" />}
          {counts.errors === 0 && counts.warnings > 0 && <LevelBadge level="warning" />}
          {guardSummary[language](counts, { language, tool: 'dashboard' })}
        </div>
      </td>
    </tr>
  );
}

function StartGuard({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages();
  const g = t.guards;
  const { go } = useRouter();
  const [label, setLabel] = useState('');
  const [cron, setCron] = useState('');
  const [timeZone, setTimeZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const { masters, isComplete, field } = useMasters();
  return (
    <StartDialog
      texts={{ title: g.start, text: g.startText, depth: g.depth, submit: g.submit }}
      isComplete={isComplete}
      start={(depth) =>
        startGuard({
          masters,
          ...(label.trim() === '' ? {} : { label: label.trim() }),
          ...(cron.trim() === '' ? {} : { audits: { cron: cron.trim(), timeZone, depth } }),
        })
      }
      onStarted={({ id }) => go({ page: 'guard', id })}
      onClose={onClose}
      fields={(checked) => (
        <>
          {field(checked)}
          <TextInput
            label={g.label}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <TextInput
            label={g.cron}
            description={g.cronHelp}
            className="mono-input"
            value={cron}
            onChange={(event) => setCron(event.currentTarget.value)}
            spellCheck={false}
          />
          <TextInput
            label={g.timeZone}
            value={timeZone}
            onChange={(event) => setTimeZone(event.currentTarget.value)}
            spellCheck={false}
          />
        </>
      )}
    />
  );
}
