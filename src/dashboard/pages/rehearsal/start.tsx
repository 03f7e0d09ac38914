import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMay } from '../../api/queries.ts';
import { PageTitle, Panel } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { Link, useRouter } from '../../router.tsx';

/** Where a plan is named that is to be rehearsed. */
export default function RehearsalsPage() {
  const t = useMessages();
  const r = t.rehearsals;
  const { go } = useRouter();
  const may = useMay('plan');
  const [id, setId] = useState('');
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim() !== '') go({ page: 'rehearsal', plan: id.trim() });
  };
  return (
    <div className="main narrow">
      <PageTitle title={r.title}>{r.title}</PageTitle>
      <p className="soft">{r.what}</p>
      <Panel id="from-plan" title={r.fromPlan}>
        <form className="form-line" onSubmit={open}>
          <TextInput
            label={r.planId}
            placeholder="plan_…"
            className="mono-input"
            value={id}
            onChange={(event) => setId(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" disabled={id.trim() === ''} className="form-line-button">
            {r.open}
          </Button>
        </form>
      </Panel>
      {may && (
        <p>
          {r.orNew} <Link to={{ page: 'new' }}>{t.app.newExpansion}</Link>
        </p>
      )}
    </div>
  );
}
