import { agentTroubles } from '../../model/shown-agent.ts';
import { nobody } from '../../model/text.ts';
import type { AgentList } from '../../model/views/agent.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatMilliseconds, printable, table } from '../format.ts';
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
    `${formatMilliseconds(Math.max(0, now - agent.lastReportAt))} ago${agent.stale ? ', silent' : ''}`,
    agent.servers.map(({ addresses }) => addresses[0] ?? '').join(' ') || '-',
  ]);
  const [head, ...lines] = table([['AGENT', 'HOST', 'VERSION', 'LAST REPORT', 'SERVERS'], ...rows]);
  return [
    head!,
    ...items.flatMap((agent, index) => [
      lines[index]!,
      ...agentTroubles(agent, { ...nobody, tool: 'cli' }).flatMap(({ text, step }) => [
        `  ${printable(text)}`,
        ...(step === null ? [] : [`    → ${printable(step)}`]),
      ]),
    ]),
  ];
}
