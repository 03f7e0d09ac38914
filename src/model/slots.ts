/** Full syncs that run at the same time over all expansions, and the limits on them. Pure; counted in the store. */
import { because, type Reason } from './reasons.ts';

export interface Slot {
  readonly expansionId: string;
  /** Index of the join. */
  readonly position: number;
  readonly nodeHost: string;
  readonly masterHost: string;
}

/** null = no limit. */
export interface SlotLimits {
  readonly total: number | null;
  /** Nodes on one host share its disk. */
  readonly perNodeHost: number | null;
  /** Masters on one host share its network card. */
  readonly perMasterHost: number | null;
}

export const noSlotLimits: SlotLimits = { total: null, perNodeHost: null, perMasterHost: null };

export interface SlotRefusal {
  readonly position: number;
  readonly reason: Reason;
}

export interface SlotGrant {
  /** Of this expansion, afterwards. */
  readonly slots: readonly Slot[];
  readonly refused: readonly SlotRefusal[];
}

/** Gives slots to what is under way in any case, and to what wants to begin, in order, as far as the limits allow. */
export function grantSlots(
  others: readonly Slot[],
  held: readonly Slot[],
  wanted: readonly Slot[],
  limits: SlotLimits,
): SlotGrant {
  const slots = [...held];
  const refused: SlotRefusal[] = [];
  for (const slot of wanted) {
    const reason = refusal([...others, ...slots], slot, limits);
    if (reason === null) slots.push(slot);
    else refused.push({ position: slot.position, reason });
  }
  return { slots, refused };
}

function refusal(taken: readonly Slot[], slot: Slot, limits: SlotLimits): Reason | null {
  const onNodeHost = taken.filter(({ nodeHost }) => nodeHost === slot.nodeHost);
  const onMasterHost = taken.filter(({ masterHost }) => masterHost === slot.masterHost);
  if (limits.total !== null && taken.length >= limits.total)
    return because('slots_total', running(taken, null, slot));
  if (limits.perNodeHost !== null && onNodeHost.length >= limits.perNodeHost)
    return because('slots_of_node_host', running(onNodeHost, slot.nodeHost, slot));
  if (limits.perMasterHost !== null && onMasterHost.length >= limits.perMasterHost)
    return because('slots_of_master_host', running(onMasterHost, slot.masterHost, slot));
  return null;
}

function running(taken: readonly Slot[], host: string | null, slot: Slot) {
  const ids = new Set(taken.map(({ expansionId }) => expansionId));
  ids.delete(slot.expansionId);
  return { running: taken.length, host, expansions: [...ids] };
}
