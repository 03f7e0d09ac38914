import type { ExpansionView, PageView } from '../api-types.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

/** Ids of the newest expansions, one a line, for shell completion; nothing when the service does not answer. */
export async function printIds(options: GlobalOptions, context: CliContext): Promise<ExitCode> {
  try {
    const { client } = openSession(options, context);
    const page = await client.get<PageView<ExpansionView>>('/v1/expansions', { limit: 30 });
    context.stdout.write(page.items.map((expansion) => `${expansion.id}\n`).join(''));
    return exitCodes.succeeded;
  } catch {
    return exitCodes.failed;
  }
}
