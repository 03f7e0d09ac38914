import { actionsOf, type Role, roleActions, roles, type Scope } from '../model/access.ts';

/** What the members of a group of the identity provider may do. */
export interface GroupRights {
  readonly group: string;
  readonly role: Role;
  readonly scope?: Scope;
}

/** Claims by which people can be named. */
export const nameClaims = ['preferred_username', 'email', 'sub'] as const;

/** How people sign in with an identity provider that speaks OpenID Connect. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** null = a public client, which proves itself by PKCE alone. */
  readonly clientSecret: string | null;
  /** What the provider is asked for, with spaces between. */
  readonly scopes: string;
  readonly nameClaim: (typeof nameClaims)[number];
  readonly groupsClaim: string;
  readonly groups: readonly GroupRights[];
  /** What the button of the sign-in names. */
  readonly label: string;
  /** Where browsers reach this service: its origin, without a path. */
  readonly publicUrl: string;
}

/** Roles that a group can give: those that read. */
export const rolesOfGroups: readonly Role[] = roles.filter((role) =>
  (roleActions[role] as readonly string[]).includes('read'),
);

const powerOf = (role: Role): number => actionsOf({ role, scope: {} }).length;

/** What these groups give together: the row of the most powerful role, of equal ones the first. null = they give nothing. */
export function rightsOfGroups(
  rows: readonly GroupRights[],
  groups: readonly string[],
): { readonly role: Role; readonly scope: Scope } | null {
  const [best] = rows
    .filter(({ group }) => groups.includes(group))
    .toSorted((one, other) => powerOf(other.role) - powerOf(one.role));
  return best === undefined ? null : { role: best.role, scope: best.scope ?? {} };
}
