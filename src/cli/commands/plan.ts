import type { Plan } from '../../model/views/plan.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { renderPlan } from '../render/plan.ts';
import { type RequestOptions, requestOf } from '../request.ts';
import type { Session } from '../session.ts';

/** Asks for the plan and prints it; nothing is started. */
export async function plan(
  session: Session,
  nodes: readonly string[],
  options: RequestOptions,
): Promise<ExitCode> {
  const { label: _, ...request } = requestOf(nodes, options, session.context);
  const answer = await session.client.post<Plan>('/v1/plans', request);
  session.print(answer, () => renderPlan(answer, session.style));
  return answer.acceptable ? exitCodes.succeeded : exitCodes.refused;
}
