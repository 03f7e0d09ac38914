import { Button } from '@mantine/core';
import type { Plan } from '../../../model/views/plan.ts';
import { useMay, useRehearsal } from '../../api/queries.ts';
import { Notice } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { PlanError } from '../new-expansion/plan-error.tsx';
import { RehearsalView } from './view.tsx';

/** Has the plan played, and shows what comes of it. */
export function Played({ plan }: { readonly plan: Plan }) {
  const t = useMessages();
  const may = useMay('plan');
  const rehearsal = useRehearsal(plan.id, may);
  if (!may) return <Notice tone="info">{t.rehearsals.operatorsOnly}</Notice>;
  if (rehearsal.isError)
    return (
      <div className="stack">
        <PlanError error={rehearsal.error} />
        <Button variant="default" onClick={() => void rehearsal.refetch()}>
          {t.common.retryLoading}
        </Button>
      </div>
    );
  if (!rehearsal.data)
    return (
      <p className="empty" role="status">
        {t.rehearsals.playing}
      </p>
    );
  return (
    <RehearsalView
      rehearsal={rehearsal.data}
      forecastSeconds={plan.forecast?.secondsTotal?.expected ?? null}
    />
  );
}
