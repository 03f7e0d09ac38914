import type { Expansion } from '../../../core/expansion.ts';
import { Panel, useDuration } from '../../components/parts.tsx';
import { formatShare } from '../../format.ts';
import { useMessages } from '../../i18n/index.tsx';
import { ForecastFacts } from '../new-expansion/forecast-facts.tsx';

/** What had been forecast, and once it has ended what it really took. */
export function ForecastPanel({ expansion }: { readonly expansion: Expansion }) {
  const t = useMessages().newExpansion;
  const duration = useDuration();
  if (!expansion.forecast) return null;
  const { real, error } = expansion.forecastOutcome?.secondsTotal ?? { real: null, error: null };
  return (
    <Panel id="forecast" title={t.forecast}>
      {real !== null && (
        <p className="forecast-real">
          {t.forecastReal(duration(real * 1000))}
          {error !== null && (
            <span className="faint">
              {' '}
              {t.forecastError(`${error < 0 ? '−' : '+'}${formatShare(Math.abs(error))}`)}
            </span>
          )}
        </p>
      )}
      <ForecastFacts forecast={expansion.forecast} snapshotBytes={null} />
    </Panel>
  );
}
