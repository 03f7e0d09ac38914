import { randomUUID } from 'node:crypto';
import type { ExpansionView } from '../../model/views/expansion.ts';
import type { Plan } from '../../model/views/plan.ts';
import type { ExpansionRequest, PlannedRequest, RetryRequest } from '../api-types.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { ask } from '../prompt.ts';
import { renderPlan } from '../render/plan.ts';
import { planOrRequest, type RequestOptions } from '../request.ts';
import type { Session } from '../session.ts';
import { writeJsonLine } from '../view.ts';
import { watchExpansion } from '../watching.ts';

interface StartOptions {
  readonly yes?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly idempotencyKey?: string;
}

export type ExpandOptions = RequestOptions & StartOptions;

/** Plans, or takes a plan that was made before; asks, starts and watches. */
export async function expand(
  session: Session,
  nodes: readonly string[],
  options: ExpandOptions,
): Promise<ExitCode> {
  const request = planOrRequest(nodes, options, session.context);
  if (!('planId' in request)) return expandRequest(session, request, options);
  checkCanAsk(session, options);
  const path = `/v1/plans/${encodeURIComponent(request.planId)}`;
  return start(session, await session.client.get<Plan>(path), request, options);
}

/** The same for a request that is made already. */
export async function expandRequest(
  session: Session,
  request: ExpansionRequest | RetryRequest,
  options: StartOptions,
): Promise<ExitCode> {
  checkCanAsk(session, options);
  const { label, startAt, ...planRequest } = request;
  const plan = await session.client.post<Plan>('/v1/plans', planRequest);
  // Whoever says yes to a plan gets this plan. Without a question nobody has seen it.
  const asked = options.yes
    ? request
    : {
        planId: plan.id,
        ...(label === undefined ? {} : { label }),
        ...(startAt === undefined ? {} : { startAt }),
      };
  return start(session, plan, asked, options);
}

async function start(
  session: Session,
  plan: Plan,
  request: ExpansionRequest | RetryRequest | PlannedRequest,
  options: StartOptions,
): Promise<ExitCode> {
  const { context, client } = session;
  const { json } = session.options;
  if (json) writeJsonLine(context, { kind: 'plan', plan });
  else context.stdout.write(`${renderPlan(plan, session.style).join('\n')}\n\n`);
  if (!plan.acceptable) return exitCodes.refused;

  const answer = options.yes
    ? 'yes'
    : await ask(context, context.words.expand.question(plan.batches.flat().length, plan.master.name));
  if (answer !== 'yes') {
    context.stderr.write(`${context.words.expand.nothingStarted}\n`);
    return answer === 'no' ? exitCodes.failed : exitCodes.detached;
  }
  const accepted = await client.postOnce<ExpansionView>(
    '/v1/expansions',
    request,
    options.idempotencyKey ?? randomUUID(),
  );
  if (json) writeJsonLine(context, { kind: 'accepted', expansionId: accepted.id, expansion: accepted });
  else context.stdout.write(`${context.words.expand.accepted(accepted.id)}\n`);
  if (!options.detach)
    return watchExpansion(session, accepted.id, {
      afterSeq: 0,
      waitForPerson: options.wait === true,
      told: plan.findings,
    });
  if (!json) context.stdout.write(`${context.words.expand.watchIt(accepted.id)}\n`);
  return exitCodes.succeeded;
}

function checkCanAsk(session: Session, options: StartOptions): void {
  if (options.yes) return;
  if (session.options.json)
    throw new UsageError((words) => words.expand.cannotAskJson, [(words) => words.expand.addYes]);
  if (!session.context.stdin.isTTY)
    throw new UsageError((words) => words.expand.cannotAsk, [(words) => words.expand.addYesOrPlan]);
}
