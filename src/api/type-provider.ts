import type { FastifyPluginAsync, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { ApiParts } from './parts.ts';

/** What comes in has the type of its schema; what goes out is held to its schema by tests, not by types. */
export interface ApiTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: unknown;
}

/** A group of routes. */
export type ApiRoutes = FastifyPluginAsync<ApiParts, RawServerDefault, ApiTypeProvider>;
