import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CampaignRequest } from '../../src/admission/campaign-request.ts';
import { validator } from '../../src/admission/validate.ts';
import { readCampaignFile } from '../../src/cli/campaign-file.ts';
import { bearer, healthyNode, operator, viewer } from '../api/support.ts';
import { campaignControl } from '../support/campaigns.ts';
import { type CampaignWorld, campaignWorld, masterOf, nodeOf } from '../work/campaign/support.ts';
import { Harness, type HarnessOptions, jsonLines, until } from './harness.ts';

let world: CampaignWorld;
let url: string;
/** Streams tell how far it is once a second of the service's clock, which moves only if somebody moves it. */
let clock: NodeJS.Timeout;
beforeEach(async () => {
  world = await campaignWorld({ tokens: [operator, viewer] });
  await world.api.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(world.api.app.server.address() as AddressInfo).port}`;
  clock = setInterval(() => {
    world.api.clock.now += 1000;
  }, 50);
});
afterEach(() => {
  clearInterval(clock);
  return world.api.app.close();
});

const yaml = `
# Two racks; the first master goes ahead.
label: rack 7
maxRunning: 2
canary:
  count: 1
  approval: true
policy:
  onFailure: skip
  windows:
    - from: 22:00
      to: 06:00
members:
  - master: ${masterOf(0)}
    nodes: [${nodeOf(0)}]
  - master: ${masterOf(1)}
    nodes:
      - address: ${nodeOf(1)}
        overwriteData: true
  - {master: "${masterOf(2)}", nodes: ["${nodeOf(2)}"]}
`;
const files = { 'rack.yaml': yaml };
const harness = (options: HarnessOptions = {}, token = operator.token) =>
  new Harness({ files, env: { PIKA_EXPANDER_URL: url, PIKA_EXPANDER_TOKEN: token }, ...options });
const run = (...args: string[]) => harness().run('campaign', ...args);
const start = ['start', '-f', 'rack.yaml', '--yes'];
const newest = async () => (await world.campaigns.list({ limit: 1 })).items[0]!;
const started = async (): Promise<string> => {
  expect((await run(...start, '--detach')).exitCode).toBe(0);
  return (await newest()).id;
};

/** Leads the campaign on: its worker, and what the workers of its expansions would do. */
async function canarySucceeds(id: string): Promise<void> {
  await world.work(id, 2);
  const [canary] = await world.expansionsOf(id);
  await world.move(canary!, 'succeeded', 'verified');
  await world.work(id, 2);
}
async function restSucceeds(id: string): Promise<void> {
  await world.work(id, 2);
  for (const expansion of (await world.expansionsOf(id)).slice(1))
    await world.move(expansion!, 'succeeded', 'verified');
  await world.work(id, 2);
}

describe('campaign start', () => {
  it('reads YAML and sends it as it is written', async () => {
    const id = await started();
    const campaign = (await world.campaigns.get(id))!;
    expect(campaign).toMatchObject({
      label: 'rack 7',
      settings: { maxRunning: 2, stopAfterFailures: 1, canaryApproval: true },
      requestedBy: 'ops',
    });
    expect(campaign.members.map(({ request }) => request)).toMatchObject([
      { master: masterOf(0), policy: { onFailure: 'skip', windows: [{ from: '22:00', to: '06:00' }] } },
      { nodes: [{ address: nodeOf(1), overwriteData: true }] },
      { master: masterOf(2) },
    ]);
  });

  it('reads the example of the documentation, which is a request as it should be', () => {
    const text = readFileSync(new URL('../../docs/campaigns.md', import.meta.url), 'utf8');
    const example = /```yaml\n([^`]*)```/.exec(text)?.[1] ?? '';
    const request = validator(CampaignRequest)(readCampaignFile('x', { readFile: () => example }));
    expect(request).toMatchObject({ maxRunning: 3, canary: { approval: true } });
    expect(request.members).toHaveLength(3);
  });

  it('reads JSON, and standard input', async () => {
    const json = JSON.stringify({ members: [{ master: masterOf(3), nodes: [nodeOf(3)] }] });
    const { exitCode, out } = await harness({ files: { '-': json } }).run(
      'campaign',
      'start',
      '-f',
      '-',
      '-y',
      '-d',
    );
    expect(exitCode).toBe(0);
    expect(out).toContain(`pika-expander campaign follow ${(await newest()).id}`);
  });

  it('--dry-run shows what each member would do, and starts nothing', async () => {
    const { exitCode, out } = await run('start', '-f', 'rack.yaml', '--dry-run');
    expect(exitCode).toBe(0);
    expect(out).toContain('First one canary, then (once approved) the rest; at most 2 at a time');
    expect(out).toMatch(/1 +canary +10\.1\.0\.1:9221 +10\.1\.0\.2:9221/);
    expect(out).toContain('This campaign can be started.');
    const json = await run('start', '-f', 'rack.yaml', '--dry-run', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ acceptable: true, members: [{}, {}, {}] });
    expect((await world.campaigns.list({ limit: 9 })).items).toEqual([]);
  });

  it('exits 3 with the member and its findings when preflight refuses, in a dry run and for good', async () => {
    world.api.engine.set(nodeOf(2), healthyNode(nodeOf(2), { facts: { holdsKeys: true } }));
    const dry = await run('start', '-f', 'rack.yaml', '--dry-run');
    expect([dry.exitCode, dry.out.includes('Nothing was changed')]).toEqual([3, true]);
    expect(dry.out).toContain(`Member 3 (${masterOf(2)})`);
    const real = await run(...start);
    expect(real.exitCode).toBe(3);
    expect(real.err).toContain(`member 3 (${masterOf(2)})`);
    expect(real.err).toContain('→');
    expect((await world.campaigns.list({ limit: 9 })).items).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['broken YAML', 'members: [a', 'neither YAML nor JSON'],
    ['a key twice', 'label: a\nlabel: b', 'line 2'],
    ['a list', '- a', 'mapping'],
    ['nothing', '', 'mapping'],
    ['an endless alias', 'a: &a [x]\nb: [*z]', 'alias'],
  ])('exits 2 for %s, and sends nothing', async (_what, text, told) => {
    const { exitCode, err } = await harness({ files: { 'x.yaml': text } }).run(
      'campaign',
      'start',
      '-f',
      'x.yaml',
      '-y',
    );
    expect(exitCode).toBe(2);
    expect(err).toContain(told);
    expect((await world.campaigns.list({ limit: 9 })).items).toEqual([]);
  });

  it('exits 2 and names the place that the service does not take', async () => {
    const text = yaml.replace(`nodes: [${nodeOf(0)}]`, 'nodes: []');
    const { exitCode, err } = await harness({ files: { 'x.yaml': text } }).run(
      'campaign',
      'start',
      '-f',
      'x.yaml',
      '-y',
    );
    expect([exitCode, err.includes('members[0].nodes')]).toEqual([2, true]);
    expect((await run('start', '-f', 'gone.yaml', '-y')).exitCode).toBe(2);
    expect((await run('start', '-y')).exitCode).toBe(2);
  });

  it('wants --yes where nobody can be asked', async () => {
    for (const args of [[], ['--json']]) {
      const { exitCode, err, out } = await run('start', '-f', 'rack.yaml', ...args);
      expect([exitCode, (err + out).includes('--yes')]).toEqual([2, true]);
    }
  });

  it('the same key starts once', async () => {
    const args = [...start, '--detach', '--idempotency-key', 'order-7'];
    expect([(await run(...args)).exitCode, (await run(...args)).exitCode]).toEqual([0, 0]);
    expect((await world.campaigns.list({ limit: 9 })).items).toHaveLength(1);
  });
});

