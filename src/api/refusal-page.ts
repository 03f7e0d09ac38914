import { labels } from '../model/labels/index.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Reader } from '../model/text.ts';
import { escaped } from './escaped.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A browser opens it as a page, so a refusal is one too. */
    page?: true;
  }
}

/** A refusal as a page, for a browser that was led here. */
export function refusalPage(refusal: Refusal, reader: Reader): string {
  const { htmlLang, signIn, app } = labels[reader.language];
  const { message, nextSteps } = refusal.read(reader);
  const steps = nextSteps.map((step) => `<li>${escaped(step)}</li>`).join('');
  return `<!doctype html>
<html lang="${htmlLang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(app.name)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style></head>
<body><main><h1>${escaped(signIn.notSignedIn)}</h1><p>${escaped(message)}</p><ul>${steps}</ul>
<p><a href="/sign-in">${escaped(signIn.back)}</a></p></main></body>
</html>
`;
}
