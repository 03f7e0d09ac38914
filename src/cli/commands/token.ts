import { type Action, actions, type Role, roles } from '../../model/access.ts';
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
  if (!name?.trim())
    throw new UsageError('This needs a --name; it stands in the history of what the token does.');
  if (!roles.includes(role as Role)) throw new UsageError(`This needs a --role: ${roles.join(', ')}.`);
  const unknown = options.actions?.find((action) => !actions.includes(action as Action));
  if (unknown !== undefined)
    throw new UsageError(`"${printable(unknown)}" is no action; there are ${actions.join(', ')}.`);
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
  session.print(page, () => {
    if (page.items.length === 0) return ['No token was created. Tokens of the configuration are not listed.'];
    const rows = page.items.map((token) => [
      token.id,
      printable(token.name),
      token.role,
      printable(scopeText(token)),
      token.state,
      token.expiresAt === null ? 'never' : formatTime(token.expiresAt),
      printable(token.createdBy),
    ]);
    return table([['ID', 'NAME', 'ROLE', 'SCOPE', 'STATE', 'ENDS', 'BY'], ...rows]);
  });
  return exitCodes.succeeded;
}

export async function revokeToken(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const token = await session.client.delete<TokenView>(pathOf(id), reason === undefined ? {} : { reason });
  session.print(token, () => [`Token ${id} (${printable(token.name)}) is revoked.`]);
  return exitCodes.succeeded;
}

/** The text alone goes to standard output, so that it can go into a file; what people read goes beside it. */
function shownOnce(session: Session, made: NewToken): ExitCode {
  if (!session.options.json) {
    const ends = made.expiresAt === null ? 'does not end by itself' : `ends at ${formatTime(made.expiresAt)}`;
    const old = made.oldUntil === null ? '' : ` The old text counts until ${formatTime(made.oldUntil)}.`;
    session.context.stderr.write(
      `Token ${made.id} (${printable(made.name)}, ${made.role}) ${ends}.${old} Its text is shown this once:\n`,
    );
  }
  session.print(made, () => [made.token]);
  return exitCodes.succeeded;
}

function scopeText({ scope }: TokenView): string {
  const lists = Object.entries(scope).map(([name, list]) => `${name} ${list.join(',')}`);
  return lists.length === 0 ? 'everything' : lists.join('; ');
}

function duration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw new UsageError(`${option} is "${printable(text)}"; give a duration such as 90d, 12h or 10m.`);
  return ms;
}

const pathOf = (id: string): string => `/v1/tokens/${encodeURIComponent(id)}`;
