import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExpansionView } from '../../src/model/views/expansion.ts';
import { said } from '../support/said.ts';
import { FakeApi, joinOf } from './fake-api.ts';
import { Harness, jsonLines, until } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());

const refusal = {
  code: 'target_holds_data',
  severity: 'error',
  node: '10.0.0.2:9221',
  text: 'The node holds 12 keys.',
  nextStep: 'Name the node with overwrite-data if they may be lost.',
} as const;

const run = (...args: string[]) => new Harness().run('--url', api.url, ...args);

describe('plan', () => {
  it('prints batches and the reason for their size, and exits 0', async () => {
    const { exitCode, out } = await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '10.0.0.3:9221');
    expect(exitCode).toBe(0);
    expect(out).toContain('Batch 1: 10.0.0.2:9221');
    expect(out).toContain('one at a time');
    expect(out).toContain('541 MB in table files');
  });

  it('exits 3 with every finding and its next step when preflight refuses', async () => {
    api.plan = { ...api.plan, acceptable: false, findings: [refusal] };
    const { exitCode, out } = await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221');
    expect(exitCode).toBe(3);
    expect(out).toContain('The node holds 12 keys.');
    expect(out).toContain('→ Name the node with overwrite-data');
    expect(out).toContain('Nothing was changed');
  });

  it('says once what is found of several nodes in the same words', async () => {
    const finding = (node: string, keys: number) =>
      ({ ...refusal, node, text: `${node} holds ${keys} keys.`, severity: 'warning' }) as const;
    const findings = [
      finding('10.0.0.2:9221', 12),
      finding('10.0.0.3:9221', 12),
      finding('10.0.0.4:9221', 7),
    ];
    api.plan = { ...api.plan, findings };
    const { out } = await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221');
    expect(out).toContain('10.0.0.2:9221 holds 12 keys.');
    expect(out).toContain('The same of 1 other node: 10.0.0.3:9221');
    expect(out).not.toContain('10.0.0.3:9221 holds');
    expect(out).toContain('10.0.0.4:9221 holds 7 keys.');
  });

  it('sends what the request permits per node, and the policy', async () => {
    await run(
      'plan',
      '-m',
      '10.0.0.1:9221,credential=prod',
      '--batch-size',
      '2',
      '--verify',
      'full',
      '--pause-between-batches',
      '5m',
      '--bandwidth',
      '50MB',
      '--may-raise-binlog-retention',
      '10.0.0.2:9221,overwrite-data,repoint,seen-as=10.8.0.2:9221',
    );
    expect(api.requests[0]?.body).toEqual({
      master: { address: '10.0.0.1:9221', credential: 'prod' },
      nodes: [{ address: '10.0.0.2:9221', overwriteData: true, repoint: true, seenAs: '10.8.0.2:9221' }],
      policy: {
        batchSize: 2,
        pauseBetweenBatchesMs: 300_000,
        bandwidthBytesPerSecond: 50_000_000,
        mayRaiseBinlogRetention: true,
        verify: { depth: 'full' },
      },
    });
  });

  it('takes health, windows and every other field of a policy as flags, with their units', async () => {
    const flags = [
      ['--health', 'latency=20ms,lag=1.5MB', '--health', 'url=http://10.0.0.9/a,b,limit=0.5'],
      ['--window', 'sat,sun 22:00-06:00 Europe/Berlin', '--window', '01:00-02:00'],
      ['--stall-timeout', '1.5m', '--look-interval', '500ms', '--forecast-tolerance', 'none'],
      ['--batch-size', 'auto', '--ttl-tolerance', '2s', '--max-bytes-per-second', '1MiB/s'],
    ];
    await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', ...flags.flat());
    expect(api.requests[0]?.body).toMatchObject({
      policy: {
        health: {
          masterLatencyMs: 20,
          slaveLagBytes: 1_500_000,
          endpoint: { url: 'http://10.0.0.9/a,b', limit: 0.5 },
        },
        windows: [
          { days: ['sat', 'sun'], from: '22:00', to: '06:00', timeZone: 'Europe/Berlin' },
          { from: '01:00', to: '02:00' },
        ],
        stallTimeoutMs: 90_000,
        lookIntervalMs: 500,
        forecastTolerance: null,
        batchSize: 'auto',
        verify: { ttlToleranceMs: 2000, maxBytesPerSecond: 1_048_576 },
      },
    });
  });

  it('rehearses a plan that was made before, or one of its own, not both', async () => {
    const run40 = { state: 'succeeded', stateReason: null, seconds: 40, dumps: 1, nodes: [] };
    const rehearsal = {
      planId: 'plan_7',
      version: '3.5.4',
      assumptions: [],
      predicted: run40,
      faults: [{ ...run40, fault: 'node_dies', text: 'The first node dies.' }],
      burst: { gapSeconds: 5, seconds: 60, dumps: 3, nodes: [] },
    };
    api.answers.set('POST /v1/plans/plan_7/rehearsal', { status: 200, body: rehearsal });
    const { exitCode, out } = await run('rehearse', '--plan', 'plan_7');
    expect(exitCode).toBe(0);
    expect(out).toContain('As planned: succeeded after 40 s, 1 dump');
    expect((await run('rehearse', '--plan', 'plan_7', '-m', '10.0.0.1:9221')).exitCode).toBe(2);
    expect((await run('rehearse')).err).toContain('No master is named');
  });

  it('reads nodes and policy from files', async () => {
    const files = {
      'nodes.txt': '# first rack\n10.0.0.2:9221\n\n10.0.0.3:9221,repoint # old slave\n',
      'policy.json': '{"onFailure":"skip","verify":{"rounds":5}}',
    };
    await new Harness({ files }).run(
      'plan',
      '--url',
      api.url,
      '-m',
      '10.0.0.1:9221',
      '-f',
      'nodes.txt',
      '--policy',
      'policy.json',
      '--sample=50',
    );
    expect(api.requests[0]?.body).toEqual({
      master: { address: '10.0.0.1:9221' },
      nodes: [{ address: '10.0.0.2:9221' }, { address: '10.0.0.3:9221', repoint: true }],
      policy: { onFailure: 'skip', verify: { rounds: 5, samplePerType: 50 } },
    });
  });

  it.each([
    [['plan', '10.0.0.2:9221'], 'master'],
    [['plan', '-m', '10.0.0.1:9221'], 'No node'],
    [['plan', '-m', '10.0.0.1', '10.0.0.2:9221'], 'does not begin with host:port'],
    [['plan', '-m', '10.0.0.1:9221,repoint', '10.0.0.2:9221'], 'not for the master'],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221,overwrite'], '"overwrite" is not known'],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--batch-size', 'two'], '--batch-size'],
    [
      ['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--bandwidth', '10 parsecs'],
      '500KB, 10MB or 1.5GB or none',
    ],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--stall-timeout', '60'], 'a duration such as'],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--health', 'speed=9'], '"speed"'],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--window', 'at night'], 'sat,sun 22:00-06:00'],
    [['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--pause-between-batches', '5'], 'duration'],
    [['nonsense'], 'Error: There is no command "nonsense". [usage]'],
    [['plan', '10.0.0.2:9221'], 'No master is named'],
    [['plan', '-m'], 'pika-expander plan --help'],
    [['pause', '--reason', 'x'], 'Error: The argument <id> is missing.'],
    [['pause'], 'Error: The argument <id> is missing.'],
    [['pause', 'exp_1'], 'Error: The reason is missing.'],
    [['campaign', 'pause', 'cpn_1'], 'Error: The reason is missing.'],
    [['freeze'], 'Error: The reason is missing.'],
    [
      ['plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221,seen-as=foo'],
      'seen-as is "foo", which is not host:port',
    ],
  ])('exits 2 for wrong usage and sends nothing: %j', async (args, text) => {
    const { exitCode, err } = await run(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(text);
    expect(api.requests).toEqual([]);
  });
});

