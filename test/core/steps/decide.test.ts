import { describe, expect, test, vi } from 'vitest';
import { isMet, ruleNames } from '../../../src/model/evidence.ts';
import type { Expansion } from '../../../src/model/expansion.ts';
import type { Cluster } from '../../../src/simulator/index.ts';
import { MB } from '../../scheduling/virtual-service.ts';
import { begin, ended, isIn, minute } from './played-expansion.ts';

/** Virtual hours are played on cores that others share. */
vi.setConfig({ testTimeout: 300_000 });

/** Its copy never gets further: the master is cut off, and stays so. */
const cutOff = (cluster: Cluster, id: string): void => cluster.fault.partition(id, 'm');

describe('promise 1: never more nodes in full sync than the batch allows', () => {
  test.each([
    ['3.5.4', 8, 1],
    ['3.5.5', 2, 2],
    ['4.0.1', 3, 3],
  ] as const)('on %s, asked for %i together: %i', async (version, batchSize, most) => {
    const run = await begin({ version, nodes: ['n1', 'n2', 'n3', 'n4'], policy: { batchSize } });
    let together = 0;
    await run.comesTo('its end', (expansion) => {
      together = Math.max(together, run.inFullSync());
      return ended(expansion);
    });
    expect((await run.e()).state).toBe('succeeded');
    expect(together).toBe(most);
  });
});

describe('promise 2: no SLAVEOF before the batch before is verified or skipped', () => {
  test('the second node is attached after the first was verified', async () => {
    const run = await begin({ nodes: ['n1', 'n2'] });
    await run.comesTo('its end', ended);
    const lines = (await run.events()).filter(
      ({ type, data }) => type === 'node.attempt' || (type === 'node.phase' && data.to === 'verified'),
    );
    expect(lines.map(({ type }) => type)).toEqual([
      'node.attempt',
      'node.phase',
      'node.attempt',
      'node.phase',
    ]);
    expect(new Set(lines.slice(0, 2).map(({ node }) => node)).size).toBe(1);
  });

  test('while the first one hangs, nothing is sent to the second', async () => {
    const run = await begin({ nodes: ['n1', 'n2'] });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    cutOff(run.cluster, 'n1');
    await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(run.masterOf('n2')).toBeNull();
    expect((await run.e()).joins[1]!.attempts).toHaveLength(0);
  });
});

describe('a canary', () => {
  const begun = ({ joins }: Expansion): number => joins.filter(({ attempts }) => attempts.length > 0).length;

  test('is proven before any other node is attached, however many the version allows', async () => {
    const policy = { batchSize: 3, canary: 1, canaryRestMs: 5 * minute } as const;
    const run = await begin({ version: '4.0.1', nodes: ['n1', 'n2', 'n3'], policy });
    const proven = await run.comesTo('a proven canary', isIn(0, 'verified'));
    expect(begun(proven)).toBe(1);
    await run.comesTo('the wait', ({ joins }) => joins[1]!.waitingFor?.code === 'canary_rests');
    const more = await run.comesTo('the others', (expansion) => begun(expansion) > 1);
    const restedMs = more.joins[1]!.attempts[0]!.startedAt - proven.joins[0]!.phaseSince;
    expect(restedMs).toBeGreaterThanOrEqual(5 * minute);
    await run.comesTo('both together', () => run.inFullSync() === 2);
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  });

  test('waits for one approval, not for one of each batch', async () => {
    const run = await begin({ nodes: ['n1', 'n2', 'n3'], policy: { canary: 1, canaryApproval: true } });
    const waiting = await run.comesTo('the question', ({ state }) => state === 'awaiting_approval');
    expect(waiting.stateReason).toMatchObject({
      code: 'canary_needs_approval',
      facts: { canary: 1, left: 2 },
    });
    expect(begun(waiting)).toBe(1);
    await run.control('approve');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    expect((await run.eventTypes()).filter((type) => type === 'expansion.awaiting_approval')).toHaveLength(1);
  });

  test('that fails halts the expansion, also where the policy skips a node that fails', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      policy: { canary: 1, onFailure: 'skip', maxAttempts: 1 },
    });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    cutOff(run.cluster, 'n1');
    const halted = await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(begun(halted)).toBe(1);
    await run.control('skip', 'n1');
    const { state, joins } = await run.comesTo('its end', ended);
    expect([state, joins[1]!.phase]).toEqual(['succeeded', 'verified']);
  });
});

