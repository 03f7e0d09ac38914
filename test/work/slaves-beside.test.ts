import { afterEach, expect, test } from 'vitest';
import { verifiedSlaves } from '../../src/core/replacement/slaves.ts';
import type { Look } from '../../src/model/observation.ts';
import type { NodeTarget } from '../../src/model/targets.ts';
import { slavesBeside } from '../../src/work/proofs.ts';
import { aMaster, aNode, now, slaveOf } from '../core/plan/preflight-support.ts';
import { targetAt } from '../support/memory-audits.ts';

/** Hosts that have names too: what connects to the name reaches the address. */
const named = {
  'a.pika:9221': '10.0.0.2:9221',
  'b.pika:9221': '10.0.0.3:9221',
  'c.pika:9221': '10.0.0.4:9221',
};
const ips = ['10.0.0.2:9221', '10.0.0.3:9221'];
const silence: Look = { kind: 'unreachable', at: now, code: 'ENOTFOUND', message: 'no such name' };

/** Whether both that are listed say that they are one process, as copies in containers can. */
let twins = false;
afterEach(() => {
  twins = false;
});

const lookAt = ({ name }: NodeTarget): Look => {
  const place = (named as Record<string, string>)[name] ?? name;
  const facts = { ips: [place.split(':')[0]!] };
  const { look } = aNode(place, { facts, replication: slaveOf('10.0.0.1', 9221) });
  if (!twins || !ips.includes(place) || look.kind !== 'answered') return look;
  return { ...look, facts: { ...look.facts, server: { ...look.facts.server!, runId: 'one', processId: 1 } } };
};
const master = aMaster({
  facts: { ips: ['10.0.0.1'] },
  replication: { slaves: ips.map((place) => ({ ip: place.split(':')[0]!, port: 9221, lag: { db0: 0 } })) },
});

/** What is told of the slaves beside one that goes; all are proven, under these names. */
async function beside(goes: string, { proven = ips, silent = false } = {}) {
  const target = targetAt(goes);
  const audits = {
    provenOf: async () => proven.map((name) => ({ slave: targetAt(name), wholeAt: { at: 1, by: 'exp_1' } })),
    lastWhole: async (slaves: readonly NodeTarget[]) => slaves.map(() => null),
  };
  const without = [{ target, look: silent ? silence : lookAt(target) }];
  const found = (await slavesBeside(audits, async (each) => lookAt(each), master, { without, known: [] }))!;
  return { stay: verifiedSlaves(found.slaves, master), unplaced: found.unplaced };
}

test('a slave that goes is none of those that stay, whatever it is called', async () => {
  for (const goes of ['10.0.0.2:9221', 'a.pika:9221'])
    expect(await beside(goes)).toEqual({ stay: ['10.0.0.3:9221'], unplaced: [] });
});

test('a slave that was proven under its name is known in the list of its master', async () => {
  expect(await beside('a.pika:9221', { proven: ['a.pika:9221', 'b.pika:9221'] })).toEqual({
    stay: ['b.pika:9221'],
    unplaced: [],
  });
});

test('who goes by a name and gives no answer may be any of those that are listed', async () => {
  expect(await beside('a.pika:9221', { silent: true })).toMatchObject({ unplaced: ['a.pika:9221'] });
  expect(await beside('10.0.0.2:9221', { silent: true })).toEqual({ stay: ['10.0.0.3:9221'], unplaced: [] });
});

test('a server that says it is the process of a proven one is not proven by that', async () => {
  twins = true;
  expect(await beside('c.pika:9221', { proven: ['b.pika:9221'] })).toEqual({
    stay: ['b.pika:9221'],
    unplaced: [],
  });
  // But it may be the one that goes.
  expect(await beside('b.pika:9221')).toEqual({ stay: [], unplaced: [] });
});
