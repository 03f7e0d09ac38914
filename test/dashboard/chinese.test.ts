import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { incidentsOfEachKind } from './mock-incidents.ts';
import { populatedWorld } from './mock-world.ts';

/** Words of Latin letters that a Chinese screen holds: names of things in Pika and in machines, and file formats. */
const terms = new Set(
  [
    'Pika binlog key db hash string set zset list lag up down slave master link force seen-as repoint host port',
    'plan Markdown lines fields items systemctl status force Key cron pika-expander show list throttle token',
    'English Slack Lark cookie pid config conf id ms value replication Error nodes worker',
  ]
    .join(' ')
    .split(' '),
);

/** What people have written, as the mock has it: names, labels and reasons. */
const given =
  /\bli\b|mira|jonas|root|ann|dba|test|shop|rack 7|north|south|new hardware|team-7|admin token|r{20,}|Second data centre|Readers for the (?:sale|shop, stage 2)|More readers for the catalogue|Wrong master|Session cache|Replace two hosts in hall B|a label that is longer than most labels that people give to such a thing/g;

/** Latin words of a text that are no names, codes, options, paths or quoted lines of a log. */
function wordsOf(text: string): readonly string[] {
  return text
    .replaceAll(given, '')
    .replaceAll(/“[^”]*”/g, '')
    .split(/[^A-Za-z0-9_.:=\-/@]+/)
    .map((part) => part.replace(/^[.:]+|[.:]+$/g, ''))
    .filter((part) => /^[A-Z]?[a-z]{2,}$/.test(part) && !terms.has(part));
}

describe.skipIf(noBrowser !== null)('a Chinese screen', () => {
  const open = useDashboard();

  it('holds no English word on any page, but names and codes', async () => {
    const world = populatedWorld(Date.now());
    const [page] = await open(
      { world, campaignsOnOverview: true, incidents: incidentsOfEachKind(), tokens: { t: 'admin' } },
      { language: 'zh' },
    );
    await page.goto('/');
    await page.signIn('t');
    await page.page.getByTestId('expansion-card').first().waitFor();
    const of = (state: string) =>
      `/expansions/${world.expansions.find((expansion) => expansion.state === state)!.id}`;
    const paths = [
      '/',
      '/new',
      '/campaigns',
      '/campaigns/new',
      '/campaigns/cpn_running',
      '/campaigns/cpn_failed',
      '/audits',
      '/audits/aud_1',
      '/guards',
      '/guards/grd_1',
      '/replacements',
      '/replacements/rep_1',
      '/comparisons',
      '/comparisons/cmp_different',
      '/comparisons/cmp_running',
      '/knowledge',
      '/agents',
      '/trail',
      '/tokens',
      '/channels',
      '/rehearsals',
      of('halted'),
      of('running'),
      of('succeeded'),
      of('awaiting_approval'),
      `${of('halted')}/retry`,
      `${of('halted')}/nodes/${encodeURIComponent('10.20.0.23:9221')}`,
      '/expansions/exp_gone',
      '/no/such/page',
    ];
    const english: string[] = [];
    for (const path of paths) {
      await page.goto(path);
      await page.page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
      await page.page.getByText(page.t.common.loading).first().waitFor({ state: 'detached' });
      // What the mock stores as prose comes in English, and says so by its `lang`.
      const texts = (await page.page.evaluate(`(() => {
        const left = 'code, pre, .mono, [lang="en"], script, style, noscript, .brand, .zone, .footer, svg.topology *';
        const found = [];
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode())
          if (!walk.currentNode.parentElement.closest(left)) found.push(walk.currentNode.textContent);
        for (const each of document.querySelectorAll('[aria-label], [placeholder], [alt]'))
          for (const name of ['aria-label', 'placeholder', 'alt'])
            if (!each.closest('[lang="en"]')) found.push(each.getAttribute(name) ?? '');
        return found;
      })()`)) as string[];
      for (const text of new Set(texts))
        for (const word of wordsOf(text)) english.push(`${path}: ${word} in “${text.slice(0, 80)}”`);
    }
    expect(english).toEqual([]);
  });

  it('finds an English word where there is one', () => {
    expect(wordsOf('已暂停 running，执行 SLAVEOF 10.0.0.1:9221 force，binlog 偏移量')).toEqual(['running']);
    expect(wordsOf('Needs a person')).toEqual(['Needs', 'person']);
  });
});