describe('expand', () => {
  const line = ['expand', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '10.0.0.3:9221'];

  it('starts nothing when preflight refuses', async () => {
    api.plan = { ...api.plan, acceptable: false, findings: [refusal] };
    expect((await run(...line, '--yes')).exitCode).toBe(3);
    expect(api.requests.map((request) => request.path)).toEqual(['/v1/plans']);
  });

  it('wants --yes where nobody can be asked', async () => {
    const { exitCode, err } = await run(...line);
    expect(exitCode).toBe(2);
    expect(err).toContain('--yes');
    expect(api.requests).toEqual([]);
  });

  it('with --detach says how to watch, and exits 0', async () => {
    const { exitCode, out } = await run(...line, '--yes', '--detach', '--label', 'shard 7');
    expect(exitCode).toBe(0);
    expect(out).toContain('pika-expander watch exp_1');
    const post = api.requests.find((request) => request.path === '/v1/expansions');
    expect(post?.body).toMatchObject({ label: 'shard 7' });
    expect(post?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('does not say again among the events what the plan has just said', async () => {
    const warning = { ...refusal, severity: 'warning' } as const;
    const other = 'The node is a slave of 10.0.0.9:9221.';
    api.plan = { ...api.plan, findings: [warning] };
    for (const text of [warning.text, other]) api.emit('preflight.finding', text, { level: 'warning' });
    api.set({ state: 'succeeded' });
    const { out } = await run(...line, '--yes');
    expect(out.split(warning.text)).toHaveLength(2);
    expect(out).toContain(other);
    const watched = await run('watch', 'exp_1');
    expect(watched.out).toContain(warning.text);
  });

  it('starts a plan that was made before as it is, without a request of its own', async () => {
    api.answers.set('GET /v1/plans/plan_7', { status: 200, body: { ...api.plan, id: 'plan_7' } });
    const { exitCode, out } = await run('expand', '--plan', 'plan_7', '--yes', '--detach', '-l', 'shard 7');
    expect(exitCode).toBe(0);
    expect(out).toContain('Plan plan_7');
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/plans/plan_7',
      'POST /v1/expansions',
    ]);
    expect(api.requests[1]?.body).toEqual({ planId: 'plan_7', label: 'shard 7' });
  });

  it.each([[['-m', '10.0.0.1:9221']], [['10.0.0.2:9221']], [['--approval', 'each_batch']]])(
    'takes nothing beside a plan that was made before: %j',
    async (more) => {
      const { exitCode, err } = await run('expand', '--plan', 'plan_7', '--yes', ...more);
      expect(exitCode).toBe(2);
      expect(err).toContain('as it was made');
      expect(api.requests).toEqual([]);
    },
  );

  it.each([
    ['2026-12-01T22:00+08:00', Date.UTC(2026, 11, 1, 14)],
    ['2026-12-01T22:00', new Date(2026, 11, 1, 22).getTime()],
  ])('begins at the time that --at names: %s', async (text, startAt) => {
    await run(...line, '--yes', '--detach', '--at', text);
    expect(api.requests.map(({ path }) => path)).toEqual(['/v1/plans', '/v1/expansions']);
    expect(api.requests[0]?.body).not.toHaveProperty('startAt');
    expect(api.requests[1]?.body).toMatchObject({ startAt });
  });

  it('takes a time of day as the next after the present, the beginning of 1970 here', async () => {
    await run(...line, '--yes', '--detach', '--at', '22:00');
    const { startAt } = api.requests[1]!.body as { startAt: number };
    expect([new Date(startAt).getHours(), new Date(startAt).getMinutes()]).toEqual([22, 0]);
    expect(startAt).toBeGreaterThan(0);
    expect(startAt).toBeLessThanOrEqual(25 * 3_600_000);
  });

  it.each(['25:00', 'tonight', '1969-01-01T00:00'])('%s is no time to begin at', async (text) => {
    const { exitCode, err } = await run(...line, '--yes', '--at', text);
    expect(exitCode).toBe(2);
    expect(err).toContain(`--at is "${text}"`);
    expect(api.requests).toEqual([]);
  });

  it('asks again for what an ended expansion has left, with what is permitted now', async () => {
    await run('expand', '--retry-of', 'exp_1', '10.0.0.3:9221,overwrite-data', '--yes', '--detach');
    const asked = { retryOf: 'exp_1', nodes: [{ address: '10.0.0.3:9221', overwriteData: true }] };
    expect(api.requests.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/plans', asked],
      ['/v1/expansions', asked],
    ]);
    const both = await run('expand', '--retry-of', 'exp_1', '-m', '10.0.0.1:9221', '--yes');
    expect([both.exitCode, both.err]).toEqual([2, expect.stringContaining('leave --master out')]);
  });

  it('exits 3 when the plan has changed since', async () => {
    const error = { code: 'plan_changed', message: 'It no longer holds.', next_steps: ['Make it again.'] };
    api.answers.set('POST /v1/expansions', { status: 409, body: { error } });
    const { exitCode, err } = await run(...line, '--yes');
    expect(exitCode).toBe(3);
    expect(err).toContain('It no longer holds.');
  });

  it('exits 3 when the service refuses at the second look, with all findings', async () => {
    const error = {
      code: 'preflight_failed',
      message: 'Preflight refuses.',
      findings: [refusal],
      next_steps: [],
    };
    api.answers.set('POST /v1/expansions', { status: 422, body: { error } });
    const { exitCode, err } = await run(...line, '--yes');
    expect(exitCode).toBe(3);
    expect(err).toContain('The node holds 12 keys.');
  });

  it('exits 3 when a node is in another expansion', async () => {
    const error = {
      code: 'node_in_other_expansion',
      message: 'Node in use.',
      next_steps: ['Wait for exp_9.'],
    };
    api.answers.set('POST /v1/expansions', { status: 409, body: { error } });
    const { exitCode, err } = await run(...line, '--yes');
    expect(exitCode).toBe(3);
    expect(err).toContain('→ Wait for exp_9.');
  });
});

