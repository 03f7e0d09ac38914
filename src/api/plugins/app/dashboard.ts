import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Whether the folder holds a built dashboard. */
export function isBuilt(dir: string | null): dir is string {
  return dir !== null && existsSync(join(dir, 'index.html'));
}

/** Serves the built dashboard at `/`. Its assets carry a hash in their names and may be kept for ever. */
export async function dashboard(app: FastifyInstance, dir: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: dir,
    prefix: '/',
    cacheControl: false,
    setHeaders: (response, path) => {
      const forEver = path.includes('/assets/');
      response.header('cache-control', forEver ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

export const sendIndex = (reply: FastifyReply): FastifyReply => reply.code(200).sendFile('index.html');

/** What `/` says while the dashboard is not built: how to build it, and what works without it. */
export function missingDashboard(app: FastifyInstance): void {
  app.get('/', { schema: { hide: true }, config: { action: null } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>pika-expander</title></head>
<body>
<h1>pika-expander is running</h1>
<p>The dashboard is not built yet. Build it with <code>npm run build</code> in the project's folder, then restart the service.</p>
<p>Without it: the API is described at <a href="/docs">/docs</a>, and <code>pika-expander --help</code> shows the commands.</p>
</body>
</html>
`),
  );
}
