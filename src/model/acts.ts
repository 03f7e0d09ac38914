/** How each tool does something: the route of REST, the command of the CLI, the label on the dashboard. */
import type { Language, Reader } from './text.ts';

/** What the same act is called in each tool. `dashboard` null = the dashboard cannot do it, so its reader gets the command. */
function act<A extends readonly string[]>(
  rest: (...args: A) => string,
  cli: (...args: A) => string,
  dashboard: Readonly<Record<Language, string>> | null,
): (reader: Reader, ...args: A) => string {
  return ({ tool, language }, ...args) => {
    if (tool === 'rest') return rest(...args);
    return tool === 'cli' || dashboard === null ? `pika-expander ${cli(...args)}` : dashboard[language];
  };
}

const page = (en: string, zh: string) => ({ en: `the page “${en}”`, zh: `“${zh}”页面` });
const button = (en: string, zh: string) => ({ en: `the button “${en}”`, zh: `“${zh}”按钮` });

const steering = (verb: string, label: Readonly<Record<Language, string>>) =>
  act(
    (id: string) => `POST /v1/expansions/${id}/${verb}`,
    (id) => `${verb} ${id} --reason "…"`,
    label,
  );
const steeringNode = (verb: string, label: Readonly<Record<Language, string>>) =>
  act(
    (id: string, node: string) => `POST /v1/expansions/${id}/nodes/${node}/${verb}`,
    (id, node) => `${verb} ${id} ${node} --reason "…"`,
    label,
  );
const steeringCampaign = (verb: string, label: Readonly<Record<Language, string>>) =>
  act(
    (id: string) => `POST /v1/campaigns/${id}/${verb}`,
    (id) => `campaign ${verb} ${id} --reason "…"`,
    label,
  );

const buttons = {
  pause: button('Pause', '暂停'),
  resume: button('Resume', '继续'),
  retry: button('Retry', '重试'),
  skip: button('Skip', '跳过'),
};

/** Each is a noun inside a sentence: `with ${acts.resume(reader, id)}`. */
export const acts = {
  listExpansions: act(
    () => 'GET /v1/expansions',
    () => 'list',
    page('Overview', '总览'),
  ),
  listCampaigns: act(
    () => 'GET /v1/campaigns',
    () => 'campaign list',
    page('Campaigns', '批量扩容'),
  ),
  listComparisons: act(
    () => 'GET /v1/comparisons',
    () => 'comparisons',
    page('Comparisons', '数据比对'),
  ),
  listAudits: act(
    () => 'GET /v1/audits',
    () => 'audits',
    page('Audits', '巡检'),
  ),
  listGuards: act(
    () => 'GET /v1/guards',
    () => 'guard list',
    page('Guards', '值守'),
  ),
  listReplacements: act(
    () => 'GET /v1/replacements',
    () => 'replacement list',
    page('Replacements', '替换'),
  ),
  startReplacement: act(
    () => 'POST /v1/replacements',
    () => 'replace …',
    button('New replacement', '新建替换'),
  ),
  cancelReplacement: act(
    (id: string) => `POST /v1/replacements/${id}/cancel`,
    (id) => `replacement cancel ${id} --reason "…"`,
    button('Cancel', '取消'),
  ),
  approveReplacement: act(
    (id: string) => `POST /v1/replacements/${id}/approve`,
    (id) => `replacement approve ${id} --reason "…"`,
    button('Approve', '批准'),
  ),
  startAudit: act(
    () => 'POST /v1/audits',
    () => 'audit …',
    button('New audit', '新建巡检'),
  ),
  endGuard: act(
    () => 'POST /v1/guards/:id/end',
    () => 'guard end …',
    button('End', '结束'),
  ),
  listTokens: act(
    () => 'GET /v1/tokens',
    () => 'token list',
    null,
  ),
  listChannels: act(
    () => 'GET /v1/channels',
    () => 'channel list',
    page('Channels', '通知渠道'),
  ),
  listIncidents: act(
    () => 'GET /v1/incidents',
    () => 'channel incidents',
    page('Channels', '通知渠道'),
  ),
  listHolds: act(
    () => 'GET /v1/holds',
    () => 'hold list',
    page('Overview', '总览'),
  ),
  endHold: act(
    (id: string) => `POST /v1/holds/${id}/end`,
    (id) => `hold end ${id} --reason "…"`,
    button('End the hold', '结束占用'),
  ),
  startExpansion: act(
    () => 'POST /v1/expansions',
    () => 'expand --master …',
    page('New expansion', '新建扩容'),
  ),
  retryRest: act(
    (id: string) => `POST /v1/expansions with "retryOf": "${id}"`,
    (id) => `expand --retry-of ${id}`,
    button('Plan what was left', '为剩余节点生成计划'),
  ),
  startCampaign: act(
    () => 'POST /v1/campaigns',
    () => 'campaign start -f …',
    null,
  ),
  makePlan: act(
    () => 'POST /v1/plans',
    () => 'plan --master …',
    button('Make the plan', '生成计划'),
  ),
  seeEvidence: act(
    (id: string) => `GET /v1/expansions/${id}/evidence`,
    (id) => `evidence ${id}`,
    { en: '“Evidence” on the page of the expansion', zh: '扩容任务页面上的“证据”' },
  ),
  pause: steering('pause', buttons.pause),
  resume: steering('resume', buttons.resume),
  cancel: steering('cancel', button('Cancel', '取消扩容')),
  approve: steering('approve', button('Approve next batch', '批准下一批')),
  retry: steeringNode('retry', buttons.retry),
  skip: steeringNode('skip', buttons.skip),
  pauseCampaign: steeringCampaign('pause', buttons.pause),
  resumeCampaign: steeringCampaign('resume', buttons.resume),
  approveCampaign: steeringCampaign('approve', button('Approve the rest', '批准其余成员')),
  cancelMembers: act(
    (id: string) => `POST /v1/campaigns/${id}/cancel with "cancelMembers": true`,
    (id) => `campaign cancel ${id} --with-members --reason "…"`,
    button('Cancel', '取消'),
  ),
  resumeComparison: act(
    (id: string) => `POST /v1/comparisons/${id}/resume`,
    (id) => `comparison ${id} --resume --reason "…"`,
    buttons.resume,
  ),
} as const;
