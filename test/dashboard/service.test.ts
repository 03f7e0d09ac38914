import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startService } from '../../src/main.ts';
import type { Service } from '../../src/service.ts';
import { createDemoCluster, type ServedCluster, serveCluster } from '../../src/simulator/index.ts';
import { noBrowser } from './browser.ts';
import { expandAndWatch, expectVerifiedNode } from './flows.ts';
import { openWindows } from './harness.ts';
import { Dashboard } from './pages.ts';
import type { Windows } from './windows.ts';

if (noBrowser) console.warn(`dashboard tests with a browser: ${noBrowser}`);

describe.skipIf(noBrowser !== null)('the dashboard on the real service, with simulated nodes', () => {
  let windows: Windows;
  let nodes: ServedCluster;
  let service: Service;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'pika-expander-ui-'));
    nodes = await serveCluster(createDemoCluster({ transferMs: 1500 }));
    service = await startService({ dataDir, port: 0, logLevel: 'error' });
    windows = await openWindows();
  });
  afterAll(async () => {
    await windows?.close();
    await service?.close();
    await nodes?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const address = (id: string): string => nodes.addresses[id] ?? '';

  it('plans, starts and watches an expansion to succeeded, and shows the evidence of a node', async () => {
    const dashboard = await Dashboard.open(windows, service.url, { pagesFrom: inject('dashboard') });
    const added = [address('n1'), address('n2')];
    const id = await expandAndWatch(dashboard, {
      master: address('m'),
      nodes: added,
      label: 'Two readers',
      timeoutMs: 150_000,
    });
    // Nobody runs an agent here: the rule of the files is not judged.
    await expectVerifiedNode(dashboard, id, added[0] ?? '', 1);
    await dashboard.section(dashboard.t.node.observations).getByText('slave · link up').first().waitFor();
    await dashboard.goto('/');
    await dashboard.section(dashboard.t.overview.history).getByText('Two readers').waitFor();
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  }, 300_000);

  it('pauses, resumes and cancels with reasons, which the history keeps', async () => {
    const dashboard = await Dashboard.open(windows, service.url, { pagesFrom: inject('dashboard') });
    // Each state lasts until it is left: without a freeze both nodes can be done before a person has paused.
    await service.store.freeze({ reason: 'one step at a time', by: 'test' });
    await dashboard.plan({ master: address('m'), nodes: [address('n3'), address('n4')] });
    const id = await dashboard.start();
    await dashboard.state('running').waitFor();
    await dashboard.control('pause', 'the backup comes first');
    await dashboard.state('paused').waitFor();
    await dashboard.control('resume', 'the backup is done');
    await dashboard.state('running').waitFor();
    await dashboard.control('cancel', 'another day');
    await dashboard.state('cancelled').waitFor();
    const events = await service.store.events({ expansionId: id, afterSeq: 0, limit: 1000 });
    const history = JSON.stringify(events);
    for (const reason of ['the backup comes first', 'the backup is done', 'another day'])
      expect(history).toContain(reason);
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  }, 300_000);
});
