import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Admission } from '../../../src/admission/admission.ts';
import { isEnded } from '../../../src/model/expansion.ts';
import type { CampaignWorkerParts } from '../../../src/work/campaign/handler.ts';
import { healthyNode } from '../../api/support.ts';
import { until } from '../../support/until.ts';
import { type CampaignWorld, campaignRequest, campaignWorld, masterOf, nodeOf } from './support.ts';

let world: CampaignWorld;
beforeEach(async () => {
  world = await campaignWorld();
});
afterEach(() => world.api.app.close());

const started = async (members: number, more: object = {}): Promise<string> => {
  const payload = campaignRequest(members, more);
  const response = await world.api.app.inject({ method: 'POST', url: '/v1/campaigns', payload });
  expect(response.statusCode).toBe(202);
  return response.json().id;
};
const steer = (id: string, verb: string, more: object = {}) =>
  world.api.app.inject({
    method: 'POST',
    url: `/v1/campaigns/${id}/${verb}`,
    payload: { reason: 'test', ...more },
  });
const get = async (id: string) => (await world.campaigns.get(id))!;
const memberStates = async (id: string) => (await get(id)).members.map(({ state }) => state);
const expansions = async () => (await world.api.store.list({ limit: 200 })).items;

/** The real admission, held up where a test wants it. */
class HeldAdmission {
  readonly #real: Pick<Admission, 'expand'>;
  readonly #where: 'before' | 'after';
  reached = 0;
  #let: () => void = () => {};
  readonly #free: Promise<void>;

  constructor(where: 'before' | 'after') {
    this.#real = world.admission;
    this.#where = where;
    this.#free = new Promise((resolve) => {
      this.#let = resolve;
    });
  }

  readonly parts: Partial<CampaignWorkerParts> = {
    admission: {
      expand: async (...args) => {
        if (this.#where === 'before') await this.#hold();
        const result = await this.#real.expand(...args);
        if (this.#where === 'after') await this.#hold();
        return result;
      },
    },
  };

  async #hold(): Promise<void> {
    this.reached += 1;
    await this.#free;
  }

  release(): void {
    this.#let();
  }
}

const leaseMs = 15_000;
/** The lease of a worker that says nothing any more has run out. */
const outlive = () => {
  world.api.clock.now += leaseMs + 1;
};

describe('a worker that falls silent', () => {
  test('between the admission of a member and its record: the next one finds the expansion and makes no other', async () => {
    const id = await started(2);
    const held = new HeldAdmission('after');
    const first = world.work(id, 5, held.parts);
    await until(() => held.reached === 1);
    expect(await memberStates(id)).toEqual(['starting', 'waiting']);
    outlive();
    await world.work(id, 2);
    expect(await memberStates(id)).toEqual(['running', 'waiting']);
    const before = await get(id);
    held.release();
    await first;
    // What the silent one still wanted to store is not taken.
    expect(await get(id)).toEqual(before);
    expect((await expansions()).map((expansion) => expansion.id)).toEqual([before.members[0]!.expansion!.id]);
    const events = await world.api.store.events({ campaignId: id, afterSeq: 0, limit: 100 });
    expect(events.filter(({ type }) => type === 'campaign.member_started')).toHaveLength(1);
  });

  test('before the admission: the next one admits the member, and the late one is shut out', async () => {
    const id = await started(2);
    const held = new HeldAdmission('before');
    const first = world.work(id, 5, held.parts);
    await until(() => held.reached === 1);
    outlive();
    await world.work(id, 2);
    expect(await memberStates(id)).toEqual(['running', 'waiting']);
    held.release();
    await first;
    expect(await expansions()).toHaveLength(1);
  });

  test('before the admission, and the campaign is cancelled meanwhile: nothing of it begins any more', async () => {
    const id = await started(2);
    const held = new HeldAdmission('before');
    const first = world.work(id, 5, held.parts);
    await until(() => held.reached === 1);
    outlive();
    await steer(id, 'cancel');
    await world.work(id, 2);
    expect((await get(id)).state).toBe('cancelled');
    held.release();
    await first;
    expect(await expansions()).toEqual([]);
    expect(await world.api.store.nodesInUse([nodeOf(0)])).toEqual([]);
  });
});

test('a worker that is told to stop does not wait for a preflight, and hands the campaign over', async () => {
  const id = await started(1);
  const held = new HeldAdmission('before');
  const stop = new AbortController();
  const working = world.workUntil(id, stop.signal, held.parts);
  await until(() => held.reached === 1);
  stop.abort();
  await working;
  await world.work(id, 2);
  expect(await memberStates(id)).toEqual(['running']);
  held.release();
  await until(async () => (await expansions()).length === 1);
});

