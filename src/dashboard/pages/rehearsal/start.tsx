import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMay, usePlans } from '../../api/queries.ts';
import { ErrorNotice, Loading, PageTitle, Panel, useNow } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge } from '../../components/status.tsx';
import { TableHead } from '../../components/table-head.tsx';
import { formatDateTime, formatMoment } from '../../format.ts';
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
      <PageTitle title={t.app.rehearsals}>{t.app.rehearsals}</PageTitle>
      <p className="soft">{r.what}</p>
      <OwnPlans />
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

/** The plans of this person, each with the way to its rehearsal. */
function OwnPlans() {
  const t = useMessages();
  const r = t.rehearsals;
  const now = useNow();
  const plans = usePlans();
  const items = plans.data?.items ?? [];
  return (
    <Panel id="plans" title={r.plans} flush>
      {plans.isPending && <Loading />}
      {plans.isError && <ErrorNotice error={plans.error} onRetry={() => void plans.refetch()} />}
      {plans.data && items.length === 0 && <p className="empty">{r.plansNone}</p>}
      {items.length > 0 && (
        <Scrollable label={r.plans}>
          <table className="table">
            <TableHead
              columns={[r.made, t.overview.master, t.overview.nodes, t.newExpansion.batches, r.outcome]}
            />
            <tbody>
              {items.map((plan) => (
                <tr key={plan.id}>
                  <td className="num nowrap" title={formatDateTime(plan.at)}>
                    <Link
                      to={{ page: 'rehearsal', plan: plan.id }}
                      label={r.openOf(plan.master, formatMoment(plan.at, now))}
                    >
                      {formatMoment(plan.at, now)}
                    </Link>
                  </td>
                  <td className="mono">{plan.master}</td>
                  <td title={plan.nodes.join(', ')}>{t.common.nodes(plan.nodes.length)}</td>
                  <td className="num">{plan.batches}</td>
                  <td>
                    <Badge tone={plan.acceptable ? 'good' : 'bad'} icon={plan.acceptable ? 'check' : 'cross'}>
                      {plan.acceptable ? r.acceptable : r.refused}
                    </Badge>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
    </Panel>
  );
}