describe('looking', () => {
  it('lists, shows, and gives evidence', async () => {
    api.setJoin(0, { phase: 'verified' });
    expect((await run('list')).out).toMatch(/exp_1\s+running\s+10\.0\.0\.1:9221\s+1\/2/);
    expect((await run('show', 'exp_1')).out).toContain('✔ 10.0.0.2:9221');
    const rule = { rule: 'bytes_received', holds: false, text: '3 of 9 bytes came.', facts: {}, at: 0 };
    const node = { ...joinOf('10.0.0.2:9221', 0), node: '10.0.0.2:9221', attempts: [] };
    const evidence = { verdict: 'not_verified', at: 0, attempt: 1, rules: [rule] };
    api.answers.set('GET /v1/expansions/exp_1/evidence', {
      status: 200,
      body: { expansionId: 'exp_1', master: api.expansion.master, nodes: [{ ...node, evidence }] },
    });
    expect((await run('evidence', 'exp_1')).out).toContain('✖ bytes_received  3 of 9 bytes came.');
  });

  it('shows what was forecast beside what it was, node by node', async () => {
    const range = { low: 100, expected: 120, high: 300 };
    const figure = (expected: number, real: number) => ({
      forecast: { ...range, expected },
      real,
      error: (real - expected) / expected,
    });
    const forecast = { secondsTotal: range } as NonNullable<ExpansionView['forecast']>;
    api.set({ forecast });
    expect((await run('show', 'exp_1')).out).toContain(
      'Forecast: 2 min 00 s (1 min 40 s to 5 min 00 s) in all\n',
    );
    api.set({
      endedAt: 1_700_000_132_000,
      forecastOutcome: {
        secondsTotal: figure(120, 132),
        nodes: [
          {
            node: '10.0.0.2:9221',
            transferSeconds: figure(50, 45),
            bytesPerSecond: figure(20e6, 22e6),
            bytes: figure(1e9, 1e9),
          },
        ],
      },
    });
    const { out } = await run('show', 'exp_1');
    expect(out).toContain('in all; it took 2 min 12 s (+10 %)');
    expect(out).toContain(
      '10.0.0.2:9221  copy 50 s forecast, 45 s (-10 %); 20.0 MB/s forecast, 22.0 MB/s (+10 %)',
    );
  });

  it('shows what holds the copies back, with value and limit, and what was changed on the master', async () => {
    api.set({
      health: {
        level: 0.4,
        changedAt: 0,
        calmSince: null,
        ceiling: 1,
        readings: [{ what: 'master_latency_ms', value: 31.26, limit: 20 }],
        over: { what: 'master_latency_ms', value: 31.26, limit: 20 },
      },
      borrowed: {
        name: 'expire-logs-nums',
        old: '10',
        given: ['826'],
        pending: null,
        changes: 1,
        seen: '826',
        seenAt: 0,
        state: 'borrowed',
        restoringSince: null,
        fileWritten: false,
      },
    });
    const { out } = await run('show', 'exp_1');
    expect(out).toContain('copies may use 40 % of the bandwidth');
    expect(out).toContain('latency of the master, p99 in ms: 31.3, limit 20: over it, no batch begins');
    expect(out).toContain('expire-logs-nums of 10.0.0.1:9221: 826, before the expansion 10 (changed for');
  });

  it('prints the answer of the API as it is with --json', async () => {
    expect(JSON.parse((await run('show', 'exp_1', '--json')).out)).toEqual(
      JSON.parse(JSON.stringify(api.expansion)),
    );
  });

  it('without an id takes the only expansion that goes on', async () => {
    expect((await run('show')).out).toContain('exp_1');
    const two = { items: [api.expansion, { ...api.expansion, id: 'exp_2' }], nextCursor: null };
    api.answers.set('GET /v1/expansions', { status: 200, body: two });
    const { exitCode, err } = await run('show');
    expect(exitCode).toBe(2);
    expect(err).toContain('exp_2');
  });

  it.each(['show', 'watch', 'evidence'])(
    '%s without an id takes the last one when all have ended',
    async (name) => {
      api.set({ state: 'succeeded', endedAt: 1 });
      const evidence = { expansionId: 'exp_1', nodes: [] };
      api.answers.set('GET /v1/expansions/exp_1/evidence', { status: 200, body: evidence });
      await run(name);
      expect(api.requests.some(({ path }) => path.startsWith('/v1/expansions/exp_1'))).toBe(true);
    },
  );

  it('says a pause that waits for a safe point, and that all is frozen, in list and show', async () => {
    const pendingControl = { id: 'c', verb: 'pause', node: null, reason: 'peak', by: 'ops', at: 1 } as const;
    api.set({ state: 'running', pendingControl });
    const frozen = { frozen: true, reason: 'network works', by: 'ann', since: 1 };
    api.answers.set('GET /v1/freeze', { status: 200, body: frozen });
    const list = (await run('list')).out;
    expect(list).toContain('running, pause asked for');
    const show = (await run('show', 'exp_1')).out;
    expect(show).toContain('ops asked to pause (peak); it takes effect at the next safe point.');
    for (const out of [list, show]) expect(out).toContain('by ann: network works');
  });

  it('never lets a text from a node command the terminal', async () => {
    api.set({ stateReason: said('reply: \u001b]0;owned\u0007\u001b[2J') });
    const { out } = await run('show', 'exp_1');
    expect(out).toContain('owned');
    expect(out).not.toContain('\u001b');
  });
});

