import type { FastifyInstance } from 'fastify';
import { labels } from '../../model/labels/index.ts';
import { runbook } from '../../model/runbook/chapters.ts';
import type { Chapter, Entry } from '../../model/runbook/entry.ts';
import { runbookOf, runbookPath } from '../../model/runbook/link.ts';
import { runbookWords } from '../../model/runbook/words.ts';
import { type Language, languages, type Reader, type Text } from '../../model/text.ts';
import { escaped } from '../escaped.ts';
import { reader } from '../reader.ts';

/**
 * The runbook as a page, for everybody: it holds nothing of this installation, and whoever is woken at night reads it
 * before they sign in. `?language=zh` chooses; else the browser does. `/runbook/CODE` leads to the entry of a code.
 */
export async function runbookRoutes(app: FastifyInstance): Promise<void> {
  const pages = new Map<Language, string>();
  app.get<{ Querystring: { readonly language?: string } }>(
    runbookPath,
    { schema: { hide: true }, config: { action: null, page: true } },
    (request, reply) => {
      const wanted = languages.find((language) => language === request.query.language);
      const language = wanted ?? reader(request).language;
      const page = pages.get(language) ?? runbookPage({ language, tool: 'cli' });
      pages.set(language, page);
      return reply
        .headers({ 'content-language': language, vary: 'accept-language' })
        .type('text/html; charset=utf-8')
        .send(page);
    },
  );
  app.get<{ Params: { readonly code: string }; Querystring: { readonly language?: string } }>(
    `${runbookPath}/:code`,
    { schema: { hide: true }, config: { action: null, page: true } },
    ({ params, query }, reply) => {
      const [path, anchor] = (runbookOf(params.code) ?? runbookPath).split('#');
      return reply.redirect(`${path}${queryOf(query)}${anchor === undefined ? '' : `#${anchor}`}`);
    },
  );
}

const queryOf = ({ language }: { readonly language?: string }): string =>
  languages.some((known) => known === language) ? `?language=${language}` : '';

function runbookPage(forWhom: Reader): string {
  const say = (text: Text): string => escaped(text[forWhom.language]({}, forWhom));
  const { htmlLang, app } = labels[forWhom.language];
  const other = languages.find((language) => language !== forWhom.language)!;
  const chapters = runbook(forWhom);
  const contents = chapters.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`);
  return `<!doctype html>
<html lang="${htmlLang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${say(runbookWords.title)} · ${escaped(app.name)}</title>
<style>${style}</style></head>
<body><main><p><a href="/">${escaped(app.name)}</a> · <a href="?language=${other}">${say(runbookWords.other)}</a></p>
<h1>${say(runbookWords.title)}</h1><p>${say(runbookWords.about)}</p>
<nav><ul>${contents.join('')}</ul></nav>
${chapters.map((chapter) => chapterText(chapter, say)).join('\n')}
</main></body>
</html>
`;
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark;overflow-wrap:anywhere}' +
  'h3{margin:2rem 0 .25rem;scroll-margin-top:1rem}h3 code{font-size:1em}h3:target{background:Mark;color:MarkText}' +
  'dt{font-weight:600}dd{margin:0 0 .5rem 1rem}ul,ol{padding-left:1.25rem;margin:0}';

type Say = (text: Text) => string;

function chapterText({ id, title, about, shared, entries }: Chapter, say: Say): string {
  return `<section><h2 id="${id}">${escaped(title)}</h2><p>${words(about)}</p>${
    shared === null ? '' : `<dl>${sharedParts(shared, say)}</dl>`
  }${entries.map((entry) => entryText(entry, say)).join('')}</section>`;
}

function entryText(entry: Entry, say: Say): string {
  const { anchor, code, title, means, steps } = entry;
  return `<h3 id="${anchor}"><code>${escaped(code)}</code>${title === '' ? '' : ` ${escaped(title)}`}</h3><dl>${part(
    say(runbookWords.means),
    words(means),
  )}${entry.service === '' ? '' : part(say(runbookWords.service), words(entry.service))}${part(
    say(runbookWords.steps),
    `<ol>${steps.map((step) => `<li>${words(step)}</li>`).join('')}</ol>`,
  )}${entry.over === '' ? '' : part(say(runbookWords.over), words(entry.over))}</dl>`;
}

const sharedParts = ({ service, over }: NonNullable<Chapter['shared']>, say: Say): string =>
  part(say(runbookWords.service), words(service)) + part(say(runbookWords.over), words(over));

const part = (name: string, text: string): string => `<dt>${name}</dt><dd>${text}</dd>`;

/** A text with its `code`. */
const words = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
