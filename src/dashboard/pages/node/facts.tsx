import { formatDateTime } from '../../format.ts';

/** The recorded facts behind a sentence, as they are. */
export function Facts({
  facts,
  label,
  at,
}: {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly label: string;
  readonly at: number;
}) {
  const entries = Object.entries(facts);
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>
        {label} <span className="faint num">({formatDateTime(at)})</span>
      </summary>
      <dl className="facts raw">
        {entries.map(([key, value]) => (
          <div key={key} className="raw-fact">
            <dt className="mono small">{key}</dt>
            <dd className="mono small">{textOf(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