describe('steering', () => {
  it.each(['pause', 'resume', 'cancel', 'approve'])('%s sends the reason', async (verb) => {
    const { exitCode } = await run(verb, 'exp_1', '--reason', 'because');
    expect(exitCode).toBe(0);
    expect(api.requests[0]).toMatchObject({
      method: 'POST',
      path: `/v1/expansions/exp_1/${verb}`,
      body: { reason: 'because' },
    });
  });

  it.each(['retry', 'skip'])('%s names the node', async (verb) => {
    await run(verb, 'exp_1', '10.0.0.2:9221', '--reason', 'because');
    expect(api.requests[0]?.path).toBe(`/v1/expansions/exp_1/nodes/10.0.0.2%3A9221/${verb}`);
  });

  it('does nothing without a reason', async () => {
    expect((await run('cancel', 'exp_1')).exitCode).toBe(2);
    expect((await run('cancel', 'exp_1', '--reason', ' ')).exitCode).toBe(2);
    expect(api.requests).toEqual([]);
  });

  it('freezes, shows it, and lifts it', async () => {
    const frozen = { frozen: true, reason: 'network', by: 'anna', since: 0 };
    const lifted = { frozen: false, reason: null, by: null, since: null };
    api.answers.set('POST /v1/freeze', { status: 200, body: frozen });
    api.answers.set('GET /v1/freeze', { status: 200, body: frozen });
    api.answers.set('DELETE /v1/freeze', { status: 200, body: lifted });
    expect((await run('freeze', '--reason', 'network')).out).toContain('by anna: network');
    expect((await run('freeze', '--status')).out).toContain('Frozen');
    expect((await run('unfreeze', '--reason', 'done')).out).toContain('Not frozen');
    expect(api.requests.map((request) => request.body)).toEqual([
      { reason: 'network' },
      undefined,
      { reason: 'done' },
    ]);
  });
});

