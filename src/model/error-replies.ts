/** What error replies of Pika and Redis mean, whoever asked. */

const denied =
  /^(?:ERR )?(NOAUTH|WRONGPASS|NOPERM)\b|^ERR (?:invalid password|invalid username|operation not permitted)/i;

/** The code of a refused login (pika-facts 3.4; 3.3.6 says `ERR invalid password`, the others give a code); null = another error. */
export function codeOfDenial(error: string): string | null {
  const match = denied.exec(error);
  return match && (match[1]?.toUpperCase() ?? 'WRONGPASS');
}

/** The server wants no password, and refuses AUTH for that reason (Redis 6 and later: `without any password`). */
export const needsNoPassword = (error: string): boolean =>
  /no password is set|without any password/i.test(error);

/** 3.3.6 says `ERR unknown or unsupported command 'config"'`, the others `ERR unknown command "config"`. */
export const isUnknownCommand = (error: string): boolean =>
  /^(?:ERR )?unknown (?:or unsupported )?command\b/i.test(error);
