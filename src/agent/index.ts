import { Agent, type AgentRequest } from './agent.ts';

export type { AgentRequest, KnownAs } from './agent.ts';

/** Runs the agent until its signal or the end of the process's patience (SIGTERM). */
export async function runAgent(request: AgentRequest): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  if (request.signal.aborted) end();
  request.signal.addEventListener('abort', end);
  process.once('SIGTERM', end);
  try {
    await new Agent({ ...request, signal: ending.signal }).run();
  } finally {
    process.off('SIGTERM', end);
  }
}

/** The report that an agent would send now, as JSON. */
export async function firstReport(request: AgentRequest): Promise<string> {
  const agent = new Agent(request);
  try {
    while (!(await agent.look()) && !request.signal.aborted);
    return JSON.stringify((await agent.report()).report);
  } finally {
    await agent.close();
  }
}
