import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Action } from '../../model/access.ts';
import { type ControlVerb, type ExpansionState, isActive, isEnded } from '../../model/expansion.ts';
import type { PolicyInput } from '../../model/policy.ts';
import type { AgentList } from '../../model/views/agent.ts';
import type { Audit, StoredAuditDoc } from '../../model/views/audit.ts';
import type { ChannelTest, ChannelView, IncidentView, NewChannel } from '../../model/views/channel.ts';
import type { Comparison } from '../../model/views/comparison.ts';
import type { ExpansionSummary, ExpansionView, NodeDetail } from '../../model/views/expansion.ts';
import type { Guard, StoredGuardDoc } from '../../model/views/guard.ts';
import type { Hold } from '../../model/views/hold.ts';
import type { Observation, ObservationPage } from '../../model/views/observation.ts';
import type { Plan, PlanSummary, Topology } from '../../model/views/plan.ts';
import type { Rehearsal } from '../../model/views/rehearsal.ts';
import type { Replacement, StoredReplacement } from '../../model/views/replacement.ts';
import type { Page } from '../../model/views/schema.ts';
import type { Freeze, KnowledgeView, OpenSession, Session } from '../../model/views/service.ts';
import type { NewToken, TokenRequest, TokenView } from '../../model/views/token.ts';
import type { TrailEntry } from '../../model/views/trail.ts';
import { call, expansionPath, nodePath } from './client.ts';
import type { MasterInput, NodeInput, PlannedRequest } from './types.ts';

/** The names under which answers are kept. */
export const keys = {
  session: ['session'],
  freeze: ['freeze'],
  holds: ['holds'],
  expansionLists: ['expansions'],
  expansions: (filter: object) => ['expansions', filter],
  expansion: (id: string) => ['expansion', id],
  node: (id: string, node: string) => ['expansion', id, 'node', node],
  observations: (id: string, node: string) => ['observations', id, node],
  topology: (master: string) => ['topology', master],
  plans: ['plans'],
  plan: (id: string) => ['plan', id],
  rehearsal: (plan: string) => ['rehearsal', plan],
  knowledge: ['knowledge'],
  agents: ['agents'],
  audits: ['audits'],
  audit: (id: string) => ['audit', id],
  replacements: ['replacements'],
  replacement: (id: string) => ['replacement', id],
  guards: ['guards'],
  guard: (id: string) => ['guard', id],
  tokens: ['tokens'],
  channels: ['channels'],
  incidents: ['incidents'],
  sessions: ['sessions'],
  trail: (filter: object) => ['trail', filter],
  comparisons: ['comparisons'],
  comparison: (id: string) => ['comparison', id],
} as const;

export const useSession = () =>
  useQuery({ queryKey: keys.session, queryFn: () => call<Session>('/v1/session'), staleTime: 60_000 });

/** Whether the person may do this. False until it is known. */
export function useMay(action: Action): boolean {
  return useSession().data?.may.includes(action) ?? false;
}

export const useFreeze = () =>
  useQuery({ queryKey: keys.freeze, queryFn: () => call<Freeze>('/v1/freeze'), refetchInterval: 15_000 });

export const useHolds = () =>
  useQuery({
    queryKey: keys.holds,
    queryFn: () => call<Page<Hold>>('/v1/holds?active=true'),
    refetchInterval: 5_000,
  });

export interface ExpansionListFilter {
  readonly states: readonly ExpansionState[];
  readonly search: string;
  readonly limit: number;
}

/** Expansions of the given states, newest first, page after page. */
export function useExpansionList(filter: ExpansionListFilter) {
  return useInfiniteQuery({
    queryKey: keys.expansions(filter),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ state: filter.states.join(','), limit: String(filter.limit) });
      if (filter.search !== '') query.set('search', filter.search);
      if (pageParam !== null) query.set('cursor', pageParam);
      return call<Page<ExpansionSummary>>(`/v1/expansions?${query}`, { signal });
    },
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 10_000,
    placeholderData: (previous) => previous,
  });
}

/** One expansion. The stream says when to read it again; a slow poll makes up for lost news. */
export const useExpansion = (id: string) =>
  useQuery({
    queryKey: keys.expansion(id),
    queryFn: ({ signal }) => call<ExpansionView>(expansionPath(id), { signal }),
    refetchInterval: ({ state }) => (state.data && isEnded(state.data.state) ? false : 5_000),
  });

