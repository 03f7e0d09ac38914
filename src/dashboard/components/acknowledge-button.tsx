import type { IncidentView } from '../../model/views/channel.ts';
import { keys, useMay } from '../api/queries.ts';
import { useMessages } from '../i18n.tsx';
import { ReasonButton } from './reason-button.tsx';

/** Says that you see to an incident. Nothing where somebody has said so, or where you may not. */
export function AcknowledgeButton({ incident }: { readonly incident: IncidentView }) {
  const { channels: t } = useMessages();
  const may = useMay('steer');
  const { id, title, acknowledged } = incident;
  if (!may || acknowledged !== null) return null;
  return (
    <ReasonButton
      label={t.acknowledge}
      about={title}
      title={t.acknowledgeTitle(title)}
      text={t.acknowledgeText}
      path={`/v1/incidents/${encodeURIComponent(id)}/acknowledge`}
      changes={keys.incidents}
      small
    />
  );
}
