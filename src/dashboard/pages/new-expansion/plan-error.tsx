import { ApiError } from '../../api/client.ts';
import { ErrorNotice } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { Findings } from './plan-view.tsx';

/** A request that was refused, with the findings that stand against it. */
export function PlanError({ error }: { readonly error: unknown }) {
  const n = useMessages().newExpansion;
  const findings = error instanceof ApiError ? error.findings : [];
  return (
    <div className="stack">
      <ErrorNotice error={error} title={n.requestRefused} />
      {findings.length > 0 && <Findings findings={findings} />}
    </div>
  );
}
