/** What tokens that are bound to servers may see and touch of what is stored: one place for all routes. */
import type { FastifyInstance } from 'fastify';
import { type Concerned, maySee, objectionTo } from '../admission/may-act.ts';
import { type Action, isBound, type Rights } from '../model/access.ts';
import type { Refusal } from '../model/refusal.ts';

/** Something stored, and the servers that it concerns. */
export interface Stored {
  readonly kind:
    | 'expansion'
    | 'plan'
    | 'campaign'
    | 'audit'
    | 'comparison'
    | 'guard'
    | 'hold'
    | 'replacement';
  /** null = there is none of this id. */
  concerned(id: string): Promise<Concerned | null>;
  /** What is answered where there is none of this id. */
  missing(id: string): Refusal;
}

/**
 * What a route is about: something stored (that of the id in its path, or a list of these); the servers that the request
 * `names`, which its handler judges; `all` servers; or, of a list, what its items belong to (`owners`).
 */
export type Subject = Stored | 'named' | 'all' | 'owners';

declare module 'fastify' {
  interface FastifyContextConfig {
    on?: Subject;
  }
}

/** Whether a caller may see what belongs to something stored. */
export type Sees = (item: object) => Promise<boolean>;

/** Holds bound tokens to their servers on every route that is registered from now on. Unbound tokens cost nothing. */
export function scopes(app: FastifyInstance, actionOf: (route: Route) => Action | null): void {
  const known = new Map<string, Stored>();
  app.addHook('onRoute', ({ config }) => {
    if (typeof config?.on === 'object') known.set(`${config.on.kind}Id`, config.on);
  });

  app.addHook('preHandler', async (request) => {
    const { caller, routeOptions, params } = request;
    const { on } = routeOptions.config;
    const action = actionOf({ ...routeOptions, method: request.method });
    if (caller === null || !isBound(caller) || on === undefined || action === null) return;
    if (on === 'all') throw objectionTo(caller, action, null)!;
    const { id } = params as { readonly id?: string };
    if (typeof on === 'string' || id === undefined) return;
    const concerned = await on.concerned(id);
    if (concerned === null || !maySee(caller, concerned)) throw on.missing(id);
    const objection = action === 'read' ? null : objectionTo(caller, action, concerned);
    if (objection !== null) throw objection;
  });

  app.addHook('preSerialization', async ({ caller, routeOptions, params }, _reply, payload) => {
    const { on } = routeOptions.config;
    if (caller === null || !isBound(caller) || !isList(payload)) return payload;
    if (on === 'owners') return { ...payload, items: await those(payload.items, app.seenBy(caller)) };
    if (typeof on !== 'object' || (params as { readonly id?: string }).id !== undefined) return payload;
    const sees = async ({ id }: { readonly id?: string }): Promise<boolean> => {
      const concerned = id === undefined ? null : await on.concerned(id);
      return concerned !== null && maySee(caller, concerned);
    };
    return { ...payload, items: await those(payload.items, sees) };
  });

  app.decorate('seenBy', (rights: Rights): Sees => {
    const seen = new Map<string, Promise<boolean>>();
    const look = async (stored: Stored, id: string) => {
      const concerned = await stored.concerned(id);
      return concerned !== null && maySee(rights, concerned);
    };
    return async (item) => {
      if (!isBound(rights)) return true;
      // A question to a webhook holds its owner in what was sent.
      const owners = Object.entries({ ...(item as { readonly payload?: object }).payload, ...item });
      for (const [field, id] of owners) {
        const stored = known.get(field);
        if (stored === undefined || typeof id !== 'string') continue;
        const key = `${field} ${id}`;
        if (seen.size > mostSeen) seen.clear();
        const answer = seen.get(key) ?? look(stored, id);
        seen.set(key, answer);
        if (!(await answer)) return false;
      }
      return true;
    };
  });
}

/** Owners that a stream remembers. */
const mostSeen = 10_000;

export interface Route {
  readonly url?: string | undefined;
  readonly method: string;
  readonly config?: { readonly action?: Action | null } | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Judges items by what they belong to, for one caller. */
    seenBy(rights: Rights): Sees;
  }
}

function isList(payload: unknown): payload is { readonly items: readonly object[] } {
  return (
    typeof payload === 'object' && payload !== null && Array.isArray((payload as { items?: unknown }).items)
  );
}

async function those<T extends object>(
  items: readonly T[],
  sees: (item: T) => Promise<boolean>,
): Promise<readonly T[]> {
  const seen = await Promise.all(items.map(sees));
  return items.filter((_, at) => seen[at]);
}
