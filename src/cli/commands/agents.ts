import { agentTroubles } from '../../model/shown-agent.ts';
import type { AgentList } from '../../model/views/agent.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatMilliseconds, printable, table } from '../format.ts';
import type { Session } from '../session.ts';

/** Shows which agents report, of which servers, and what of it does not count. */
export async function agents(session: Session): Promise<ExitCode> {
  const answer = await session.client.get<AgentList>('/v1/agents');
  session.print(answer, () => agentLines(answer, session.context));
  return exitCodes.succeeded;
}

function agentLines({ items }: AgentList, { words, reader, now }: CliContext): string[] {
  if (items.length === 0) return [words.agents.none];
  const rows = items.map((agent) => [
    agent.agent,
    agent.host,
    agent.version,
    words.agents.lastReport(formatMilliseconds(Math.max(0, now() - agent.lastReportAt)), agent.stale),
    agent.servers.map(({ addresses }) => addresses[0] ?? '').join(' ') || '-',
  ]);
  const [head, ...lines] = table([Object.values(words.agents.columns), ...rows]);
  return [
    head!,
    ...items.flatMap((agent, index) => [
      lines[index]!,
      ...agentTroubles(agent, reader).flatMap(({ text, step }) => [
        `  ${printable(text)}`,
        ...(step === null ? [] : [`    → ${printable(step)}`]),
      ]),
    ]),
  ];
}
