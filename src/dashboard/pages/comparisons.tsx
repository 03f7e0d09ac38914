import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Comparison } from '../../model/views/comparison.ts';
import { startComparison, useComparisons } from '../api/queries.ts';
import { ListPage } from '../components/list-page.tsx';
import { useDuration, useNow } from '../components/parts.tsx';
import { StartDialog } from '../components/start-dialog.tsx';
import { Badge, type Tone } from '../components/status.tsx';
import { formatCount, formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Link, useRouter } from '../router.tsx';
import { VerdictBadge } from './comparison-report.tsx';
import { isAddress } from './new-expansion/parse-nodes.ts';

const tones: Readonly<Record<Comparison['state'], Tone>> = {
  pending: 'plain',
  running: 'info',
  paused: 'warn',
  // That it is over says nothing good: the verdict does.
  completed: 'plain',
  failed: 'bad',
  cancelled: 'plain',
};

export function ComparisonBadge({ state }: { readonly state: Comparison['state'] }) {
  const t = useMessages().comparisons;
  return <Badge tone={tones[state]}>{t.states[state] ?? state}</Badge>;
}

export default function ComparisonsPage() {
  const c = useMessages().comparisons;
  return (
    <ListPage
      startedBy="compare"
      texts={c}
      dialog={(onClose) => <StartComparison onClose={onClose} />}
      list={useComparisons()}
      columns={[c.state, c.left, c.right, c.depth, c.verdict, c.differences, c.started, c.took]}
      row={(comparison) => <ComparisonRow key={comparison.id} comparison={comparison} />}
    />
  );
}

function depthOf({ report, spec }: Comparison): string {
  const depth = report?.depth ?? spec?.depth;
  return typeof depth === 'string' ? depth : '';
}

function ComparisonRow({ comparison }: { readonly comparison: Comparison }) {
  const t = useMessages();
  const duration = useDuration();
  const now = useNow();
  const { report } = comparison;
  const depths: Readonly<Record<string, string>> = t.comparisons.depths;
  return (
    <tr>
      <td>
        <ComparisonBadge state={comparison.state} />
      </td>
      <td className="mono">
        <Link to={{ page: 'comparison', id: comparison.id }}>{comparison.left.name}</Link>
      </td>
      <td className="mono">{comparison.right.name}</td>
      <td>{depths[depthOf(comparison)] ?? depthOf(comparison)}</td>
      <td>{report ? <VerdictBadge verdict={report.verdict} /> : '–'}</td>
      <td className="num">{formatCount(comparison.differencesTotal ?? report?.differencesTotal ?? 0)}</td>
      <td className="num nowrap">{formatMoment(comparison.startedAt ?? comparison.createdAt, now)}</td>
      <td className="num nowrap">
        {comparison.startedAt !== null && comparison.endedAt !== null
          ? duration(comparison.endedAt - comparison.startedAt)
          : '–'}
      </td>
    </tr>
  );
}

function StartComparison({ onClose }: { readonly onClose: () => void }) {
  const c = useMessages().comparisons;
  const { go } = useRouter();
  const [servers, setServers] = useState({ left: '', right: '' });
  const body = { left: servers.left.trim(), right: servers.right.trim() };
  return (
    <StartDialog
      texts={{ title: c.startTitle, text: c.startText, depth: c.depth, submit: c.submit }}
      isComplete={isAddress(body.left) && isAddress(body.right)}
      start={(depth) => startComparison({ ...body, depth })}
      onStarted={({ id }) => go({ page: 'comparison', id })}
      onClose={onClose}
      fields={(checked) =>
        (['left', 'right'] as const).map((side) => (
          <TextInput
            key={side}
            data-autofocus={side === 'left' || undefined}
            label={c[side]}
            className="mono-input"
            value={servers[side]}
            onChange={({ currentTarget: { value } }) => setServers((now) => ({ ...now, [side]: value }))}
            error={checked && !isAddress(body[side]) ? 'host:port' : undefined}
          />
        ))
      }
    />
  );
}
