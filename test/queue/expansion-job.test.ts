import { describe, expect, it } from 'vitest';
import { because } from '../../src/model/reasons.ts';
import { refuse } from '../../src/model/refusal.ts';
import {
  HandedOverError,
  idempotencyKeyOf,
  JobFailedError,
  seeThrough,
} from '../../src/queue/expansion-job.ts';
import { type ExpansionJobProgress, makeExpansionJob, parseJobFailure } from '../../src/queue/producer.ts';
import { said } from '../support/said.ts';
import { FakeService, refused } from './fake-service.ts';

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 100_000 });

const han = /\p{Script=Han}/u;
const payload = { master: '10.0.0.1:9221', nodes: ['10.0.0.2:9221'] };

function start(service: FakeService, data: unknown = payload, id = 'job-a') {
  const progress: ExpansionJobProgress[] = [];
  const stop = new AbortController();
  const job = {
    id,
    data,
    timestamp: 5,
    updateProgress: async (p: ExpansionJobProgress) => {
      progress.push(p);
    },
  };
  return { progress, stop, ended: seeThrough(job, service, stop.signal) };
}

async function failureOf(ended: Promise<unknown>) {
  const error = await ended.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(JobFailedError);
  return parseJobFailure((error as Error).message);
}

describe('a job of the queue', () => {
  it('returns the result when the expansion has succeeded, and tells progress once per change', async () => {
    const service = new FakeService();
    const { progress, ended } = start(service);
    await eventually(() => progress.length).toBe(1);
    service.change('exp_1', { state: 'running', batchCount: 1 });
    await eventually(() => progress.at(-1)?.state).toBe('running');
    service.change('exp_1', { state: 'succeeded', endedAt: 9 });
    expect(await ended).toMatchObject({
      expansionId: 'exp_1',
      state: 'succeeded',
      master: '10.0.0.1:9221',
      endedAt: 9,
      nodes: [{ node: '10.0.0.2:9221', phase: 'waiting', attempts: 0, verdict: null, anomalies: [] }],
    });
    expect(progress.map((p) => p.state)).toEqual(['pending', 'running', 'succeeded']);
  });

  it.each([
    [{ ...payload, nodes: [{ address: 'b:2', overwrite: true }] }, 'nodes[0].overwrite'],
    [{ ...payload, nodes: [] }, 'nodes'],
    [{ nodes: payload.nodes }, 'master'],
    [{ ...payload, policy: { batchSize: 0 } }, 'policy.batchSize'],
    ['text', undefined],
  ])('fails at once, with the field named, for a bad payload: %j', async (data, field) => {
    const service = new FakeService();
    const failure = await failureOf(start(service, data).ended);
    expect(failure).toMatchObject({ code: 'validation_failed' });
    expect(failure?.field).toBe(field);
    expect(service.expandCalls).toBe(1);
  });

  it('fails with the findings when preflight refuses', async () => {
    const service = new FakeService();
    service.expandErrors.push(refused);
    const failure = await failureOf(start(service).ended);
    expect(failure).toMatchObject({
      code: 'preflight_failed',
      next_steps: [expect.stringContaining('overwriteData')],
    });
    expect(failure?.findings).toHaveLength(1);
    expect(failure?.findings?.[0]?.text).not.toMatch(han);
  });

  it.each(['a\0b', 'a\nb', '\u001b[2J', '\u009b2J'])('fails at once with the id %j', async (id) => {
    const failure = await failureOf(start(new FakeService(), payload, id).ended);
    expect(failure).toMatchObject({ code: 'validation_failed', field: 'id' });
  });

  it('fails in every language: the reader of the failure names one', async () => {
    const service = new FakeService();
    service.expandErrors.push(refused);
    const error = await start(service).ended.catch((e: unknown) => e as Error);
    const zh = parseJobFailure((error as Error).message, 'zh');
    expect(zh).toMatchObject({ code: 'preflight_failed', message: expect.stringMatching(han) });
    for (const text of [...zh!.next_steps, zh!.findings![0]!.text]) expect(text).toMatch(han);
    const ended = start(service);
    await eventually(() => ended.progress.length).toBe(1);
    service.change('exp_1', { state: 'failed', stateReason: because('halt_over') });
    const failed = await ended.ended.catch((e: unknown) => e as Error);
    expect(ended.progress.at(-1)?.stateReason).toMatchObject({ code: 'halt_over' });
    expect(parseJobFailure((failed as Error).message, 'zh')?.message).toMatch(/^扩容任务 exp_1.*已恢复/);
    expect(parseJobFailure((failed as Error).message)?.message).not.toMatch(han);
  });

  it.each(['failed', 'cancelled'] as const)('fails when the expansion %s, with its report', async (state) => {
    const service = new FakeService();
    const { progress, ended } = start(service);
    await eventually(() => progress.length).toBe(1);
    service.change('exp_1', { state, stateReason: said('because') });
    expect(await failureOf(ended)).toMatchObject({
      code: `expansion_${state}`,
      message: expect.stringMatching(/^Expansion exp_1 (has failed|was cancelled): because$/),
      result: { expansionId: 'exp_1', state },
    });
  });

  it('keeps waiting while a person is needed, and says so', async () => {
    const service = new FakeService();
    const { progress, ended } = start(service);
    await eventually(() => progress.length).toBe(1);
    service.change('exp_1', { state: 'halted' });
    await eventually(() => progress.at(-1)?.needsPerson).toBe(true);
    service.change('exp_1', { state: 'succeeded' });
    await ended;
  });

  it('survives a database that is away, before and after it was accepted', async () => {
    const service = new FakeService();
    const away = () => Object.assign(new Error('away'), { code: 'database_unavailable' });
    service.expandErrors.push(...Array.from({ length: 20 }, away));
    service.expandErrors.push(refuse('rehearsal_running', {}));
    service.getErrors.push(away(), away());
    const { progress, ended } = start(service);
    await eventually(() => progress.length).toBe(1);
    await eventually(() => service.getErrors.length).toBe(0);
    service.change('exp_1', { state: 'succeeded' });
    expect((await ended).state).toBe('succeeded');
    expect(service.troubles).toHaveLength(23);
  });

  it('fails as an internal error when an unexpected one comes again and again', async () => {
    const service = new FakeService();
    service.expandErrors.push(...Array.from({ length: 50 }, () => new TypeError('defect')));
    expect(await failureOf(start(service).ended)).toMatchObject({ code: 'internal_error' });
  });

  it('done twice is one expansion', async () => {
    const service = new FakeService();
    const one = start(service);
    const two = start(service);
    await eventually(() => one.progress.length + two.progress.length).toBe(2);
    service.change('exp_1', { state: 'succeeded' });
    expect(await one.ended).toEqual(await two.ended);
    expect(service.expansions.size).toBe(1);
  });

  it('is handed over when the worker closes, without an end', async () => {
    const service = new FakeService();
    const { progress, stop, ended } = start(service);
    await eventually(() => progress.length).toBe(1);
    stop.abort();
    await expect(ended).rejects.toBeInstanceOf(HandedOverError);
  });
});

describe('job ids', () => {
  it('are the idempotency key; numbers given by BullMQ are not taken for one', () => {
    expect(idempotencyKeyOf({ id: 'order-7', timestamp: 5 })).toBe('order-7');
    expect(idempotencyKeyOf({ id: '7', timestamp: 5 })).toBe('job-7-5');
  });

  it.each(['', 'a:b', '123', 'x'.repeat(129)])('cannot be %j', (key) => {
    expect(() => makeExpansionJob(payload, key)).toThrow(RangeError);
  });
});

it('a failure that is not from this service is not taken for one', () => {
  expect(parseJobFailure('job stalled more than allowable limit')).toBeNull();
  expect(parseJobFailure('{"message":"x"}')).toBeNull();
  expect(parseJobFailure(undefined)).toBeNull();
});
