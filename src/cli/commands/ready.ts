import type { NodeReady } from '../../model/views/node-ready.ts';
import { passesAfterMs } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable } from '../format.ts';
import type { Session } from '../session.ts';

export interface ReadyOptions {
  readonly master?: string;
  readonly unknownIsReady?: boolean;
}

/** Whether readers may get a node; for probes. */
export async function ready(
  session: Session,
  node: string,
  { master, unknownIsReady = false }: ReadyOptions,
): Promise<ExitCode> {
  const path = `/v1/nodes/${encodeURIComponent(node)}/ready`;
  const query = master === undefined ? {} : { master };
  let answer: NodeReady;
  try {
    answer = await session.client.getAlsoNo<NodeReady>(path, 'ready', query);
  } catch (error) {
    if (!unknownIsReady || passesAfterMs(error) === null) throw error;
    const { message } = error as Error;
    session.print({ node, ready: null, message }, () => [
      `It is not known whether ${printable(node)} is ready: ${message}`,
    ]);
    return exitCodes.succeeded;
  }
  session.print(answer, () => [
    answer.reason === null
      ? `${answer.node} is ready: ${answer.proof!.by} proved it at ${formatTime(answer.proof!.at)}.`
      : `${answer.node} is not ready: ${printable(answer.reason.text)}`,
  ]);
  return answer.ready ? exitCodes.succeeded : exitCodes.failed;
}
