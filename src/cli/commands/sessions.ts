import type { Page } from '../../model/views/schema.ts';
import type { OpenSession } from '../../model/views/service.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import type { Session } from '../session.ts';

/** The browsers that are signed in, the newest first. */
export async function listSessions(session: Session, limit: string | undefined): Promise<ExitCode> {
  const page = await session.client.get<Page<OpenSession>>('/v1/sessions', { limit: limit ?? 200 });
  const words = session.context.words.sessions;
  session.print(page, () => {
    if (page.items.length === 0) return [words.none];
    const rows = page.items.map(({ id, name, by, address, createdAt, until }) => [
      id,
      printable(name),
      words.by[by],
      address,
      formatTime(createdAt),
      formatTime(until),
    ]);
    const { columns } = words;
    return table([
      [columns.id, columns.name, columns.by, columns.from, columns.since, columns.until],
      ...rows,
    ]);
  });
  return exitCodes.succeeded;
}

export async function endSession(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const path = `/v1/sessions/${encodeURIComponent(id)}`;
  const ended = await session.client.delete<OpenSession>(path, reason === undefined ? {} : { reason });
  session.print(ended, () => [session.context.words.sessions.ended(id, printable(ended.name))]);
  return exitCodes.succeeded;
}
