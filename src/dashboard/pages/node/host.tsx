import { isActive } from '../../../model/expansion.ts';
import { formatAddress } from '../../../model/observation.ts';
import {
  attemptSaid,
  type ShownDisk,
  type ShownLine,
  shownAttempts,
  shownDisks,
  shownLog,
} from '../../../model/shown-host.ts';
import type { AgentSight } from '../../../model/views/agent.ts';
import type { NodeDetail } from '../../../model/views/expansion.ts';
import { useAgents } from '../../api/queries.ts';
import { DiskBar, Measure } from '../../components/disk-bar.tsx';
import { Age, Bar, Panel, useDuration, useNow } from '../../components/parts.tsx';
import { Badge } from '../../components/status.tsx';
import { useWidth } from '../../components/use-width.ts';
import { formatBytes, formatClock } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { Link } from '../../router.tsx';
import { isStill, spansOf, ticksOf } from '../expansion/lanes.ts';

/** What agents see of the host: files of the copy against the list of the dump, and disks with what is still to come. */
export function HostPanel({ join }: { readonly join: NodeDetail }) {
  const t = useMessages().host;
  const reader = useReader();
  const { node, master } = join.hosts;
  const disks = shownDisks(join);
  const { files } = join.progress;
  const attempts = shownAttempts(join.hosts, join.phases[0]?.at ?? 0);
  return (
    <Panel id="host" title={t.title}>
      <div className="stack">
        <p className="small soft">
          {(['node', 'master'] as const).map((server, index) => {
            const sight = { node, master }[server];
            return (
              <span key={server}>
                {index > 0 && ' · '}
                {t.servers[server]}: {sight ? <Seen {...sight} /> : t.noAgent}{' '}
                {sight && isActive(join.phase) && <Silent {...sight} />}
              </span>
            );
          })}
        </p>
        {files && (
          <Measure name={t.files} value={t.filesCame(files.copied, files.listed)}>
            <Bar
              tall
              share={files.listed ? Math.min(1, files.copied / files.listed) : null}
              label={t.files}
            />
          </Measure>
        )}
        {disks.map((disk) => (
          <Disk key={`${disk.server} ${disk.path}`} disk={disk} />
        ))}
        {attempts.length > 0 && (
          <ol className="plain small stack tight">
            {attempts.map((attempt) => (
              <li key={`${attempt.db} ${attempt.startedAt}`}>
                <span className="faint num">{formatClock(attempt.startedAt)}</span>{' '}
                {attemptSaid[reader.language](attempt, reader)}
              </li>
            ))}
          </ol>
        )}
      </div>
    </Panel>
  );
}

function Seen({ agent, at }: Pick<AgentSight, 'agent' | 'at'>) {
  const t = useMessages().agents;
  return (
    <>
      <span className="mono">{agent}</span>, <Age since={at} />
      {t.ago}
    </>
  );
}

/** Says when what is shown of a host is old: its agent has gone silent. The page of agents tells what to do. */
function Silent({ agent, server }: Pick<AgentSight, 'agent' | 'server'>) {
  const t = useMessages().agents;
  const { data } = useAgents();
  const addresses = server.addresses.map(formatAddress);
  const speaksFor = (known: readonly string[]) => known.some((address) => addresses.includes(address));
  const fresh = data?.items.some(
    (one) => one.agent === agent && !one.stale && one.servers.some((each) => speaksFor(each.addresses)),
  );
  if (fresh !== false) return null;
  return (
    <Link to={{ page: 'agents' }}>
      <Badge tone="bad" icon="cross">
        {t.silent}
      </Badge>
    </Link>
  );
}