export const useNode = (id: string, node: string) =>
  useQuery({
    queryKey: keys.node(id, node),
    queryFn: ({ signal }) => call<NodeDetail>(nodePath(id, node), { signal }),
    // What agents tell comes without news of its own.
    refetchInterval: ({ state }) => (state.data?.hosts.node && isActive(state.data.phase) ? 2_000 : false),
  });

/** Observations of a node, oldest first, at most `limit`. */
export const fetchObservations = (id: string, node: string, after: number, limit: number) =>
  call<ObservationPage>(`${nodePath(id, node)}/observations?after=${after}&limit=${limit}`);

/** All observations of a node, oldest first: those that are known already, and what came after them. */
export async function allObservations(
  id: string,
  node: string,
  known: readonly Observation[] = [],
): Promise<readonly Observation[]> {
  const all = [...known];
  for (;;) {
    const page = await fetchObservations(id, node, all.at(-1)?.seq ?? 0, 1000);
    all.push(...page.items);
    if (page.nextAfter === null) return all;
  }
}

/** Asks for nothing twice: a node can have a thousand observations, and each is large. */
export const useObservations = (id: string, node: string, running: boolean) =>
  useQuery({
    queryKey: keys.observations(id, node),
    queryFn: ({ client, queryKey }) => allObservations(id, node, client.getQueryData(queryKey)),
    refetchInterval: running ? 5_000 : false,
  });

export const useTopology = (master: string | null, credential: string | null) =>
  useQuery({
    queryKey: keys.topology(`${master} ${credential ?? ''}`),
    enabled: master !== null,
    staleTime: 20_000,
    retry: false,
    queryFn: ({ signal }) =>
      call<Topology>('/v1/topology', {
        method: 'POST',
        body: { master, ...(credential === null ? {} : { credential }) },
        signal,
      }),
  });

export interface ControlRequest {
  readonly verb: ControlVerb;
  readonly node: string | null;
  readonly reason: string;
}

/** Sends a control to an expansion; the service applies it at the next safe point. */
export function useControl(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ verb, node, reason }: ControlRequest) =>
      call(`${node === null ? expansionPath(id) : nodePath(id, node)}/${verb}`, {
        method: 'POST',
        body: { reason },
      }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.expansion(id) }),
        client.invalidateQueries({ queryKey: keys.expansionLists }),
      ]),
  });
}

export function useFreezeControl() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ frozen, reason }: { readonly frozen: boolean; readonly reason: string }) =>
      call<Freeze>('/v1/freeze', { method: frozen ? 'POST' : 'DELETE', body: { reason } }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.freeze }),
  });
}

export type PlanRequest =
  | { readonly master: MasterInput; readonly nodes: readonly NodeInput[]; readonly policy?: PolicyInput }
  | { readonly retryOf: string; readonly nodes?: readonly NodeInput[] };

/** The plans that this person had made, newest first. */
export const usePlans = () =>
  useQuery({ queryKey: keys.plans, queryFn: () => call<Page<PlanSummary>>('/v1/plans') });

