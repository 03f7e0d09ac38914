import type { ExpansionSummary } from '../../model/views/expansion.ts';
import type { Page } from '../../model/views/schema.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';

/** Ids of the newest expansions, one a line, for shell completion; nothing when the service does not answer. */
export async function printIds(options: GlobalOptions, context: CliContext): Promise<ExitCode> {
  try {
    const { client } = openSession(options, context);
    const page = await client.get<Page<ExpansionSummary>>('/v1/expansions', { limit: 30 });
    context.stdout.write(page.items.map((expansion) => `${expansion.id}\n`).join(''));
    return exitCodes.succeeded;
  } catch {
    return exitCodes.failed;
  }
}