function Disk({ disk }: { readonly disk: ShownDisk }) {
  const t = useMessages().host;
  const { server, settings, awaitedBytes, freeBytes } = disk;
  const tooSmall = awaitedBytes !== null && awaitedBytes > freeBytes;
  return (
    <DiskBar
      {...disk}
      label={t.servers[server]}
      name={
        <>
          {t.servers[server]} <span className="mono faint">{settings.join(', ')}</span>
        </>
      }
    >
      {awaitedBytes !== null && (
        <span className={`small ${tooSmall ? 'tone-bad' : 'faint'}`}>
          {tooSmall ? t.tooSmall(formatBytes(awaitedBytes)) : t.awaited(formatBytes(awaitedBytes))}
        </span>
      )}
    </DiskBar>
  );
}

const nameWidth = 96;
const linesListed = 200;

/** The lines of the logs of node and master that mean something, beside the phases of the node on one axis. */
export function HostLog({ join, until }: { readonly join: NodeDetail; readonly until: number | null }) {
  const t = useMessages();
  const reader = useReader();
  const current = useNow();
  const duration = useDuration();
  const { ref, width } = useWidth();
  const spans = spansOf(join, until ?? current).filter(({ phase }) => !isStill(phase));
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return null;
  const lines = shownLog(join, first.from, reader);
  if (lines.length === 0) return null;
  const from = first.from;
  const length = Math.max(1000, last.to - from, (lines.at(-1)?.at ?? from) - from);
  const place = (at: number) => `${(Math.min(Math.max(at - from, 0), length) / length) * 100}%`;
  const track = Math.max(60, width - nameWidth - 24);
  const ticks = ticksOf(length, Math.max(2, Math.floor(track / 90))).filter(
    (tick) => tick / length < 1 - 70 / track,
  );
  return (
    <Panel id="host-log" title={t.host.log} flush>
      <div ref={ref} className="host-log" style={{ ['--name-width' as string]: `${nameWidth}px` }}>
        <div className="host-lane axis" aria-hidden="true">
          <span />
          <div className="timeline-track">
            {ticks.map((tick) => (
              <span key={tick} className="tick num" style={{ left: place(from + tick) }}>
                {tick === 0 ? formatClock(from) : `+${duration(tick).replace('.0', '')}`}
              </span>
            ))}
          </div>
        </div>
        <div className="host-lane" aria-hidden="true">
          <span className="lane-name">{t.node.phases}</span>
          <span className="timeline-track">
            {spans.map((span) => (
              <i
                key={`${span.phase} ${span.from}`}
                className={`span phase-${span.phase}`}
                style={{
                  left: place(span.from),
                  width: `max(2px, ${((span.to - span.from) / length) * 100}%)`,
                }}
                title={`${t.phases[span.phase]} · ${duration(span.to - span.from)}`}
              >
                {((span.to - span.from) / length) * track > t.phases[span.phase].length * 7 + 14
                  ? t.phases[span.phase]
                  : ''}
              </i>
            ))}
          </span>
        </div>
        {(['node', 'master'] as const).map((server) => (
          <div key={server} className="host-lane" aria-hidden="true">
            <span className="lane-name">{t.host.servers[server]}</span>
            <span className="timeline-track">
              {lines
                .filter((line) => line.server === server)
                .map((line, index) => (
                  <i
                    // biome-ignore lint/suspicious/noArrayIndexKey: lines of one moment can be the same
                    key={`${line.at} ${index}`}
                    className="log-mark"
                    style={{ left: place(line.at) }}
                    title={`${formatClock(line.at)} ${line.meaning}`}
                  />
                ))}
            </span>
          </div>
        ))}
        <Lines lines={lines.slice(-linesListed)} />
      </div>
    </Panel>
  );
}

function Lines({ lines }: { readonly lines: readonly ShownLine[] }) {
  const t = useMessages().host;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <ol className="plain log-lines small" aria-label={t.log} tabIndex={0}>
      {lines.map(({ at, server, meaning, line }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one moment can be the same
        <li key={`${at} ${index}`}>
          <span className="faint num">{formatClock(at)}</span>
          <span>{t.servers[server]}</span>
          <span>
            {meaning}
            <br />
            <span className="mono faint">{line}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