/** A plan that was made before. */
export const usePlan = (id: string, wanted = true) =>
  useQuery({
    queryKey: keys.plan(id),
    enabled: wanted,
    queryFn: ({ signal }) => call<Plan>(`/v1/plans/${encodeURIComponent(id)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

export const useKnowledge = () =>
  useQuery({
    queryKey: keys.knowledge,
    queryFn: ({ signal }) => call<KnowledgeView>('/v1/knowledge', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useAgents = () =>
  useQuery({
    queryKey: keys.agents,
    queryFn: ({ signal }) => call<AgentList>('/v1/agents', { signal }),
    refetchInterval: 5_000,
  });

/** The rehearsal of a plan. The same plan always gives the same rehearsal, so it is played once. */
export const useRehearsal = (plan: string, wanted: boolean) =>
  useQuery({
    queryKey: keys.rehearsal(plan),
    enabled: wanted,
    queryFn: ({ signal }) =>
      call<Rehearsal>(`/v1/plans/${encodeURIComponent(plan)}/rehearsal`, {
        method: 'POST',
        body: {},
        signal,
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

export const makePlan = (request: PlanRequest) => call<Plan>('/v1/plans', { method: 'POST', body: request });

/** Starts an expansion. The same key never starts it twice, however often the button is pressed. */
export const startExpansion = (request: PlannedRequest, idempotencyKey: string) =>
  call<ExpansionView>('/v1/expansions', {
    method: 'POST',
    body: request,
    headers: { 'idempotency-key': idempotencyKey },
  });

/** All of a list, page by page. */
/** `filter`: a part of the query that ends with `&`. */
const useList = <T>(queryKey: readonly string[], path: string, filter = '') =>
  useInfiniteQuery({
    queryKey,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      call<Page<T>>(
        `${path}?${filter}limit=50${pageParam === null ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`,
      ),
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 5_000,
  });

export interface TrailFilter {
  readonly who: string;
  readonly act: string;
  readonly object: string;
  /** As a field for a moment gives it; empty = from the beginning. */
  readonly since: string;
}

/** Who asked for what, newest first. */
export function useTrail(filter: TrailFilter) {
  return useInfiniteQuery({
    queryKey: keys.trail(filter),
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: '50' });
      for (const name of ['who', 'act', 'object'] as const)
        if (filter[name].trim() !== '') query.set(name, filter[name].trim());
      const since = Date.parse(filter.since);
      if (Number.isFinite(since) && since >= 0) query.set('since', String(since));
      if (pageParam !== null) query.set('cursor', pageParam);
      const page = await call<Page<TrailEntry>>(`/v1/trail?${query}`, { signal });
      return { ...page, items: page.items.map((entry) => ({ ...entry, id: String(entry.seq) })) };
    },
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 5_000,
    placeholderData: (previous) => previous,
  });
}

export const useTokens = () => useList<TokenView>(keys.tokens, '/v1/tokens');
export const useSessions = () => useList<OpenSession>(keys.sessions, '/v1/sessions');
export const useChannels = () => useList<ChannelView>(keys.channels, '/v1/channels');
export const useIncidents = () => useList<IncidentView>(keys.incidents, '/v1/incidents', 'open=true&');
export const createChannel = (request: object) =>
  call<NewChannel>('/v1/channels', { method: 'POST', body: request });
export const changeChannel = (id: string, changes: object) =>
  call<ChannelView>(`/v1/channels/${encodeURIComponent(id)}`, { method: 'PATCH', body: changes });
export const testChannel = (id: string) =>
  call<ChannelTest>(`/v1/channels/${encodeURIComponent(id)}/test`, { method: 'POST', body: {} });
export const createToken = (request: TokenRequest) =>
  call<NewToken>('/v1/tokens', { method: 'POST', body: request });

export const useAudits = () => useList<StoredAuditDoc>(keys.audits, '/v1/audits');

export const useAudit = (id: string) =>
  useQuery({
    queryKey: keys.audit(id),
    queryFn: () => call<Audit>(`/v1/audits/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data && state.data.endedAt === null ? 2_000 : false),
  });

export const startAudit = (body: { readonly masters: readonly string[] | 'all'; readonly depth: string }) =>
  call<Audit>('/v1/audits', { method: 'POST', body });

export const useGuards = () => useList<StoredGuardDoc>(keys.guards, '/v1/guards');

export const useGuard = (id: string) =>
  useQuery({
    queryKey: keys.guard(id),
    queryFn: () => call<Guard>(`/v1/guards/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data?.state === 'ended' ? false : 5_000),
  });

export const startGuard = (body: {
  readonly masters: readonly string[] | 'all';
  readonly label?: string;
  readonly audits?: { readonly cron: string; readonly timeZone: string; readonly depth: string };
}) => call<Guard>('/v1/guards', { method: 'POST', body });

export const useReplacements = () => useList<StoredReplacement>(keys.replacements, '/v1/replacements');

export const useReplacement = (id: string) =>
  useQuery({
    queryKey: keys.replacement(id),
    queryFn: () => call<Replacement>(`/v1/replacements/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data && state.data.endedAt === null ? 2_000 : false),
  });

export const startReplacement = (body: object) =>
  call<Replacement>('/v1/replacements', { method: 'POST', body });

const comparisonRuns = (comparison: Comparison | undefined): boolean =>
  comparison !== undefined && ['pending', 'running'].includes(comparison.state);

export const useComparisons = () => useList<Comparison>(keys.comparisons, '/v1/comparisons');

export const useComparison = (id: string) =>
  useQuery({
    queryKey: keys.comparison(id),
    queryFn: () => call<Comparison>(`/v1/comparisons/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (comparisonRuns(state.data) ? 1_000 : false),
  });

export const startComparison = (body: { left: MasterInput; right: MasterInput; depth: string }) =>
  call<Comparison>('/v1/comparisons', { method: 'POST', body });

export const signIn = (token: string) => call<Session>('/v1/session', { method: 'POST', body: { token } });
export const signOut = () => call<void>('/v1/session', { method: 'DELETE' });
