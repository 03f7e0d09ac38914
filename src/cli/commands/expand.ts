import { randomUUID } from 'node:crypto';
import type { ExpansionView } from '../../model/views/expansion.ts';
import type { Plan } from '../../model/views/plan.ts';
import type { ExpansionRequest } from '../api-types.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { ask } from '../prompt.ts';
import { renderPlan } from '../render/plan.ts';
import { type RequestOptions, requestOf } from '../request.ts';
import type { Session } from '../session.ts';
import { writeJsonLine } from '../view.ts';
import { watchExpansion } from '../watching.ts';

interface StartOptions {
  readonly yes?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly idempotencyKey?: string;
}

export interface ExpandOptions extends RequestOptions, StartOptions {}

/** Plans, asks, starts and watches. */
export async function expand(
  session: Session,
  nodes: readonly string[],
  options: ExpandOptions,
): Promise<ExitCode> {
  return expandRequest(session, requestOf(nodes, options, session.context), options);
}

/** The same for a request that is made already. */
export async function expandRequest(
  session: Session,
  request: ExpansionRequest,
  options: StartOptions,
): Promise<ExitCode> {
  const { context, client } = session;
  const { json } = session.options;
  checkCanAsk(session, options);

  const { label: _, ...planRequest } = request;
  const plan = await client.post<Plan>('/v1/plans', planRequest);
  if (json) writeJsonLine(context, { kind: 'plan', plan });
  else context.stdout.write(`${renderPlan(plan, session.style).join('\n')}\n\n`);
  if (!plan.acceptable) return exitCodes.refused;

  const answer = options.yes ? 'yes' : await ask(context, question(request.nodes.length, plan));
  if (answer !== 'yes') {
    context.stderr.write('Nothing was started.\n');
    return answer === 'no' ? exitCodes.failed : exitCodes.detached;
  }
  const accepted = await client.postOnce<ExpansionView>(
    '/v1/expansions',
    request,
    options.idempotencyKey ?? randomUUID(),
  );
  if (json) writeJsonLine(context, { kind: 'accepted', expansionId: accepted.id, expansion: accepted });
  else context.stdout.write(`Expansion ${accepted.id} is accepted.\n`);
  if (!options.detach)
    return watchExpansion(session, accepted.id, { afterSeq: 0, waitForPerson: options.wait === true });
  if (!json) context.stdout.write(`Watch it: pika-expander watch ${accepted.id}\n`);
  return exitCodes.succeeded;
}

function checkCanAsk(session: Session, options: StartOptions): void {
  if (options.yes) return;
  if (session.options.json)
    throw new UsageError('With --json nobody can be asked.', ['Add --yes to start without a question.']);
  if (!session.context.stdin.isTTY)
    throw new UsageError('Standard input is no terminal, so nobody can be asked.', [
      'Add --yes to start without a question, or look first: pika-expander plan …',
    ]);
}

function question(count: number, plan: Plan): string {
  const nodes = count === 1 ? '1 node' : `${count} nodes`;
  return `Make ${nodes} slaves of ${plan.master.name}? [y/N] `;
}
