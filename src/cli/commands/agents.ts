import type { AgentList, AgentView } from '../../model/views/agent.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatMilliseconds, table } from '../format.ts';
import type { Session } from '../session.ts';

/** Shows which agents report, of which servers, and what of it does not count. */
export async function agents(session: Session): Promise<ExitCode> {
  const answer = await session.client.get<AgentList>('/v1/agents');
  session.print(answer, () => agentLines(answer, session.context.now()));
  return exitCodes.succeeded;
}

function agentLines({ items }: AgentList, now: number): string[] {
  if (items.length === 0) return ['No agent has reported within a day.'];
  const rows = items.map((agent) => [
    agent.agent,
    agent.host,
    agent.version,
    `${formatMilliseconds(Math.max(0, now - agent.lastReportAt))} ago${agent.stale ? ', stale' : ''}`,
    agent.servers.map(({ addresses }) => addresses[0] ?? '').join(' ') || '-',
  ]);
  const [head, ...lines] = table([['AGENT', 'HOST', 'VERSION', 'LAST REPORT', 'SERVERS'], ...rows]);
  return [
    head!,
    ...items.flatMap((agent, index) => [lines[index]!, ...troubleOf(agent).map((text) => `  ${text}`)]),
  ];
}

/** What of its reports does not count, and why. */
function troubleOf(agent: AgentView): string[] {
  const { dropped, refused, servers, clockAheadMs } = agent;
  const contested = servers.filter(({ contestedBy }) => contestedBy.length > 0);
  return [
    ...contested.map(
      ({ addresses, contestedBy }) =>
        `${addresses[0]}: ${contestedBy.join(', ')} reports of it too; the process id in INFO decides`,
    ),
    ...(dropped.addresses > 0
      ? [`addresses in its latest report for which its token may not speak: ${dropped.addresses}`]
      : []),
    ...(dropped.servers > 0 ? [`servers in its latest report that do not count: ${dropped.servers}`] : []),
    ...(refused > 0 ? [`reports refused: ${refused}, about none of the servers of its token`] : []),
    ...(Math.abs(clockAheadMs) >= 1000
      ? [
          `its clock is ${formatMilliseconds(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`,
        ]
      : []),
    ...servers
      .filter(({ logDropped }) => logDropped > 0)
      .map(
        ({ addresses, logDropped }) => `${addresses[0]}: ${logDropped} lines of its log fitted in no report`,
      ),
  ];
}
