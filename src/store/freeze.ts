import { type EventInput, makeEvent } from '../model/events.ts';
import type { FreezeOrder } from './store.ts';

type Told = Omit<Extract<EventInput, { readonly type: 'freeze.on' | 'freeze.lifted' }>, 'at'>;

/** What the history of an expansion says of the global stop; the database gives the time. */
export const freezeEvent = ({ by, reason }: FreezeOrder): Told => untimed('freeze.on', { by, reason });
export const unfreezeEvent = ({ by, reason }: FreezeOrder): Told => untimed('freeze.lifted', { by, reason });

function untimed(type: 'freeze.on' | 'freeze.lifted', data: FreezeOrder): Told {
  const { at: _, ...told } = makeEvent(type, { at: 0 }, data);
  return told;
}
