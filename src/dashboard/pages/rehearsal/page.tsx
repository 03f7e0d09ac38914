import { ApiError } from '../../api/client.ts';
import { usePlan } from '../../api/queries.ts';
import { Crumbs } from '../../components/crumbs.tsx';
import { ErrorNotice, Loading, Missing, PageTitle } from '../../components/parts.tsx';
import { formatDateTime } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { Played } from './played.tsx';

/** The rehearsal of a plan. The same plan always gives the same rehearsal, so its address can be passed on. */
export default function RehearsalPage({ plan: id }: { readonly plan: string }) {
  const t = useMessages();
  const plan = usePlan(id);
  const title = plan.data ? t.rehearsals.ofMaster(plan.data.master.name) : t.rehearsals.title;
  return (
    <div className="main narrow">
      <div className="stack tight">
        <Crumbs to={{ page: 'rehearsals' }} title={t.app.rehearsals} id={id} />
        <PageTitle title={title}>{title}</PageTitle>
        {plan.data && (
          <p className="faint small">
            {t.rehearsals.planOf(formatDateTime(plan.data.at))} ·{' '}
            {t.common.nodes(plan.data.batches.flat().length)} ·{' '}
            {t.newExpansion.batchSizeChosen(plan.data.batchSize)}
          </p>
        )}
      </div>
      {plan.isPending && <Loading />}
      {plan.error instanceof ApiError && plan.error.status === 404 ? (
        <Missing />
      ) : (
        plan.isError && <ErrorNotice error={plan.error} onRetry={() => void plan.refetch()} />
      )}
      {plan.data && <Played plan={plan.data} />}
    </div>
  );
}
