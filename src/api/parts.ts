import type { FastifyInstance, FastifySerializerCompiler } from 'fastify';
import type { Admission } from '../admission/admission.ts';
import type { NewId } from '../admission/ids.ts';
import type { PersonSignIn } from '../net/oidc.ts';
import type { AccessToken, Limits } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { OidcConfig } from '../platform/oidc.ts';
import type { Doorbell } from '../queue/doorbell.ts';
import type { IdentityStore } from '../store/identities.ts';
import type { News } from '../store/news.ts';
import type { Store } from '../store/store.ts';
import type { Trail } from '../trail/writer.ts';
import type { Access } from './access.ts';
import type { EventStreams } from './event-streams.ts';

/** One thing that must be in order for the service to do its work. */
export interface ReadinessCheck {
  readonly name: string;
  /** Throws, with a text for people, when it is not in order. */
  check(): Promise<void>;
}

/** Routes that another part of the product brings along; they live under the same sign-in and error shape. */
export type RoutePlugin = (app: FastifyInstance, parts: ApiParts) => Promise<void> | void;

/** What the API is made of; everything comes from outside. */
export interface ApiOptions {
  readonly store: Store;
  /** What other processes tell; absent = streams ask once a second whether their clients may go on. */
  readonly news?: News;
  readonly doorbell: Doorbell;
  readonly admission: Admission;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly newId: NewId;
  readonly limits: Limits;
  readonly tokens: readonly AccessToken[];
  /** Who asked for what is kept here. */
  readonly trail: Trail;
  /** Takes the configured secrets out of a text. */
  readonly hideSecrets: (text: string) => string;
  /** Tokens that are made while the service runs, and sessions. */
  readonly identities: IdentityStore;
  /** Masters for which another person must approve; absent = none. Where there are any, another person lifts a freeze. */
  readonly fourEyes?: readonly string[];
  /** How people sign in with an identity provider; absent = they do not. */
  readonly people?: { readonly config: OidcConfig; readonly signIn: PersonSignIn };
  /** How many reverse proxies stand before the service. */
  readonly trustProxy: number;
  /** The certificate by which it listens; null = plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly readiness: readonly ReadinessCheck[];
  /** Folder of the built dashboard; null = it is not served. */
  readonly dashboardDir: string | null;
  /** Whether requests are turned away while the event loop is blocked. */
  readonly shedLoad: boolean;
  /** How answers become JSON; tests hold each answer to its schema with it. */
  readonly serializer?: FastifySerializerCompiler<unknown>;
  readonly routes?: readonly RoutePlugin[];
}

/** What routes work with. */
export interface ApiParts extends ApiOptions {
  readonly access: Access;
  readonly streams: EventStreams;
}