describe('compare', () => {
  const report = {
    depth: 'full',
    verdict: 'different',
    reason: null,
    startedAt: 0,
    endedAt: 2000,
    lookedAtKeys: 1000,
    lookedAtKeysByType: {},
    estimatedKeys: 1000,
    share: 1,
    smallestLossFound: null,
    differencesTotal: 1,
    differencesByKind: { missing: 1 },
    examples: [{ db: 0, key: 'k1', type: 'string', kind: 'missing', left: '"v"', right: null, rounds: 3 }],
    rounds: 3,
    settledByRecheck: 0,
    counts: null,
  };
  const comparison = (verdict: string | null) => ({
    id: 'cmp_1',
    left: { name: 'a:1' },
    right: { name: 'b:2' },
    state: verdict === null ? 'running' : 'completed',
    stateReason: null,
    progress: null,
    report: verdict === null ? null : { ...report, verdict },
    problem: null,
    differencesTotal: 0,
  });

  it.each([
    ['equal', 0],
    ['different', 1],
    ['empty', 1],
    ['inconclusive', 1],
  ])('waits for the result; %s exits %d', async (verdict, exitCode) => {
    api.answers.set('POST /v1/comparisons', { status: 202, body: comparison(null) });
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body: comparison(verdict) });
    const ran = await run('compare', 'a:1', 'b:2', '--depth', 'full');
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.out).toContain(verdict);
    expect(ran.out).toContain('db0 string k1: missing');
  });
});

