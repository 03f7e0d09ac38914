import type { NodeReady } from '../../model/views/node-ready.ts';
import { messageOf, passesAfterMs } from '../errors.ts';
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
  const words = session.context.words.ready;
  let answer: NodeReady;
  try {
    answer = await session.client.getAlsoNo<NodeReady>(path, 'ready', query);
  } catch (error) {
    if (!unknownIsReady || passesAfterMs(error) === null) throw error;
    const message = messageOf(error, session.context.words);
    session.print({ node, ready: null, message }, () => [words.unknown(printable(node), message)]);
    return exitCodes.succeeded;
  }
  session.print(answer, () => [
    answer.reason === null
      ? words.ready(answer.node, answer.proof!.by, formatTime(answer.proof!.at))
      : words.notReady(answer.node, printable(answer.reason.text)),
  ]);
  return answer.ready ? exitCodes.succeeded : exitCodes.failed;
}
