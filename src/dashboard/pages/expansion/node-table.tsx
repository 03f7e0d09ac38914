// biome-ignore-all lint/a11y/useSemanticElements: rows at computed places cannot be rows of a <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: cells are not interactive
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard

import { Checkbox, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { memo, useDeferredValue, useState } from 'react';
import { anomalyTitle } from '../../../model/anomalies.ts';
import { isActive } from '../../../model/expansion.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';
import { Bar, NodeName, Panel, useDuration } from '../../components/parts.tsx';
import { Badge, PhaseBadge } from '../../components/status.tsx';
import { useVisibleRows, VirtualRows } from '../../components/virtual-rows.tsx';
import { formatBytes, formatRate } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { NodeControls } from './controls.tsx';
import { isTroubled } from './lanes.ts';
import { measuredNow, shareOf } from './progress.ts';

const wideRow = 40;
const cardRow = 88;

const hasTrouble = (join: JoinView): boolean => join.anomalies.length > 0 || isTroubled(join);

/** A list that does not fit on a screen begins with what a person or the service is at. */
const manyNodes = 20;
const rank = (join: JoinView): number => (isTroubled(join) ? 0 : isActive(join.phase) ? 1 : 2);
const inOrder = (joins: readonly JoinView[]): readonly JoinView[] =>
  joins.length > manyNodes ? joins.toSorted((a, b) => rank(a) - rank(b) || a.index - b.index) : joins;

/** Every node in one line, drawn only where it is seen: two hundred cost as much as ten. */
export function NodeTable({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const n = t.nodeTable;
  const narrow = useMediaQuery('(max-width: 1150px)') ?? false;
  const rowHeight = narrow ? cardRow : wideRow;
  const [search, setSearch] = useState('');
  const [troubledOnly, setTroubledOnly] = useState(false);
  const needle = useDeferredValue(search.trim().toLowerCase());
  const joins = inOrder(expansion.joins).filter(
    (join) => (!troubledOnly || hasTrouble(join)) && join.target.name.toLowerCase().includes(needle),
  );
  const range = useVisibleRows(joins.length, rowHeight);
  const columns = [
    n.node,
    n.batch,
    n.phase,
    n.bytes,
    n.rate,
    n.remaining,
    n.lag,
    n.attempts,
    n.trouble,
    n.actions,
  ];
  return (
    <Panel
      id="nodes"
      title={t.expansion.nodes}
      flush
      tools={
        <div className="row">
          <span className="faint small num" aria-live="polite">
            {n.count(joins.length, expansion.joins.length)}
          </span>
          <Checkbox
            size="xs"
            label={n.problemsOnly}
            checked={troubledOnly}
            onChange={(event) => setTroubledOnly(event.currentTarget.checked)}
          />
          <TextInput
            size="xs"
            type="search"
            aria-label={n.filter}
            placeholder={n.filter}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      }
    >
      <div
        role="table"
        aria-label={t.expansion.nodes}
        aria-rowcount={joins.length + 1}
        ref={range.ref}
        tabIndex={0}
        className="node-scroll"
        style={{ maxHeight: narrow ? 520 : 560 }}
      >
        <div role="rowgroup">
          <div role="row" aria-rowindex={1} className="node-row head">
            {columns.map((column) => (
              <span role="columnheader" key={column}>
                {column}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup">
          <VirtualRows
            range={range}
            count={joins.length}
            rowHeight={rowHeight}
            row={(index, style) => {
              const join = joins[index] as JoinView;
              return (
                <NodeRow key={join.target.name} id={expansion.id} join={join} index={index} style={style} />
              );
            }}
          />
        </div>
      </div>
      {joins.length === 0 && <p className="empty">{n.noMatch}</p>}
    </Panel>
  );
}

interface RowProps {
  readonly id: string;
  readonly join: JoinView;
  readonly index: number;
  readonly style: { readonly transform: string; readonly height: number };
}

const NodeRow = memo(
  function NodeRow({ id, join, index, style }: RowProps) {
    const t = useMessages();
    const n = t.nodeTable;
    const reader = useReader();
    const duration = useDuration();
    const { snapshotBytes, receivedBytes, bytesPerSecond, remainingSeconds, lagBytes } = measuredNow(join);
    const untouched = join.phase === 'waiting' || join.phase === 'preflight';
    const blank = <span className="faint">{untouched ? '–' : t.common.unknown}</span>;
    const anomaly = join.anomalies.at(-1);
    return (
      <div
        role="row"
        aria-rowindex={index + 2}
        className="node-row"
        style={style}
        data-node={join.target.name}
      >
        <span role="cell" className="c-node">
          <Link to={{ page: 'node', id, node: join.target.name }} label={join.target.name} className="mono">
            <NodeName name={join.target.name} />
          </Link>
        </span>
        <span role="cell" className="c-batch num">
          {join.batch === null ? '–' : join.batch + 1}
        </span>
        <span role="cell" className="c-phase">
          <PhaseBadge phase={join.phase} silent={join.progress.silent} />
        </span>
        <span role="cell" className="c-bytes num">
          {receivedBytes === null ? (
            blank
          ) : (
            <>
              <Bar
                share={shareOf(join)}
                label={n.bar(
                  formatBytes(receivedBytes),
                  snapshotBytes === null ? t.common.unknown : formatBytes(snapshotBytes),
                )}
              />
              <span className="small nowrap">
                {snapshotBytes === null
                  ? n.ofUnknown(formatBytes(receivedBytes))
                  : `${formatBytes(receivedBytes)} / ${formatBytes(snapshotBytes)}`}
              </span>
            </>
          )}
        </span>
        <span role="cell" className={`c-rate num ${bytesPerSecond === null ? 'nothing' : ''}`}>
          {bytesPerSecond === null ? '–' : formatRate(bytesPerSecond)}
        </span>
        <span role="cell" className={`c-remaining num ${remainingSeconds === null ? 'nothing' : ''}`}>
          {remainingSeconds !== null
            ? duration(remainingSeconds * 1000)
            : join.phase === 'transferring' || join.phase === 'snapshotting'
              ? t.common.unknown
              : '–'}
        </span>
        <span role="cell" className="c-lag num">
          {lagBytes === null ? '–' : formatBytes(lagBytes)}
        </span>
        <span role="cell" className="c-attempts num">
          {join.attempts.length || '–'}
        </span>
        <span role="cell" className="c-trouble">
          {anomaly && (
            <Badge tone="warn" icon="warning">
              <span className="ellipsis" title={anomalyTitle(anomaly.code, reader)}>
                {anomalyTitle(anomaly.code, reader)}
              </span>
            </Badge>
          )}
        </span>
        <span role="cell" className="c-actions">
          <NodeControls join={join} />
        </span>
      </div>
    );
  },
  (a, b) =>
    a.join === b.join &&
    a.index === b.index &&
    a.style.transform === b.style.transform &&
    a.style.height === b.style.height,
);
