import { useEffect, useRef } from 'react';
import { useMessages } from '../i18n.tsx';
import type { StreamStatus } from '../live/stream.ts';
import { Icon } from './icon.tsx';
import { Notice, useAnnounce } from './parts.tsx';

/** Whether what is shown is true at this moment. */
export function ConnectionState({
  status,
  ended,
}: {
  readonly status: StreamStatus;
  readonly ended?: boolean;
}) {
  const t = useMessages().connection;
  const say = useAnnounce();
  const before = useRef(status);
  useEffect(() => {
    if (before.current === 'reconnecting' && status === 'live') say(t.back);
    if (before.current === 'live' && status === 'reconnecting' && !ended) say(t.lost);
    before.current = status;
  }, [status, ended, say, t]);

  if (ended) return <span className="connection">{t.ended}</span>;
  if (status === 'live')
    return (
      <span className="connection live" data-connection="live">
        <i className="dot" /> {t.live}
      </span>
    );
  return (
    <span className={`connection ${status === 'connecting' ? '' : 'lost'}`} data-connection={status}>
      <Icon name={status === 'connecting' ? 'ring' : 'warning'} turning={status === 'connecting'} />
      {status === 'connecting' ? t.connecting : t.lost}
    </span>
  );
}

export function ConnectionNotice({
  status,
  ended,
}: {
  readonly status: StreamStatus;
  readonly ended: boolean;
}) {
  const t = useMessages().connection;
  if (ended || status !== 'reconnecting') return null;
  return <Notice tone="warn">{t.lostLong}</Notice>;
}
