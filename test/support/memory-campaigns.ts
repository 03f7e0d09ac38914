import { type Campaign, type CampaignControl, campaignHasEnded } from '../../src/model/campaign.ts';
import { campaignSearchText } from '../../src/store/campaign-rows.ts';
import type { CampaignStore, StoredCampaign } from '../../src/store/campaigns.ts';
import { decodeCursor, encodeCursor } from '../../src/store/expansion-rows.ts';
import { toJson } from '../../src/store/json.ts';
import { FencedError } from '../../src/store/leases.ts';
import { IdempotencyConflictError, NotFoundError } from '../../src/store/store.ts';
import { createMemoryLeases, type LeasedRow, unclaimed } from './memory-leases.ts';
import type { MemoryStore } from './memory-store.ts';

interface Row extends LeasedRow {
  campaign: Campaign;
  controls: CampaignControl[];
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
}

const stored = <T>(value: T): T => JSON.parse(toJson(value)) as T;

/** The CampaignStore in memory, in the same database as this store; test/store/campaigns.test.ts runs on both. */
export function createMemoryCampaigns(store: MemoryStore, now: () => number): CampaignStore {
  const rows = new Map<string, Row>();
  const shown = (row: Row): StoredCampaign => ({
    ...stored(row.campaign),
    pendingControls: [...row.controls],
  });
  const open = (row: Row) => !campaignHasEnded(row.campaign.state);
  const { fenced, leases } = createMemoryLeases('campaign', rows, {
    isOpen: open,
    oldestFirst: (a, b) => a.campaign.acceptedAt - b.campaign.acceptedAt,
    now,
    reachable: () => store.reachable(),
  });
  const under = (idempotency: { readonly key: string; readonly fingerprint: string } | null): Row | null => {
    const earlier = idempotency && [...rows.values()].find((row) => row.idempotency?.key === idempotency.key);
    if (!earlier) return null;
    if (earlier.idempotency?.fingerprint === idempotency.fingerprint) return earlier;
    throw new IdempotencyConflictError(`idempotency key ${idempotency.key} was used before`);
  };
  store.setFence('campaign', (lease) => {
    if (!open(fenced(lease))) throw new FencedError(`campaign ${lease.id} has ended`);
  });

  return {
    ...leases,

    async accept(campaign, events, idempotency) {
      store.reachable();
      const earlier = under(idempotency);
      if (earlier) return { campaign: shown(earlier), replayed: true };
      const row: Row = {
        campaign: stored(campaign),
        controls: [],
        ...unclaimed,
        lookAt: now(),
        idempotency,
      };
      rows.set(campaign.id, row);
      store.appendEvents('campaignId', campaign.id, events);
      return { campaign: shown(row), replayed: false };
    },

    async acceptedUnder(idempotency) {
      store.reachable();
      const earlier = under(idempotency);
      return earlier && shown(earlier);
    },

    async get(id) {
      store.reachable();
      const row = rows.get(id);
      return row ? shown(row) : null;
    },

    async list(filter) {
      store.reachable();
      const after = decodeCursor(filter.cursor);
      const matching = [...rows.values()]
        .map(shown)
        .filter(({ state }) => !filter.states || filter.states.includes(state))
        .filter(
          (campaign) => !filter.search || campaignSearchText(campaign).includes(filter.search.toLowerCase()),
        )
        .sort((a, b) => b.acceptedAt - a.acceptedAt || (a.id < b.id ? 1 : -1))
        .filter(
          ({ acceptedAt, id }) =>
            !after || acceptedAt < after.at || (acceptedAt === after.at && id < after.id),
        );
      const items = matching.slice(0, filter.limit);
      const last = matching.length > filter.limit ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ at: last.acceptedAt, id: last.id }) : null };
    },

    async counts() {
      store.reachable();
      const counts: Record<string, number> = {};
      for (const row of [...rows.values()].filter(open))
        counts[row.campaign.state] = (counts[row.campaign.state] ?? 0) + 1;
      return counts;
    },

    async save(lease, before, after, extra) {
      store.reachable();
      const row = fenced(lease);
      const members = row.campaign.members.map((member, at) =>
        after.members[at] === before.members[at] ? member : stored(after.members[at]!),
      );
      const { pendingControls: _, ...doc } = stored(after) as StoredCampaign;
      row.campaign = { ...doc, members };
      row.controls = row.controls.filter(({ id }) => !extra.appliedControls.includes(id));
      row.leaseUntil = now() + lease.leaseMs;
      const wanted = extra.lookAgainInMs === null ? null : now() + extra.lookAgainInMs;
      row.lookAt = !open(row) ? null : row.controls.length > 0 ? now() : wanted;
      store.appendEvents('campaignId', lease.id, extra.events);
    },

    async control(id, control) {
      store.reachable();
      const row = rows.get(id);
      if (!row) throw new NotFoundError('campaign', id);
      if (!row.controls.some((waiting) => waiting.id === control.id)) row.controls.push(stored(control));
      row.lookAt = open(row) ? now() : null;
    },
  };
}
