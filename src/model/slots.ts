/** Full syncs that run at the same time over all expansions, and the limits on them. Pure; counted in the store. */
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
  readonly text: string;
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
    const text = refusal([...others, ...slots], slot, limits);
    if (text === null) slots.push(slot);
    else refused.push({ position: slot.position, text });
  }
  return { slots, refused };
}

function refusal(taken: readonly Slot[], slot: Slot, limits: SlotLimits): string | null {
  const onNodeHost = taken.filter(({ nodeHost }) => nodeHost === slot.nodeHost);
  const onMasterHost = taken.filter(({ masterHost }) => masterHost === slot.masterHost);
  if (limits.total !== null && taken.length >= limits.total)
    return `${taken.length} full syncs run already, the limit of this service (slots.total)${byWhom(taken, slot)}`;
  if (limits.perNodeHost !== null && onNodeHost.length >= limits.perNodeHost)
    return `${onNodeHost.length} full syncs run already to nodes on ${slot.nodeHost}, the limit for one host (slots.perNodeHost)${byWhom(onNodeHost, slot)}`;
  if (limits.perMasterHost !== null && onMasterHost.length >= limits.perMasterHost)
    return `${onMasterHost.length} full syncs run already from masters on ${slot.masterHost}, the limit for one host (slots.perMasterHost)${byWhom(onMasterHost, slot)}`;
  return null;
}

function byWhom(taken: readonly Slot[], slot: Slot): string {
  const ids = [...new Set(taken.map(({ expansionId }) => expansionId))].filter(
    (id) => id !== slot.expansionId,
  );
  return ids.length === 0
    ? ''
    : `: expansion ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ' and others' : ''}`;
}