describe('watching', () => {
  it('goes on to the end, every event once, and exits 0', async () => {
    const watching = harness();
    const ended = watching.run('campaign', ...start, '--wait');
    await until(() => watching.out.includes('Accepted: 3 expansions'), 'the first event');
    const { id } = await newest();
    await canarySucceeds(id);
    await until(() => watching.out.includes('waits for approval'), 'the wait for approval');
    expect((await run('approve', id, '--reason', 'looks good')).exitCode).toBe(0);
    await restSucceeds(id);
    const { exitCode, out } = await ended;
    expect(exitCode).toBe(0);
    expect(out.match(/The canaries have succeeded; 2 members follow/g)).toHaveLength(1);
    expect(out).toContain('3 of 3 members succeeded, 3 of 3 nodes verified, succeeded');
    expect(out).toContain(`pika-expander campaign report ${id}`);
  });

  it('exits 4 when a person must act, and says how', async () => {
    const id = await started();
    await canarySucceeds(id);
    const { exitCode, out } = await run('follow', id);
    expect(exitCode).toBe(4);
    expect(out).toContain(`pika-expander campaign approve ${id} --reason`);
  });

  it('exits 4 for a halted expansion, and names it', async () => {
    const id = await started();
    await world.work(id, 2);
    const [canary] = await world.expansionsOf(id);
    await world.move(canary!, 'halted', 'quarantined', 'the node was given up');
    await world.work(id, 2);
    const { exitCode, out } = await run('follow', id);
    expect(exitCode).toBe(4);
    expect(out).toContain(`Expansion ${canary} waits for a person (halted)`);
  });

  it('exits 1 when it has failed, with what stopped it', async () => {
    const id = await started();
    await world.work(id, 2);
    const [canary] = await world.expansionsOf(id);
    await world.move(canary!, 'failed', 'quarantined', '0 of 1 node verified');
    await world.work(id, 2);
    const { exitCode, out } = await run('follow', id);
    expect(exitCode).toBe(1);
    expect(out).toContain(`the canary member 1 (${masterOf(0)}) has failed`);
    expect(out).toContain('not begun');
  });

  it('with --json prints objects, the last one the end', async () => {
    const id = await started();
    await run('cancel', id, '--reason', 'wrong rack');
    await world.work(id, 2);
    const { exitCode, out } = await run('follow', '--json', id);
    expect(exitCode).toBe(1);
    const lines = jsonLines(out);
    expect(
      lines.filter(({ kind }) => kind === 'event').map(({ event }) => (event as { type: string }).type),
    ).toEqual(['campaign.accepted', 'campaign.cancel_asked', 'campaign.cancelled']);
    expect(lines.at(-1)).toMatchObject({ kind: 'end', campaignId: id, state: 'cancelled', exitCode: 1 });
  });

  it('is left by Ctrl-C with 130; the campaign goes on', async () => {
    const id = await started();
    const watching = harness();
    const ended = watching.run('campaign', 'follow', id);
    await until(() => watching.out.includes('Accepted'), 'the first event');
    watching.pressCtrlC();
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(130);
    expect(err).toContain('goes on in the service');
    expect((await world.campaigns.get(id))?.state).toBe('pending');
  });

  it('goes on when the connection was lost', async () => {
    const id = await started();
    const watching = harness();
    const ended = watching.run('campaign', 'follow', id);
    await until(() => watching.out.includes('Accepted'), 'the first event');
    world.api.app.server.closeAllConnections();
    await world.campaigns.control(id, campaignControl('cancel'));
    await world.work(id, 2);
    const { out } = await ended;
    expect(out.match(/Accepted: 3 expansions/g)).toHaveLength(1);
    expect(out).toContain('cancelled');
  });

  it('finds the only one that is going on', async () => {
    expect((await run('follow')).exitCode).toBe(1);
    const id = await started();
    expect((await run('show')).out).toContain(id);
    const second = { members: [{ master: masterOf(8), nodes: [nodeOf(8)] }] };
    await world.api.app.inject({
      method: 'POST',
      url: '/v1/campaigns',
      headers: bearer(operator),
      payload: second,
    });
    const { exitCode, err } = await run('show');
    expect([exitCode, err.includes('Several campaigns')]).toEqual([2, true]);
  });
});

