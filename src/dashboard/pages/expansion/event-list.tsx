import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type KeyboardEvent, memo, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { languageOf } from '../../../model/labels/index.ts';
import type { StoredEvent } from '../../../model/views/event.ts';
import { Icon } from '../../components/icon.tsx';
import { useMeasuredRows } from '../../components/measured-rows.ts';
import { NodeName, Panel, Said } from '../../components/parts.tsx';
import { formatClock, formatCount, formatDateTime } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import type { EventLog } from '../../live/event-log.ts';
import { useEvents } from '../../live/use-expansion-live.ts';

type Level = '' | 'warning' | 'error';

const fitsLevel = (event: StoredEvent, level: Level): boolean =>
  level === '' || event.level === 'error' || (level === 'warning' && event.level === 'warning');

/** The history of an expansion; only the lines in sight are drawn, so ten thousand scroll like ten. */
export function EventList({ log, live }: { readonly log: EventLog; readonly live: boolean }) {
  const t = useMessages().events;
  const title = useMessages().expansion.events;
  const narrow = useMediaQuery('(max-width: 860px)') ?? false;
  const usualHeight = narrow ? 52 : 29;
  const all = useEvents(log);
  const [search, setSearch] = useState('');
  const [level, setLevel] = useState<Level>('');
  const [follow, setFollow] = useState(live);
  const [active, setActive] = useState<number | null>(null);
  const [opened, setOpened] = useState<StoredEvent | null>(null);
  const needle = useDeferredValue(search.trim().toLowerCase());

  const events = useMemo(
    () =>
      needle === '' && level === ''
        ? all
        : all.filter(
            (event) =>
              fitsLevel(event, level) &&
              `${event.node ?? ''} ${event.type} ${event.text}`.toLowerCase().includes(needle),
          ),
    [all, needle, level],
  );
  const keys = useMemo(() => events.map((event) => event.seq), [events]);
  const rows = useMeasuredRows(keys, usualHeight);
  const activeIndex = active === null ? -1 : events.findIndex((event) => event.seq === active);

  const { box, topOf, height } = rows;
  useEffect(() => {
    if (follow && box) box.scrollTop = height;
  }, [follow, box, height]);

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(events.length - 1, index));
    const event = events[next];
    if (!event || !box) return;
    setFollow(false);
    setActive(event.seq);
    const [top, end] = [topOf(next), topOf(next + 1)];
    if (top < box.scrollTop) box.scrollTop = top;
    else if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight;
  };
  const onKey = (event: KeyboardEvent) => {
    const from = activeIndex < 0 ? rows.first : activeIndex;
    const page = box?.clientHeight ?? 280;
    const target: Readonly<Record<string, number>> = {
      ArrowDown: activeIndex < 0 ? from : from + 1,
      ArrowUp: from - 1,
      PageDown: Math.max(from + 1, rows.indexAt(topOf(from) + page) - 1),
      PageUp: Math.min(from - 1, rows.indexAt(topOf(from) - page) + 1),
      Home: 0,
      End: events.length - 1,
    };
    const next = target[event.key];
    if (next !== undefined) {
      event.preventDefault();
      moveTo(next);
    }
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      setOpened(events[activeIndex] ?? null);
    }
    if (event.key === 'Escape') setOpened(null);
  };
  const pick = (picked: StoredEvent) => {
    setFollow(false);
    setActive(picked.seq);
    setOpened(picked);
  };
  const optionId = (seq: number) => `event-${seq}`;

  return (
    <Panel
      id="events"
      title={title}
      flush
      tools={
        <div className="row">
          <span className="faint small num">{t.count(formatCountLabel(events.length, all.length))}</span>
          {live && (
            <Checkbox
              size="xs"
              label={t.follow}
              checked={follow}
              onChange={(event) => setFollow(event.currentTarget.checked)}
            />
          )}
          <NativeSelect
            size="xs"
            aria-label={t.level}
            value={level}
            onChange={(event) => setLevel(event.currentTarget.value as Level)}
            data={[
              { value: '', label: t.allLevels },
              { value: 'warning', label: t.warnings },
              { value: 'error', label: t.errors },
            ]}
          />
          <TextInput
            size="xs"
            type="search"
            aria-label={t.filter}
            placeholder={t.filter}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      }
    >
      {all.length > 0 && (
        <p className="visually-hidden" id="events-hint">
          {t.selectHint}
        </p>
      )}
      {events.length === 0 ? (
        <p className="empty">{all.length === 0 ? t.none : t.noMatch}</p>
      ) : (
        <div
          ref={rows.ref}
          className="event-scroll"
          role="listbox"
          tabIndex={0}
          aria-label={title}
          aria-describedby="events-hint"
          aria-activedescendant={
            activeIndex >= rows.first && activeIndex < rows.end && active !== null
              ? optionId(active)
              : undefined
          }
          onKeyDown={onKey}
          onWheel={() => follow && setFollow(false)}
          style={{ height: Math.min(height, 420) }}
        >
          <div className="virtual" role="presentation" style={{ height }}>
            {events.slice(rows.first, rows.end).map((event, offset) => (
              <EventRow
                key={event.seq}
                id={optionId(event.seq)}
                event={event}
                place={rows.first + offset + 1}
                total={events.length}
                active={event.seq === active}
                top={topOf(rows.first + offset)}
                onPick={pick}
              />
            ))}
          </div>
        </div>
      )}
      {opened && <EventFacts event={opened} onClose={() => setOpened(null)} />}
    </Panel>
  );
}

