import type { Figure, ForecastDrift, ForecastRange } from '../../../model/forecast.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';

import { Notice, Panel, useDuration } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { formatBytes, formatRate, formatShare } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { ForecastFacts } from '../new-expansion/forecast-facts.tsx';
import { batchBands } from './lanes.ts';

/** What had been forecast, and beside it what it was: by batch as it goes, by node once it has ended. */
export function ForecastPanel({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages().newExpansion;
  const duration = useDuration();
  const { forecast, forecastDrift, forecastOutcome } = expansion;
  if (!forecast) return null;
  const { real, error } = forecastOutcome?.secondsTotal ?? { real: null, error: null };
  return (
    <Panel id="forecast" title={t.forecast}>
      <div className="stack">
        {forecastDrift && <Drift drift={forecastDrift} />}
        {real !== null && (
          <p className="forecast-real">
            {t.forecastReal(duration(real * 1000))}
            {error !== null && <span className="faint"> {t.forecastError(deviation(error))}</span>}
          </p>
        )}
        <BatchTable expansion={expansion} />
        {forecastOutcome && <NodeFigures nodes={forecastOutcome.nodes} />}
        <ForecastFacts forecast={forecast} snapshotBytes={null} />
      </div>
    </Panel>
  );
}

const deviation = (error: number): string => `${error < 0 ? '−' : '+'}${formatShare(Math.abs(error))}`;

/** Why the expansion waits: the figures that have grown since the plan. */
function Drift({ drift }: { readonly drift: ForecastDrift }) {
  const t = useMessages().forecastTable;
  const duration = useDuration();
  const text = (name: ForecastDrift['figures'][number]['name'], value: number): string =>
    name === 'snapshot_bytes'
      ? formatBytes(value)
      : name === 'seconds_per_node'
        ? duration(value * 1000)
        : formatRate(value);
  return (
    <Notice tone="warn" title={t.drift(drift.batch + 1)}>
      <ul className="plain">
        {drift.figures.map(({ name, planned, now }) => (
          <li key={name} className="num">
            {t.driftFigures[name]}: {t.plannedAndNow(text(name, planned), text(name, now))}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function BatchTable({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const f = t.forecastTable;
  const duration = useDuration();
  const planned = expansion.forecast?.batches ?? [];
  if (planned.length === 0) return null;
  const begin = expansion.startedAt;
  const settled = expansion.joins.filter((join) => join.phase === 'verified');
  const real = new Map(batchBands(settled, expansion.endedAt ?? 0).map((band) => [band.batch, band]));
  const seconds = (range: ForecastRange | null) =>
    range === null ? t.common.unknown : duration(range.expected * 1000);
  return (
    <Scrollable label={f.batches}>
      <table className="table dense forecast-table">
        <caption className="visually-hidden">{f.batches}</caption>
        <thead>
          <tr>
            <th scope="col">{t.nodeTable.batch}</th>
            <th scope="col">{f.begins}</th>
            <th scope="col">{f.really}</th>
            <th scope="col">{f.takes}</th>
            <th scope="col">{f.really}</th>
            <th scope="col">{f.dump}</th>
          </tr>
        </thead>
        <tbody>
          {planned.map((batch) => {
            const band = real.get(batch.batch);
            const whole =
              band !== undefined &&
              expansion.joins.every((join) => join.batch !== batch.batch || join.phase === 'verified');
            return (
              <tr key={batch.batch}>
                <th scope="row" className="num">
                  {batch.batch + 1}
                </th>
                <td className="num">{batch.startSeconds && `+${seconds(batch.startSeconds)}`}</td>
                <td className="num">{whole && begin !== null ? `+${duration(band.from - begin)}` : '–'}</td>
                <td className="num">{seconds(batch.seconds)}</td>
                <td className="num">{whole ? duration(band.to - band.from) : '–'}</td>
                <td>{f.dumps[batch.dump]}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scrollable>
  );
}

type NodeFigure = NonNullable<ExpansionView['forecastOutcome']>['nodes'][number];

function NodeFigures({ nodes }: { readonly nodes: readonly NodeFigure[] }) {
  const t = useMessages();
  const f = t.forecastTable;
  const duration = useDuration();
  const time = (seconds: number): string => duration(seconds * 1000);
  return (
    <Scrollable label={f.nodes}>
      <table className="table dense forecast-table">
        <caption className="visually-hidden">{f.nodes}</caption>
        <thead>
          <tr>
            <th scope="col">{t.nodeTable.node}</th>
            <th scope="col">{f.copy}</th>
            <th scope="col">{f.really}</th>
            <th scope="col">{t.nodeTable.rate}</th>
            <th scope="col">{f.really}</th>
            <th scope="col">{f.bytes}</th>
            <th scope="col">{f.really}</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.node}>
              <th scope="row" className="mono">
                {node.node}
              </th>
              <FigureCells figure={node.transferSeconds} format={time} />
              <FigureCells figure={node.bytesPerSecond} format={formatRate} />
              <FigureCells figure={node.bytes} format={formatBytes} />
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

function FigureCells({
  figure: { forecast, real, error },
  format,
}: {
  readonly figure: Figure;
  readonly format: (value: number) => string;
}) {
  const t = useMessages();
  return (
    <>
      <td className="num">{forecast === null ? t.common.unknown : format(forecast.expected)}</td>
      <td className="num">
        {real === null ? '–' : format(real)}
        {error !== null && <span className="faint small"> {deviation(error)}</span>}
      </td>
    </>
  );
}