describe('errors', () => {
  it('says how to start the service when nothing listens there', async () => {
    const gone = await new FakeApi().start();
    const { url } = gone;
    await gone.close();
    const { exitCode, err } = await new Harness().run('list', '--url', url);
    expect(exitCode).toBe(1);
    expect(err).toContain('pika-expander serve');
    expect(err).toContain(url);
  });

  it('says where to give a token', async () => {
    const error = { code: 'unauthorized', message: 'A token is needed.', next_steps: [] };
    api.answers.set('GET /v1/expansions', { status: 401, body: { error } });
    const { exitCode, err } = await run('list');
    expect(exitCode).toBe(1);
    expect(err).toContain('PIKA_EXPANDER_TOKEN');
  });

  it('notices when another server answers', async () => {
    api.answers.set('GET /v1/expansions', { status: 404, body: 'hello' });
    expect((await run('list')).err).toContain('is not pika-expander');
  });

  it.each([
    ['policy.windows[0].from', '--window must be a time'],
    ['policy.bandwidthBytesPerSecond', '--bandwidth must be a time'],
    ['depth', '--depth must be a time'],
    ['policy.bathSize', 'policy.bathSize must be a time'],
  ])('names the flag of a field that the service refuses: %s', async (field, text) => {
    const error = { code: 'validation_failed', message: `${field} must be a time.`, field, next_steps: [] };
    api.answers.set('POST /v1/plans', { status: 400, body: { error } });
    const { err } = await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221');
    expect(err).toContain(`Error: ${text}`);
    const { out } = await run('plan', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '--json');
    expect(JSON.parse(out).error).toMatchObject({ field, message: error.message });
  });

  it('tells wrong usage as JSON too, with its code and what can be done', async () => {
    const { exitCode, out, err } = await run('pause', '--json');
    expect(exitCode).toBe(2);
    expect(jsonLines(out)).toEqual([
      {
        error: {
          code: 'usage',
          message: 'The argument <id> is missing.',
          next_steps: ['See the options and examples: pika-expander pause --help'],
          exitCode: 2,
        },
      },
    ]);
    expect(err).toBe('');
  });

  it('names itself to the service, which answers in the words of the command line', async () => {
    await run('list');
    expect(api.requests[0]?.headers).toMatchObject({ 'pika-expander-tool': 'cli', 'accept-language': 'en' });
  });

  it('prints errors as JSON with --json, on standard output', async () => {
    const { exitCode, out, err } = await run('show', 'exp_none', '--json');
    expect(exitCode).toBe(1);
    expect(jsonLines(out)).toEqual([
      { error: { code: 'not_found', message: 'There is none.', next_steps: [], exitCode: 1 } },
    ]);
    expect(err).toBe('');
  });
});

