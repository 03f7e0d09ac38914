import type { ExpansionRequest, PlannedRequest, RetryRequest } from './api-types.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { type PolicyOptions, policyOf } from './policy-options.ts';
import { readText } from './settings.ts';
import { parseMaster, parseNode, parseNodeLines } from './targets.ts';

export interface RequestOptions extends PolicyOptions {
  readonly master?: string;
  readonly retryOf?: string;
  readonly plan?: string;
  readonly nodesFile?: string;
  readonly label?: string;
  readonly at?: string;
}

/** The request body of `expand`: of `plan` and `rehearse` without label and time, or a plan made before. Throws UsageError. */
export function planOrRequest(
  nodes: readonly string[],
  options: RequestOptions,
  context: CliContext,
): ExpansionRequest | RetryRequest | PlannedRequest {
  const { plan, master, retryOf, nodesFile } = options;
  if (plan === undefined) return requestOf(nodes, options, context);
  if (master !== undefined || retryOf !== undefined || nodes.length > 0 || nodesFile !== undefined)
    throw new UsageError(({ request }) => request.planAlone);
  if (policyOf(options, context) !== undefined) throw new UsageError(({ request }) => request.planPolicy);
  return { planId: plan, ...startOf(options, context) };
}

/** The same without a plan made before. Throws UsageError. */
export function requestOf(
  nodes: readonly string[],
  options: RequestOptions,
  context: CliContext,
): ExpansionRequest | RetryRequest {
  const { master, retryOf, nodesFile } = options;
  if ((master === undefined) === (retryOf === undefined))
    throw new UsageError(
      ({ request }) => (master === undefined ? request.noMaster : request.retryMaster),
      [({ request }) => request.nameMaster],
    );
  const fromFile = nodesFile === undefined ? [] : parseNodeLines(readText(nodesFile, 'nodes', context));
  const all = [...nodes.map(parseNode), ...fromFile];
  const policy = policyOf(options, context);
  const more = { ...(policy === undefined ? {} : { policy }), ...startOf(options, context) };
  if (master === undefined)
    return { retryOf: retryOf!, ...(all.length === 0 ? {} : { nodes: all }), ...more };
  if (all.length === 0)
    throw new UsageError(({ request }) => request.noNode, [({ request }) => request.nameNodes]);
  return { master: parseMaster(master), nodes: all, ...more };
}

function startOf({ label, at }: RequestOptions, context: CliContext) {
  return {
    ...(label === undefined ? {} : { label }),
    ...(at === undefined ? {} : { startAt: momentOf(at, context.now()) }),
  };
}

/**
 * A moment as a person writes it, on the clock of this machine unless it has an offset: `22:00` (the next), or
 * `2026-12-01T22:00`. Throws UsageError.
 */
function momentOf(text: string, now: number): number {
  const clock = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (clock !== null) {
    const moment = new Date(now);
    moment.setHours(Number(clock[1]), Number(clock[2]), 0, 0);
    if (moment.getTime() <= now) moment.setDate(moment.getDate() + 1);
    return moment.getTime();
  }
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new UsageError(({ request }) => request.noTime(text), [({ request }) => request.timeForm]);
  if (at <= now)
    throw new UsageError(({ request }) => request.passed(text), [({ request }) => request.leaveAtOut]);
  return at;
}