describe('a rest between two expansions of one master', () => {
  const n2 = (cluster: Cluster) => void cluster.addNode({ id: 'n2', version: '3.5.4' });

  test('the second begins when the first has ended for long enough', async () => {
    const run = await begin({ nodes: ['n1'], before: n2 });
    await run.accept('f', ['n2'], { restBetweenExpansionsMs: 20 * minute });
    const { endedAt } = await run.comesTo('the end of the first', ended);
    const second = () => run.store.get('f');
    expect(await run.until(async () => (await second())?.stateReason?.code === 'master_rests', minute)).toBe(
      true,
    );
    const until = endedAt! + 20 * minute;
    expect((await second())?.stateReason?.facts).toEqual({ until, expansion: 'e' });
    expect(await run.until(async () => (await second())?.state === 'succeeded', 60 * minute)).toBe(true);
    const { startedAt } = (await second())!;
    expect(startedAt).toBeGreaterThanOrEqual(until);
    expect(startedAt).toBeLessThan(until + 2000);
  });

  test('an expansion that was cancelled before it began leaves no rest behind', async () => {
    const run = await begin({ nodes: ['n1'], before: n2, startsInMs: 30 * minute });
    await run.control('cancel');
    await run.comesTo('its end', ended);
    await run.accept('f', ['n2'], { restBetweenExpansionsMs: 20 * minute });
    const began = async () => ((await run.store.get('f'))?.startedAt ?? null) !== null;
    expect(await run.until(began, minute)).toBe(true);
  });
});

describe('a time at which to begin', () => {
  test('until then nothing is looked at and the master is free; then it begins by itself', async () => {
    const run = await begin({ nodes: ['n1'], startsInMs: 20 * minute });
    const at = run.cluster.now() + 20 * minute;
    const waiting = await run.comesTo('a wait', ({ stateReason }) => stateReason?.code === 'starts_at');
    expect(waiting).toMatchObject({ state: 'pending', stateReason: { facts: { at } } });
    expect(await run.until(async () => (await run.e()).state !== 'pending', 20 * minute - 1000)).toBe(false);
    expect(await run.store.observations({ expansionId: 'e', afterSeq: 0, limit: 10 })).toEqual([]);
    const { startedAt } = await run.comesTo('its end', ended);
    expect(startedAt).toBeGreaterThanOrEqual(at);
    expect(startedAt).toBeLessThan(at + 2000);
    expect((await run.eventTypes()).filter((type) => type === 'expansion.waiting')).toHaveLength(1);
  });

  test('a pause and a cancel are obeyed while it waits', async () => {
    const run = await begin({ nodes: ['n1'], startsInMs: 20 * minute });
    await run.control('pause');
    await run.comesTo('a pause', ({ state }) => state === 'paused');
    await run.control('resume');
    await run.comesTo('the wait again', ({ stateReason }) => stateReason?.code === 'starts_at');
    await run.control('cancel');
    const { startedAt } = await run.comesTo('its end', ({ state }) => state === 'cancelled');
    expect(startedAt).toBeNull();
    expect(run.attached()).toEqual([]);
  });
});

describe('promise 3: a node that is in use is not touched', () => {
  test('one that holds keys is refused with what to do, and keeps them', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    const { joins, state } = await run.comesTo('a halt', (expansion) => expansion.state === 'halted');
    expect(state).toBe('halted');
    expect(joins[0]!.problem).toMatchObject({ code: 'holds_data' });
    expect(joins[0]!.findings.map(({ code }) => code)).toContain('holds_data');
    expect(joins[0]!.attempts).toHaveLength(0);
    expect(run.cluster.execute('n1', ['GET', 'mine'])).toBe('value');
  });

  test('one that was attached elsewhere stays there', async () => {
    const run = await begin({
      nodes: ['n1'],
      before(cluster) {
        cluster.addNode({ id: 'other', version: '3.5.4' });
        cluster.execute('n1', ['SLAVEOF', '127.0.0.1', String(cluster.node('other').port)]);
      },
    });
    await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(run.masterOf('n1')?.port).toBe(run.cluster.node('other').port);
  });
});

