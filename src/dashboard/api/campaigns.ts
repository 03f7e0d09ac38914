import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type CampaignVerb, campaignHasEnded, campaignStates } from '../../model/campaign.ts';
import type { PolicyInput } from '../../model/policy.ts';
import type { CampaignPlan, CampaignSummary, CampaignView } from '../../model/views/campaign.ts';
import type { EventPage } from '../../model/views/event.ts';
import type { Page } from '../../model/views/schema.ts';
import { call } from './client.ts';
import type { NodeInput } from './types.ts';

const keys = {
  list: ['campaigns'],
  open: ['campaigns', 'open'],
  one: (id: string) => ['campaign', id],
  events: (id: string) => ['campaign', id, 'events'],
} as const;

export const campaignPath = (id: string): string => `/v1/campaigns/${encodeURIComponent(id)}`;

export const useCampaigns = () =>
  useInfiniteQuery({
    queryKey: keys.list,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      call<Page<CampaignSummary>>(
        `/v1/campaigns?limit=50${pageParam === null ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`,
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 5_000,
  });

const openStates = campaignStates.filter((state) => !campaignHasEnded(state)).join(',');

/** Campaigns that have not ended, the newest two hundred. */
export const useOpenCampaigns = () =>
  useQuery({
    queryKey: keys.open,
    queryFn: ({ signal }) =>
      call<Page<CampaignSummary>>(`/v1/campaigns?state=${openStates}&limit=200`, { signal }),
    refetchInterval: 5_000,
  });

/** One campaign, read again every second or two until it has ended. */
export const useCampaign = (id: string) =>
  useQuery({
    queryKey: keys.one(id),
    queryFn: ({ signal }) => call<CampaignView>(campaignPath(id), { signal }),
    refetchInterval: ({ state }) => (state.data && campaignHasEnded(state.data.state) ? false : 1_500),
  });

const shownEvents = 1000;

export const useCampaignEvents = (id: string, over: boolean) =>
  useQuery({
    queryKey: [...keys.events(id), over],
    queryFn: ({ signal }) => call<EventPage>(`${campaignPath(id)}/events?limit=${shownEvents}`, { signal }),
    refetchInterval: over ? false : 3_000,
    placeholderData: (previous) => previous,
  });

export interface CampaignControlRequest {
  readonly verb: CampaignVerb;
  readonly reason: string;
  readonly cancelMembers: boolean;
}

export function useCampaignControl(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ verb, reason, cancelMembers }: CampaignControlRequest) =>
      call(`${campaignPath(id)}/${verb}`, {
        method: 'POST',
        body: { reason, ...(cancelMembers ? { cancelMembers } : {}) },
      }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.one(id) }),
        client.invalidateQueries({ queryKey: keys.list }),
      ]),
  });
}

/** What a campaign is asked for with. */
export interface CampaignRequest {
  readonly label?: string;
  readonly maxRunning: number;
  readonly stopAfterFailures: number;
  readonly canary: { readonly count: number; readonly approval: boolean };
  readonly policy?: PolicyInput;
  readonly members: readonly { readonly master: NodeInput; readonly nodes: readonly NodeInput[] }[];
}

/** What each member would do. Nothing is stored. */
export const planCampaign = (request: CampaignRequest) =>
  call<CampaignPlan>('/v1/campaigns?dryRun=true', { method: 'POST', body: request });

/** Starts a campaign. The same key never starts it twice, however often the button is pressed. */
export const startCampaign = (request: CampaignRequest, idempotencyKey: string) =>
  call<CampaignView>('/v1/campaigns', {
    method: 'POST',
    body: request,
    headers: { 'idempotency-key': idempotencyKey },
  });
