import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Comparison } from '../../model/views/comparison.ts';
import { startComparison, useComparisons, useIsOperator } from '../api/queries.ts';
import { ListPanel } from '../components/list-panel.tsx';
import { ErrorNotice, PageTitle, useDuration, useNow } from '../components/parts.tsx';
import { useFocusBack } from '../components/reason-dialog.tsx';
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
  const operator = useIsOperator();
  const [asking, setAsking] = useState(false);
  return (
    <div className="main">
      <div className="row apart">
        <PageTitle title={c.title}>{c.title}</PageTitle>
        {operator && <Button onClick={() => setAsking(true)}>{c.start}</Button>}
      </div>
      {asking && <StartDialog onClose={() => setAsking(false)} />}
      <ListPanel
        list={useComparisons()}
        label={c.title}
        columns={[c.state, c.left, c.right, c.depth, c.verdict, c.differences, c.started, c.took]}
        row={(comparison) => <ComparisonRow key={comparison.id} comparison={comparison} />}
        none={
          <>
            <h2>{c.none}</h2>
            <p>{c.noneText}</p>
          </>
        }
      />
    </div>
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

function StartDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages();
  const c = t.comparisons;
  const { go } = useRouter();
  const [left, setLeft] = useState('');
  const [right, setRight] = useState('');
  const [depth, setDepth] = useState('sample');
  const [checked, setChecked] = useState(false);
  useFocusBack();
  const start = useMutation({
    mutationFn: () => startComparison({ left: left.trim(), right: right.trim(), depth }),
    onSuccess: (comparison) => go({ page: 'comparison', id: comparison.id }),
  });
  const wrong = (address: string) => (checked && !isAddress(address.trim()) ? 'host:port' : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (isAddress(left.trim()) && isAddress(right.trim())) start.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={c.startTitle}
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t.common.close }}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <p className="soft">{c.startText}</p>
        <TextInput
          data-autofocus
          label={c.left}
          className="mono-input"
          value={left}
          onChange={(event) => setLeft(event.currentTarget.value)}
          error={wrong(left)}
        />
        <TextInput
          label={c.right}
          className="mono-input"
          value={right}
          onChange={(event) => setRight(event.currentTarget.value)}
          error={wrong(right)}
        />
        <NativeSelect
          label={c.depth}
          value={depth}
          onChange={(event) => setDepth(event.currentTarget.value)}
          data={(['sample', 'full', 'counts'] as const).map((value) => ({ value, label: c.depths[value] }))}
        />
        {start.isError && <ErrorNotice error={start.error} title={t.error.controlRefused} />}
        <div className="row end">
          <Button variant="default" onClick={onClose}>
            {t.common.back}
          </Button>
          <Button type="submit" loading={start.isPending}>
            {c.submit}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
