import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

const yearSeconds = 31_536_000;

/**
 * Headers that keep a browser from running or loading what is not ours. Styles may be inline, because the
 * dashboard's components set them at run time; scripts may not. Where the service speaks TLS itself, a browser
 * asks it in no other way for a year. Else no upgrade to https is forced: on a loopback
 * address, and behind a proxy that does it, there is none to upgrade to.
 */
export async function securityHeaders(app: FastifyInstance, overTls: boolean): Promise<void> {
  await app.register(helmet, {
    global: true,
    hsts: overTls ? { maxAge: yearSeconds } : false,
    referrerPolicy: { policy: 'no-referrer' },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
  });
}