describe('promise 3, again right before SLAVEOF', () => {
  test('a node that has got a slave of its own between two attempts is left alone', async () => {
    const run = await begin({ nodes: ['n1'] });
    run.cluster.addNode({ id: 'below', version: '3.5.4' });
    await run.comesTo('half of a copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB);
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
    await run.comesTo('a detached node', ({ joins }) => (joins[0]!.attempts[1]?.detachedAt ?? null) !== null);
    const n1 = run.cluster.node('n1');
    run.cluster.execute('below', ['SLAVEOF', n1.host, String(n1.port)]);
    const { joins } = await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(joins[0]!.problem!.code).toBe('has_slaves');
    expect(run.masterOf('n1')).toBeNull();
  });
});

describe('promise 5: a damaged copy is never called verified', () => {
  test('a second dump in mid-copy: the copy is taken again, whole', async () => {
    const run = await begin({ nodes: ['n1'] });
    await run.comesTo('half of a copy', ({ joins }) => (joins[0]!.progress.receivedBytes ?? 0) > 200 * MB);
    run.cluster.fault.nextSuperseded('n1', 'loss');
    run.cluster.fault.bgsave('m');
    const { state, joins } = await run.comesTo('its end', ended);
    expect(state).toBe('succeeded');
    expect(joins[0]!.attempts).toHaveLength(2);
    expect(joins[0]!.anomalies.map(({ code }) => code)).toContain('snapshot_superseded');
    expect(run.cluster.observe('n1').lost).toBe(0);
  });

  test('a node that is killed after its copy, with writes logged and not applied, is synced anew', async () => {
    const run = await begin({
      nodes: ['n1'],
      policy: { stableLooks: 20 },
      before(cluster) {
        Object.assign(cluster.node('n1'), { applyPerSecond: 30 });
        cluster.startWrites('m', { perSecond: 25, mix: { insert: 1 } });
      },
    });
    await run.comesTo('verifying', isIn(0, 'verifying'));
    run.cluster.fault.crash('n1');
    run.cluster.fault.restart('n1');
    const { state, joins } = await run.comesTo('its end', ended);
    expect(state).toBe('succeeded');
    expect(joins[0]!.attempts).toHaveLength(2);
    run.cluster.stopWrites('m');
    run.cluster.advance(minute);
    expect(run.cluster.observe('n1').lost).toBe(0);
  });

  test('keys that vanish after the copy are found by the comparison, and the node is set apart', async () => {
    const run = await begin({ nodes: ['n1'], policy: { maxAttempts: 1 } });
    await run.comesTo('catching up', ({ joins }) => ['catching_up', 'verifying'].includes(joins[0]!.phase));
    expect(run.cluster.fault.dropKeys('n1', 0.5)).toBeGreaterThan(0);
    const { joins } = await run.comesTo('a halt', ({ state }) => state === 'halted' || state === 'succeeded');
    expect(joins[0]!.phase).toBe('quarantined');
  });

  test('the evidence of a verified node names every rule, and each holds', async () => {
    const run = await begin({ nodes: ['n1'] });
    const { joins } = await run.comesTo('its end', ended);
    const rules = joins[0]!.evidence!.rules;
    expect(rules.map(({ rule }) => rule)).toEqual(ruleNames);
    // No agent reports here.
    expect(rules.filter(({ holds }) => holds !== true).map(({ rule }) => rule)).toEqual(['files_complete']);
    expect(rules.filter((rule) => !isMet(rule))).toEqual([]);
  });
});

describe('promise 6: whatever a node does, each wait has an end', () => {
  test('a node whose copy hangs every time is tried as often as the policy says, then given up', async () => {
    const run = await begin({ nodes: ['n1'], policy: { maxAttempts: 2, stallTimeoutMs: 10_000 } });
    const deaf = (): void => {
      if (run.cluster.node('n1').dbs.some(({ state }) => state === 'WaitDBSync')) cutOff(run.cluster, 'n1');
    };
    const { joins } = await run.comesTo('a halt', ({ state }) => {
      deaf();
      return state === 'halted';
    });
    expect(joins[0]!.attempts.length).toBeLessThanOrEqual(2);
    expect(['failed', 'quarantined']).toContain(joins[0]!.phase);
    expect(joins[0]!.problem!.nextSteps.length).toBeGreaterThan(0);
  });

  test('a node that dies for good is given up after the time for it', async () => {
    const run = await begin({ nodes: ['n1'], policy: { nodeDownTimeoutMs: 20_000 } });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.crash('n1');
    const diedAt = run.cluster.now();
    await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(run.cluster.now() - diedAt).toBeGreaterThan(19_000);
    expect(run.cluster.now() - diedAt).toBeLessThan(5 * minute);
  });

  test('a master that cannot be reached at the start fails it, and no node is touched', async () => {
    const run = await begin({
      policy: { nodeDownTimeoutMs: 10_000 },
      before: (cluster) => cluster.fault.crash('m'),
    });
    const { state, problem } = await run.comesTo('its end', ended);
    expect(state).toBe('failed');
    expect(problem!.code).toBe('master_unreachable');
    expect(run.attached()).toEqual([]);
  });

  test('a dump that fails (disk full) is made anew, and the node is verified', async () => {
    const run = await begin({ nodes: ['n1'], before: (cluster) => cluster.fault.failBgsave('m') });
    const { state } = await run.comesTo('its end', ended);
    expect(state).toBe('succeeded');
    expect(run.cluster.observe('n1').lost).toBe(0);
  });
});

describe('controls', () => {
  test('pause lets the running full sync end, begins no other, and resume goes on', async () => {
    const run = await begin();
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    await run.control('pause');
    await run.comesTo('paused', ({ state }) => state === 'paused');
    expect(await run.phases()).toEqual(['verified', 'waiting', 'waiting']);
    expect(await run.until(async () => run.masterOf('n2') !== null, 10 * minute)).toBe(false);
    await run.control('resume');
    await run.comesTo('its end', ended);
    expect(await run.phases()).toEqual(['verified', 'verified', 'verified']);
  });

  test('cancel detaches the node in full sync, keeps what is verified, and touches nothing else', async () => {
    const run = await begin();
    await run.comesTo('the copy of the second', isIn(1, 'transferring'));
    await run.control('cancel');
    const { state } = await run.comesTo('its end', ended);
    expect(state).toBe('cancelled');
    expect(await run.phases()).toEqual(['verified', 'cancelled', 'cancelled']);
    expect(run.masterOf('n1')).not.toBeNull();
    expect(run.masterOf('n2')).toBeNull();
    expect(run.attached().filter((node) => node === 'n3')).toEqual([]);
  });

  test('a batch that wants approval gets none begun without it', async () => {
    const run = await begin({ nodes: ['n1', 'n2'], policy: { approval: 'each_batch' } });
    await run.comesTo('awaiting approval', ({ state }) => state === 'awaiting_approval');
    expect(await run.until(async () => run.masterOf('n2') !== null, 10 * minute)).toBe(false);
    await run.control('approve');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
  });

  test('retry of a failed node tries it again; skip leaves it out; both let the halted expansion go on', async () => {
    const run = await begin({
      nodes: ['n1', 'n2', 'n3'],
      policy: { nodeDownTimeoutMs: 5_000, maxAttempts: 1 },
    });
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.crash('n1');
    await run.comesTo('a halt', ({ state }) => state === 'halted');
    run.cluster.fault.wipe('n1');
    run.cluster.fault.restart('n1');
    await run.control('retry', 'n1');
    await run.comesTo('the copy of the second', isIn(1, 'transferring'));
    run.cluster.fault.crash('n2');
    await run.comesTo('a halt', ({ state }) => state === 'halted');
    await run.control('skip', 'n2');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    expect(await run.phases()).toEqual(['verified', 'skipped', 'verified']);
  });

  test('a node retried while a later batch is at work gets its turn after it', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      policy: { onFailure: 'skip' },
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    await run.comesTo('the copy of the second', isIn(1, 'transferring'));
    expect(await run.phases()).toEqual(['failed', 'transferring']);
    run.cluster.execute('n1', ['DEL', 'mine']);
    await run.control('retry', 'n1');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    const attempts = (await run.events()).filter(({ type }) => type === 'node.attempt');
    expect(attempts.map(({ node }) => node?.slice(-4))).toEqual(['9223', '9222']);
  });

  test('a node retried in the moment in which a later batch may begin comes first, although nobody has looked at it yet', async () => {
    const run = await begin({
      nodes: ['n1', 'n2'],
      policy: { onFailure: 'skip', pauseBetweenBatchesMs: minute },
      before: (cluster) => cluster.execute('n1', ['SET', 'mine', 'value']),
    });
    await run.comesTo('the pause before the second batch', ({ currentBatch }) => currentBatch === 1);
    await run.store.freeze({ reason: 'a test', by: 'test' });
    await run.comesTo(
      'a second node that waits for the end of the freeze',
      ({ joins }) => joins[1]!.waitingFor?.code === 'frozen',
    );
    run.cluster.execute('n1', ['DEL', 'mine']);
    const { nextBatchNotBefore } = await run.e();
    await run.until(async () => run.cluster.now() > nextBatchNotBefore!, 2 * minute);
    await run.store.unfreeze({ reason: 'a test', by: 'test' });
    await run.control('retry', 'n1');
    expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
    const attempts = (await run.events()).filter(({ type }) => type === 'node.attempt');
    expect(attempts.map(({ node }) => node?.slice(-4))).toEqual(['9222', '9223']);
  });

  test.each(['resume', 'approve'] as const)(
    '%s where it does not fit is refused and changes nothing',
    async (verb) => {
      const run = await begin({ nodes: ['n1'] });
      await run.comesTo('a running copy', isIn(0, 'transferring'));
      await run.control(verb);
      expect((await run.comesTo('its end', ended)).state).toBe('succeeded');
      expect(await run.eventTypes()).toContain('control.refused');
    },
  );
});

