import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { xauthOf } from '../../src/connectors/codis.ts';
import type { HookStep } from '../../src/model/hook-steps.ts';
import { CodisDashboard } from './codis-dashboard.ts';
import { aQuestion, connect, connectorsIn, someParts } from './questions.ts';

const master = '10.0.0.1:9221';
const node = '10.0.0.2:9221';
const other = '10.0.0.9:9221';

let dashboard: CodisDashboard;
beforeEach(async () => {
  dashboard = await new CodisDashboard('demo').start();
});
afterEach(() => dashboard.close());

const yaml = () => `- { kind: codis, name: c, dashboard: "${dashboard.url}", product: demo }`;
const ask = (step: HookStep) => connect(connectorsIn(yaml()), someParts())(aQuestion(step, master, node));

test('the token is the one that the dashboard makes of its product', () => {
  // NewXAuth("codis-demo") of pkg/utils/rpc/crypto.go: printf 'Codis-XAuth-[codis-demo]' | sha256sum | cut -c1-32
  expect(xauthOf('codis-demo')).toBe('95b62887719520f17e312eaa76d28f2b');
});

describe('a proven node', () => {
  test('joins the group of its master, goes online, and the proxies know', async () => {
    dashboard.addGroup(3, '10.0.0.8:9221');
    dashboard.addGroup(7, master, other);
    expect(await ask('after_verified')).toBeNull();
    expect(dashboard.calls).toEqual([`add 7 ${node}`, `replica-groups 7 ${node} 1`, 'resync 7']);
    expect(dashboard.readers.get(7)).toEqual([node]);
  });

  test('is not changed again when all is done', async () => {
    dashboard.addGroup(7, master);
    await ask('after_verified');
    dashboard.calls.length = 0;
    expect(await ask('after_verified')).toBeNull();
    expect(dashboard.calls).toEqual([]);
  });

  test.each([0, 1, 2])('is published although the service ended after %i of the changes', async (done) => {
    dashboard.addGroup(7, master);
    let changes = 0;
    dashboard.onCall = (call) => {
      if (call !== 'stats' && changes++ === done) throw new Error('killed');
    };
    expect(await ask('after_verified')).toMatchObject({ code: 'held_by_connector' });
    dashboard.onCall = () => undefined;
    expect(await ask('after_verified')).toBeNull();
    expect(dashboard.readers.get(7)).toEqual([node]);
  });

  test('waits where Codis would send it a SLAVEOF, and no sync is ever asked for', async () => {
    dashboard.addGroup(7, master, node).servers[1]!.action = { index: 1, state: 'pending' };
    expect((await ask('after_verified'))?.text).toContain('sync action for it (pending)');
    expect(dashboard.calls).toEqual([]);
  });

  test.each([
    ['no group has its master', () => dashboard.addGroup(7, other), 'no group of Codis has 10.0.0.1:9221'],
    [
      'it is in the group of another master',
      () => [dashboard.addGroup(7, master), dashboard.addGroup(8, other, node)],
      'in group 8, under another master',
    ],
    [
      'its group promotes',
      () => {
        dashboard.addGroup(7, master).promoting = { state: 'preparing' };
      },
      'group-[7] is promoting',
    ],
    ['the dashboard is ill', () => (dashboard.status = 502), 'answered 502'],
  ])('waits, and the reason says why: %s', async (_, prepare, says) => {
    prepare();
    const reason = await ask('after_verified');
    expect(reason?.text).toContain(`${node} is held by the connector c`);
    expect(reason?.text).toContain(says);
    expect(JSON.stringify(reason)).not.toContain(xauthOf('demo'));
  });

  test('waits where the token is wrong or the answer is none of Codis', async () => {
    const wrong = yaml().replace('product: demo', 'product: other');
    const refused = await connect(
      connectorsIn(wrong),
      someParts(),
    )(aQuestion('after_verified', master, node));
    expect(refused?.text).toContain('invalid xauth');
    dashboard.addGroup(7, master).servers[0] = {} as never;
    expect((await ask('after_verified'))?.text).toContain('is not what its API promises');
  });
});

describe('a node that is taken out', () => {
  test.each(['before_detach', 'before_node'] as const)(
    'leaves readers first, then its group: %s',
    async (step) => {
      dashboard.addGroup(7, master, other, node);
      dashboard.groups[0]!.servers[2]!.replica_group = true;
      dashboard.readers.set(7, [node]);
      let atDel: unknown = null;
      dashboard.onCall = (call) => {
        if (call.startsWith('del')) atDel = dashboard.readers.get(7);
      };
      expect(await ask(step)).toBeNull();
      expect(atDel).toEqual([]);
      expect(dashboard.groups[0]!.servers.map(({ server }) => server)).toEqual([master, other]);
      expect(dashboard.groups[0]!.out_of_sync).toBe(false);
      expect(await ask('after_detach')).toBeNull();
    },
  );

  test("leaves also where the dashboard is that of Pika's own Codis, which puts it online by itself", async () => {
    await dashboard.close();
    dashboard = await new CodisDashboard('demo', { ofPika: true }).start();
    dashboard.addGroup(7, master, node).servers[1]!.replica_group = true;
    expect(await ask('before_detach')).toBeNull();
    expect(dashboard.readers.get(7)).toEqual([master]);
    expect(dashboard.groups[0]!.servers).toHaveLength(1);
  });

  test('is not taken out as the master of a group, nor from the group of another master', async () => {
    dashboard.addGroup(7, node, master);
    expect((await ask('before_detach'))?.text).toContain('the master of group 7');
    dashboard.groups.length = 0;
    dashboard.addGroup(7, master);
    dashboard.addGroup(8, other, node);
    expect((await ask('before_node'))?.text).toContain('in group 8, under another master');
    expect(dashboard.calls).toEqual([]);
  });

  test('was never there: nothing is changed, whatever else the group waits for', async () => {
    dashboard.addGroup(7, master, other).out_of_sync = true;
    expect(await ask('before_node')).toBeNull();
    expect(dashboard.calls).toEqual([]);
  });
});
