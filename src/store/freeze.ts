import { type EventInput, makeEvent } from '../model/events.ts';
import type { Freeze } from '../model/views/service.ts';
import type { Queryable } from './database.ts';
import type { FreezeOrder } from './store.ts';

export type Told = Omit<Extract<EventInput, { readonly type: 'freeze.on' | 'freeze.lifted' }>, 'at'>;

/** What the history of an expansion says of the global stop; the database gives the time. */
export const freezeEvent = ({ by, reason }: FreezeOrder): Told => untimed('freeze.on', { by, reason });
export const unfreezeEvent = ({ by, reason }: FreezeOrder): Told => untimed('freeze.lifted', { by, reason });

function untimed(type: 'freeze.on' | 'freeze.lifted', data: FreezeOrder): Told {
  const { at: _, ...told } = makeEvent(type, { at: 0 }, data);
  return told;
}

export type FreezeRow = Omit<Freeze, 'frozen'>;
export const freezeColumns = 'reason, by, floor(extract(epoch from since) * 1000)::bigint as since';
export const thawed: Freeze = { frozen: false, reason: null, by: null, since: null };

/** `row`: none, or one without values, where nothing is frozen. */
export const freezeOf = (row: FreezeRow | undefined): Freeze =>
  row === undefined || row.since === null ? thawed : { frozen: true, ...row };

/** The global stop as the database has it now. */
export async function readFreeze(client: Queryable): Promise<Freeze> {
  const [row] = await client.query<FreezeRow>(
    `select ${freezeColumns} from global_freeze`,
    [],
    'freeze_state',
  );
  return freezeOf(row);
}
