import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { keys } from '../api/queries.ts';
import { LiveStream, type StreamStatus } from './stream.ts';
import { throttled } from './throttle.ts';

/** Follows the events of all expansions, from now on, and lets the lists be read again after an event. */
export function useFeed(): StreamStatus {
  const client = useQueryClient();
  const [status, setStatus] = useState<StreamStatus>('connecting');
  useEffect(() => {
    const refresh = throttled(() => {
      void client.invalidateQueries({ queryKey: keys.expansionLists });
      void client.invalidateQueries({ queryKey: keys.freeze });
      void client.invalidateQueries({ queryKey: keys.holds });
    }, 1000);
    const stream = new LiveStream('/v1/events', null, {
      onEvents: refresh.call,
      onProgress: refresh.call,
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
  }, [client]);
  return status;
}
