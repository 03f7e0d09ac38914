import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaignView } from '../../src/api/campaign-views.ts';
import { type LogAttempt, logReport } from '../../src/model/full-sync-log.ts';
import type { Reader } from '../../src/model/text.ts';
import type { Comparison } from '../../src/model/views/comparison.ts';
import type { Rehearsal } from '../../src/model/views/rehearsal.ts';
import { anAgent, troubledAgent } from '../support/agents.ts';
import { aCampaign } from '../support/campaigns.ts';
import { aGuard } from '../support/guards.ts';
import { aHold } from '../support/holds.ts';
import { anAudit, damagedSlave, targetAt } from '../support/memory-audits.ts';
import { aReplacement } from '../support/replacements.ts';
import { said } from '../support/said.ts';
import { FakeApi } from './fake-api.ts';
import { Harness, type HarnessOptions } from './harness.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.close());

const reader: Reader = { language: 'zh', tool: 'cli' };
const now = 1_800_000_000_000;
const why = ['--reason', '维护'];

const inChinese = (args: readonly string[], options: HarnessOptions = {}) =>
  new Harness(options).run(...args, '--url', api.url, '--lang', 'zh');

/** What is in no language: commands to copy, flags, ids, addresses, paths, times, figures, and names of things. */
const foreign = [
  /pika-expander[ -~…]*/g,
  /\[[A-Za-z_]+\]|systemctl [a-z -]*/g,
  // What the system says.
  /\bE[A-Z]{3,}: .*|Unexpected .*/g,
  /\b[a-z]+(?:-[a-z]+)+\b/g,
  /"[^"]*"|“[^”]*”|\[y\/N\]|GET \S+/g,
  /\S*[/:@=_.]\S*/g,
  /--?[a-z-]+/g,
  /\b\d[\d.,]* ?(?:ms|s|m|min|h|d|[kKMGT]?B)\b/g,
  /\b(?:Ctrl-C|ID|FILE|NAME|URL|DB|db0|JSON|YAML|PEM|PIKA_\w+|HTTP|Pika|gzip|INFO|TTL|SLAVEOF|webhook|binlog|key|up|PORT)\b/g,
  /\b(?:string|host|port|id|viewer|operator|approver|admin|agent|producer|notify|veto|trail|rest|zh|en|never)\b/g,
];
const english = (text: string): readonly string[] =>
  foreign.reduce((rest, pattern) => rest.replaceAll(pattern, ' '), text).match(/[A-Za-z]{2,}/g) ?? [];

/** Plays a command: what it prints is Chinese. */
async function isChinese(args: readonly string[], options?: HarnessOptions): Promise<string> {
  const { out, err } = await inChinese(args, options);
  const text = out + err;
  expect(text).toMatch(/\p{Script=Han}/u);
  expect(text).not.toContain('undefined');
  expect(english(text), text).toEqual([]);
  return text;
}

const page = (...items: readonly unknown[]) => ({ status: 200, body: { items, nextCursor: null } });
const more = (...items: readonly unknown[]) => ({ status: 200, body: { items, nextCursor: 'c' } });
const one = (body: unknown) => ({ status: 200, body });