describe('the other entrances', () => {
  it('hands the flags of serve on', async () => {
    const given: unknown[] = [];
    const entrances = {
      serve: async (options: unknown) => {
        given.push(options);
        return 0;
      },
    };
    await new Harness({ entrances }).run('serve', '--role', 'worker', '--port', '0', '--config', 'c.json');
    expect(given).toEqual([{ role: 'worker', port: 0, configFile: 'c.json' }]);
    expect((await new Harness({ entrances }).run('serve', '--role', 'boss')).exitCode).toBe(2);
    expect((await new Harness({ entrances }).run('serve', '--port', 'x')).exitCode).toBe(2);
  });

  it('shows each command with examples and the exit codes', async () => {
    const { exitCode, out } = await run('--help');
    expect(exitCode).toBe(0);
    expect(out).toContain('3 refused by preflight');
    expect((await run('expand', '--help')).out).toContain('$ pika-expander expand --master');
  });
});

describe('a comparison that goes on', () => {
  const comparison = {
    id: 'cmp_1',
    left: { name: 'a:1' },
    right: { name: 'b:2' },
    stateReason: null,
    report: null,
    problem: null,
    differencesTotal: 0,
    progress: null,
  };

  const tooMany = { error: { code: 'rate_limited', message: 'Too many.', next_steps: [] } };
  it('asks again no sooner than the service wants', async () => {
    api.answers.set('POST /v1/comparisons', { status: 202, body: { ...comparison, state: 'pending' } });
    let refusals = 0;
    api.answers.set('GET /v1/comparisons/cmp_1', () => {
      refusals += 1;
      return refusals > 3
        ? { status: 200, body: { ...comparison, state: 'cancelled' } }
        : { status: 429, body: tooMany, headers: { 'retry-after': '30' } };
    });
    const harness = new Harness();
    await harness.run('compare', 'a:1', 'b:2', '--url', api.url);
    expect(harness.waitedMs).toBe(1000 + 3 * 30_000);
  });

  it('exits 4 when somebody paused it', async () => {
    api.answers.set('POST /v1/comparisons', { status: 202, body: { ...comparison, state: 'pending' } });
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body: { ...comparison, state: 'paused' } });
    expect((await run('compare', 'a:1', 'b:2')).exitCode).toBe(4);
  });

  it('shows how far it is', async () => {
    const progress = {
      activity: 'comparing strings of db0',
      lookedAtKeys: 500,
      estimatedKeys: 2000,
      differences: 1,
      keysPerSecond: 100,
      remainingSeconds: 15,
      heldBy: 'the master answers slowly',
    };
    const body = { ...comparison, state: 'running', progress };
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body });
    expect((await run('comparison', 'cmp_1')).out).toContain(
      'comparing strings of db0, 500 of about 2000 keys, 100 keys/s, 15 s left, 1 differences so far, waits: the master',
    );
  });

  it('says what it waits for, once, where no line can move', async () => {
    const reason = 'waits for a server: b:2: cannot be reached (ECONNREFUSED); it is tried again in 5 s';
    api.answers.set('POST /v1/comparisons', { status: 202, body: { ...comparison, state: 'pending' } });
    const waiting = { ...comparison, state: 'running', stateReason: said(reason) };
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body: waiting });
    const harness = new Harness();
    const running = harness.run('compare', 'a:1', 'b:2', '--url', api.url);
    await until(() => harness.err.includes('waits for a server'), 'the reason');
    api.answers.set('GET /v1/comparisons/cmp_1', {
      status: 200,
      body: { ...comparison, state: 'cancelled' },
    });
    const { err, exitCode } = await running;
    expect([err, exitCode]).toEqual([`${reason}\n`, 1]);
  });

  it('says what was asked of it and is not done yet', async () => {
    const pendingControl = { verb: 'pause', reason: 'peak hours', by: 'ops', at: 1 };
    const body = { ...comparison, state: 'running', pendingControl };
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body });
    expect((await run('comparison', 'cmp_1')).out).toContain('pause is asked for: peak hours');
  });

  it('that counted shows the counts, and no keys looked at', async () => {
    const report = {
      depth: 'counts',
      verdict: 'different',
      reason: 'the key counts differ: db0: 5 against 4',
      counts: { left: { db0: 5 }, right: { db0: 4 }, exact: true },
      notes: ['Counts: the key counts differ: db0: 5 against 4.', 'Expiries were not compared.'],
    };
    const body = { ...comparison, state: 'completed', stateReason: said(report.reason), report };
    api.answers.set('GET /v1/comparisons/cmp_1', { status: 200, body });
    expect((await run('comparison', 'cmp_1')).out.trimEnd().split('\n').slice(1)).toEqual([
      '  the key counts differ: db0: 5 against 4',
      '  db0: 5 keys left, 4 right',
      '  Note: Expiries were not compared.',
    ]);
  });

  it('is steered with a reason only, and gives its differences as they come', async () => {
    api.answers.set('POST /v1/comparisons/cmp_1/cancel', { status: 202, body: {} });
    api.answers.set('GET /v1/comparisons/cmp_1', {
      status: 200,
      body: { ...comparison, state: 'cancelled' },
    });
    expect((await run('comparison', 'cmp_1', '--cancel')).exitCode).toBe(2);
    expect((await run('comparison', 'cmp_1', '--cancel', '--reason', 'x')).out).toContain('cancelled');
    expect((await run('comparison', 'cmp_1', '--cancel', '--pause', '--reason', 'x')).exitCode).toBe(2);
    api.answers.set('GET /v1/comparisons/cmp_1/differences', { status: 200, body: { seq: 1 } });
    expect((await run('comparison', 'cmp_1', '--differences')).out).toBe('{"seq":1}');
  });
});
