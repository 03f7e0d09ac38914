import type { Diagnosis } from '../../model/views/diagnosis.ts';
import type { JoinView } from '../../model/views/expansion.ts';
import { formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Panel, Said, Steps, useNow } from './parts.tsx';

type Cause = Diagnosis['causes'][number];

/** Why a node is in trouble, and what happens next. */
export function DiagnosisPanel({
  join,
  diagnosis,
}: {
  readonly join: JoinView;
  readonly diagnosis: Diagnosis;
}) {
  const t = useMessages();
  return (
    <Panel
      id="diagnosis"
      title={t.diagnosis.title}
      tools={
        <span className="faint small">
          {t.node.attempt} {diagnosis.attempt}
        </span>
      }
    >
      <div className="stack">
        <Causes diagnosis={diagnosis} />
        <Remedy join={join} remedy={diagnosis.remedy} />
      </div>
    </Panel>
  );
}

/** The likeliest cause open, the others folded. */
export function Causes({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const t = useMessages().diagnosis;
  const [likeliest, ...others] = diagnosis.causes;
  if (likeliest === undefined) return <p className="soft">{t.unknown}</p>;
  return (
    <div className="stack" data-testid="causes">
      <div>
        <p className="small soft">{t.likeliest}</p>
        <p className="strong">
          <Said>{likeliest.text}</Said>
        </p>
        <CauseFacts cause={likeliest} />
      </div>
      {others.length > 0 && (
        <div>
          <p className="small soft">{t.others(others.length)}</p>
          {others.map((cause) => (
            <details key={cause.code}>
              <summary>
                <Said>{cause.text}</Said>
              </summary>
              <CauseFacts cause={cause} />
            </details>
          ))}
        </div>
      )}
    </div>
  );
}

function CauseFacts({ cause }: { readonly cause: Cause }) {
  const t = useMessages().diagnosis;
  return (
    <dl className="facts cause-facts">
      <dt>{t.speaksFor}</dt>
      <dd>
        <Signs signs={cause.speaksFor} />
      </dd>
      <dt>{t.speaksAgainst}</dt>
      <dd>
        <Signs signs={cause.speaksAgainst} />
      </dd>
      <dt>{t.wouldTell}</dt>
      <dd>
        <Said>{cause.wouldTell}</Said>
      </dd>
      <dt>{t.copy}</dt>
      <dd>{t.copyHelps[cause.copyHelps]}</dd>
    </dl>
  );
}

function Signs({ signs }: { readonly signs: Cause['speaksFor'] }) {
  const t = useMessages().diagnosis;
  if (signs.length === 0) return <span className="faint">{t.nothing}</span>;
  return <Steps steps={signs.map(({ text }) => text)} />;
}

function Remedy({ join, remedy }: { readonly join: JoinView; readonly remedy: Diagnosis['remedy'] }) {
  const t = useMessages().diagnosis;
  const now = useNow();
  const givenUp = join.phase === 'failed' || join.phase === 'quarantined';
  if (join.phase === 'verified' || join.phase === 'skipped' || join.phase === 'cancelled') return null;
  return (
    <div>
      <p className="small soft">{t.remedy}</p>
      {remedy.kind === 'person' ? (
        <>
          <p>{t.remedies.person}</p>
          <Steps steps={remedy.steps} />
        </>
      ) : (
        <p>
          {givenUp
            ? t.givenUp
            : remedy.kind === 'wait'
              ? t.remedies.wait(formatMoment(remedy.until, now))
              : t.remedies[remedy.kind]}
        </p>
      )}
    </div>
  );
}
