/** What requests for tokens may say, and which are refused. */
import { type Action, actionsOf, type Rights, type Role, roleActions, type Scope } from '../model/access.ts';
import { refuse, refuseField } from '../model/refusal.ts';
import type { TokenRequest } from '../model/views/token.ts';
import { isMachine } from '../platform/config.ts';
import { isScopeRule, parseRule } from '../platform/server-rules.ts';
import { printable } from './validate.ts';

/** Throws a Refusal for a token that makes no sense, or that its maker may not give. */
export function checkTokenRequest(
  { role, scope = {} }: TokenRequest,
  maker: Rights,
  signInAsked: boolean,
): void {
  for (const list of ['masters', 'nodes'] as const)
    for (const [at, entry] of (scope[list] ?? []).entries()) {
      const fits = role === 'agent' ? parseRule(entry) !== null : isScopeRule(entry);
      if (!fits) throw refuseField('not_a_server_rule', `scope.${list}[${at}]`, { value: printable(entry) });
    }
  const foreign = scope.actions?.find((action) => !(roleActions[role] as readonly Action[]).includes(action));
  if (foreign !== undefined)
    throw refuseField('action_of_other_roles', 'scope.actions', { action: foreign, role });
  if (role === 'agent' && scope.nodes === undefined) throw refuseField('agent_without_servers', 'scope', {});
  if (!signInAsked && !isMachine(role)) throw refuse('sign_in_is_off', { role });
  checkMayGive(role, scope, maker);
}

/** Throws a Refusal where somebody gives an action that they do not have; what machines do is given by whoever makes tokens. */
export function checkMayGive(role: Role, scope: Scope, maker: Rights): void {
  const own = actionsOf(maker);
  const more = isMachine(role) ? [] : actionsOf({ role, scope }).filter((action) => !own.includes(action));
  if (more.length > 0) throw refuse('gives_more_than_it_has', { name: maker.name, actions: more });
}