describe('the rest of the commands', () => {
  it('list, show and report print for people, and JSON', async () => {
    const id = await started();
    await canarySucceeds(id);
    expect((await run('list')).out).toMatch(
      new RegExp(`${id} +awaiting approval \\(!\\) +1/3 +1/3 .* rack 7`),
    );
    expect((await run('list', '--state', 'failed')).out).toBe('No campaigns.\n');
    expect(JSON.parse((await run('list', '--json')).out).items[0].id).toBe(id);
    const shown = await run('show', id);
    expect(shown.out).toMatch(/✔ 1 +canary +10\.1\.0\.1:9221 +succeeded +1\/1/);
    expect(JSON.parse((await run('show', id, '--json')).out)).toMatchObject({ id, needsPerson: true });
    expect((await run('report', id)).out).toContain('# Campaign rack 7');
    expect(JSON.parse((await run('report', id, '--json')).out)).toMatchObject({ campaign: { id } });
  });

  it('pause, resume and cancel are recorded with who asked and why', async () => {
    const id = await started();
    expect((await run('pause', id, '-r', 'peak')).exitCode).toBe(0);
    await world.work(id, 1);
    expect((await world.campaigns.get(id))?.paused).toMatchObject({ by: 'ops', reason: 'peak' });
    expect((await run('resume', id, '-r', 'over')).exitCode).toBe(0);
    await world.work(id, 2);
    expect((await run('cancel', id, '-r', 'wrong', '--with-members')).exitCode).toBe(0);
    await world.work(id, 1);
    expect((await world.campaigns.get(id))?.stop?.cancelMembers).toMatchObject({ reason: 'wrong' });
  });

  it('a control that does not fit exits 1 with what can be done; one without a reason 2', async () => {
    const id = await started();
    const { exitCode, err } = await run('approve', id, '-r', 'x');
    expect([exitCode, err.includes('→')]).toEqual([1, true]);
    expect((await run('pause', id)).exitCode).toBe(2);
    expect((await run('pause', id, '-r', '  ')).exitCode).toBe(2);
    expect((await run('show', 'cpn_none')).err).toContain('There is no campaign cpn_none');
  });

  it('a viewer may look, and start nothing', async () => {
    const id = await started();
    const looking = await harness({}, viewer.token).run('campaign', 'show', id);
    expect(looking.exitCode).toBe(0);
    const denied = await harness({}, viewer.token).run('campaign', ...start, '-d');
    expect([denied.exitCode, denied.err.includes('operator')]).toEqual([1, true]);
  });
});
