import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expansion } from '../../src/model/expansion.ts';
import { bearer, masterName, nodeName, operator, type TestApi, testApi, viewer } from '../api/support.ts';
import { storedEvent } from '../support/events.ts';
import { Harness, jsonLines, until } from './harness.ts';

let api: TestApi;
let url: string;
beforeEach(async () => {
  api = await testApi({ tokens: [operator, viewer] });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterEach(() => api.app.close());

const harness = (token = operator.token) =>
  new Harness({ env: { PIKA_EXPANDER_URL: url, PIKA_EXPANDER_TOKEN: token } });
const expand = ['expand', '-m', masterName, nodeName, '--yes', '--json'];

/** What a worker would do. */
async function move(id: string, changes: Partial<Expansion>, text: string): Promise<void> {
  const lease = (await api.store.claim(id, 'test', 60_000))!;
  const before = (await api.store.get(id))!;
  const event = storedEvent('batch.next', { text });
  await api.store.save(lease, before, { ...before, ...changes }, { events: [event], lookAgainInMs: null });
  await api.store.release(lease);
}

async function started(): Promise<string> {
  const { out, exitCode } = await harness().run(...expand, '--detach');
  expect(exitCode).toBe(0);
  return jsonLines(out).at(-1)?.expansionId as string;
}

describe('against the real API', () => {
  it('plans, starts, watches to the end, and gives evidence', async () => {
    const watching = harness();
    const ended = watching.run(...expand);
    await until(() => watching.out.includes('"kind":"event"'), 'the first event');
    const id = jsonLines(watching.out).find((line) => line.kind === 'accepted')?.expansionId as string;
    await move(id, { state: 'running' }, 'Batch 1 begins.');
    await until(() => watching.out.includes('Batch 1 begins.'), 'the event of the worker');
    await move(id, { state: 'succeeded', endedAt: 2 }, 'Done.');
    const { exitCode, out } = await ended;
    expect(exitCode).toBe(0);
    expect(jsonLines(out).map((line) => line.kind)).toEqual(
      expect.arrayContaining(['plan', 'accepted', 'event', 'progress', 'end']),
    );
    expect((await harness().run('evidence', id)).out).toContain(`Evidence of ${id}`);
    expect((await harness().run('show', id)).out).toContain('succeeded');
    expect((await harness().run('list', '--state', 'succeeded')).out).toContain(id);
  });

  it('steers, and tells why a control does not fit', async () => {
    const id = await started();
    expect((await harness().run('pause', id, '--reason', 'peak')).exitCode).toBe(0);
    expect(await api.store.pendingControls(id)).toMatchObject([{ verb: 'pause', reason: 'peak', by: 'ops' }]);
    const wrong = await harness().run('approve', id, '--reason', 'x');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.err).toContain('→');
    expect((await harness().run('retry', id, '10.9.9.9:1', '--reason', 'x')).err).toContain('has no node');
  });

  it('exits 3 for a node that is in another expansion', async () => {
    const id = await started();
    const { exitCode, out } = await harness().run(...expand);
    expect(exitCode).toBe(3);
    expect(out).toContain(id);
  });

  it('exits 2 and names the field that the service does not take', async () => {
    const { exitCode, err } = await harness().run('plan', '-m', masterName, nodeName, '--batch-size', '0');
    expect(exitCode).toBe(2);
    expect(err).toContain('--batch-size must be a whole number');
  });

  it('says what a viewer may not do, and where a token comes from', async () => {
    const denied = await harness(viewer.token).run(...expand.slice(0, -1), '--detach');
    expect(denied.exitCode).toBe(1);
    expect(denied.err).toMatch(/operator/);
    expect((await harness('wrong-token').run('list')).err).toContain('does not know this token');
    expect((await harness('').run('list')).err).toContain('PIKA_EXPANDER_TOKEN');
  });

  it('freezes and lifts it', async () => {
    expect((await harness().run('freeze', '--reason', 'network')).out).toContain('network');
    expect(await api.store.freezeState()).toMatchObject({ frozen: true, by: 'ops' });
    expect((await harness().run('unfreeze', '--reason', 'done')).out).toContain('Not frozen');
  });

  it('goes on watching when the service comes back', async () => {
    const id = await started();
    const watching = harness();
    const ended = watching.run('watch', id, '--json');
    await until(() => watching.out.includes('"kind":"event"'), 'the first event');
    api.app.server.closeAllConnections();
    await move(id, { state: 'running' }, 'While nobody listened.');
    await until(() => watching.out.includes('While nobody listened.'), 'the event of the meantime');
    watching.pressCtrlC();
    expect((await ended).exitCode).toBe(130);
    const check = await api.app.inject({ url: `/v1/expansions/${id}`, headers: bearer(operator) });
    expect(check.json().state).toBe('running');
  });
});
