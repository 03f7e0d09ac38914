import type { Browser, Page } from 'playwright-core';

export type Language = 'en' | 'zh';

/**
 * Windows of a browser, each for one test after another: with a window of its own each test would start a process that compiles all
 * scripts anew. A test finds no cookies, nothing stored and no routes of the test before.
 */
export class Windows {
  readonly #browser: Browser;
  readonly #free: Record<Language, Page[]> = { en: [], zh: [] };

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** An empty page that nobody else uses until it is given back. */
  async take(language: Language): Promise<Page> {
    return this.#free[language].pop() ?? (await this.#open(language));
  }

  async giveBack(language: Language, page: Page): Promise<void> {
    const context = page.context();
    page.removeAllListeners();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    if (page.url().startsWith('http')) await page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await page.goto('about:blank');
    await page.mouse.move(0, 0);
    await context.clearCookies();
    this.#free[language].push(page);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  async #open(language: Language): Promise<Page> {
    const context = await this.#browser.newContext({ locale: language === 'zh' ? 'zh-CN' : 'en-GB' });
    // As patient as the tests themselves: a busy machine needs many times what a quiet one does.
    context.setDefaultTimeout(120_000);
    return context.newPage();
  }
}
