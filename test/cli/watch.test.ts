import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeApi } from './fake-api.ts';
import { Harness, jsonLines, until } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());

function watching(...args: string[]) {
  const harness = new Harness();
  return { harness, ended: harness.run('--url', api.url, ...args) };
}

const eventSeqs = (out: string) =>
  jsonLines(out)
    .filter((line) => line.kind === 'event')
    .map((line) => (line.event as { seq: number }).seq);

describe('watching an expansion', () => {
  it('prints its events as lines and exits 0 when it succeeded', async () => {
    const opened = api.nextStream();
    const { harness, ended } = watching('watch', 'exp_1');
    await opened;
    api.emit('join_phase', 'Full sync begins.', { node: '10.0.0.2:9221' });
    await until(() => harness.out.includes('Full sync begins.'), 'the event');
    api.set({ state: 'succeeded', endedAt: 1_700_000_060_000 });
    api.emit('expansion_succeeded', 'All nodes are verified.');
    const { exitCode, out } = await ended;
    expect(exitCode).toBe(0);
    expect(out).toContain('10.0.0.2:9221: Full sync begins.');
    expect(out).toContain('Took: 60 s');
    expect(out).not.toContain('\u001b');
  });

  it('prints the history before any progress', async () => {
    const progress = {
      snapshotBytes: 1000,
      receivedBytes: 250,
      bytesPerSecond: 50,
      remainingSeconds: 15,
      lagBytes: null,
    };
    api.setJoin(0, { phase: 'transferring', progress });
    api.emit('join_phase', 'Full sync begins.', { node: '10.0.0.2:9221' });
    const { harness, ended } = watching('watch', 'exp_1');
    await until(() => / transferring:/.test(harness.out), 'the progress');
    expect(harness.out.indexOf('Full sync begins.')).toBeGreaterThan(-1);
    expect(harness.out.indexOf('Full sync begins.')).toBeLessThan(harness.out.indexOf(' transferring:'));
    api.set({ state: 'succeeded' });
    api.emit('end', 'Done.');
    await ended;
  });

  it.each([
    ['failed', 1],
    ['cancelled', 1],
    ['halted', 4],
    ['paused', 4],
    ['awaiting_approval', 4],
  ] as const)('exits by the state: %s is %d', async (state, exitCode) => {
    api.set({ state });
    expect((await watching('watch', 'exp_1').ended).exitCode).toBe(exitCode);
  });

  it('says once where the runbook says more about what a person is asked for', async () => {
    api.set({ state: 'halted' });
    const { out } = await watching('watch', 'exp_1').ended;
    expect(out.match(/Runbook: \S+/g)).toEqual([expect.stringMatching(/^Runbook: http\S+\/runbook#/)]);
  });

  it('says by which commands a halted expansion goes on', async () => {
    api.set({ state: 'halted' });
    api.setJoin(1, { phase: 'quarantined' });
    const { out } = await watching('watch', 'exp_1').ended;
    expect(out).toContain('pika-expander retry exp_1 10.0.0.3:9221 --reason');
    expect(out).toContain('pika-expander skip exp_1 10.0.0.3:9221 --reason');
  });

  it('does not take the halt for the end while the approval just given takes effect', async () => {
    api.set({ state: 'awaiting_approval' });
    const opened = api.nextStream();
    const { ended } = watching('approve', 'exp_1', '--reason', 'fine', '--watch');
    await opened;
    api.set({ state: 'running' });
    api.emit('approved', 'Approved by anna.');
    api.set({ state: 'succeeded' });
    api.emit('expansion_succeeded', 'Done.');
    expect((await ended).exitCode).toBe(0);
  });

  it('misses and doubles no event over broken connections', async () => {
    const first = api.nextStream();
    const { harness, ended } = watching('watch', 'exp_1', '--json');
    await first;
    api.emit('a', 'one');
    api.emit('b', 'two');
    await until(() => eventSeqs(harness.out).length === 2, 'two events');
    api.acceptStreams = false;
    api.dropStreams();
    api.emit('c', 'three while nobody listens');
    await until(() => harness.out.includes('"kind":"connection"'), 'the loss to be told');
    const second = api.nextStream();
    api.acceptStreams = true;
    await second;
    await until(() => eventSeqs(harness.out).length === 3, 'the event of the meantime');
    api.dropStreams();
    const third = api.nextStream();
    await third;
    api.set({ state: 'succeeded' });
    api.emit('d', 'four');
    const { exitCode, out } = await ended;
    expect(exitCode).toBe(0);
    expect(eventSeqs(out)).toEqual([1, 2, 3, 4]);
    const ids = api.requests.map((request) => request.headers['last-event-id']).filter(Boolean);
    expect(ids[0]).toBe('0');
    expect(ids.at(-1)).toBe('3');
  });

  it('ends with one line that holds state, exit code and expansion, with --json', async () => {
    api.set({ state: 'failed' });
    const { out } = await watching('watch', 'exp_1', '--json').ended;
    expect(jsonLines(out).at(-1)).toMatchObject({
      kind: 'end',
      expansionId: 'exp_1',
      state: 'failed',
      exitCode: 1,
    });
  });

  it('shows progress that the stream brings', async () => {
    const opened = api.nextStream();
    const { harness, ended } = watching('watch', 'exp_1', '--json');
    await opened;
    const progress = {
      snapshotBytes: 1000,
      receivedBytes: 250,
      bytesPerSecond: 50,
      remainingSeconds: 15,
      lagBytes: null,
    };
    api.setJoin(0, { phase: 'transferring', progress });
    api.sendProgress();
    await until(() => harness.out.includes('"receivedBytes":250'), 'the progress');
    api.set({ state: 'succeeded' });
    api.emit('end', 'Done.');
    await ended;
  });

  it('is left by Ctrl-C without touching the expansion, and says how to watch it again', async () => {
    const opened = api.nextStream();
    const { harness, ended } = watching('watch', 'exp_1');
    await opened;
    harness.pressCtrlC();
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(130);
    expect(err).toContain('goes on in the service');
    expect(err).toContain('pika-expander watch exp_1');
    expect(api.requests.every((request) => request.method === 'GET')).toBe(true);
  });

  it('ends with an error when the expansion does not exist', async () => {
    const { exitCode, err } = await watching('watch', 'exp_none').ended;
    expect(exitCode).toBe(1);
    expect(err).toContain('There is none.');
  });
});
