import { type AgentTrouble, agentTroubles } from '../../model/shown-agent.ts';
import { mountsOf } from '../../model/shown-host.ts';
import type { AgentView } from '../../model/views/agent.ts';
import { useAgents } from '../api/queries.ts';
import { DiskBar } from '../components/disk-bar.tsx';
import { Age, PageTitle, PageToCome, Panel, useDuration } from '../components/parts.tsx';
import { Scrollable } from '../components/scrollable.tsx';
import { Badge } from '../components/status.tsx';
import { formatCount, formatDateTime } from '../format.ts';
import { useMessages, useReader } from '../i18n.tsx';

/** Which agents report, of which servers, what disks they see, and what of it does not count. */
export default function AgentsPage() {
  const t = useMessages().agents;
  const reader = useReader();
  const { data, error, refetch } = useAgents();
  if (!data) return <PageToCome title={t.title} error={error} onRetry={() => void refetch()} />;
  const shown = data.items
    .map((agent) => ({ agent, troubles: agentTroubles(agent, reader) }))
    .toSorted((a, b) => urgency(b.troubles) - urgency(a.troubles));
  return (
    <div className="main">
      <div className="stack tight">
        <PageTitle title={t.title}>{t.title}</PageTitle>
        <p className="soft">{t.intro}</p>
      </div>
      {shown.length === 0 && (
        <div className="panel empty big">
          <h2>{t.none}</h2>
          <p>{t.noneText}</p>
        </div>
      )}
      {shown.map(({ agent, troubles }) => (
        <AgentPanel key={`${agent.agent} ${agent.host}`} agent={agent} troubles={troubles} />
      ))}
    </div>
  );
}

const tones = { bad: 2, warn: 1, info: 0 } as const;
const urgency = (troubles: readonly AgentTrouble[]): number =>
  Math.max(0, ...troubles.map(({ tone }) => tones[tone]));

const troubleIcons = { bad: 'cross', warn: 'warning', info: 'info' } as const;

function AgentPanel({
  agent,
  troubles,
}: {
  readonly agent: AgentView;
  readonly troubles: readonly AgentTrouble[];
}) {
  const t = useMessages().agents;
  const duration = useDuration();
  const { agent: token, host, version, lastReportAt, stale, clockAheadMs, reports, servers } = agent;
  const mounts = mountsOf(
    servers.map(({ addresses, paths }) => ({ name: portIn(addresses[0] ?? ''), paths })),
  );
  return (
    <Panel
      id={`agent-${token}-${host}`}
      title={host}
      flush
      tools={
        <Badge tone={stale ? 'bad' : 'good'} icon={stale ? 'cross' : 'check'}>
          {stale ? t.silent : t.reporting}
        </Badge>
      }
    >
      {troubles.length > 0 && (
        <ul className="plain rules">
          {troubles.map(({ code, tone, text, step }) => (
            <li key={text} className="rule" data-trouble={code}>
              <Badge tone={tone === 'info' ? 'plain' : tone} icon={troubleIcons[tone]}>
                {t.tones[tone]}
              </Badge>
              <div className="grow">
                <p>{text}</p>
                {step !== null && <p className="small soft">{step}</p>}
              </div>
            </li>
          ))}
        </ul>
      )}
      <div className="agent-grid">
        <dl className="facts">
          <dt>{t.token}</dt>
          <dd className="mono">{token}</dd>
          <dt>{t.lastReport}</dt>
          <dd title={formatDateTime(lastReportAt)}>
            <Age since={lastReportAt} />
            {t.ago}
          </dd>
          <dt>{t.clock}</dt>
          <dd className="num">
            {Math.abs(clockAheadMs) < 1000
              ? t.clockSame
              : t.clockApart(duration(Math.abs(clockAheadMs)), clockAheadMs > 0)}
          </dd>
          <dt>{t.reports}</dt>
          <dd className="num">{formatCount(reports)}</dd>
          <dt>{t.version}</dt>
          <dd>{version}</dd>
        </dl>
        <div className="stack tight">
          <h3>{t.disks}</h3>
          {mounts.length === 0 && <p className="faint small">{t.noDisks}</p>}
          {mounts.map(({ folders, totalBytes, freeBytes }) => (
            <Mount key={folders[0]!.path} folders={folders} totalBytes={totalBytes} freeBytes={freeBytes} />
          ))}
        </div>
      </div>
      <Servers servers={servers} host={host} />
    </Panel>
  );
}

const portIn = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

/** A mount, and the folders of all servers that share it. */
function Mount({ folders, totalBytes, freeBytes }: ReturnType<typeof mountsOf>[number]) {
  const t = useMessages().agents;
  const lines = [...new Set(folders.map(({ server }) => server))].map((name) => {
    const own = folders.filter(({ server }) => server === name).map(({ setting }) => setting);
    return `${name}: ${own.join(', ')}`;
  });
  return (
    <DiskBar
      name={lines.map((line) => (
        <div key={line} className="mono">
          {line}
        </div>
      ))}
      label={lines.join('; ')}
      path={folders[0]!.path}
      totalBytes={totalBytes}
      freeBytes={freeBytes}
      awaitedBytes={null}
    >
      {lines.length > 1 && <span className="small faint">{t.shared(lines.length)}</span>}
    </DiskBar>
  );
}

function Servers({ servers, host }: Pick<AgentView, 'servers' | 'host'>) {
  const t = useMessages().agents;
  return (
    <Scrollable label={`${host}: ${t.servers}`}>
      <table className="table dense">
        <thead>
          <tr>
            <th scope="col">{t.speaksFor}</th>
            <th scope="col">{t.process}</th>
            <th scope="col">{t.config}</th>
          </tr>
        </thead>
        <tbody>
          {servers.map(({ addresses, processId, config }) => (
            <tr key={addresses[0]}>
              <td>
                {addresses.map((address) => (
                  <div key={address} className="mono nowrap">
                    {address}
                  </div>
                ))}
              </td>
              <td className="num">{processId ?? t.notRunning}</td>
              <td className="mono">{config}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}
