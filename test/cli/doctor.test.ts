import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { said } from '../support/said.ts';
import { expansionOf, FakeApi } from './fake-api.ts';
import { Harness } from './harness.ts';

let api: FakeApi;
const good = (name: string) => ({ name, ok: true, code: 'in_order', text: 'in order' });

beforeEach(async () => {
  api = await new FakeApi().start();
  api.set({ state: 'succeeded' });
  is('/readyz', { ready: true, checks: [good('database'), good('queue')] });
  is('/v1/session', { name: 'ann', role: 'operator', may: [], authRequired: true, provider: null });
  is('/v1/workers', { version: '1.2.3', count: 2, due: [], unattended: [], atWork: 0 });
  is('/v1/freeze', { frozen: false, reason: null, by: null, since: null });
  is('/v1/agents', { items: [] });
  for (const path of ['/v1/campaigns', '/v1/replacements', '/v1/guards'])
    is(path, { items: [], nextCursor: null });
});
afterEach(() => api.close());

const is = (path: string, body: unknown, status = 200): void =>
  void api.answers.set(`GET ${path}`, { status, body });
const doctor = (...args: string[]) => new Harness().run('--url', api.url, 'doctor', ...args);

describe('doctor', () => {
  it('says that nothing is to be done, and exits 0', async () => {
    const { exitCode, out } = await doctor();
    expect(out).toContain(`version 1.2.3 at ${api.url}; you are ann (operator)`);
    expect(out).toContain('2 processes take work');
    expect(out).toContain('Nothing needs a person.');
    expect(exitCode).toBe(0);
  });

  it('says that no process takes work, with the next step, and exits 1', async () => {
    is('/v1/workers', { version: '1.2.3', count: 0, due: ['exp_1'], unattended: ['exp_1'], atWork: 0 });
    const { exitCode, out } = await doctor();
    expect(out).toContain('✖ Workers');
    expect(out).toContain('pika-expander serve');
    expect(exitCode).toBe(1);
  });

  it('says that work is left over only if it still is some seconds later', async () => {
    const unattended = [
      ['exp_1', 'exp_2'],
      ['exp_2', 'exp_3'],
    ];
    api.answers.set('GET /v1/workers', () => ({
      status: 200,
      body: { version: '1.2.3', count: 1, due: ['exp_2'], unattended: unattended.shift(), atWork: 0 },
    }));
    const stuck = await doctor();
    expect(stuck.out).toContain('1 expansion is due, and no worker takes it.');
    expect(stuck.exitCode).toBe(1);
    unattended.push(['exp_1'], []);
    expect((await doctor()).exitCode).toBe(0);
  });

  it('what waits while workers are busy is no fault', async () => {
    is('/v1/workers', { version: '1.2.3', count: 1, due: ['exp_1', 'exp_2'], unattended: [], atWork: 40 });
    const { exitCode, out } = await doctor();
    expect(out).toContain('40 expansions are worked on; 2 wait until the workers have time');
    expect(exitCode).toBe(0);
  });

  it('shows all that it can while the database is away, and exits 1', async () => {
    is(
      '/readyz',
      { ready: false, checks: [{ name: 'database', ok: false, text: 'It cannot be used now.' }] },
      503,
    );
    for (const path of ['/v1/workers', '/v1/freeze', '/v1/agents', '/v1/expansions', '/v1/campaigns'])
      is(path, { error: { code: 'database_unavailable', message: 'The database does not answer.' } }, 503);
    const { exitCode, out } = await doctor();
    expect(out).toContain('✖ Database  It cannot be used now.');
    expect(out).toContain('– Workers   not known: The database does not answer.');
    expect(exitCode).toBe(1);
  });

  it('says who froze everything, and exits 4', async () => {
    is('/v1/freeze', { frozen: true, reason: 'peak', by: 'ben', since: 0 });
    const { exitCode, out } = await doctor();
    expect(out).toMatch(/⚠ Freeze {4}frozen by ben since .*: peak\n {4}→ .*unfreeze/);
    expect(exitCode).toBe(4);
  });

  it('names who waits, and gives the commands of what needs a person', async () => {
    const waiting = {
      ...expansionOf(['10.0.0.5:9221']),
      id: 'exp_2',
      state: 'pending' as const,
      pendingControl: null,
    };
    const halted = {
      ...expansionOf(['10.0.0.6:9221']),
      id: 'exp_3',
      state: 'halted' as const,
      pendingControl: null,
    };
    const items = [
      { ...waiting, stateReason: said('Waits for the end of expansion exp_3 on the same master.') },
      { ...halted, stateReason: said('The node has died.') },
    ];
    is('/v1/expansions', { items, nextCursor: null });
    is('/v1/guards', {
      items: [{ id: 'grd_1', label: 'shop', endedAt: null, counts: { errors: 2 } }],
      nextCursor: null,
    });
    const { exitCode, out } = await doctor();
    const [atWork, needs] = out.split('Needs a person:') as [string, string];
    expect(atWork).toContain('exp_2  10.0.0.1:9221  pending: Waits for the end of expansion exp_3');
    expect(atWork).not.toContain('The node has died.');
    expect(needs).toContain('The node has died.');
    expect(needs).toContain('→ pika-expander skip exp_3');
    expect(needs).toContain('2 errors found by this guard');
    expect(needs).toContain('→ pika-expander guard show grd_1');
    expect(exitCode).toBe(4);
  });

  it('names nodes that ended quarantined, until a later expansion has them', async () => {
    const quarantined = expansionOf(['10.0.0.6:9221']);
    const left = {
      ...quarantined,
      state: 'failed' as const,
      joins: quarantined.joins.map((join) => ({ ...join, phase: 'quarantined' as const })),
    };
    const later = {
      ...quarantined,
      id: 'exp_9',
      state: 'succeeded' as const,
      acceptedAt: left.acceptedAt + 1,
    };
    is('/v1/expansions', { items: [left], nextCursor: null });
    const { exitCode, out } = await doctor();
    expect(out).toContain('may hold partial data and is of no use: 10.0.0.6:9221');
    expect(out).toContain('expand --retry-of exp_1 10.0.0.6:9221,overwrite-data');
    expect(exitCode).toBe(4);
    is('/v1/expansions', { items: [later, left], nextCursor: null });
    expect((await doctor()).exitCode).toBe(0);
  });

  it('prints the same as JSON, with the exit code, and speaks Chinese', async () => {
    is('/v1/workers', { version: '1.2.3', count: 0, due: [], unattended: [], atWork: 0 });
    const { exitCode, out } = await doctor('--json');
    expect(JSON.parse(out)).toMatchObject({ exitCode: 1, needsPerson: [] });
    expect(JSON.parse(out).parts.map(({ name }: { name: string }) => name)).toEqual([
      'service',
      'database',
      'queue',
      'workers',
      'freeze',
      'agents',
    ]);
    expect(exitCode).toBe(1);
    expect((await doctor('--lang', 'zh')).out).toContain('没有进程处理任务');
  });
});
