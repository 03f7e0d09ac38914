import { afterEach, expect, test } from 'vitest';
import { nodeRoutes } from '../../src/api/routes/nodes.ts';
import { guardSays } from '../../src/model/guard-texts.ts';
import {
  type NodeReadyCode,
  nodeReadyCodes,
  nodeReadyFor,
  notReady,
} from '../../src/model/node-ready-texts.ts';
import type { Look } from '../../src/model/observation.ts';
import type { Said } from '../../src/model/text.ts';
import type { NodeReady } from '../../src/model/views/node-ready.ts';
import { credentialSource } from '../../src/platform/config.ts';
import type { LastVerdicts } from '../../src/store/verdicts.ts';
import { createNodeReady } from '../../src/work/node-ready.ts';
import { slaveOf } from '../core/plan/preflight-support.ts';
import { targetAt } from '../support/memory-audits.ts';
import { expectText, readers } from '../support/texts.ts';
import {
  bearer,
  fakeEngine,
  healthyNode,
  masterName,
  nodeName,
  operator,
  testApi,
  viewer,
} from './support.ts';

const nothing: LastVerdicts = { ofExpansion: null, ofAudit: null, unproven: null };
const ofExpansion = (phase: NonNullable<LastVerdicts['ofExpansion']>['phase'], at = 1000, by = 'exp_1') => ({
  ofExpansion: { phase, at, by, target: targetAt(nodeName), master: targetAt(masterName) },
});
const ofAudit = (verdict: 'whole' | 'damaged', at: number, ofMaster = masterName) => ({
  ofAudit: { verdict, at, by: 'aud_1', target: targetAt(nodeName), ofMaster },
});
const unproven = (since: number) => ({
  unproven: {
    since,
    by: 'grd_1',
    reason: guardSays(
      'unproven',
      { slave: nodeName, master: masterName },
      { why: 'is_master', provenBy: null },
    ),
  },
});
const slave = (changes: Parameters<typeof slaveOf>[2] = {}): Look =>
  healthyNode(nodeName, { replication: slaveOf('10.0.0.1', 9221, changes) });

interface Scene {
  readonly stored?: Partial<LastVerdicts>;
  readonly look?: Look;
  readonly resolve?: Readonly<Record<string, string>>;
}

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function scene({ stored = {}, look = slave(), resolve = {} }: Scene) {
  const engine = fakeEngine();
  engine.set(nodeName, look);
  const clock = { now: 1_000_000 };
  const ready = createNodeReady({
    verdicts: { lastOf: async () => ({ ...nothing, ...stored }) },
    engine,
    credentials: credentialSource(new Map()),
    resolve: async (name) => (name in resolve ? [resolve[name]!] : []),
    now: () => clock.now,
  });
  const { app } = await testApi({ tokens: [viewer, operator], api: { routes: [nodeRoutes(ready)] } });
  open.push(app);
  const ask = async (query = '', node = nodeName, headers: Record<string, string> = bearer(viewer)) => {
    const response = await app.inject({
      url: `/v1/nodes/${encodeURIComponent(node)}/ready${query}`,
      headers,
    });
    return { status: response.statusCode, body: response.json() as NodeReady & { error?: { code: string } } };
  };
  return { ask, engine, clock };
}

test.each<[string, Scene, string]>([
  ['an expansion proved it', { stored: ofExpansion('verified') }, 'exp_1'],
  ['an audit found it whole', { stored: ofAudit('whole', 1) }, 'aud_1'],
  [
    'an audit found it whole after an expansion gave it up',
    { stored: { ...ofExpansion('quarantined'), ...ofAudit('whole', 2000) } },
    'aud_1',
  ],
  [
    'it was proven after an audit found it damaged, and a guard that it was void',
    { stored: { ...ofExpansion('verified', 3000), ...ofAudit('damaged', 2000), ...unproven(2500) } },
    'exp_1',
  ],
  [
    'its master goes by a name',
    {
      stored: {
        ofExpansion: { ...ofExpansion('verified').ofExpansion, master: targetAt('pika-1.example:9221') },
      },
      resolve: { 'pika-1.example': '10.0.0.1' },
    },
    'exp_1',
  ],
])('a node is ready when %s, and its link is up', async (_, given, by) => {
  const { ask } = await scene(given);
  const { status, body } = await ask();
  expect([status, body.ready, body.reason, body.proof?.by]).toEqual([200, true, null, by]);
});

