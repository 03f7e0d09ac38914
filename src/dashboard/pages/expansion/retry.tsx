import { useState } from 'react';
import { leftUnverified } from '../../../model/expansion.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { useExpansion, useMay } from '../../api/queries.ts';
import { Notice, PageTitle, PageToCome } from '../../components/parts.tsx';
import { useMessages } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { PlanAndStart } from '../new-expansion/plan-and-start.tsx';
import type { PermissionName } from '../new-expansion/plan-view.tsx';

/** Asks again for what an ended expansion has left. */
export default function RetryPage({ id }: { readonly id: string }) {
  const t = useMessages();
  const expansion = useExpansion(id);
  if (expansion.data) return <Retry expansion={expansion.data} />;
  return (
    <PageToCome
      title={t.expansion.breadcrumb}
      error={expansion.error}
      onRetry={() => void expansion.refetch()}
    />
  );
}

type Permissions = Readonly<Record<string, Readonly<Partial<Record<PermissionName, true>>>>>;

function Retry({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const e = t.expansion;
  const may = useMay('expand');
  const [permissions, setPermissions] = useState<Permissions>({});
  const nodes = leftUnverified(expansion).map(({ target }) => target.name);
  const otherwise = Object.entries(permissions).map(([address, permitted]) => ({ address, ...permitted }));
  return (
    <div className="main narrow">
      <nav className="crumbs" aria-label={e.breadcrumb}>
        <Link to={{ page: 'overview' }}>{e.breadcrumb}</Link> <span aria-hidden="true">/</span>{' '}
        <Link to={{ page: 'expansion', id: expansion.id }}>{expansion.id}</Link>
      </nav>
      <PageTitle title={e.retryRest}>{e.title(expansion.master.name)}</PageTitle>
      {!may && <Notice tone="info">{t.app.viewerNote}</Notice>}
      {may && nodes.length === 0 && <Notice tone="info">{e.nothingLeft}</Notice>}
      {may && nodes.length > 0 && (
        <PlanAndStart
          id="retry"
          title={e.retryRest}
          text={e.retryRestText(nodes.length, expansion.id)}
          help={t.audits.repairHelp}
          nodes={nodes}
          request={{ retryOf: expansion.id, ...(otherwise.length === 0 ? {} : { nodes: otherwise }) }}
          {...(expansion.label === null ? {} : { label: expansion.label })}
          onPermit={(node, permission) =>
            setPermissions((old) => ({ ...old, [node]: { ...old[node], [permission]: true } }))
          }
        />
      )}
    </div>
  );
}
