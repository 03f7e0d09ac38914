import { expect, test } from 'vitest';
import type { RestoreNote, Restores } from '../../src/store/restore.ts';
import { examineRestore } from '../../src/work/restored.ts';
import { aCampaign } from '../support/campaigns.ts';
import { newExpansion } from '../support/expansions.ts';
import { createMemoryCampaigns } from '../support/memory-campaigns.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const now = () => 1_800_000_000_000;

/** A database that came back so, and what was open in it. */
async function cameBack(cause: RestoreNote['cause'], isComplete = false) {
  const store = createMemoryStore({ now });
  const campaigns = createMemoryCampaigns(store, now);
  await store.accept(newExpansion({ id: 'exp_1' }), [], null);
  await campaigns.accept({ ...aCampaign({ id: 'cpn_1' }), state: 'running' }, [], null);
  await campaigns.accept({ ...aCampaign({ id: 'cpn_2' }), state: 'cancelled' }, [], null);
  let note: RestoreNote | null = isComplete ? null : { id: 1, at: now(), madeAt: null, cause };
  const restores: Restores = {
    mark: async () => undefined,
    follow: async () => cause === 'failover',
    unexamined: async () => note,
    examined: async () => {
      note = null;
    },
  };
  const said: string[] = [];
  const log = { warn: (_fields: unknown, text?: string) => said.push(text ?? '') } as never;
  const examine = (complete: boolean) => examineRestore({ restores, complete, store, campaigns, now, log });
  return { store, campaigns, examine, said };
}

test.each([
  ['restore', 'restored', 'the database was restored'],
  ['failover', 'failed_over', 'the database failed over to a standby, and its last writes may be lost'],
] as const)(
  'after a %s everything is frozen, and expansions and campaigns are paused, once',
  async (cause, code, text) => {
    const { store, campaigns, examine, said } = await cameBack(cause);
    expect(await examine(false)).toMatchObject({ cause, expansions: 1, campaigns: 1 });
    expect(await store.freezeState()).toMatchObject({ by: cause });
    expect(await store.get('exp_1')).toMatchObject({ state: 'paused', stateReason: { code } });
    const controls = async (id: string) => (await campaigns.get(id))!.pendingControls;
    expect(await controls('cpn_1')).toMatchObject([{ verb: 'pause', by: cause, cancelMembers: false }]);
    expect(await controls('cpn_2')).toEqual([]);
    expect(said.at(-1)).toContain(text);
    expect(said.at(-1)).toContain('paused are 1 expansion and 1 campaign;');
    expect(await examine(false)).toBeNull();
  },
);

test('after a failover that lost nothing, work goes on and the log says so', async () => {
  const { store, examine, said } = await cameBack('failover', true);
  expect(await examine(true)).toBeNull();
  expect((await store.get('exp_1'))!.state).toBe('pending');
  expect(said).toEqual([expect.stringContaining('work goes on')]);
});
