import type { ComparisonReport } from '../../model/comparison.ts';
import { Said, useDuration } from '../components/parts.tsx';
import { Badge } from '../components/status.tsx';
import { formatCount, formatShare } from '../format.ts';
import { useMessages } from '../i18n.tsx';

const tones = { equal: 'good', empty: 'plain', different: 'bad', inconclusive: 'warn' } as const;
const icons = { equal: 'check', empty: 'circle', different: 'cross', inconclusive: 'warning' } as const;

export function VerdictBadge({ verdict }: { readonly verdict: ComparisonReport['verdict'] }) {
  const t = useMessages().comparisons;
  return (
    <Badge tone={tones[verdict]} icon={icons[verdict]}>
      {t.verdicts[verdict]}
    </Badge>
  );
}

/** What a comparison looked at, what it found, and how small a loss it would have seen. */
export function ReportFacts({ report }: { readonly report: ComparisonReport }) {
  const t = useMessages();
  const c = t.comparisons;
  const duration = useDuration();
  const byType = Object.entries(report.lookedAtKeysByType);
  return (
    <div className="stack tight">
      <p className="row">
        <VerdictBadge verdict={report.verdict} />
        {report.reason && <Said>{report.reason}</Said>}
      </p>
      <dl className="facts num">
        <dt>{c.depth}</dt>
        <dd>{c.depths[report.depth]}</dd>
        <dt>{c.lookedAt}</dt>
        <dd>
          {t.common.keys(formatCount(report.lookedAtKeys))}
          {byType.length > 0 && (
            <span className="faint">
              {' '}
              ({byType.map(([type, count]) => `${type} ${formatCount(count)}`).join(', ')})
            </span>
          )}
        </dd>
        <dt>{c.share}</dt>
        <dd>{report.share === null ? t.common.unknown : formatShare(report.share)}</dd>
        <dt>{c.smallestLoss}</dt>
        <dd>
          {report.smallestLossFound === null ? t.common.unknown : formatShare(report.smallestLossFound)}
        </dd>
        <dt>{c.differences}</dt>
        <dd>{formatCount(report.differencesTotal)}</dd>
        <dt>{c.settled}</dt>
        <dd>{formatCount(report.settledByRecheck)}</dd>
        <dt>{c.rounds}</dt>
        <dd>{report.rounds}</dd>
        <dt>{c.took}</dt>
        <dd>{duration(report.endedAt - report.startedAt)}</dd>
        {report.counts && (
          <>
            <dt>{c.counts}</dt>
            <dd>
              {Object.keys(report.counts.left)
                .map(
                  (db) =>
                    `${db} ${formatCount(report.counts?.left[db] ?? 0)} / ${formatCount(report.counts?.right[db] ?? 0)}`,
                )
                .join(', ')}{' '}
              <span className="faint">({report.counts.exact ? c.countsExact : c.countsApprox})</span>
            </dd>
          </>
        )}
      </dl>
      {report.notes?.map((note) => (
        <p key={note} className="faint">
          <Said>{note}</Said>
        </p>
      ))}
    </div>
  );
}