describe('no line is in English under --lang zh, of', () => {
  it('campaigns', async () => {
    const running = {
      ...aCampaign({ id: 'cpn_1', forecastSeconds: 60 }),
      label: '三号机架',
      requestedBy: '安娜',
    };
    const view = campaignView({ ...running, pendingControls: [] }, now, reader);
    const waits = { ...view, state: 'awaiting_approval', stateReason: said('等待批准') };
    const file = { files: { 'c.yaml': 'members: []\n', 'b.yaml': 'members: [a', 'l.yaml': '- a' } };
    api.answers.set('GET /v1/campaigns', more(view));
    api.answers.set('GET /v1/campaigns/cpn_1', one(waits));
    api.answers.set('POST /v1/campaigns/cpn_1/pause', one(view));
    api.answers.set('POST /v1/campaigns', () => one(plan));
    const plan = {
      at: now,
      label: null,
      settings: { maxRunning: 2, stopAfterFailures: 1, canaryApproval: true },
      acceptable: false,
      forecastSeconds: null,
      members: view.members.map(({ index, group, master, nodes }) => ({
        index,
        group,
        master,
        nodes,
        batches: [nodes],
        findings: [],
        acceptable: index > 0,
        forecast: null,
        waitsFor: index === 1 ? 'exp_1' : null,
      })),
    };
    await isChinese(['campaign', 'list']);
    await isChinese(['campaign', 'show']);
    await isChinese(['campaign', 'pause', 'cpn_1', ...why]);
    await isChinese(['campaign', 'pause', 'cpn_1']);
    await isChinese(['campaign', 'start', '-f', 'c.yaml', '--dry-run'], file);
    await isChinese(['campaign', 'start', '-f', 'c.yaml'], file);
    await isChinese(['campaign', 'start', '-f', 'l.yaml', '--dry-run'], file);
    api.answers.set('POST /v1/campaigns', one(view));
    await isChinese(['campaign', 'start', '-f', 'c.yaml', '--yes', '--detach'], file);
    api.answers.set('GET /v1/campaigns', page(view, view));
    await isChinese(['campaign', 'show']);
    api.answers.set('GET /v1/campaigns', page());
    await isChinese(['campaign', 'list']);
    await isChinese(['campaign', 'show']);
  });

  it('audits', async () => {
    const { doc, servers } = anAudit('aud_1');
    const slave = damagedSlave(1, '10.0.0.2:9221');
    const told = { ...slave, reason: said('数据不一致'), nextStep: '请修复。' };
    const counts = { ...doc.counts, slaves: 1, damaged: 1 };
    const ended = { reason: '高峰', by: '安娜', at: 1 };
    const audit = {
      ...doc,
      state: 'cancelled',
      counts,
      cancel: ended,
      servers: [...servers, told],
      repairs: [],
    };
    api.answers.set('GET /v1/audits', page(audit));
    api.answers.set('GET /v1/audits/aud_1', one(audit));
    api.answers.set('POST /v1/audits', one(audit));
    await isChinese(['audits']);
    await isChinese(['audits', 'aud_1']);
    await isChinese(['audits', 'aud_1', '--cancel']);
    await isChinese(['audits', 'aud_1', '--repair', '--yes']);
    await isChinese(['audits', 'aud_1', '--repair', '10.9.9.9:1', '--yes']);
    await isChinese(['audit']);
    await isChinese(['audit', '--all', '10.0.0.1:9221']);
    await isChinese(['audit', '--all', '--detach']);
    api.answers.set('GET /v1/audits', page());
    await isChinese(['audits']);
  });

  it('guards', async () => {
    const { doc, masters } = aGuard('grd_1', now);
    const told = masters.map((master) => ({
      ...master,
      findings: master.findings.map((each) => ({ ...each, reason: said('未经证明'), nextStep: '请巡检。' })),
    }));
    const guard = { ...doc, label: '商店', masters: told };
    const over = { ...guard, state: 'ended', end: { reason: '下线', by: '安娜', at: 1 } };
    api.answers.set('GET /v1/guards', page(guard));
    api.answers.set('GET /v1/guards/grd_1', one(guard));
    for (const path of ['/end', '/forget', ''])
      api.answers.set(`POST /v1/guards${path && `/grd_1${path}`}`, one(over));
    await isChinese(['guard', 'list']);
    await isChinese(['guard', 'show']);
    await isChinese(['guard', 'start', '--all']);
    await isChinese(['guard', 'start', '--all', '--depth', 'full']);
    await isChinese(['guard', 'end', 'grd_1', ...why]);
    await isChinese(['guard', 'end', 'grd_1']);
    await isChinese(['guard', 'forget', 'grd_1', '10.0.0.2:9221', ...why]);
    api.answers.set('GET /v1/guards/grd_1', one(over));
    await isChinese(['guard', 'show', 'grd_1']);
    api.answers.set('GET /v1/guards', page(guard, guard));
    await isChinese(['guard', 'show']);
    api.answers.set('GET /v1/guards', page());
    await isChinese(['guard', 'list']);
    await isChinese(['guard', 'show']);
  });

  it('holds', async () => {
    const waiting = {
      ...aHold('hld_1').doc,
      reason: '备份',
      requestedBy: '安娜',
      waitingFor: said('等待全量同步'),
      state: 'waiting',
      until: now,
      safe: false,
      fullSyncs: [
        {
          expansionId: 'exp_1',
          node: '10.0.0.2:9221',
          phase: 'transferring',
          since: now,
          expectedEndsAt: now,
        },
      ],
    };
    const end = { by: '安娜', reason: '完成' };
    api.answers.set('GET /v1/holds', page(waiting));
    api.answers.set('POST /v1/holds', one(waiting));
    api.answers.set('GET /v1/holds/hld_1', one(waiting));
    api.answers.set('POST /v1/holds/hld_1/end', one({ ...waiting, state: 'ended', end }));
    await isChinese(['hold', '10.0.0.1:9221', ...why]);
    await isChinese(['hold', '10.0.0.1:9221']);
    await isChinese(['hold', 'show', 'hld_1']);
    await isChinese(['hold', 'list']);
    await isChinese(['hold', 'end', 'hld_1', ...why]);
    for (const change of [{ safe: true }, { state: 'expired' }, { state: 'ended', end }]) {
      api.answers.set('GET /v1/holds/hld_1', one({ ...waiting, ...change }));
      await isChinese(['hold', 'show', 'hld_1', '--wait']);
    }
    api.answers.set('GET /v1/holds', page());
    await isChinese(['hold', 'list']);
    await isChinese(['hold', 'list', '--all']);
  });

  it('replacements', async () => {
    const asked = aReplacement('rpl_1', 1);
    const replacement = {
      ...asked,
      label: '新机器',
      state: 'held',
      stateReason: said('等待人工'),
      approval: {
        by: '李',
        reason: '可以',
      },
      cancel: {
        by: '安娜',
        reason: '停止',
      },
      newNodes: {
        ...asked.newNodes,
        expansionId: 'exp_1',
      },
      pairs: asked.pairs.map((pair) => ({
        ...pair,
        reason: said('等待新节点'),
        nextStep: '请查看。',
      })),
    };
    api.answers.set('GET /v1/replacements', page(replacement));
    api.answers.set('GET /v1/replacements/rpl_1', one(replacement));
    for (const path of ['', '/rpl_1/cancel', '/rpl_1/approve'])
      api.answers.set(`POST /v1/replacements${path}`, one(replacement));
    await isChinese(['replacement', 'list']);
    await isChinese(['replacement', 'show', 'rpl_1']);
    await isChinese(['replacement', 'cancel', 'rpl_1', ...why]);
    await isChinese(['replacement', 'approve', 'rpl_1', ...why]);
    await isChinese(['replacement', 'approve', 'rpl_1']);
    await isChinese(['replace', '10.0.0.1:9221', '10.0.0.2:9221=10.0.0.5:9221', ...why]);
    await isChinese(['replace', '10.0.0.1:9221', '10.0.0.2:9221', ...why]);
    api.answers.set('GET /v1/replacements', page());
    await isChinese(['replacement', 'list']);
  });

  it('comparisons', async () => {
    const report = {
      depth: 'sample',
      verdict: 'different',
      reason: null,
      startedAt: 0,
      endedAt: 9e3,
      lookedAtKeys: 9,
      estimatedKeys: 100,
      share: 0.09,
      smallestLossFound: 0.3,
      differencesTotal: 2,
      rounds: 3,
      differencesByKind: { missing: 2 },
      settledByRecheck: 0,
      counts: null,
      notes: ['估计值'],
      examples: [
        {
          db: 0,
          key: 'user:1',
          type: 'string',
          kind: 'missing',
          left: null,
          right: null,
          rounds: 3,
        },
      ],
    };
    const running = {
      id: 'cmp_1',
      left: targetAt('10.0.0.1:9221'),
      right: targetAt('10.0.0.2:9221'),
      state: 'paused',
      stateReason: said('已被暂停'),
      report: null,
      problem: null,
      differencesTotal: 0,
      progress: {
        lookedAtKeys: 5,
        estimatedKeys: 9,
        differences: 1,
        keysPerSecond: 2,
        remainingSeconds: 3,
        heldBy: '从节点落后',
      },
      pendingControl: {
        verb: 'cancel',
        reason: '高峰',
        by: '安娜',
        at: 1,
      },
    };
    const counted = {
      depth: 'counts',
      verdict: 'equal',
      counts: { left: { db0: 3 }, right: { db0: 3 }, exact: true },
    };
    const others = [
      { ...report, ...counted },
      { ...report, smallestLossFound: 0, share: null },
    ] as const;
    api.answers.set('GET /v1/comparisons', page({ ...running, report }, running));
    api.answers.set('POST /v1/comparisons', one(running as unknown as Comparison));
    await isChinese(['comparisons']);
    await isChinese(['compare', '10.0.0.1:9221', '10.0.0.2:9221', '--detach']);
    await isChinese(['compare', '10.0.0.1:9221', '10.0.0.2:9221']);
    await isChinese(['comparison', 'cmp_1', '--pause']);
    for (const each of [null, report, ...others]) {
      api.answers.set('GET /v1/comparisons/cmp_1', one({ ...running, report: each }));
      await isChinese(['comparison', 'cmp_1']);
    }
    api.answers.set('GET /v1/comparisons', page());
    await isChinese(['comparisons']);
  });

  it('tokens, webhooks and browsers', async () => {
    const token = {
      id: 'tok_1',
      name: '安娜',
      role: 'operator',
      state: 'living',
      scope: { masters: ['10.0.0.0/8'] },
      createdBy: '李',
      expiresAt: now,
      oldUntil: now,
      token: '0000',
    };
    api.answers.set(
      'GET /v1/tokens',
      page(token, { ...token, scope: {}, expiresAt: null, state: 'revoked' }),
    );
    api.answers.set('POST /v1/tokens', one({ ...token, expiresAt: null, oldUntil: null }));
    api.answers.set('POST /v1/tokens/tok_1/rotate', one(token));
    api.answers.set('DELETE /v1/tokens/tok_1', one(token));
    await isChinese(['token', 'list']);
    await isChinese(['token', 'create', '--name', 'ann', '--role', 'operator']);
    await isChinese(['token', 'create', '--role', 'operator']);
    await isChinese(['token', 'create', '--name', 'ann', '--role', '王']);
    await isChinese(['token', 'create', '--name', 'ann', '--role', 'admin', '--expires', '久']);
    await isChinese(['token', 'rotate', 'tok_1']);
    await isChinese(['token', 'revoke', 'tok_1', ...why]);
    for (const path of ['tokens', 'webhooks', 'sessions']) api.answers.set(`GET /v1/${path}`, page());
    for (const name of ['token', 'webhook', 'session']) await isChinese([name, 'list']);
  });

  it('the trail', async () => {
    const entry = {
      seq: 1,
      at: now,
      who: { name: '安娜' },
      from: {
        address: '127.0.0.1',
        via: 'rest',
      },
      times: 2,
      act: 'POST /v1/freeze',
      object: null,
      outcome: {
        status: 200,
        code: null,
      },
    };
    api.answers.set('GET /v1/trail', more({ ...entry, act: '/v1/freeze' }));
    await isChinese(['trail', 'list']);
    await isChinese(['trail', 'list', '--since', '久']);
    api.answers.set('GET /v1/trail', page());
    await isChinese(['trail', 'list']);
    const unreadable = (which: string) => () => Promise.reject(Object.assign(new Error('坏了'), { which }));
    for (const which of ['trail', 'head', 'key'])
      await isChinese(['trail', 'verify', 'f'], { entrances: { verifyTrail: unreadable(which) } });
    await isChinese(['evidence', '--verify', 'f'], { entrances: { verifyEvidence: unreadable('key') } });
    await isChinese(['evidence', '--verify', 'f'], { entrances: { verifyEvidence: unreadable('file') } });
    await isChinese(['evidence', 'exp_1', '--verify', 'f']);
  });

  it('agents, and whether a node is ready', async () => {
    api.answers.set(
      'GET /v1/agents',
      one({ items: [{ ...anAgent('h', now), agent: '甲', host: '乙', version: '1' }] }),
    );
    await isChinese(['agents']);
    api.answers.set('GET /v1/agents', one({ items: [] }));
    await isChinese(['agents']);
    await isChinese(['agent']);
    await isChinese(['agent', '--token', 'x']);
    await isChinese(['agent', '--as', '10.0.0.1:1,credential=x'], { env: { PIKA_EXPANDER_TOKEN: 'x' } });
    for (const text of ['x', '[]', '{"cnf": 1}', '{"conf": 1}', '{"service": 1}'])
      await isChinese(['agent', '--config', 'f'], { files: { f: text === 'x' ? '' : text } });
    const proof = { at: now, by: 'exp_1' };
    const path = 'GET /v1/nodes/10.0.0.2%3A9221/ready';
    api.answers.set(path, one({ node: '10.0.0.2:9221', ready: true, master: null, proof, reason: null }));
    await isChinese(['ready', '10.0.0.2:9221']);
    api.answers.set(
      path,
      one({ node: '10.0.0.2:9221', ready: false, master: null, proof, reason: said('已隔离') }),
    );
    await isChinese(['ready', '10.0.0.2:9221']);
    api.answers.set(path, { status: 502, body: {} });
    await isChinese(['ready', '10.0.0.2:9221', '--unknown-is-ready']);
  });

  it('an agent in trouble', async () => {
    api.answers.set('GET /v1/agents', one({ items: [troubledAgent('h', 0)] }));
    const { out } = await inChinese(['agents']);
    expect(out).toContain('没有继续上报');
    expect(english(out).join(' ')).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/);
  });

  it('logs', async () => {
    const attempt = {
      db: 'db0',
      startedAt: 0,
      endedAt: 9e3,
      verdict: 'undecided',
      cause: 'log_has_gaps',
      files: {
        copied: 1,
        listed: null,
      },
    } as const;
    const asked: Reader[] = [];
    const logs = async (_paths: unknown, _master: unknown, forWhom: Reader) => {
      asked.push(forWhom);
      return logReport([attempt as LogAttempt], [], forWhom);
    };
    await isChinese(['logs', 'f'], { entrances: { logs } });
    expect(asked).toEqual([reader]);
    await isChinese(['logs', 'f'], { entrances: { logs: async () => logReport([], [], reader) } });
    await isChinese(['logs', 'f'], { entrances: { logs: () => Promise.reject(new Error('没有文件')) } });
  });

  it('recordings and rehearsals', async () => {
    const slave = {
      fullSync: 'incomplete',
      cause: null,
      because: [],
      anomalies: [],
      receivedBytes: 1,
      snapshotBytes: null,
      phases: [
        ['attaching', 0],
        ['transferring', 1],
      ],
    };
    await isChinese(['replay', 'f'], { entrances: { replay: async () => ({ s1: slave }) } });
    await isChinese(['replay', 'f'], { entrances: { replay: async () => ({}) } });
    await isChinese(['replay', 'f'], { entrances: { replay: () => Promise.reject(new Error('坏了')) } });
    const record = ['record', '-m', '10.0.0.1:9221', '10.0.0.2:9221', '-o', '/no/such/folder/f'];
    await isChinese(record);
    await isChinese([...record, '--for', '久']);
    await isChinese([...record, '--log', '坏']);
    await isChinese(['record', '-m', '10.0.0.1:9221,credential=x', '-o', 'f']);
    const node = {
      node: '10.0.0.2:9221',
      batch: 0,
      phase: 'verified',
      attempts: 2,
      anomalies: [],
      lostKeys: 0,
      phases: [
        {
          phase: 'attaching',
          atSeconds: 0,
        },
        {
          phase: 'verified',
          atSeconds: 9,
        },
      ],
    };
    const run = { state: 'unfinished', stateReason: null, seconds: 9, dumps: 1, nodes: [node] };
    const burst = (['up', 'syncing', 'dead'] as const).map((says) => ({
      node: '10.0.0.2:9221',
      says,
      upAtSeconds: 1,
      lostKeys: 9,
      lostShare: 0.5,
    }));
    const rehearsal = {
      planId: 'plan_1',
      version: '3.5.4',
      assumptions: ['已模拟。'],
      predicted: run,
      tookMs: 1,
      faults: [
        {
          fault: 'node_dies',
          text: '节点退出：',
          ...run,
        },
      ],
      burst: {
        gapSeconds: 1,
        seconds: 9,
        dumps: 3,
        nodes: [
          ...burst,
          {
            ...burst[0]!,
            lostKeys: 0,
          },
        ],
      },
    };
    api.answers.set('POST /v1/plans/plan_1/rehearsal', one(rehearsal as unknown as Rehearsal));
    await isChinese(['rehearse', '--plan', 'plan_1']);
  });

  it('backups, and what else the service is started by', async () => {
    const made = { madeAt: now, rows: 9, tables: 3, verified: true };
    await isChinese(['backup', 'f.gz'], { entrances: { backup: async () => made } });
    await isChinese(['restore', 'f.gz'], { entrances: { restore: async () => made } });
    await isChinese(['restore', '--mark'], { entrances: { markRestored: async () => {} } });
    await isChinese(['restore']);
    for (const code of [
      'backup_broken',
      'backup_newer',
      'database_in_use',
      'database_holds_expansions',
      'database_empty',
      'EEXIST',
      '',
    ]) {
      const restore = () => Promise.reject(Object.assign(new Error('坏了'), { code }));
      await isChinese(['restore', 'f.gz'], { entrances: { restore } });
    }
    await isChinese(['serve', '--port', '坏']);
  });

  it('channels', async () => {
    for (const args of [[], ['--name', 'a'], ['--name', 'a', '--kind', 'generic']])
      await inChinese(['channel', 'add', ...args]).then(({ err }) => expect(err).toMatch(/请用 --/));
    await isChinese(['channel', 'change', 'chn_1']);
  });
});

it('a verb in a sentence is in Chinese', async () => {
  api.set({ pendingControl: { verb: 'pause', by: '安娜', reason: '维护', at: 1, node: null } as never });
  expect(await isChinese(['list'])).toContain('已请求暂停');
  expect((await inChinese(['resume', 'exp_1', ...why])).out).toContain('已请求继续');
});
