import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createJobDoor, type JobDoorParts } from '../../src/admission/job-door.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import { type SignedJob, signJob } from '../../src/platform/signed-job.ts';
import { digestOf } from '../../src/platform/token-text.ts';
import { createMemoryIdentities } from '../support/memory-identities.ts';

const now = Date.UTC(2026, 10, 29);
const day = 86_400_000;
const request = { master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221'] };
const orders = { name: 'orders', token: 'text-of-the-token-of-orders' };
const scope = { masters: ['10.0.0.0/8'] };

function world(more: Partial<JobDoorParts> = {}) {
  const identities = createMemoryIdentities();
  const door = createJobDoor({
    tokens: [{ name: orders.name, role: 'producer', token: orders.token, scope }],
    identities,
    store: { acceptedUnder: async () => null },
    maxBodyBytes: 1000,
    now: () => now,
    ...more,
  });
  const enter = async (data: unknown, jobId = 'order-1') => {
    try {
      const { requester, payload } = await door(jobId, data, jobId);
      return { requester, payload };
    } catch (error) {
      return (error as Refusal).code;
    }
  };
  return { identities, enter };
}
const signed = (changes: Partial<SignedJob> = {}, by = orders, at = now): SignedJob => ({
  ...signJob(request, 'order-1', by, at),
  ...changes,
});

test('a signed job is let in as its producer, within the producer’s scope', async () => {
  expect(await world().enter(signed())).toEqual({
    requester: { name: 'orders', via: 'queue', rights: { name: 'orders', role: 'producer', scope } },
    payload: request,
  });
});

test('the signature is what the docs say', () => {
  const { body, at, signature } = signed();
  const key = createHash('sha256').update(orders.token).digest();
  expect(createHmac('sha256', key).update(`order-1\n${at}\n${body}`).digest('hex')).toBe(signature);
  expect(JSON.stringify(signed())).not.toContain(orders.token);
});

describe('what is not let in', () => {
  test.each([
    ['an unsigned job', request, 'job_not_signed'],
    ['no job at all', null, 'job_not_signed'],
    [
      'another request under the signature',
      signed({ body: JSON.stringify({ ...request, nodes: [] }) }),
      'job_signature_wrong',
    ],
    ['another time', signed({ at: now + 1 }), 'job_signature_wrong'],
    ['another name', signed({ by: 'others' }), 'job_signature_wrong'],
    ['another token', signed({}, { name: 'orders', token: 'guessed' }), 'job_signature_wrong'],
    ['no signature', signed({ signature: '' }), 'job_signature_wrong'],
    ['an old signature', signed({}, orders, now - 8 * day), 'job_too_old'],
    ['one of the future', signed({}, orders, now + 8 * day), 'job_too_old'],
    ['more than a request may have', signed({ body: 'x'.repeat(1001) }), 'job_too_large'],
  ])('%s', async (_what, data, code) => {
    expect(await world().enter(data)).toBe(code);
  });

  test('a signed job under another id', async () => {
    expect(await world().enter(signed(), 'order-2')).toBe('job_signature_wrong');
  });

  test('a job of a token of another role', async () => {
    for (const role of ['viewer', 'operator', 'approver', 'admin', 'agent'] as const) {
      const { enter } = world({ tokens: [{ ...orders, role }] });
      expect([role, await enter(signed())]).toEqual([role, 'not_permitted']);
    }
  });

  test('a request that is no JSON is refused by whoever reads it, not before', async () => {
    const body = '{"master":';
    const at = now;
    const key = digestOf(orders.token);
    const signature = createHmac('sha256', key).update(`order-1\n${at}\n${body}`).digest('hex');
    expect(await world().enter({ body, by: 'orders', at, signature })).toMatchObject({ payload: body });
  });
});

describe('tokens of the database', () => {
  const token = {
    id: 'tok_1',
    name: 'shop',
    role: 'producer' as const,
    scope: {},
    createdAt: 1,
    createdBy: 'ann',
    rotatedAt: null,
    rotatedBy: null,
    expiresAt: now + day,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
  };
  const shop = { name: 'shop', token: 'pxt_of-the-shop' };

  test('sign as well, until they are revoked; the text before a rotation as long as it counts', async () => {
    const { identities, enter } = world();
    await identities.createToken(token, digestOf(shop.token));
    expect(await enter(signed({}, shop))).toMatchObject({ requester: { name: 'shop' } });
    await identities.rotateToken('tok_1', { by: 'ann', at: now, digest: digestOf('new'), oldUntil: now + 1 });
    expect(await enter(signed({}, shop))).toMatchObject({ requester: { name: 'shop' } });
    await identities.rotateToken('tok_1', { by: 'ann', at: now, digest: digestOf('newer'), oldUntil: null });
    expect(await enter(signed({}, shop))).toBe('job_signature_wrong');
    await identities.revokeToken('tok_1', { by: 'ann', at: now, reason: null });
    expect(await enter(signed({}, { ...shop, token: 'newer' }))).toBe('job_signature_wrong');
  });

  test('a job whose expansion is stored is answered, whatever became of its token', async () => {
    const asked: string[] = [];
    const { enter } = world({
      store: {
        async acceptedUnder({ key }) {
          asked.push(key);
          return { id: 'exp_1' } as never;
        },
      },
    });
    expect(await enter(signed({}, shop))).toEqual({
      requester: { name: 'shop', via: 'queue' },
      payload: request,
    });
    expect(asked).toEqual(['queue shop\norder-1']);
  });
});

test('where nobody has to sign in, unsigned jobs are let in', async () => {
  const { enter } = world({ tokens: [] });
  expect(await enter(request)).toEqual({ requester: { name: 'queue', via: 'queue' }, payload: request });
});
