import { pino } from 'pino';
import { expect, test } from 'vitest';
import { newGuardMaster } from '../../../src/core/guard/guard.ts';
import type { StoredGuardMaster } from '../../../src/model/views/guard.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import type { AtWork, GuardStore } from '../../../src/store/guards.ts';
import { masterKey } from '../../../src/store/master-key.ts';
import { createGuardHandler } from '../../../src/work/guard/handler.ts';
import { fakeEngine } from '../../api/support.ts';
import { aMaster, aNode, slaveOf } from '../../core/plan/preflight-support.ts';
import { aGuard } from '../../support/guards.ts';
import { targetAt } from '../../support/memory-audits.ts';

const master = targetAt('10.0.0.1:9221');
const slave = targetAt('10.0.0.2:9221');

/** The slaves that a guard has after a look at a master with one, where it is told of what is at work so, one answer after another. */
async function slavesAfterALook(answers: readonly AtWork[]): Promise<readonly string[]> {
  const engine = fakeEngine();
  const slaves = [{ ip: '10.0.0.2', port: 9221, lag: { db0: 0 } }];
  engine.set(master.name, aMaster({ replication: { slaves } }, master.name).look);
  engine.set(slave.name, aNode(slave.name, { replication: slaveOf('10.0.0.1', 9221) }).look);
  const stop = new AbortController();
  const left = [...answers];
  let saved: readonly StoredGuardMaster[] = [{ ...newGuardMaster(master, 0) }];
  const guards = {
    claim: async () => ({ id: 'grd_1', owner: 'w1', epoch: 1, leaseMs: 15_000 }),
    get: async () => ({ doc: aGuard('grd_1', 1).doc, masters: saved }),
    async save(_lease: unknown, _doc: unknown, { masters }: { masters: readonly StoredGuardMaster[] }) {
      if (masters.length > 0) saved = masters;
      return [];
    },
    renew: async () => undefined,
    release: async () => undefined,
    atWork: async () => (left.length > 1 ? left.shift()! : left[0]!),
  } as unknown as GuardStore;
  const handler = createGuardHandler({
    guards,
    audits: {
      provenOf: async () => [],
      lastWhole: async (all: readonly unknown[]) => all.map(() => null),
    } as never,
    engine,
    credentials: { get: () => null, names: [] },
    doorbell: { ring: async () => undefined },
    metrics: createMetrics(),
    lookTimeoutMs: 1000,
    log: pino({ level: 'silent' }),
    now: () => 1_000_000,
    async sleep() {
      // The look has ended by then.
      for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
    },
  });
  await handler('grd_1', stop.signal);
  return saved[0]!.slaves.map(({ target }) => target.name);
}

const nothing: AtWork = { nodes: new Set(), masters: new Set() };
const expanding: AtWork = { nodes: new Set([masterKey(slave.address)]), masters: new Set() };

test('a new slave of a master is guarded', async () => {
  expect(await slavesAfterALook([nothing])).toEqual([slave.name]);
});

test('not one of an expansion that has begun since it was last asked what is at work', async () => {
  expect(await slavesAfterALook([nothing, expanding])).toEqual([]);
});
