import { beforeEach, expect, test } from 'vitest';
import { portsTried } from '../../src/admission/tried-ports.ts';
import type { PortTry } from '../../src/model/views/agent.ts';
import type { AgentStore } from '../../src/store/agents.ts';
import { aReport, aSeenServer } from '../support/agents.ts';
import { nodeTarget } from '../support/expansions.ts';
import { createMemoryAgents } from '../support/memory-agents.ts';

/** An agent on the host of 10.0.0.2 that reports every 15 s, by a clock that is 5 s ahead; what it is asked, it tries at once. */
const ports = [9221, 11_221, 19_222];
const aheadMs = 5_000;
let now: number;
let agents: AgentStore;
let heard: number;
let outcome: PortTry['outcome'];
let obeys: boolean;

beforeEach(async () => {
  now = 1_000_000;
  agents = createMemoryAgents({ reachable: () => {} });
  outcome = 'open';
  obeys = true;
  heard = now - 8_000;
  await reports(heard);
});

async function reports(receivedAt: number): Promise<void> {
  const [asked] = await agents.portsAsked(receivedAt);
  const tried = (obeys && asked?.ports) || [];
  await agents.report({
    agent: 'a',
    report: aReport(
      [
        aSeenServer('10.0.0.2', 9221, {
          ports: tried.map((to) => ({ to, at: receivedAt + aheadMs, outcome })),
        }),
      ],
      { sentAt: receivedAt + aheadMs },
    ),
    receivedAt,
    nextReportInMs: 15_000,
    dropped: { addresses: 0, servers: 0 },
  });
}

async function wait(nodes = ['10.0.0.2:9221', '10.0.0.3:9221'], store = agents): Promise<number> {
  const from = now;
  const parts = {
    agents: store,
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      if (now - heard < 15_000) return;
      heard = now;
      await reports(now);
    },
  };
  await portsTried(parts, nodeTarget('10.0.0.1:9221'), nodes.map(nodeTarget));
  return now - from;
}

test('a plan waits for the next report of an agent beside a node, which tells of each port', async () => {
  expect(await wait()).toBe(7_000);
  const [sight] = await agents.sights(['10.0.0.2:9221']);
  expect(sight!.server.ports.map(({ to }) => to)).toEqual(ports.map((port) => ({ host: '10.0.0.1', port })));
});

test('it waits for nobody where no agent reports, or where its agent reports no more', async () => {
  expect(await wait(['10.0.0.3:9221'])).toBe(0);
  now += 60_000;
  expect(await wait()).toBe(0);
});

test('what was open a while ago is not tried again; what was closed is', async () => {
  await wait();
  expect(await wait()).toBe(0);
  now += 11 * 60_000;
  heard = now;
  await reports(now);
  outcome = 'refused';
  expect(await wait()).toBeGreaterThan(0);
  now += 1_000;
  expect(await wait()).toBeGreaterThan(0);
});

test('an agent that tries nothing does not keep it for long, and a store that is away not at all', async () => {
  obeys = false;
  expect(await wait()).toBe(20_000);
  const away = { ...agents, sights: () => Promise.reject(new Error('away')) };
  expect(await wait(undefined, away)).toBe(0);
});
