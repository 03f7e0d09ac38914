import type { FastifyPluginAsync, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { ApiParts } from './parts.ts';

/** Requests have the type of their schema; tests, not types, hold answers to their schema. */
export interface ApiTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: unknown;
}

/** A group of routes. */
export type ApiRoutes = FastifyPluginAsync<ApiParts, RawServerDefault, ApiTypeProvider>;
