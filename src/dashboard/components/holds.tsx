import { keys, useHolds, useMay } from '../api/queries.ts';
import { formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Icon } from './icon.tsx';
import { Said, useNow } from './parts.tsx';
import { ReasonButton } from './reason-button.tsx';

/** Which masters are held, by whom, and whether a dump is safe; whoever may steer can end a hold. */
export function HoldsBanner() {
  const { holds: t, common } = useMessages();
  const may = useMay('hold');
  const now = useNow();
  const holds = useHolds().data?.items ?? [];
  return holds.map(({ id, master, requestedBy, reason, until, safe, waitingFor }) => (
    <section key={id} className="strip info" aria-label={t.held(master.name)} data-testid="hold-banner">
      <div className="strip-in">
        <Icon name="pause" />
        <span className="text">
          <strong>{t.held(master.name)}</strong>{' '}
          <span className="soft">
            <Said>{`“${reason}”`}</Said> {common.by(requestedBy)} · {t.until(formatMoment(until, now))} ·{' '}
            {safe ? t.safe : <Said>{waitingFor?.text ?? ''}</Said>}
          </span>
        </span>
        {may && (
          <ReasonButton
            label={t.end}
            title={t.endTitle(master.name)}
            text={t.endText}
            path={`/v1/holds/${encodeURIComponent(id)}/end`}
            changes={keys.holds}
            small
          />
        )}
      </div>
    </section>
  ));
}
