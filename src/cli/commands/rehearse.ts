import type { Rehearsal } from '../../model/views/rehearsal.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { renderRehearsal } from '../render/rehearsal.ts';
import { planOrRequest, type RequestOptions } from '../request.ts';
import type { Session } from '../session.ts';

/** Has a plan, new or made before, played on simulated nodes and prints what came of it; 0 when the plain run succeeded. */
export async function rehearse(
  session: Session,
  nodes: readonly string[],
  options: RequestOptions,
): Promise<ExitCode> {
  const answer = await rehearsal(session, nodes, options);
  session.print(answer, () => renderRehearsal(answer, session.style));
  return answer.predicted.state === 'succeeded' ? exitCodes.succeeded : exitCodes.failed;
}

function rehearsal(
  { client, context }: Session,
  nodes: readonly string[],
  options: RequestOptions,
): Promise<Rehearsal> {
  const asked = planOrRequest(nodes, options, context);
  if ('planId' in asked)
    return client.post<Rehearsal>(`/v1/plans/${encodeURIComponent(asked.planId)}/rehearsal`, {});
  const { label: _, ...request } = asked;
  return client.post<Rehearsal>('/v1/rehearsals', request);
}