describe('what a failed node means for the others is the policy’s choice', () => {
  const failing = (onFailure: 'halt' | 'skip' | 'rollback', version: '3.5.4' | '4.0.1' = '3.5.4') =>
    begin({ version, policy: { onFailure, batchSize: 'auto', maxAttempts: 1, nodeDownTimeoutMs: 5_000 } });

  test('halt: the others wait for a person', async () => {
    const run = await failing('halt');
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.crash('n1');
    const { stateReason } = await run.comesTo('a halt', ({ state }) => state === 'halted');
    expect(stateReason?.text).toMatch(/retry or skip/);
    expect(await run.phases()).toEqual(['quarantined', 'waiting', 'waiting']);
  });

  test('skip: the others are added, and the end says failed with the node that is missing', async () => {
    const run = await failing('skip');
    await run.comesTo('a running copy', isIn(0, 'transferring'));
    run.cluster.fault.crash('n1');
    const { state, stateReason } = await run.comesTo('its end', ended);
    expect(state).toBe('failed');
    expect(stateReason?.text).toMatch(/^2 of 3 nodes verified; .* \(quarantined\)/);
    expect(await run.phases()).toEqual(['quarantined', 'verified', 'verified']);
  });

  test('rollback: the nodes of its batch are detached, and no other is begun', async () => {
    const run = await failing('rollback', '4.0.1');
    await run.comesTo('copies of all three', ({ joins }) =>
      joins.every(({ phase }) => phase === 'transferring'),
    );
    run.cluster.fault.crash('n1');
    const { state, joins } = await run.comesTo('its end', ended);
    expect(state).toBe('failed');
    expect(joins.filter(({ phase }) => phase === 'verified')).toEqual([]);
    expect(['n2', 'n3'].map(run.masterOf)).toEqual([null, null]);
  });
});
