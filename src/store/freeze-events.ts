import type { EventInput } from '../model/expansion.ts';
import type { FreezeOrder } from './store.ts';

/** What the history of an expansion says of the global stop. */
export const freezeEvent = ({ by, reason }: FreezeOrder): Omit<EventInput, 'at'> => ({
  type: 'freeze.on',
  node: null,
  level: 'warning',
  text: `${by} has frozen everything: ${reason}. No node is attached until the freeze is lifted`,
  data: { by, reason },
});

export const unfreezeEvent = ({ by, reason }: FreezeOrder): Omit<EventInput, 'at'> => ({
  type: 'freeze.lifted',
  node: null,
  level: 'info',
  text: `${by} has lifted the freeze: ${reason}`,
  data: { by, reason },
});
