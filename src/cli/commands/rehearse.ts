import type { Rehearsal } from '../../model/views/rehearsal.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { renderRehearsal } from '../render/rehearsal.ts';
import { type RequestOptions, requestOf } from '../request.ts';
import type { Session } from '../session.ts';

export type RehearseOptions = Omit<RequestOptions, 'master'> & {
  readonly master?: string;
  readonly plan?: string;
};

/** Has a plan, new or made before, played on simulated nodes and prints what came of it; 0 when the plain run succeeded. */
export async function rehearse(
  session: Session,
  nodes: readonly string[],
  options: RehearseOptions,
): Promise<ExitCode> {
  const answer = await rehearsal(session, nodes, options);
  session.print(answer, () => renderRehearsal(answer, session.style));
  return answer.predicted.state === 'succeeded' ? exitCodes.succeeded : exitCodes.failed;
}

function rehearsal(
  { client, context }: Session,
  nodes: readonly string[],
  { plan, master, ...options }: RehearseOptions,
): Promise<Rehearsal> {
  if (plan !== undefined && (master !== undefined || nodes.length > 0 || options.nodesFile !== undefined))
    throw new UsageError('--plan plays a plan as it was made; leave the master and the nodes out.');
  if (plan !== undefined)
    return client.post<Rehearsal>(`/v1/plans/${encodeURIComponent(plan)}/rehearsal`, {});
  if (master === undefined)
    throw new UsageError('No master is named.', [
      'Name the master (--master host:port) and the nodes, or a plan made before (--plan ID).',
    ]);
  const { label: _, ...request } = requestOf(nodes, { ...options, master }, context);
  return client.post<Rehearsal>('/v1/rehearsals', request);
}
