import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { formOf } from '../../src/dashboard/pages/new-expansion/form-model.ts';
import { en, type Messages } from '../../src/model/labels/en.ts';
import { zh } from '../../src/model/labels/zh.ts';
import { policyFields, policySections } from '../../src/model/policy.ts';
import type { Language, Windows } from './windows.ts';

export interface OpenOptions {
  readonly language?: Language;
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Take the pages from this folder, whatever the server itself has at hand; the API stays the server's. */
  readonly pagesFrom?: string;
}

/** The dashboard as a person uses it. Needs nothing but an address, so it runs on the mock and on the service. */
export class Dashboard {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly baseUrl: string;
  readonly t: Messages;
  /** What the browser complained of: errors of scripts, refused styles, requests to elsewhere. */
  readonly complaints: string[] = [];
  readonly #giveBack: () => Promise<void>;
  #isClosed = false;

  private constructor(page: Page, baseUrl: string, t: Messages, giveBack: () => Promise<void>) {
    this.context = page.context();
    this.page = page;
    this.baseUrl = baseUrl;
    this.t = t;
    this.#giveBack = giveBack;
    page.on('pageerror', (error) => this.complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // A connection that a test cuts off is told on the console, too; that is no fault of the page.
      const cut = /net::ERR_|status of (401|403|404|409|422|503)/.test(message.text());
      if (message.type() === 'error' && !cut) this.complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(baseUrl) && !/^(blob|data):/.test(request.url()))
        this.complaints.push(`request to elsewhere: ${request.url()}`);
    });
  }

  static async open(windows: Windows, baseUrl: string, options: OpenOptions = {}): Promise<Dashboard> {
    const { language = 'en' } = options;
    const page = await windows.take(language);
    await page.setViewportSize({ width: options.width ?? 1440, height: options.height ?? 900 });
    await page.emulateMedia({
      colorScheme: options.scheme ?? 'light',
      // What turns without end would be drawn 60 times a second by the processor.
      reducedMotion: 'reduce',
    });
    if (options.pagesFrom !== undefined) await servePages(page.context(), baseUrl, options.pagesFrom);
    return new Dashboard(page, baseUrl, language === 'zh' ? zh : en, () => windows.giveBack(language, page));
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.baseUrl}${path}`);
    await this.heading().waitFor();
  }

  /** Nothing happens where it was closed before. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#giveBack();
  }

  heading(): Locator {
    return this.page.getByRole('heading', { level: 1 });
  }

  /** Goes to a page by the navigation: opens the group that holds it first. */
  async follow(group: keyof Messages['app']['groups'], title: string): Promise<void> {
    const bar = this.page.getByRole('navigation', { name: this.t.app.mainNavigation });
    await bar.getByRole('button', { name: this.t.app.groups[group] }).click();
    await bar.getByRole('link', { name: title, exact: true }).click();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) });
  }

  /** A panel of the page by its title. */
  section(title: string): Locator {
    return this.page.getByRole('region', { name: title, exact: true });
  }

  /** The badge beside the title of an expansion. */
  state(state: keyof Messages['states']): Locator {
    return this.page.locator(`main .title-line [data-state="${state}"]`);
  }

  connection(status: 'live' | 'reconnecting'): Locator {
    return this.page.locator(`[data-connection="${status}"]`);
  }

  nodeRow(node: string): Locator {
    return this.page.locator(`[data-node="${node}"]`);
  }

  /** The label of a field of the policy in the form for a new expansion. */
  policyLabel(path: string): string {
    const sections = formOf(policyFields, policySections, { windows: [{}] }, this.t === zh ? 'zh' : 'en');
    const all = sections.flatMap(({ controls }) => controls);
    const entries = all.flatMap(({ input }) => (input.kind === 'list' ? input.entries.flat() : []));
    return [...all, ...entries].find((control) => control.path.join('.') === path)!.label;
  }

  /** Fills the form for a new expansion and asks for its plan. */
  async plan(request: {
    readonly master: string;
    readonly nodes: readonly string[];
    readonly label?: string;
    readonly approveEachBatch?: boolean;
  }): Promise<void> {
    const n = this.t.newExpansion;
    await this.goto('/new');
    await this.page.getByLabel(n.masterAddress).fill(request.master);
    await this.button(n.look).click();
    await this.page.getByText(n.topologyTitle).waitFor();
    await this.page.getByLabel(n.nodesLabel).fill(request.nodes.join('\n'));
    if (request.label !== undefined) await this.page.getByLabel(n.label, { exact: true }).fill(request.label);
    if (request.approveEachBatch)
      await this.page.getByLabel(this.policyLabel('approval')).selectOption('each_batch');
    await this.button(n.makePlan).click();
    await this.page.getByTestId('plan').waitFor();
  }

  /** Starts what was planned; the id of the expansion. */
  async start(): Promise<string> {
    await this.button(this.t.newExpansion.start).click();
    await this.page.waitForURL(/\/expansions\/[^/]+$/);
    await this.page.locator('main .title-line [data-state]').waitFor();
    return decodeURIComponent(new URL(this.page.url()).pathname.split('/')[2] ?? '');
  }

  /** Presses a control and gives the reason. */
  async control(verb: keyof Messages['controls'], reason: string): Promise<void> {
    const name = this.t.controls[verb];
    if (typeof name !== 'string') throw new Error(`${verb} is no button`);
    await this.button(name).first().click();
    await this.giveReason(name, reason);
  }

  async giveReason(confirm: string, reason: string): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel(this.t.controls.reasonLabel).fill(reason);
    await dialog.getByRole('button', { name: confirm, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  async signIn(token: string): Promise<void> {
    await this.page.getByLabel(this.t.signIn.token, { exact: false }).first().fill(token);
    await this.button(this.t.signIn.submit).click();
  }

  eventLog(): Locator {
    return this.section(this.t.expansion.events).getByRole('listbox');
  }

  /** The texts of the event log that are drawn now. */
  async drawnEvents(): Promise<readonly string[]> {
    return this.eventLog().getByRole('option').allInnerTexts();
  }
}

async function servePages(context: BrowserContext, baseUrl: string, folder: string): Promise<void> {
  await context.route(
    (url) => url.href.startsWith(baseUrl) && !url.pathname.startsWith('/v1/'),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(folder, pathname);
      const isFile = pathname !== '/' && existsSync(file);
      await route.fulfill({ path: isFile ? file : join(folder, 'index.html') });
    },
  );
}
