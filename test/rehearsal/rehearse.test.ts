import { describe, expect, test } from 'vitest';
import { makePlan } from '../../src/core/plan/plan.ts';
import type { SizeFacts } from '../../src/model/observation.ts';
import { resolvePolicy } from '../../src/model/policy.ts';
import { nobody } from '../../src/model/text.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import { rehearse } from '../../src/rehearsal/rehearse.ts';
import { aMaster, aNode, aRequest, now } from '../core/plan/preflight-support.ts';

const MB = 1_000_000;

function planOf(version: string, count: number, snapshotBytes: number, throttle = 20 * MB): Plan {
  const sizes: SizeFacts = {
    sstBytes: snapshotBytes,
    liveSstBytes: null,
    memtableBytes: 0,
    estimatedKeys: 1,
  };
  return makePlan({
    id: 'pln_1',
    at: now,
    ...aRequest({
      master: aMaster({
        version,
        replication: { binlog: { db0: { file: 30, offset: 500 } } },
        facts: { sizes },
      }),
      nodes: Array.from({ length: count }, (_, i) =>
        aNode(`10.0.1.${i + 1}:9221`, { version, config: { throttleBytesPerSecond: throttle } }),
      ),
    }),
    measured: { writes: { bytesPerSecond: MB, byDatabase: { db0: MB }, overMs: 2000 }, learnt: [] },
  });
}

const policy = resolvePolicy();
/** These runs share slow cores with others. */
const realLimitMs = 60_000;

describe('a rehearsal', () => {
  test('of 3.5.4 plays hours in seconds: all verified, nothing lost, and the burst shown beside it', async () => {
    const plan = planOf('3.5.4', 3, 60_000 * MB);
    const { predicted, faults, burst, tookMs } = await rehearse(plan, policy, nobody, realLimitMs);
    expect(predicted.state).toBe('succeeded');
    expect(predicted.seconds).toBeGreaterThan(2.5 * 3600);
    expect(tookMs).toBeLessThan((predicted.seconds * 1000) / 50);
    expect(predicted.dumps).toBe(3);
    expect(predicted.nodes.map((node) => [node.phase, node.attempts, node.lostKeys])).toEqual(
      Array.from({ length: 3 }, () => ['verified', 1, 0]),
    );
    const forecast = plan.forecast!.secondsTotal!;
    expect(Math.abs(predicted.seconds - forecast.expected) / forecast.expected).toBeLessThan(0.1);
    for (const run of faults) {
      expect([run.fault, run.state]).toEqual([run.fault, 'succeeded']);
      expect(run.nodes.every((node) => node.lostKeys === 0)).toBe(true);
      expect(run.seconds).toBeGreaterThan(predicted.seconds);
    }
    expect(burst.nodes.filter((node) => node.lostShare > 0 || node.says !== 'up').length).toBeGreaterThan(0);
  }, 300_000);

  test('of 4.0.1 makes one dump for the batch, and its burst loses nothing', async () => {
    const { predicted, burst } = await rehearse(planOf('4.0.1', 4, 4_000 * MB), policy, nobody, realLimitMs);
    expect([predicted.state, predicted.dumps]).toEqual(['succeeded', 1]);
    expect(burst.dumps).toBe(1);
    expect(burst.nodes.every((node) => node.says === 'up' && node.lostKeys === 0)).toBe(true);
  }, 300_000);

  test('of the same plan comes out the same', async () => {
    const plan = planOf('3.5.4', 2, 500 * MB);
    const [first, second] = [
      await rehearse(plan, policy, nobody, realLimitMs),
      await rehearse(plan, policy, nobody, realLimitMs),
    ];
    expect({ ...second, tookMs: 0 }).toEqual({ ...first, tookMs: 0 });
  }, 300_000);

  test('of a plan whose sizes are unknown is refused, with the reason', async () => {
    const plan = makePlan({ id: 'p', at: now, ...aRequest() });
    await expect(rehearse(plan, policy, nobody, realLimitMs)).rejects.toMatchObject({
      code: 'cannot_be_rehearsed',
    });
  });
});
