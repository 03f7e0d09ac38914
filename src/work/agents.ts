import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { startRounds } from '../platform/rounds.ts';
import type { AgentStore } from '../store/agents.ts';

interface AgentKeeping {
  readonly agents: AgentStore;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const everyMs = 15_000;
const keptForMs = 86_400_000;

/** Counts the agents for the figures, and forgets those that were silent for a day. Any number of processes may do so. */
export function keepAgents({ agents, metrics, now, sleep, log }: AgentKeeping): { close(): Promise<void> } {
  return startRounds({
    pauseMs: 0,
    atMostMs: everyMs,
    retryMs: everyMs,
    sleep,
    async turn() {
      const gone = await agents.prune(now() - keptForMs);
      if (gone > 0) log.info({ agents: gone }, 'forgot agents that were silent for a day');
      metrics.agents(await agents.counts(now()));
      return everyMs;
    },
    failed: (error) => log.warn({ err: error }, 'the agents could not be counted; it is tried again'),
  });
}
