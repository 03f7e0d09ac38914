import type { KnowledgeView } from '../../model/views/service.ts';
import { useKnowledge } from '../api/queries.ts';
import { PageTitle, PageToCome, Panel, Said } from '../components/parts.tsx';
import { Badge } from '../components/status.tsx';
import { useMessages } from '../i18n.tsx';

/** What the service knows of the releases of Pika. */
export default function KnowledgePage() {
  const t = useMessages().knowledge;
  const { data, error, refetch } = useKnowledge();
  if (!data) return <PageToCome title={t.title} error={error} onRetry={() => void refetch()} />;
  return (
    <div className="main">
      <div className="stack tight">
        <PageTitle title={t.title}>{t.title}</PageTitle>
        <p className="soft">{t.intro}</p>
      </div>
      <Releases releases={data.releases} />
      <Pairs pairs={data.pairs} />
      <Faults faults={data.faults} />
      <Builds builds={data.builds} />
    </div>
  );
}

function Range({ of: [from, below] }: { readonly of: readonly string[] }) {
  return <span className="nowrap">{rangeText(from, below)}</span>;
}

const rangeText = (from = '', below = ''): string => `≥ ${from}, < ${below}`;

function Releases({ releases }: Pick<KnowledgeView, 'releases'>) {
  const { knowledge: t, common } = useMessages();
  const about: Readonly<Record<string, string>> = t.about;
  return (
    <Panel id="releases" title={t.releases} flush>
      <ul className="plain rules">
        {releases.map((release) => (
          <li key={release.versions.join()} className="rule">
            <div className="grow stack tight">
              <h3>
                <Range of={release.versions} />
              </h3>
              <p className="row">
                <Badge tone={release.maxConcurrentFullSyncs === 1 ? 'warn' : 'good'}>
                  {t.fullSyncs}: {release.maxConcurrentFullSyncs}
                </Badge>
                <Badge tone={release.opensSupersededCopy ? 'bad' : 'good'}>
                  {t.incomplete}: {release.opensSupersededCopy ? common.yes : common.no}
                </Badge>
                <Badge tone="plain">
                  {t.reusesDump}: {release.reusesDump ? common.yes : common.no}
                </Badge>
              </p>
              {release.opensSupersededCopy && <p className="small">{t.incompleteHelp}</p>}
              {release.upgrade !== null && (
                <p>
                  {t.advice}: <Said>{release.upgrade}</Said>
                </p>
              )}
              <details>
                <summary aria-label={`${rangeText(...release.versions)}: ${t.why}`}>{t.why}</summary>
                <dl className="facts">
                  {Object.entries(release.reasons).map(([what, reason]) => (
                    <div key={what} className="contents">
                      <dt>{about[what] ?? what}</dt>
                      <dd>
                        <Said>{reason}</Said>
                      </dd>
                    </div>
                  ))}
                </dl>
              </details>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const verdictTones = { fits: 'good', flawed: 'warn', refused: 'bad' } as const;
const verdictIcons = { fits: 'check', flawed: 'warning', refused: 'cross' } as const;

function Pairs({ pairs }: Pick<KnowledgeView, 'pairs'>) {
  const t = useMessages().knowledge;
  return (
    <Panel id="pairs" title={t.pairs} flush>
      <p className="panel-note soft small">{t.pairsHelp}</p>
      <ul className="plain rules">
        {pairs.map((pair) => (
          <li key={`${pair.slave.join()} ${pair.master.join()}`} className="rule">
            <Badge tone={verdictTones[pair.verdict]} icon={verdictIcons[pair.verdict]}>
              {t.verdicts[pair.verdict]}
            </Badge>
            <div className="grow">
              <p className="row">
                <span>
                  {t.slave} <Range of={pair.slave} />
                </span>
                <span>
                  {t.master} <Range of={pair.master} />
                </span>
              </p>
              <p className="small">
                <Said>{pair.text}</Said>
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Faults({ faults }: Pick<KnowledgeView, 'faults'>) {
  const t = useMessages().knowledge;
  return (
    <Panel id="faults" title={t.faults} flush>
      <p className="panel-note soft small">{t.faultsHelp}</p>
      <ul className="plain rules">
        {faults.map((fault) => (
          <li key={fault.code} className="rule">
            <div className="grow stack tight">
              <div className="row">
                <Badge
                  tone={fault.severity === 'warning' ? 'warn' : 'plain'}
                  icon={fault.severity === 'warning' ? 'warning' : 'info'}
                >
                  {t.effects[fault.effect]}
                </Badge>
                <code className="mono faint small">{fault.code}</code>
              </div>
              <p>
                <Said>{fault.text}</Said>
              </p>
              <dl className="facts">
                <dt>{t.versions}</dt>
                <dd>
                  <ul className="plain">
                    {fault.versions.map((versions) => (
                      <li key={versions.join()}>
                        <Range of={versions} />
                      </li>
                    ))}
                  </ul>
                </dd>
                <dt>{t.commands}</dt>
                <dd>
                  {fault.commands.length === 0 ? (
                    <span className="faint">{t.anyCommand}</span>
                  ) : (
                    <span className="mono">{fault.commands.join(', ').toUpperCase()}</span>
                  )}
                </dd>
                <dt>{t.shows}</dt>
                <dd>
                  <Said>{fault.shows}</Said>
                </dd>
                <dt>{t.instead}</dt>
                <dd>
                  <Said>{fault.instead}</Said>
                </dd>
                <dt>{t.source}</dt>
                <dd>
                  <Said className="faint">{fault.source}</Said>
                </dd>
              </dl>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Builds({ builds }: Pick<KnowledgeView, 'builds'>) {
  const t = useMessages().knowledge;
  return (
    <Panel id="builds" title={t.builds} flush>
      <p className="panel-note soft small">{t.buildsHelp}</p>
      <table className="table dense">
        <thead>
          <tr>
            <th scope="col" className="mono">
              pika_git_sha
            </th>
            <th scope="col">{t.release}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(builds).map(([build, release]) => (
            <tr key={build}>
              <td className="mono">{build}</td>
              <td>{release}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
