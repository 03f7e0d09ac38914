import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/model/observation.ts';
import { anAgent, copyingHosts, troubledAgent } from '../support/agents.ts';
import { noBrowser } from './browser.ts';
import { useDashboard } from './harness.ts';
import { MockWorld, populatedWorld } from './mock-world.ts';

describe.skipIf(noBrowser !== null)('the page of a node whose host an agent sees', () => {
  const open = useDashboard();

  it('shows files against the list, disks with what is still to come, and the log beside the phases', async () => {
    const [page, { world }] = await open();
    const name = '10.20.0.31:9221';
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: [name] });
    world.advance(1_000);
    const first = world.get(id)!.joins[0]!;
    world.hosts.set(name, copyingHosts(first.phaseSince, 1e9));
    world.patchJoin(id, name, {
      progress: {
        ...first.progress,
        snapshotBytes: 1e9,
        receivedBytes: 6e8,
        files: { copied: 32, listed: 54 },
      },
    });
    await page.goto(`/expansions/${id}/nodes/${encodeURIComponent(name)}`);
    const host = page.section(page.t.host.title);
    await host.getByText(page.t.host.filesCame(32, 54), { exact: true }).waitFor();
    await host.getByText(page.t.host.awaited('400 MB'), { exact: true }).waitFor();
    const log = page.section(page.t.host.log);
    await log.getByText('DB: db0 Need Wait To Sync', { exact: true }).waitFor();
    expect(await log.locator('.log-mark').count()).toBe(6);
    expect(await log.locator('.log-lines > li').count()).toBe(6);
    if (process.env.SHOTS) {
      await page.page.screenshot({ path: `${process.env.SHOTS}/node.png`, fullPage: true });
    }
  });

  it('says that what it shows is old when the agent of a host has gone silent', async () => {
    const world = new MockWorld(Date.now());
    const name = '10.20.0.31:9221';
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: [name] });
    world.advance(1_000);
    const { master, node } = copyingHosts(world.get(id)!.joins[0]!.phaseSince, 1e9);
    const server = { ...node.server, addresses: [{ host: '10.20.0.31', port: 9221 }] };
    const silent = troubledAgent('pika-31', world.now);
    const masterAgent = anAgent('pika-10', world.now);
    const [masterServer] = masterAgent.servers;
    world.agents = [
      silent,
      {
        ...masterAgent,
        servers: [{ ...masterServer!, addresses: master.server.addresses.map(formatAddress) }],
      },
    ];
    world.hosts.set(name, {
      node: { ...node, agent: silent.agent, server },
      master: { ...master, agent: masterAgent.agent },
    });
    const [page] = await open({ world });
    await page.goto(`/expansions/${id}/nodes/${encodeURIComponent(name)}`);
    const host = page.section(page.t.host.title);
    const mark = host.getByRole('link', { name: page.t.agents.silent, exact: true });
    await mark.waitFor();
    expect(await mark.count()).toBe(1);
    await mark.click();
    await page.section('pika-31').locator('[data-trouble="silent"]').waitFor();
  });

  it('shows its progress first on a narrow screen while the service is at work on it', async () => {
    const [page, { world }] = await open({}, { width: 390, height: 844 });
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(1_000);
    const firstPanel = async () => {
      await page.goto(`/expansions/${id}/nodes/${encodeURIComponent('10.20.0.31:9221')}`);
      return page.page.locator('main h2').first().innerText();
    };
    expect(await firstPanel()).toBe(page.t.comparisons.progress);
    world.runToRest(id);
    expect(await firstPanel()).toBe(page.t.node.evidence);
  });

  it('has its agent on the page of agents: its disks, and what to do about a silent agent first', async () => {
    const world = populatedWorld(Date.now());
    const [page] = await open({ world });
    await page.goto('/agents');
    const { agents: a } = page.t;
    expect(await page.page.locator('main h2').allInnerTexts()).toEqual(['pika-32', 'pika-31']);
    const silent = page.section('pika-32');
    await silent.getByText(a.silent, { exact: true }).first().waitFor();
    await silent.locator('[data-trouble="silent"]').getByText('systemctl status').waitFor();
    const well = page.section('pika-31');
    for (const port of [9221, 9222])
      await well.getByText(`${port}: db-path, dump-path`, { exact: true }).waitFor();
    await well.getByText(a.shared(2), { exact: true }).first().waitFor();
    expect(await well.locator('[data-trouble]').count()).toBe(0);
  });

  it('is as before where no agent reports', async () => {
    const [page, { world }] = await open();
    const { id } = world.add({ master: '10.20.0.10:9221', nodes: ['10.20.0.31:9221'] });
    world.advance(1_000);
    await page.goto(`/expansions/${id}/nodes/${encodeURIComponent('10.20.0.31:9221')}`);
    await page.section(page.t.node.evidence).waitFor();
    expect(await page.section(page.t.host.title).count()).toBe(0);
    expect(await page.section(page.t.host.log).count()).toBe(0);
  });
});
