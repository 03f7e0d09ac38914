/** What an agent tells, by another clock. */
import type { AgentListings, AgentServer, Folder } from './views/agent.ts';

type Folders = Omit<AgentListings, 'at'>;
type Move = (time: number) => number;

/** Folders with all their times moved. */
export function foldersMoved({ dumps, copies, opened }: Folders, move: Move): Folders {
  const folder = (it: Folder): Folder => ({ ...it, changedAt: move(it.changedAt) });
  return { dumps: dumps.map(folder), copies: copies.map(folder), opened: opened.map(folder) };
}

/** A server with all its times moved. */
export const serverMoved = (server: AgentServer, move: Move): AgentServer => ({
  ...server,
  ...foldersMoved(server, move),
  attempts: server.attempts.map((attempt) => ({
    ...attempt,
    startedAt: move(attempt.startedAt),
    endedAt: attempt.endedAt === null ? null : move(attempt.endedAt),
  })),
  log: server.log.map((fact) => ({ ...fact, at: move(fact.at) })),
  ports: server.ports.map((tried) => ({ ...tried, at: move(tried.at) })),
});
