import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Difference } from '../../model/comparison.ts';
import type { Comparison, ComparisonProgress } from '../../model/views/comparison.ts';
import { call } from '../api/client.ts';
import { keys, useComparison, useMay } from '../api/queries.ts';
import { Crumbs } from '../components/crumbs.tsx';
import { Bar, Notice, PageTitle, PageToCome, Panel, Said, useDuration } from '../components/parts.tsx';
import { ReasonDialog } from '../components/reason-dialog.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { formatCount, formatDateTime } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Link } from '../router.tsx';
import { ReportFacts, VerdictBadge } from './comparison-report.tsx';
import { ComparisonBadge } from './comparisons.tsx';

export default function ComparisonPage({ id }: { readonly id: string }) {
  const t = useMessages();
  const comparison = useComparison(id);
  if (comparison.data) return <ComparisonView comparison={comparison.data} />;
  return (
    <PageToCome
      title={t.comparisons.title}
      error={comparison.error}
      onRetry={() => void comparison.refetch()}
    />
  );
}

function ComparisonView({ comparison }: { readonly comparison: Comparison }) {
  const t = useMessages();
  const c = t.comparisons;
  const { report } = comparison;
  const title = `${comparison.left.name} ↔ ${comparison.right.name}`;
  return (
    <div className="main narrow">
      <div className="stack tight">
        <Crumbs to={{ page: 'comparisons' }} title={c.title} id={comparison.id} />
        <div className="row apart title-line">
          <div className="row">
            <PageTitle title={title}>{title}</PageTitle>
            <ComparisonBadge state={comparison.state} />
            {report && <VerdictBadge verdict={report.verdict} />}
          </div>
          <ComparisonControls comparison={comparison} />
        </div>
        <p className="faint small">
          {formatDateTime(comparison.createdAt)} · {t.common.by(comparison.requestedBy)}
          {comparison.join && (
            <>
              {' · '}
              {c.partOfExpansion}:{' '}
              <Link to={{ page: 'node', id: comparison.join.expansionId, node: comparison.join.node }}>
                {comparison.join.node}
              </Link>
            </>
          )}
        </p>
      </div>
      {comparison.problem && (
        <Notice tone="bad" steps={comparison.problem.nextSteps} code={comparison.problem.code}>
          <Said>{comparison.problem.text}</Said>
        </Notice>
      )}
      {!comparison.problem && comparison.stateReason && (
        <p className="soft">
          <Said>{comparison.stateReason.text}</Said>
        </p>
      )}
      {comparison.progress && report === null && <Progress progress={comparison.progress} />}
      {report && (
        <Panel id="report" title={c.verdict}>
          <ReportFacts report={report} />
        </Panel>
      )}
      {report && <Differences comparison={comparison} examples={report.examples} />}
    </div>
  );
}

/** How far a running comparison is: its state and what is left of its time stand apart, as everywhere. */
function Progress({ progress }: { readonly progress: ComparisonProgress }) {
  const t = useMessages();
  const c = t.comparisons;
  const duration = useDuration();
  const { lookedAtKeys = 0, estimatedKeys = null, keysPerSecond = null, remainingSeconds = null } = progress;
  const unknown = <span className="faint">{t.common.unknown}</span>;
  return (
    <Panel id="progress" title={c.progress}>
      <div className="stack tight">
        <Bar tall share={estimatedKeys ? lookedAtKeys / estimatedKeys : null} label={c.progress} />
        {progress.activity && <Said className="soft">{progress.activity}</Said>}
        {progress.heldBy && (
          <Notice tone="warn">
            {c.heldBy}: <Said>{progress.heldBy}</Said>
          </Notice>
        )}
        <dl className="facts num">
          <dt>{c.lookedAt}</dt>
          <dd>
            {t.common.of(
              t.common.keys(formatCount(lookedAtKeys)),
              estimatedKeys === null ? t.common.unknown : formatCount(estimatedKeys),
            )}
          </dd>
          <dt>{t.nodeTable.rate}</dt>
          <dd>
            {keysPerSecond === null ? unknown : c.keysPerSecond(formatCount(Math.round(keysPerSecond)))}
          </dd>
          <dt>{t.nodeTable.remaining}</dt>
          <dd>{remainingSeconds === null ? unknown : duration(remainingSeconds * 1000)}</dd>
          <dt>{c.differences}</dt>
          <dd>{formatCount(progress.differences ?? 0)}</dd>
        </dl>
      </div>
    </Panel>
  );
}

type Verb = 'pause' | 'resume' | 'cancel';
const fitting: Readonly<Record<Comparison['state'], readonly Verb[]>> = {
  pending: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  completed: [],
  failed: [],
  cancelled: [],
};

function ComparisonControls({ comparison }: { readonly comparison: Comparison }) {
  const t = useMessages();
  const c = t.comparisons;
  const client = useQueryClient();
  const may = useMay('compare');
  const [asked, setAsked] = useState<Verb | null>(null);
  const verbs = fitting[comparison.state] ?? [];
  if (!may || verbs.length === 0 || comparison.join) return null;
  const titles = { pause: c.pauseTitle, resume: c.resumeTitle, cancel: c.cancelTitle };
  const words = { pause: t.controls.pause, resume: t.controls.resume, cancel: c.cancel };
  const send = async (reason: string) => {
    await call(`/v1/comparisons/${encodeURIComponent(comparison.id)}/${asked}`, {
      method: 'POST',
      body: { reason },
    });
    await client.invalidateQueries({ queryKey: keys.comparison(comparison.id) });
  };
  return (
    <div className="row">
      {verbs.map((verb) => (
        <Button key={verb} variant="default" onClick={() => setAsked(verb)}>
          {words[verb]}
        </Button>
      ))}
      {asked && (
        <ReasonDialog
          title={titles[asked]}
          text={asked === 'cancel' ? c.cancelText : c.controlText}
          confirm={words[asked]}
          dangerous={asked === 'cancel'}
          onClose={() => setAsked(null)}
          onConfirm={send}
        />
      )}
    </div>
  );
}

function Differences({
  comparison,
  examples,
}: {
  readonly comparison: Comparison;
  readonly examples: readonly Difference[];
}) {
  const t = useMessages();
  const c = t.comparisons;
  return (
    <Panel
      id="differences"
      title={c.differences}
      flush
      tools={
        examples.length > 0 && (
          <a
            className="small"
            href={`/v1/comparisons/${encodeURIComponent(comparison.id)}/differences`}
            download={`differences-${comparison.id}.jsonl`}
          >
            {c.downloadDifferences}
          </a>
        )
      }
    >
      {examples.length === 0 ? (
        <p className="empty">{c.differencesNone}</p>
      ) : (
        <Scrollable label={c.differences}>
          <table className="table dense">
            <thead>
              <tr>
                <th scope="col">{c.kind}</th>
                <th scope="col">{c.db}</th>
                <th scope="col">{c.type}</th>
                <th scope="col">{c.key}</th>
                <th scope="col">{c.leftValue}</th>
                <th scope="col">{c.rightValue}</th>
              </tr>
            </thead>
            <tbody>
              {examples.map((difference) => (
                <tr key={`${difference.db} ${difference.key} ${difference.type} ${difference.kind}`}>
                  <td className="nowrap">{c.kinds[difference.kind]}</td>
                  <td className="num">{difference.db}</td>
                  <td>{difference.type}</td>
                  <td className="mono">{difference.key}</td>
                  <td className="mono">{difference.left ?? '–'}</td>
                  <td className="mono">{difference.right ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
    </Panel>
  );
}
