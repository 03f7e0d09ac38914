import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { makePlan, type PlanRequest, startExpansion } from '../../api/queries.ts';
import { Panel } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { useRouter } from '../../router.tsx';
import { PlanError } from './plan-error.tsx';
import { type PermissionName, PlanView } from './plan-view.tsx';

/** An expansion whose request is there already: a plan first, and nothing begins before it is started. */
export function PlanAndStart({
  id,
  title,
  text,
  help,
  nodes,
  request,
  label,
  onPermit,
}: {
  readonly id: string;
  /** Also of the button that makes the plan. */
  readonly title: string;
  readonly text: string;
  readonly help: string;
  readonly nodes: readonly string[];
  readonly request: PlanRequest;
  readonly label?: string;
  readonly onPermit?: (node: string, permission: PermissionName) => void;
}) {
  const n = useMessages().newExpansion;
  const { go } = useRouter();
  const [key] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join('-'));
  const asked = JSON.stringify(request);
  const plan = useMutation({ mutationFn: async () => ({ plan: await makePlan(request), of: asked }) });
  const start = useMutation({
    mutationFn: (planId: string) =>
      startExpansion({ planId, ...(label === undefined ? {} : { label }) }, `${planId}-${key}`),
    onSuccess: (expansion) => go({ page: 'expansion', id: expansion.id }),
  });
  const made = plan.data?.of === asked ? plan.data.plan : null;
  return (
    <Panel id={id} title={title}>
      <div className="stack">
        <p>{text}</p>
        <p className="mono small">{nodes.join(', ')}</p>
        <div className="row no-print">
          <Button
            variant={made ? 'default' : 'filled'}
            loading={plan.isPending}
            onClick={() => plan.mutate()}
          >
            {title}
          </Button>
          <span className="faint">{help}</span>
        </div>
        {plan.isError && <PlanError error={plan.error} />}
        {made && (
          <>
            <PlanView plan={made} {...(onPermit ? { onPermit } : {})} />
            {start.isError && <PlanError error={start.error} />}
            <div className="row no-print">
              <Button
                disabled={!made.acceptable}
                loading={start.isPending}
                onClick={() => start.mutate(made.id)}
              >
                {n.start}
              </Button>
              <span className="faint">{n.startHelp}</span>
            </div>
          </>
        )}
      </div>
    </Panel>
  );
}
