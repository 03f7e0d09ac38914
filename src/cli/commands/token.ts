import { type Action, actions, type Role, roles } from '../../model/access.ts';
import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { Page } from '../../model/views/schema.ts';
import type { NewToken, TokenView } from '../../model/views/token.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { parseDuration } from '../quantities.ts';
import type { Session } from '../session.ts';

export interface CreateTokenOptions {
  readonly name?: string;
  readonly role?: string;
  readonly masters?: readonly string[];
  readonly nodes?: readonly string[];
  readonly actions?: readonly string[];
  readonly expires?: string;
}

export async function createToken(session: Session, options: CreateTokenOptions): Promise<ExitCode> {
  const { name, role, masters, nodes, expires } = options;
  if (!name?.trim()) throw new UsageError(({ tokens }) => tokens.needsName);
  if (!roles.includes(role as Role)) throw new UsageError(({ tokens }) => tokens.needsRole(roles));
  const unknown = options.actions?.find((action) => !actions.includes(action as Action));
  if (unknown !== undefined)
    throw new UsageError(({ tokens }) => tokens.noAction(printable(unknown), actions));
  const scope = {
    ...(masters && { masters }),
    ...(nodes && { nodes }),
    ...(options.actions && { actions: options.actions }),
  };
  const made = await session.client.post<NewToken>('/v1/tokens', {
    name,
    role,
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(expires !== undefined && { expiresInMs: duration(expires, '--expires') }),
  });
  return shownOnce(session, made);
}

export async function rotateToken(
  session: Session,
  id: string,
  grace: string | undefined,
): Promise<ExitCode> {
  const graceMinutes = grace === undefined ? 0 : Math.ceil(duration(grace, '--grace') / 60_000);
  return shownOnce(session, await session.client.post<NewToken>(`${pathOf(id)}/rotate`, { graceMinutes }));
}

export async function listTokens(session: Session): Promise<ExitCode> {
  const page = await session.client.get<Page<TokenView>>('/v1/tokens', { limit: 200 });
  const words = session.context.words.tokens;
  session.print(page, () => {
    if (page.items.length === 0) return [words.none];
    const rows = page.items.map((token) => [
      token.id,
      printable(token.name),
      token.role,
      printable(scopeText(token, words)),
      words.states[token.state],
      token.expiresAt === null ? words.never : formatTime(token.expiresAt),
      printable(token.createdBy),
    ]);
    return table([Object.values(words.columns), ...rows]);
  });
  return exitCodes.succeeded;
}

export async function revokeToken(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const token = await session.client.delete<TokenView>(pathOf(id), reason === undefined ? {} : { reason });
  session.print(token, () => [session.context.words.tokens.revoked(id, printable(token.name))]);
  return exitCodes.succeeded;
}

/** The text alone goes to standard output, so that it can go into a file; what people read goes beside it. */
function shownOnce(session: Session, made: NewToken): ExitCode {
  if (!session.options.json) {
    const text = session.context.words.tokens.made({
      id: made.id,
      name: printable(made.name),
      role: made.role,
      ends: made.expiresAt === null ? null : formatTime(made.expiresAt),
      oldUntil: made.oldUntil === null ? null : formatTime(made.oldUntil),
    });
    session.context.stderr.write(`${text}\n`);
  }
  session.print(made, () => [made.token]);
  return exitCodes.succeeded;
}

function scopeText({ scope }: TokenView, words: CommandLineWords['tokens']): string {
  const lists = Object.entries(scope).map(
    ([name, list]) => [words.scopes[name as keyof typeof words.scopes], list] as const,
  );
  return lists.length === 0 ? words.everything : words.scope(lists);
}

function duration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw new UsageError(({ flags, tokens }) => flags.give(option, printable(text), [tokens.duration]));
  return ms;
}

const pathOf = (id: string): string => `/v1/tokens/${encodeURIComponent(id)}`;
