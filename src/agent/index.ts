import { Agent, type AgentRequest } from './agent.ts';

export type { AgentRequest, KnownAs } from './agent.ts';

/** The process ends by itself once nothing is under way. */
const leftByItselfMs = 300;

/** Runs the agent until its signal, or SIGTERM, after which the process is gone within two seconds. */
export async function runAgent(request: AgentRequest): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  if (request.signal.aborted) end();
  request.signal.addEventListener('abort', end);
  let terminated = false;
  const terminate = (): void => {
    terminated = true;
    end();
  };
  process.once('SIGTERM', terminate);
  try {
    await new Agent({ ...request, signal: ending.signal }).run();
  } finally {
    process.off('SIGTERM', terminate);
    // Even process.exit() waits for each name that is being resolved; the signal, which nobody takes any more, does not.
    if (terminated) setTimeout(() => process.kill(process.pid, 'SIGTERM'), leftByItselfMs).unref();
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
