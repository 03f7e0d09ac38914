import type { Forecast, ForecastRange } from '../../../model/forecast.ts';
import { Said, useDuration } from '../../components/parts.tsx';
import { formatBytes, formatRate } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';

/** What an expansion will probably take: ranges that hold 90 % of cases, "unknown" where nothing is known. */
export function ForecastFacts({
  forecast,
  snapshotBytes,
}: {
  readonly forecast: Forecast | null;
  /** What the master's data are now, for when there is no forecast. */
  readonly snapshotBytes: number | null;
}) {
  const t = useMessages().newExpansion;
  const unknown = <dd className="faint">{t.forecastUnknown}</dd>;
  if (forecast === null) {
    return (
      <dl className="facts">
        <dt>{t.forecastTotal}</dt>
        {unknown}
        <dt>{t.forecastBytes}</dt>
        {snapshotBytes === null ? unknown : <dd className="num">{formatBytes(snapshotBytes)}</dd>}
      </dl>
    );
  }
  return <KnownForecast forecast={forecast} />;
}

function KnownForecast({ forecast }: { readonly forecast: Forecast }) {
  const t = useMessages();
  const n = t.newExpansion;
  const duration = useDuration();
  const time = (seconds: number) => duration(seconds * 1000);
  const { writeBytesPerSecond, keptBytes } = forecast.binlog;
  const known = (value: number | null, format: (value: number) => string) =>
    value === null ? <span className="faint">{t.common.unknown}</span> : format(value);
  return (
    <>
      <dl className="facts">
        <dt>{n.forecastTotal}</dt>
        <RangeValue range={forecast.secondsTotal} format={time} />
        <dt>{n.forecastNode}</dt>
        <RangeValue range={forecast.secondsPerNode} format={time} />
        <dt>{n.forecastBytes}</dt>
        <RangeValue range={forecast.bytesPerNode} format={formatBytes} />
        <dt>{n.forecastMasterDisk}</dt>
        <RangeValue range={forecast.masterDiskBytes} format={formatBytes} />
        <dt>{n.forecastBinlog}</dt>
        <dd className="num">
          {known(writeBytesPerSecond, formatRate)} · {n.forecastBinlogKept} {known(keptBytes, formatBytes)}
        </dd>
      </dl>
      <p className="soft small forecast-basis">
        <Said>{forecast.basis}</Said>
      </p>
      {forecast.depth && (
        <p className="soft small forecast-basis">
          <Said>{forecast.depth.because.text}</Said>
        </p>
      )}
    </>
  );
}

function RangeValue({
  range,
  format,
}: {
  readonly range: ForecastRange | null;
  readonly format: (value: number) => string;
}) {
  const t = useMessages().newExpansion;
  if (range === null) return <dd className="faint">{t.forecastUnknown}</dd>;
  return <dd className="num">{t.forecastRange(format(range.low), format(range.high))}</dd>;
}
