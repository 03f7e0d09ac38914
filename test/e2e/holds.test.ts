/** A backup beside an expansion of real servers (see pika.test.ts for how to run it). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExpansionView } from '../../src/model/views/expansion.ts';
import type { Hold } from '../../src/model/views/hold.ts';
import { until } from '../support/until.ts';
import { compare, expand, inTransfer, pikaMissing, type Rig, startSmallRig, stopRig } from './rig.ts';

if (pikaMissing) console.log(`test/e2e/holds.test.ts is skipped: ${pikaMissing}.`);

describe.skipIf(pikaMissing !== null)('a hold on real Pika', { timeout: 600_000 }, () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startSmallRig({ portsAbove: 900, nodes: 3 });
  }, 300_000);
  afterAll(() => stopRig(rig), 120_000);

  async function call<T>(path: string, body?: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${rig.service.url}${path}`, body === undefined ? {} : post);
    const answer = (await response.json()) as T;
    expect([response.ok, answer]).toEqual([true, expect.anything()]);
    return answer;
  }

  const syncing = async (): Promise<readonly string[]> => {
    const infos = await Promise.all(rig.slaves.map(({ client }) => client.info('replication')));
    return rig.slaves
      .filter((_, i) => /WaitDBSync|TryDBSync|master_sync_in_progress:1/i.test(infos[i]!))
      .map(({ name }) => name);
  };

  it('asked for in the middle of an expansion, it is safe after the running copy; the rest follows after its end', async () => {
    const ending = expand(rig, rig.slaves, {}, { batchSize: 1 });
    await inTransfer(rig);
    const asked = await call<Hold>('/v1/holds', {
      master: rig.master.name,
      forMs: 600_000,
      reason: 'backup',
    });
    const path = `/v1/holds/${asked.id}`;
    expect(asked).toMatchObject({ safe: false, fullSyncs: [{ node: rig.slaves[0]!.name }] });
    const askedAt = Date.now();
    const safe = await until(
      async () => {
        const hold = await call<Hold>(`${path}?wait=5`);
        return hold.safe ? hold : null;
      },
      { withinMs: 180_000, what: 'a dump is safe' },
    );
    console.log(`safe ${((Date.now() - askedAt) / 1000).toFixed(1)} s after it was asked for`);
    expect([safe.fullSyncs, await syncing()]).toEqual([[], []]);

    const before = Number(await rig.master.send('LASTSAVE'));
    await rig.master.send('BGSAVE');
    await until(async () => Number(await rig.master.send('LASTSAVE')) > before, {
      withinMs: 60_000,
      what: 'the dump of the backup is finished',
    });
    const waiting = await until(
      async () => {
        const { items } = await call<{ items: { id: string }[] }>('/v1/expansions');
        const { joins } = await call<ExpansionView>(`/v1/expansions/${items[0]!.id}`);
        return joins[0]!.phase === 'verified' && joins[1]!.waitingFor ? joins[1]! : null;
      },
      { withinMs: 120_000, what: 'the first node is verified, and the second waits' },
    );
    expect([waiting.waitingFor!.code, waiting.attempts.length, await syncing()]).toEqual([
      'master_held',
      0,
      [],
    ]);
    expect((await call<Hold>(path)).safe).toBe(true);

    await call<Hold>(`${path}/end`, { reason: 'backup over' });
    const { state, joins } = await ending;
    expect([state, joins.map(({ phase, attempts }) => [phase, attempts.length])]).toEqual([
      'succeeded',
      rig.slaves.map(() => ['verified', 1]),
    ]);
    for (const node of rig.slaves)
      expect(await compare(rig.master, node)).toMatchObject({ missing: 0, foreign: 0, different: 0 });
  });
});
