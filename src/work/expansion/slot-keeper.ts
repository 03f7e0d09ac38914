import { borrowsThrottle } from '../../core/steps/bandwidth.ts';
import { mayBegin } from '../../core/steps/hold.ts';
import { fullSyncsAtATime, isNextInLine, isUnderWay } from '../../core/steps/join-state.ts';
import { type Expansion, isEnded, type Join } from '../../model/expansion.ts';
import type { Reason } from '../../model/reasons.ts';
import type { Slot, SlotLimits } from '../../model/slots.ts';
import type { Lease } from '../../store/leases.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from './observer.ts';

export interface TakenSlots {
  /** Whether a full sync needs a slot here. */
  readonly limited: boolean;
  /** By join index, why the node gets no slot now. */
  readonly refusals: ReadonlyMap<number, Reason>;
  /** Full syncs of other expansions from masters on this master's host. */
  readonly othersOnMasterHost: number;
}

const nothing: TakenSlots = { limited: true, refusals: new Map(), othersOnMasterHost: 0 };
const unlimited: TakenSlots = { ...nothing, limited: false };
const refreshEveryMs = 1000;

/** Keeps the count of this expansion's full syncs in the store right, and asks there before another one begins. */
export function createSlotKeeper(
  store: Pick<Store, 'syncSlots'>,
  limits: SlotLimits,
  lease: Lease,
  clock: Clock,
) {
  const limited = Object.values(limits).some((limit) => limit !== null);
  let last = nothing;
  let lastKey = '';
  let lastAt = Number.NEGATIVE_INFINITY;

  return {
    /** A node that may not begin now takes no slot from others. */
    async take(expansion: Expansion, mayTake: (join: Join) => boolean): Promise<TakenSlots> {
      if ((!limited && !borrowsThrottle(expansion)) || isEnded(expansion.state)) return unlimited;
      const slot = (join: Join): Slot => ({
        expansionId: expansion.id,
        position: join.index,
        nodeHost: join.target.seenAs.host.toLowerCase(),
        masterHost: expansion.master.seenAs.host.toLowerCase(),
      });
      const held = expansion.joins.filter((join) => isUnderWay(join)).map(slot);
      const wanted = inLine(expansion, clock.now()).filter(mayTake).map(slot);
      if (held.length === 0 && wanted.length === 0 && lastKey === '') return nothing;
      const key = JSON.stringify([held, wanted].map((slots) => slots.map(({ position }) => position)));
      if (key === lastKey && clock.now() - lastAt < refreshEveryMs) return last;
      const { refused, others } = await store.syncSlots(lease, { held, wanted, limits });
      const masterHost = expansion.master.seenAs.host.toLowerCase();
      last = {
        limited: true,
        refusals: new Map(refused.map(({ position, reason }) => [position, reason])),
        othersOnMasterHost: others.filter((other) => other.masterHost === masterHost).length,
      };
      lastKey = held.length + wanted.length === 0 ? '' : key;
      lastAt = clock.now();
      return last;
    },
  };
}

/** Nodes that could begin now, if there were slots for them. */
function inLine(expansion: Expansion, now: number): readonly Join[] {
  if (!mayBegin(expansion, now)) return [];
  const free = fullSyncsAtATime(expansion) - expansion.joins.filter((join) => isUnderWay(join)).length;
  return expansion.joins.filter((join) => isNextInLine(expansion, join)).slice(0, Math.max(0, free));
}