test.each<[NodeReadyCode, Scene]>([
  ['never_proven', {}],
  ['in_expansion', { stored: { ...ofExpansion('catching_up'), ...ofAudit('whole', 9000) } }],
  ['left_unproven', { stored: ofExpansion('quarantined') }],
  ['left_unproven', { stored: { ...ofExpansion('cancelled', 3000), ...ofAudit('whole', 2000) } }],
  ['withdrawn', { stored: ofExpansion('withdrawn', 3000, 'rpl_1') }],
  ['found_damaged', { stored: { ...ofExpansion('verified'), ...ofAudit('damaged', 2000) } }],
  ['no_longer_proven', { stored: { ...ofExpansion('verified'), ...unproven(1001) } }],
  ['is_no_slave', { stored: ofExpansion('verified'), look: healthyNode(nodeName) }],
  ['follows_another', { stored: ofExpansion('verified'), look: slave({ masterHost: '10.0.0.9' }) }],
  ['has_no_link', { stored: ofExpansion('verified'), look: slave({ linkStatus: 'down' }) }],
  ['has_no_link', { stored: ofExpansion('verified'), look: slave({ dbStates: { db0: 'WaitDBSync' } }) }],
  ['gives_no_answer', { stored: ofExpansion('verified'), look: { kind: 'busy', at: 1, tookMs: 800 } }],
])('a node is not ready: %s', async (code, given) => {
  const { ask } = await scene(given);
  const { status, body } = await ask();
  expect([status, body.ready, body.reason?.code]).toEqual([503, false, code]);
});

test('it has to be the slave of the master that is asked for', async () => {
  const { ask } = await scene({ stored: ofExpansion('verified') });
  expect((await ask('?master=10.0.0.1:9221')).status).toBe(200);
  expect((await ask('?master=10.0.0.9:9221')).body.reason).toMatchObject({
    code: 'of_other_master',
    text: '10.0.0.2:9221 was proven as a slave of 10.0.0.1:9221, not of 10.0.0.9:9221.',
  });
});

test('probes share a look for two seconds, and a node that is not proven is not looked at', async () => {
  const { ask, engine, clock } = await scene({ stored: ofExpansion('verified') });
  await Promise.all([ask(), ask(), ask()]);
  expect(engine.looks).toEqual([{ address: nodeName, sections: ['replication'] }]);
  clock.now += 2000;
  await ask();
  expect([engine.looks.length, engine.open()]).toEqual([2, 0]);
  const unknown = await scene({ look: slave() });
  await unknown.ask();
  expect(unknown.engine.looks).toEqual([]);
});

test('a viewer may ask; what is no address is refused', async () => {
  const { ask } = await scene({ stored: ofExpansion('verified') });
  expect((await ask('', nodeName, {})).status).toBe(401);
  expect((await ask('', 'pika')).status).toBe(400);
  expect((await ask('?master=x:y')).status).toBe(400);
  expect((await ask('', nodeName, { ...bearer(viewer), 'accept-language': 'zh' })).status).toBe(200);
});

test('each node has its own count of requests, so that one token serves hundreds of probes', async () => {
  const ready = createNodeReady({
    verdicts: { lastOf: async () => nothing },
    engine: fakeEngine(),
    credentials: credentialSource(new Map()),
    resolve: async () => [],
    now: Date.now,
  });
  const { app } = await testApi({
    tokens: [viewer, operator],
    limits: { requestsPerMinute: 2 },
    api: { routes: [nodeRoutes(ready)] },
  });
  open.push(app);
  const probe = async (host: string) =>
    (await app.inject({ url: `/v1/nodes/${host}:9221/ready`, headers: bearer(viewer) })).statusCode;
  for (let host = 1; host <= 5; host++) expect(await probe(`10.0.1.${host}`)).toBe(503);
  await probe('10.0.1.1');
  expect(await probe('10.0.1.1')).toBe(429);
});

const facts: { readonly [Code in NodeReadyCode]: Said } = {
  never_proven: notReady('never_proven', { node: nodeName }),
  in_expansion: notReady('in_expansion', { node: nodeName, expansion: 'exp_1', phase: 'swapping' }),
  left_unproven: notReady('left_unproven', { node: nodeName, expansion: 'exp_1', phase: 'quarantined' }),
  withdrawn: notReady('withdrawn', { node: nodeName, by: 'rpl_1' }),
  found_damaged: notReady('found_damaged', { node: nodeName, audit: 'aud_1' }),
  no_longer_proven: notReady('no_longer_proven', { reason: unproven(1).unproven.reason }),
  of_other_master: notReady('of_other_master', { node: nodeName, proven: masterName, master: 'm:1' }),
  gives_no_answer: notReady('gives_no_answer', { node: nodeName, kind: 'busy' }),
  is_no_slave: notReady('is_no_slave', { node: nodeName }),
  follows_another: notReady('follows_another', { node: nodeName, follows: 'm:1' }),
  has_no_link: notReady('has_no_link', { node: nodeName, states: ['NoConnect'] }),
};

test.each(nodeReadyCodes)('%s reads well for everybody', (code) => {
  for (const reader of readers) expectText(nodeReadyFor(facts[code], reader)!.text, reader.language);
});
