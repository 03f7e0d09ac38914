import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { isActive, isEnded } from '../../model/expansion.ts';
import type { Language } from '../../model/text.ts';
import type { StoredEvent } from '../../model/views/event.ts';
import type { ExpansionView, JoinView, ProgressMessage } from '../../model/views/expansion.ts';
import { expansionPath } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import { serverNow } from '../api/server-clock.ts';
import { useLanguage } from '../i18n.tsx';
import { EventLog } from './event-log.ts';
import { RateHistory, sampleOf } from './history.ts';
import { LiveStream, type StreamStatus } from './stream.ts';
import { throttled } from './throttle.ts';

export interface ExpansionLive {
  readonly status: StreamStatus;
  readonly log: EventLog;
  readonly history: RateHistory;
}

/** How often a changed expansion is read again at most; a big expansion is a megabyte. */
const refreshMs = 400;
const refreshBigMs = 1500;
const bigFrom = 50;

/** Keeps the cached expansion `id` true to life while a page shows it, and collects its events and rates. */
export function useExpansionLive(
  id: string,
  onFresh: (events: readonly StoredEvent[]) => void,
): ExpansionLive {
  const client = useQueryClient();
  const { language } = useLanguage();
  const { log, history } = useMemo(() => kept(id, language), [id, language]);
  const [status, setStatus] = useState<StreamStatus>('connecting');

  const big = (client.getQueryData<ExpansionView>(keys.expansion(id))?.joins.length ?? 0) >= bigFrom;

  useEffect(() => {
    const refresh = throttled(
      () => {
        void client.invalidateQueries({ queryKey: keys.expansion(id) });
      },
      big ? refreshBigMs : refreshMs,
    );
    const stream = new LiveStream(`${expansionPath(id)}/events`, log.lastSeq, {
      onEvents: (events) => {
        const fresh = log.add(events);
        if (fresh.length === 0) return;
        onFresh(fresh);
        refresh.call();
      },
      onProgress: (data) => {
        const message = data as ProgressMessage;
        client.setQueryData<ExpansionView>(keys.expansion(id), (old) => old && merge(old, message));
        for (const join of message.joins) {
          if (isActive(join.phase)) history.add(join.node, sampleOf(join.progress, serverNow()));
        }
      },
      onStatus: (next) => {
        setStatus(next);
        if (next === 'live') refresh.call();
      },
    });
    void stream.run();
    return () => {
      stream.stop();
      refresh.cancel();
    };
  }, [id, big, client, log, history, onFresh]);

  return { status, log, history };
}

/**
 * Kept while the page lives: going from an expansion to a node and back shows the log at once. In another language the
 * events are read again from the first.
 */
let last: { id: string; language: Language; log: EventLog; history: RateHistory } | null = null;

function kept(id: string, language: Language): { log: EventLog; history: RateHistory } {
  if (last?.id !== id) last = { id, language, log: new EventLog(), history: new RateHistory() };
  else if (last.language !== language) last = { ...last, language, log: new EventLog() };
  return last;
}

function merge(expansion: ExpansionView, message: ProgressMessage): ExpansionView {
  if (isEnded(expansion.state)) return expansion;
  const news = new Map(message.joins.map((join) => [join.node, join]));
  let changed = false;
  const joins = expansion.joins.map((join): JoinView => {
    const fresh = news.get(join.target.name);
    if (!fresh) return join;
    changed = true;
    // The phase is taken from the expansion itself: it comes with its times, which a lane needs.
    return { ...join, progress: fresh.progress, waitingFor: fresh.waitingFor };
  });
  return changed ? { ...expansion, joins } : expansion;
}

export const useEvents = (log: EventLog): readonly StoredEvent[] =>
  useSyncExternalStore(log.subscribe, log.snapshot);

export const useHistoryVersion = (history: RateHistory): number =>
  useSyncExternalStore(history.subscribe, history.snapshot);
