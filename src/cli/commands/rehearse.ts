import type { RehearsalView } from '../api-types.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { renderRehearsal } from '../render/rehearsal.ts';
import { type RequestOptions, requestOf } from '../request.ts';
import type { Session } from '../session.ts';

/** Has the plan played on simulated nodes and prints what came of it; 0 when the plain run succeeded. */
export async function rehearse(
  session: Session,
  nodes: readonly string[],
  options: RequestOptions,
): Promise<ExitCode> {
  const { label: _, ...request } = requestOf(nodes, options, session.context);
  const answer = await session.client.post<RehearsalView>('/v1/rehearsals', request);
  session.print(answer, () => renderRehearsal(answer, session.style));
  return answer.predicted.state === 'succeeded' ? exitCodes.succeeded : exitCodes.failed;
}
