import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { isActive } from '../../../model/expansion.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';
import { fetchObservations } from '../../api/queries.ts';
import { useSeen } from '../../components/use-seen.ts';
import { useWidth } from '../../components/use-width.ts';
import { formatBytes, formatRate } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { lagsFromMaster, type RateHistory, ratesFromObservations, type Sample } from '../../live/history.ts';
import { useHistoryVersion } from '../../live/use-expansion-live.ts';
import { alignSeries, roundSteps } from './series.ts';

const drawn = 6;
const observationLimit = 1000;

interface Props {
  readonly expansion: ExpansionView;
  readonly history: RateHistory;
}

/** Transfer rates and lags over time. Read and drawn once somebody comes near: it is the costliest of the page. */
export function Charts(props: Props) {
  const t = useMessages().charts;
  const { ref, seen } = useSeen();
  return (
    <div ref={ref} className="charts">
      {seen ? <DrawnCharts {...props} /> : <p className="empty">{t.later}</p>}
    </div>
  );
}

/** The lines of the nodes that are now or were last at work. */
function DrawnCharts({ expansion, history }: Props) {
  const t = useMessages();
  const version = useHistoryVersion(history);
  const nodes = useMemo(() => latestNodes(expansion), [expansion]);
  useStoredHistory(expansion, nodes, history);
  const shown = nodes.map((join) => join.target.name);
  const names = shown.join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history changes in place; its version tells when
  const series = useMemo(
    () => names.split(' ').map((node) => ({ node, samples: history.nodes.get(node) ?? [] })),
    [names, history, version],
  );
  const others = expansion.joins.filter((join) => join.attempts.length > 0).length - shown.length;
  if (series.every(({ samples }) => samples.length === 0)) return <p className="empty">{t.charts.none}</p>;
  return (
    <div>
      <div className="chart-grid">
        <Chart title={t.charts.rate} field="rate" format={formatRate} series={series} />
        <Chart title={t.charts.lag} field="lag" format={formatBytes} series={series} />
      </div>
      <ul className="plain legend" aria-label={t.charts.series}>
        {shown.map((node, index) => (
          <li key={node}>
            <i className={`line series-${index + 1}`} /> <span className="mono">{node}</span>
          </li>
        ))}
        {others > 0 && <li className="faint">{t.charts.others(others)}</li>}
      </ul>
      <details>
        <summary>{t.charts.tableTitle}</summary>
        <table className="table dense">
          <thead>
            <tr>
              <th scope="col">{t.nodeTable.node}</th>
              <th scope="col">
                {t.charts.rate} ({t.charts.latest})
              </th>
              <th scope="col">
                {t.charts.rate} ({t.charts.peak})
              </th>
              <th scope="col">
                {t.charts.lag} ({t.charts.latest})
              </th>
            </tr>
          </thead>
          <tbody>
            {series.map(({ node, samples }) => (
              <tr key={node}>
                <td className="mono">{node}</td>
                <td className="num">{told(latest(samples, 'rate'), formatRate, t.common.unknown)}</td>
                <td className="num">{told(peak(samples), formatRate, t.common.unknown)}</td>
                <td className="num">{told(latest(samples, 'lag'), formatBytes, t.common.unknown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

const told = (value: number | null, format: (value: number) => string, unknown: string): string =>
  value === null ? unknown : format(value);
const latest = (samples: readonly Sample[], field: 'rate' | 'lag'): number | null =>
  samples.findLast((sample) => sample[field] !== null)?.[field] ?? null;
const peak = (samples: readonly Sample[]): number | null => {
  const rates = samples.flatMap((sample) => (sample.rate === null ? [] : [sample.rate]));
  return rates.length === 0 ? null : Math.max(...rates);
};

/** Those at work, then those that were last. */
function latestNodes(expansion: ExpansionView): readonly JoinView[] {
  return expansion.joins
    .filter((join) => join.attempts.length > 0)
    .toSorted((a, b) => Number(isActive(b.phase)) - Number(isActive(a.phase)) || b.phaseSince - a.phaseSince)
    .slice(0, drawn)
    .toSorted((a, b) => a.index - b.index);
}

/** Reads, once per node, what was measured before this page was opened. */
function useStoredHistory(expansion: ExpansionView, nodes: readonly JoinView[], history: RateHistory): void {
  const { id, master } = expansion;
  const asked = useRef(new Set<string>());
  const names = nodes.map((join) => join.target.name).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a node is read once, when it first comes into view
  useEffect(() => {
    const fresh = nodes.filter((join) => !asked.current.has(join.target.name));
    if (fresh.length === 0) return;
    for (const join of fresh) asked.current.add(join.target.name);
    const load = async () => {
      const ofMaster = await fetchObservations(id, master.name, 0, observationLimit).catch(() => null);
      for (const { target } of fresh) {
        const own = await fetchObservations(id, target.name, 0, observationLimit).catch(() => null);
        const rates = ratesFromObservations(own?.items ?? []);
        const lags = lagsFromMaster(ofMaster?.items ?? [], target.seenAs);
        history.prepend(
          target.name,
          [...rates, ...lags].toSorted((a, b) => a.at - b.at),
        );
      }
    };
    void load();
  }, [id, names]);
}

interface Line {
  readonly node: string;
  readonly samples: readonly Sample[];
}

function Chart(props: {
  readonly title: string;
  readonly field: 'rate' | 'lag';
  readonly format: (value: number) => string;
  readonly series: readonly Line[];
}) {
  const t = useMessages();
  const { title, field, format, series } = props;
  const { ref, element, width } = useWidth();
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme('light');
  const data = useMemo(
    () =>
      alignSeries(
        series.map(({ samples }) => samples),
        field,
      ),
    [series, field],
  );
  const latestData = useRef(data);
  latestData.current = data;
  const names = series.map(({ node }) => node).join(' ');

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours come from the scheme, through CSS
  useEffect(() => {
    if (element === null) return;
    const chart = new uPlot(
      options(names.split(' '), format, element.clientWidth),
      latestData.current as uPlot.AlignedData,
      element,
    );
    plot.current = chart;
    return () => {
      plot.current = null;
      chart.destroy();
    };
  }, [element, names, format, scheme]);
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);
  useEffect(() => plot.current?.setSize({ width, height: chartHeight }), [width]);

  const now = series
    .map(({ node, samples }) => ({ node, value: latest(samples, field) }))
    .filter(({ value }) => value !== null)
    .map(({ node, value }) => `${node} ${format(value as number)}`)
    .join(', ');
  return (
    <figure>
      <figcaption className="sub-heading">{title}</figcaption>
      {(data[0]?.length ?? 0) < 2 ? (
        <p className="empty">{t.charts.none}</p>
      ) : (
        <div ref={ref} className="chart" role="img" aria-label={`${title}: ${now}`} />
      )}
    </figure>
  );
}

const chartHeight = 190;

const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [12, 4]];

function options(names: readonly string[], format: (value: number) => string, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('ink-faint'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1 },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height: chartHeight,
    legend: { show: false },
    cursor: { points: { size: 6 } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.08)] } },
    axes: [
      {
        ...axis,
        size: 30,
        space: 76,
        values: (_plot, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleTimeString('sv-SE')),
      },
      {
        ...axis,
        size: 76,
        incrs: [...roundSteps],
        values: (_plot, ticks) => ticks.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: colour(`series-${index + 1}`),
        width: 1.8,
        dash: [...(dashes[index] ?? [])],
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
