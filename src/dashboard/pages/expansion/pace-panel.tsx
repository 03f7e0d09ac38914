import { windowState } from '../../../core/plan/windows.ts';
import type { BorrowedSetting } from '../../../model/expansion.ts';
import type { HealthReading, HealthState } from '../../../model/health.ts';
import type { TimeWindow } from '../../../model/policy.ts';
import { shown } from '../../../model/shown.ts';
import type { ExpansionView } from '../../../model/views/expansion.ts';
import { Bar, Notice, Panel, useDuration, useNow } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { formatBytes, formatCount, formatRate, formatShare } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';

/** What sets the pace: budget, health of the master, time windows, and the settings that were borrowed for it. */
export function PacePanel({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages().pace;
  const reader = useReader();
  if (!setsPace(expansion)) return null;
  const { health: limits, windows } = expansion.policy;
  const over = expansion.endedAt !== null;
  return (
    <Panel id="pace" title={t.title}>
      <div className="pace-grid">
        {limits !== null && <Health health={expansion.health} over={over} />}
        {windows.length > 0 && <Windows windows={windows} over={over} />}
        {shown(expansion, 'pace', reader).map(({ name, label, value, help }) => (
          <section key={name} aria-label={label}>
            <h3>{label}</h3>
            <p className="num pace-figure">{value}</p>
            {help !== null && <p className="soft small">{help}</p>}
          </section>
        ))}
      </div>
      <Borrowed expansion={expansion} />
    </Panel>
  );
}

/** Whether anything besides the nodes' own throttles sets the pace. */
export function setsPace({ policy, joins, borrowed }: ExpansionView): boolean {
  const limited = policy.bandwidthBytesPerSecond !== null || policy.health !== null;
  return limited || policy.windows.length > 0 || Boolean(borrowed) || joins.some((join) => join.borrowed);
}

// --------------------------------------------------------------------------------------------------- health

function Health({ health, over }: { readonly health: HealthState | null; readonly over: boolean }) {
  const t = useMessages();
  const p = t.pace;
  const name = (reading: HealthReading) => p.figures[reading.what];
  return (
    <section aria-label={p.health}>
      <h3>{p.health}</h3>
      {health === null ? (
        <p className="faint">{p.healthNone}</p>
      ) : (
        <div className="stack tight">
          {health.over && !over && (
            <Notice tone="warn" title={p.healthOver}>
              {p.reading(
                name(health.over),
                figureText(health.over, health.over.value),
                figureText(health.over, health.over.limit),
              )}
            </Notice>
          )}
          <p className="num">{p.level(formatShare(health.level))}</p>
          <Bar share={health.level} label={p.level(formatShare(health.level))} />
          <table className="table dense">
            <thead>
              <tr>
                <th scope="col">{p.figure}</th>
                <th scope="col">{p.value}</th>
                <th scope="col">{p.limit}</th>
              </tr>
            </thead>
            <tbody>
              {health.readings.map((reading) => (
                <tr key={reading.what}>
                  <th scope="row">{name(reading)}</th>
                  <td className={`num ${reading.value > reading.limit ? 'over-limit' : ''}`}>
                    {figureText(reading, reading.value)}
                    {reading.ownDelayMs !== undefined && <> {p.withoutOwnDelay(reading.ownDelayMs)}</>}
                  </td>
                  <td className="num">{figureText(reading, reading.limit)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function figureText({ what }: HealthReading, value: number): string {
  switch (what) {
    case 'master_latency_ms':
      return `${value < 100 ? Math.round(value * 10) / 10 : Math.round(value)} ms`;
    case 'slave_lag_bytes':
      return formatBytes(value);
    case 'commands_per_second':
      return formatCount(Math.round(value));
    case 'endpoint':
      return String(Math.round(value * 100) / 100);
  }
}

// -------------------------------------------------------------------------------------------------- windows

function Windows({ windows, over }: { readonly windows: readonly TimeWindow[]; readonly over: boolean }) {
  const t = useMessages();
  const p = t.pace;
  return (
    <section aria-label={p.windows}>
      <h3>{p.windows}</h3>
      <ul className="plain">
        {windows.map((window) => (
          <li key={JSON.stringify(window)} className="num">
            {window.from}–{window.to} {daysText(window, t.htmlLang, p.everyDay)}{' '}
            <span className="faint small">{window.timeZone}</span>
          </li>
        ))}
      </ul>
      {!over && (
        <p className="pace-window">
          <NextWindow windows={windows} />
        </p>
      )}
      <p className="soft small">{p.windowsHelp}</p>
    </section>
  );
}

/** Whether a window is open, and when that changes, on the clock of the windows' place. */
export function NextWindow({ windows }: { readonly windows: readonly TimeWindow[] }) {
  const t = useMessages();
  const p = t.pace;
  const duration = useDuration();
  const now = useNow();
  const { open, opensAt, closesAt } = windowState(windows, now);
  const zone = windows[0]?.timeZone ?? 'UTC';
  return (
    <>
      <Badge tone={open ? 'good' : 'plain'} icon={open ? 'check' : 'pause'}>
        {open ? p.windowOpen : p.windowClosed}
      </Badge>{' '}
      {closesAt !== null && p.closesAt(placeTime(closesAt, zone, t.htmlLang), duration(closesAt - now))}
      {opensAt !== null && p.opensAt(placeTime(opensAt, zone, t.htmlLang), duration(opensAt - now))}
    </>
  );
}

/** Any Monday. */
const monday = Date.UTC(2026, 10, 23);
const dayMs = 86_400_000;
const dayNumbers = { mon: 0, tue: 1, wed: 2, thu: 3, fri: 4, sat: 5, sun: 6 } as const;

function daysText({ days }: TimeWindow, language: string, everyDay: string): string {
  if (days.length === 0) return everyDay;
  const format = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' });
  return days.map((day) => format.format(monday + dayNumbers[day] * dayMs)).join(', ');
}

const placeTime = (at: number, timeZone: string, language: string): string =>
  new Intl.DateTimeFormat(language, {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at);

// ------------------------------------------------------------------------------------------------- borrowed

const borrowedTone: Readonly<Record<BorrowedSetting['state'], Tone>> = {
  borrowed: 'info',
  restored: 'good',
  left: 'warn',
  lost: 'bad',
  refused: 'warn',
};

function Borrowed({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const p = t.pace;
  const ofMaster = expansion.borrowed ? [{ server: expansion.master.name, setting: expansion.borrowed }] : [];
  const ofNodes = expansion.joins.flatMap((join) =>
    join.borrowed ? [{ server: join.target.name, setting: join.borrowed }] : [],
  );
  const all = [...ofMaster, ...ofNodes];
  if (all.length === 0) return null;
  return (
    <section className="pace-borrowed" aria-label={p.borrowed}>
      <h3>{p.borrowed}</h3>
      <Scrollable label={p.borrowed}>
        <table className="table dense">
          <thead>
            <tr>
              <th scope="col">{p.server}</th>
              <th scope="col">{p.setting}</th>
              <th scope="col">{p.before}</th>
              <th scope="col">{p.nowValue}</th>
              <th scope="col">{t.expansion.state}</th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ server, setting }) => (
              <tr key={server}>
                <th scope="row" className="mono">
                  {server}
                </th>
                <td className="mono">{setting.name}</td>
                <td className="num">{valueText(setting, setting.old)}</td>
                <td className="num">{valueText(setting, setting.seen)}</td>
                <td>
                  <Badge tone={borrowedTone[setting.state]}>{p.borrowedStates[setting.state]}</Badge>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </section>
  );
}

const valueText = ({ name }: BorrowedSetting, value: string): string =>
  name === 'throttle-bytes-per-second' ? formatRate(Number(value)) : value;