const formatCountLabel = (shown: number, total: number): string =>
  shown === total ? formatCount(total) : `${formatCount(shown)} / ${formatCount(total)}`;

/** The node has its own column; the sentence need not begin with it. */
function withoutNode({ node, text }: StoredEvent): string {
  const prefix = [`${node}: `, `${node}：`].find((begin) => text.startsWith(begin));
  return node !== null && prefix !== undefined ? text.slice(prefix.length) : text;
}

const levelIcons = { info: null, warning: 'warning', error: 'cross' } as const;

interface RowProps {
  readonly id: string;
  readonly event: StoredEvent;
  readonly place: number;
  readonly total: number;
  readonly active: boolean;
  readonly top: number;
  readonly onPick: (event: StoredEvent) => void;
}

const EventRow = memo(
  function EventRow({ id, event, place, total, active, top, onPick }: RowProps) {
    const t = useMessages().events;
    const icon = levelIcons[event.level];
    const level = { info: t.levelInfo, warning: t.levelWarning, error: t.levelError }[event.level];
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it handles the keys
      // biome-ignore lint/a11y/useFocusableInteractive: an option is reached by aria-activedescendant
      <div
        id={id}
        role="option"
        aria-selected={active}
        aria-posinset={place}
        aria-setsize={total}
        className={`event-row ${event.level} ${active ? 'active' : ''}`}
        style={{ transform: `translateY(${top}px)` }}
        data-row={event.seq}
        data-top={top}
        onClick={() => onPick(event)}
      >
        <span className="event-time num" title={formatDateTime(event.at)}>
          {formatClock(event.at)}
        </span>
        <span className="event-level">
          {icon ? (
            <>
              <Icon name={icon} />
              <span className="visually-hidden">{level}</span>
            </>
          ) : (
            <i className="event-dot" />
          )}
        </span>
        <span className="event-node mono">{event.node && <NodeName name={event.node} />}</span>
        <span className="event-text" lang={languageOf(event.text)}>
          {withoutNode(event)}
        </span>
      </div>
    );
  },
  (a, b) => a.event === b.event && a.active === b.active && a.top === b.top && a.total === b.total,
);

function EventFacts({ event, onClose }: { readonly event: StoredEvent; readonly onClose: () => void }) {
  const t = useMessages();
  return (
    <section className="event-facts" aria-label={t.events.selected} aria-live="polite">
      <div className="row apart">
        <strong className="mono">
          #{event.seq} {event.type}
        </strong>
        <button type="button" className="tool-button" aria-label={t.common.close} onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      <p>
        {formatDateTime(event.at)} · {event.node && <span className="mono">{event.node} · </span>}
        <Said>{event.text}</Said>
      </p>
      {Object.keys(event.data).length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <pre className="json" tabIndex={0}>
          {JSON.stringify(event.data, null, 2)}
        </pre>
      )}
    </section>
  );
}