test('two workers never act on one campaign at a time', async () => {
  const id = await started(1);
  const held = new HeldAdmission('before');
  const first = world.work(id, 3, held.parts);
  await until(() => held.reached === 1);
  await world.work(id, 3);
  expect(await expansions()).toEqual([]);
  held.release();
  await first;
  expect(await expansions()).toHaveLength(1);
});

test('a database that goes away ends the turn, and the campaign goes on where it was', async () => {
  const id = await started(3, { canary: { count: 3 }, maxRunning: 3 });
  const real = world.admission;
  let calls = 0;
  await world.work(id, 5, {
    admission: {
      expand: async (...args) => {
        calls += 1;
        if (calls === 2) world.api.store.setUnavailable(true);
        return real.expand(...args);
      },
    },
  });
  world.api.store.setUnavailable(false);
  outlive();
  await world.work(id, 3);
  expect(await memberStates(id)).toEqual(['running', 'running', 'running']);
  expect(await expansions()).toHaveLength(3);
});

test('a member that preflight refuses when its turn comes fails the campaign, with what was found', async () => {
  const id = await started(3);
  await world.work(id, 2);
  const [canary] = await world.expansionsOf(id);
  world.api.engine.set(nodeOf(1), healthyNode(nodeOf(1), { facts: { holdsKeys: true } }));
  await world.move(canary!, 'succeeded', 'verified');
  await world.work(id, 4);
  const campaign = await get(id);
  expect(campaign.members.map(({ state }) => state)).toEqual(['succeeded', 'refused', 'not_begun']);
  expect(campaign).toMatchObject({ state: 'failed', stop: { cause: 'failures' } });
  expect(campaign.members[1]?.problem).toMatchObject({
    code: 'preflight_failed',
    nextSteps: [expect.any(String)],
  });
});

test('an admission that fails unexpectedly is tried again, and said in the log', async () => {
  const id = await started(1);
  let failures = 2;
  const real = world.admission;
  await world.work(id, 30, {
    admission: {
      expand: async (...args) => {
        failures -= 1;
        if (failures >= 0) throw new Error('out of file handles');
        return real.expand(...args);
      },
    },
  });
  const campaign = await get(id);
  expect(campaign.members[0]).toMatchObject({ state: 'running', failedTries: 2, problem: null });
  expect(world.api.logLines.filter((line) => line.includes('out of file handles'))).toHaveLength(2);
});

test('while everything is frozen no member begins; lifted, they do', async () => {
  await world.api.store.freeze({ reason: 'network works', by: 'anna' });
  const id = await started(2);
  await world.work(id, 5);
  expect(await expansions()).toEqual([]);
  expect((await get(id)).stateReason?.text).toContain('network works');
  await world.api.store.unfreeze({ reason: 'works are over', by: 'anna' });
  await world.work(id, 2);
  expect(await expansions()).toHaveLength(1);
});

test('six masters with one canary, two at a time, each admitted once and in order', async () => {
  const id = await started(6, { maxRunning: 2 });
  let most = 0;
  for (let round = 0; round < 40 && !['succeeded', 'failed'].includes((await get(id)).state); round++) {
    await world.work(id, 2);
    const open = (await expansions()).filter(({ state }) => !isEnded(state));
    most = Math.max(most, open.length);
    const oldest = open.at(-1);
    if (oldest) await world.move(oldest.id, 'succeeded', 'verified');
    outlive();
  }
  expect(await get(id)).toMatchObject({
    state: 'succeeded',
    stateReason: { text: '6 of 6 members succeeded' },
  });
  expect(most).toBe(2);
  const all = await expansions();
  expect(all.map(({ master }) => master.name).sort()).toEqual(
    Array.from({ length: 6 }, (_, i) => masterOf(i)),
  );
  expect(new Set(all.map(({ campaignId }) => campaignId))).toEqual(new Set([id]));
  const types = (await world.api.store.events({ campaignId: id, afterSeq: 0, limit: 100 })).map(
    ({ type }) => type,
  );
  expect(types.indexOf('campaign.canary_passed')).toBeLessThan(types.lastIndexOf('campaign.member_started'));
  expect(types.filter((type) => type === 'campaign.member_started')).toHaveLength(6);
  expect(types.at(-1)).toBe('campaign.succeeded');
});
