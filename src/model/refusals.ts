/** Every refusal and error that the service answers with: its code, its HTTP status, and what both languages say. */
import { type Action, actionTexts, type Role } from './access.ts';
import { acts } from './acts.ts';
import { auditReasonFor } from './audit-texts.ts';
import type { Finding } from './finding.ts';
import { findingFor } from './findings.ts';
import {
  type InvalidFacts,
  type InvalidRule,
  invalidFields,
  placeText,
  type RequestPart,
} from './invalid-fields.ts';
import { type NotAllowed, notAllowedStep, notAllowedText } from './not-allowed.ts';
import { changesText } from './plan-changes.ts';
import { memberName, type NamedMember, stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  type FactsOf,
  listed,
  type NoFacts,
  type Reader,
  type Said,
  type Text,
} from './text.ts';

interface Row<F> {
  /** Of the answer; 503 = the same request may succeed later. */
  readonly status: number;
  readonly text: Text<F>;
  readonly nextSteps: Text<F, readonly string[]>;
}

const row = <F = NoFacts>(status: number, text: Text<F>, nextSteps: Text<F, readonly string[]>): Row<F> => ({
  status,
  text,
  nextSteps,
});

interface Id {
  readonly id: string;
}
/** What a control is asked of. */
type Steered = 'expansion' | 'campaign' | 'comparison';
interface Of extends Id {
  readonly of: Steered;
  readonly state: string;
}
interface Asked extends Id {
  readonly by: string;
  readonly reason: string;
}
interface Node {
  readonly id: string;
  readonly node: string;
  readonly phase: string;
}

const subjectsEn = { expansion: 'Expansion', campaign: 'Campaign', comparison: 'Comparison' } as const;
const subjectsZh = { expansion: '扩容任务', campaign: '批量扩容', comparison: '数据比对' } as const;
const resumeOf = (of: Steered, id: string, reader: Reader): string =>
  ({ expansion: acts.resume, campaign: acts.resumeCampaign, comparison: acts.resumeComparison })[of](
    reader,
    id,
  );

const nothingToDo: Text<unknown, readonly string[]> = {
  en: () => ['Nothing needs to be done.'],
  zh: () => ['无需任何操作。'],
};
const beginAgain: Text<unknown, readonly string[]> = {
  en: () => [
    'Sign in again from the page of this service, in one browser and within 10 minutes.',
    'If it happens again, whoever runs the service finds the reason in its log.',
  ],
  zh: () => [
    '请从本服务的登录页重新登录，须在同一浏览器中 10 分钟内完成。',
    '如再次出现，运维人员可在服务日志中查明原因。',
  ],
};
const signJobSteps: Text<unknown, readonly string[]> = {
  en: () => [
    'Sign it by a token of the role producer: expansionJob(request, id, { name, token }) of this package, or as docs/queue.md says.',
    'An admin makes such a token: pika-expander token create --name NAME --role producer.',
  ],
  zh: () => [
    '请用 producer 角色的令牌签名：使用本包的 expansionJob(request, id, { name, token })，或参照 docs/queue.md。',
    '由管理员创建该令牌：pika-expander token create --name NAME --role producer。',
  ],
};

const signInSteps: Text<NoFacts, readonly string[]> = {
  en: (_, { tool }) =>
    ({
      rest: [
        'Send a configured token: Authorization: Bearer <token>.',
        'In a browser: sign in on the dashboard.',
      ],
      cli: ['Give a configured token: PIKA_EXPANDER_TOKEN, --token-file, or "token" in the config file.'],
      dashboard: ['Sign in with a configured token. The operator of the service has it.'],
    })[tool],
  zh: (_, { tool }) =>
    ({
      rest: ['请发送已配置的令牌：Authorization: Bearer <令牌>。', '在浏览器中：请在控制台登录。'],
      cli: ['请提供已配置的令牌：PIKA_EXPANDER_TOKEN、--token-file 或配置文件中的 "token"。'],
      dashboard: ['请用已配置的令牌登录。令牌由服务的运维人员保管。'],
    })[tool],
};
/** Where the form of a request is described. */
const expected = ({ tool, language }: Reader): string =>
  ({
    en: {
      rest: 'See /docs for what is expected.',
      cli: 'See --help for what is expected.',
      dashboard: 'Correct what was entered.',
    }[tool],
    zh: { rest: '请求格式见 /docs。', cli: '用法见 --help。', dashboard: '请更正输入内容。' }[tool],
  })[language];
const sendAgain = ({ language }: Reader): string =>
  ({ en: 'Correct it and send the request again.', zh: '请更正后重新发送请求。' })[language];

const first = 3;

/** A finding in the words of this reader; in a refusal of a campaign it names its member. */
export function refusedFinding(finding: Finding, reader: Reader): Finding {
  const read = findingFor(finding, reader);
  const { member, master } = finding.facts ?? {};
  if (typeof member !== 'number' || typeof master !== 'string') return read;
  const colon = { en: ': ', zh: '：' }[reader.language];
  return { ...read, text: memberName({ member, master }, reader) + colon + read.text };
}

function findingTexts(findings: readonly Finding[], reader: Reader): string {
  const texts = findings.slice(0, first).map((finding) => refusedFinding(finding, reader).text);
  const left = findings.length - texts.length;
  return {
    en: texts.join(' ') + (left > 0 ? ` And ${left} more.` : ''),
    zh: texts.join('') + (left > 0 ? `另有 ${left} 项。` : ''),
  }[reader.language];
}
const findingSteps = (findings: readonly Finding[], reader: Reader): readonly string[] => [
  ...new Set(findings.map((finding) => findingFor(finding, reader).nextStep)),
];

/** Facts of `validation_failed`: `rule` names the row of `invalidFields` that says what is wrong. */
interface Invalid {
  readonly rule: InvalidRule;
  readonly part: RequestPart;
  /** As `nodes[3].address`; null = the whole. */
  readonly field: string | null;
  readonly about: Facts;
}

// biome-ignore lint/suspicious/noExplicitAny: each rule has facts of its own
const rules = invalidFields as Readonly<Record<InvalidRule, { text: Text<any>; step: Text<any> | null }>>;

function invalidSteps({ rule, about }: Invalid, reader: Reader): readonly string[] {
  const { step } = rules[rule];
  return step === null ? [sendAgain(reader), expected(reader)] : [step[reader.language](about, reader)];
}

const invalidText = ({ rule, part, field, about }: Invalid, reader: Reader): string => {
  const text = rules[rule].text[reader.language](about, reader);
  const blank = { en: ' ', zh: field === null ? '' : ' ' }[reader.language];
  return `${placeText(part, field, reader)}${blank}${text}`;
};

/** What a master showed instead of facts. */
interface UnreadableMaster {
  readonly master: string;
  readonly detail: string | null;
  /** The variable that holds the password of the login, which the request chose. */
  readonly variable?: string;
}

const checkId = (en: string, zh: string, list: (reader: Reader) => string): Text<Id, readonly string[]> => ({
  en: (_, reader) => [`Check the id. ${capital(list(reader))} lists all ${en}.`],
  zh: (_, reader) => [`请核对 ID。${list(reader)}列出全部${zh}。`],
});
const capital = (text: string): string => (text.startsWith('the ') ? `T${text.slice(1)}` : text);

export const refusals = {
  validation_failed: row<Invalid>(
    400,
    { en: invalidText, zh: invalidText },
    { en: invalidSteps, zh: invalidSteps },
  ),

  // Preflight, and what the request would take from others.
  preflight_failed: row<{ readonly findings: readonly Finding[]; readonly members?: readonly NamedMember[] }>(
    422,
    {
      en: ({ findings, members }, reader) =>
        members !== undefined
          ? `Refused; nothing was started. Preflight found errors for ${fewNames(members, reader)}. ${findingTexts(findings, reader)}`
          : `Refused: preflight found ${counted(findings.length, 'error')}. ${findingTexts(findings, reader)}`,
      zh: ({ findings, members }, reader) =>
        members !== undefined
          ? `已拒绝，没有开始任何操作。预检发现以下成员有错误：${fewNames(members, reader)}。${findingTexts(findings, reader)}`
          : `已拒绝：预检发现 ${findings.length} 个错误。${findingTexts(findings, reader)}`,
    },
    {
      en: ({ findings }, reader) => findingSteps(findings, reader),
      zh: ({ findings }, reader) => findingSteps(findings, reader),
    },
  ),
  node_in_other_expansion: row<{
    /** Known when the store's lock decided. */
    readonly uses?: readonly { readonly node: string; readonly expansionId: string }[];
    /** Known when preflight saw it. */
    readonly findings?: readonly Finding[];
  }>(
    409,
    {
      en: ({ uses = [], findings = [] }, reader) =>
        uses.length > 0
          ? `Expansions that have not ended use these nodes: ${listed(
              uses.map(({ node, expansionId }) => `${node} (${expansionId})`),
              reader,
            )}.`
          : findingTexts(findings, reader),
      zh: ({ uses = [], findings = [] }, reader) =>
        uses.length > 0
          ? `以下节点正被尚未结束的扩容任务使用：${listed(
              uses.map(({ node, expansionId }) => `${node}（${expansionId}）`),
              reader,
            )}。`
          : findingTexts(findings, reader),
    },
    {
      en: ({ uses = [], findings = [] }, reader) =>
        uses.length > 0
          ? ['Wait until that expansion ends, or cancel it; then try again. Or leave these nodes out.']
          : findingSteps(findings, reader),
      zh: ({ uses = [], findings = [] }, reader) =>
        uses.length > 0
          ? ['请等待该扩容任务结束，或取消它，然后重试；也可以去掉这些节点。']
          : findingSteps(findings, reader),
    },
  ),
  plan_changed: row<Id & { readonly madeAt: number; readonly changes: readonly Said[] }>(
    409,
    {
      en: ({ id, madeAt, changes }, reader) =>
        `Plan ${id} no longer holds, and nothing was started. Since ${new Date(madeAt).toISOString()}: ${changesText(changes, reader)}`,
      zh: ({ id, madeAt, changes }, reader) =>
        `计划 ${id} 已不再成立，没有开始任何操作。自 ${new Date(madeAt).toISOString()} 以来：${changesText(changes, reader)}`,
    },
    {
      en: (_, reader) => [`Make the plan again, and start the new plan: ${acts.makePlan(reader)}.`],
      zh: (_, reader) => [`请重新生成计划，并启动新的计划：${acts.makePlan(reader)}。`],
    },
  ),
  idempotency_key_reused: row(
    409,
    {
      en: () =>
        'This idempotency key was used before with another request. The service did not carry out this request.',
      zh: () => '该幂等键此前用于另一个请求，本次请求没有执行。',
    },
    { en: () => ['Use a new key for a new request.'], zh: () => ['请为新的请求使用新的幂等键。'] },
  ),
  master_busy: row<UnreadableMaster>(
    422,
    {
      en: ({ master }) => `${master} accepted the connection, but did not reply in time.`,
      zh: ({ master }) => `${master} 接受了连接，但没有及时应答。`,
    },
    {
      en: () => ['Try again in a moment. If it happens again, look at the load of the server.'],
      zh: () => ['请稍后重试。如果仍然如此，请查看该服务器的负载。'],
    },
  ),
  master_unreachable: row<UnreadableMaster>(
    422,
    {
      en: ({ master, detail }) => `${master} cannot be reached${detail === null ? '' : ` (${detail})`}.`,
      zh: ({ master, detail }) => `无法连接 ${master}${detail === null ? '' : `（${detail}）`}。`,
    },
    {
      en: () => ['Check the address, the port and the network between this service and the server.'],
      zh: () => ['请检查地址、端口以及本服务与该服务器之间的网络。'],
    },
  ),
  master_denied: row<UnreadableMaster & { readonly variable: string }>(
    422,
    {
      en: ({ master, detail }) => `${master} refused the login${detail === null ? '' : ` (${detail})`}.`,
      zh: ({ master, detail }) => `${master} 拒绝登录${detail === null ? '' : `（${detail}）`}。`,
    },
    {
      en: ({ variable }) => [
        `Set ${variable}_PASSWORD for the service and restart it, or name another credential in the request (PIKA_CREDENTIAL_<NAME>_PASSWORD).`,
      ],
      zh: ({ variable }) => [
        `请为服务设置 ${variable}_PASSWORD 并重启，或在请求中引用另一个凭据（PIKA_CREDENTIAL_<NAME>_PASSWORD）。`,
      ],
    },
  ),
  master_not_allowed: row<NotAllowed>(422, notAllowedText, {
    en: (facts, reader) => [notAllowedStep.en(facts, reader)],
    zh: (facts, reader) => [notAllowedStep.zh(facts, reader)],
  }),
  master_garbled: row<UnreadableMaster>(
    422,
    {
      en: ({ master, detail }) =>
        `${master} does not answer like a Pika${detail === null ? '' : ` (${detail})`}.`,
      zh: ({ master, detail }) => `${master} 的应答不像 Pika${detail === null ? '' : `（${detail}）`}。`,
    },
    {
      en: () => ['Check that the port is the port on which Pika serves its clients.'],
      zh: () => ['请确认该端口是 Pika 对客户端服务的端口。'],
    },
  ),
  master_answered: row<UnreadableMaster>(
    422,
    {
      en: ({ master }) => `${master} answered too little to be read.`,
      zh: ({ master }) => `${master} 返回的信息太少，无法读取。`,
    },
    { en: () => ['Check what runs at this address.'], zh: () => ['请检查该地址上运行的是什么。'] },
  ),
  cannot_be_rehearsed: row<{
    readonly cause: 'master_unread' | 'version_not_simulated' | 'size_unknown' | 'throttle_unknown';
    readonly version: string | null;
    readonly simulated: readonly string[];
  }>(
    422,
    {
      en: ({ cause, version, simulated }, reader) =>
        `This plan cannot be rehearsed: ${
          {
            master_unread: 'the master could not be read',
            version_not_simulated: `there is no simulated Pika ${version} (there are ${listed(simulated, reader)})`,
            size_unknown:
              'the master does not tell the size of its data, or a node does not tell its throttle',
            throttle_unknown: 'the throttle of a node is not known',
          }[cause]
        }.`,
      zh: ({ cause, version, simulated }, reader) =>
        `该计划无法演练：${
          {
            master_unread: '无法读取主节点',
            version_not_simulated: `没有 Pika ${version} 的模拟（可模拟 ${listed(simulated, reader)}）`,
            size_unknown: '主节点没有给出数据大小，或某个节点没有给出限速',
            throttle_unknown: '某个节点的限速未知',
          }[cause]
        }。`,
    },
    {
      en: (_, reader) => [`Make the plan alone; it shows what is known: ${acts.makePlan(reader)}.`],
      zh: (_, reader) => [`请只生成计划，它会列出已知的内容：${acts.makePlan(reader)}。`],
    },
  ),
  rehearsal_running: row(
    503,
    { en: () => 'Another rehearsal is running.', zh: () => '另一个演练正在进行。' },
    { en: () => ['Try again in a minute.'], zh: () => ['请一分钟后重试。'] },
  ),

  // Things that are not there.
  no_such_expansion: row<Id>(
    404,
    { en: ({ id }) => `There is no expansion ${id}.`, zh: ({ id }) => `没有扩容任务 ${id}。` },
    checkId('expansions', '扩容任务', acts.listExpansions),
  ),
  no_such_campaign: row<Id>(
    404,
    { en: ({ id }) => `There is no campaign ${id}.`, zh: ({ id }) => `没有批量扩容 ${id}。` },
    checkId('campaigns', '批量扩容', acts.listCampaigns),
  ),
  no_such_comparison: row<Id>(
    404,
    { en: ({ id }) => `There is no comparison ${id}.`, zh: ({ id }) => `没有数据比对 ${id}。` },
    checkId('comparisons', '数据比对', acts.listComparisons),
  ),
  no_such_audit: row<Id>(
    404,
    { en: ({ id }) => `There is no audit ${id}.`, zh: ({ id }) => `没有巡检 ${id}。` },
    checkId('audits', '巡检', acts.listAudits),
  ),
  no_such_guard: row<Id>(
    404,
    { en: ({ id }) => `There is no guard ${id}.`, zh: ({ id }) => `没有值守 ${id}。` },
    checkId('guards', '值守', acts.listGuards),
  ),
  no_such_replacement: row<Id>(
    404,
    { en: ({ id }) => `There is no replacement ${id}.`, zh: ({ id }) => `没有替换 ${id}。` },
    checkId('replacements', '替换', acts.listReplacements),
  ),
  no_such_webhook: row<Id>(
    404,
    { en: ({ id }) => `There is no webhook ${id}.`, zh: ({ id }) => `没有 webhook ${id}。` },
    checkId('webhooks', ' webhook', () => 'GET /v1/webhooks'),
  ),
  no_such_channel: row<Id>(
    404,
    { en: ({ id }) => `There is no channel ${id}.`, zh: ({ id }) => `没有渠道 ${id}。` },
    checkId('channels', '渠道', acts.listChannels),
  ),
  no_such_incident: row<Id>(
    404,
    { en: ({ id }) => `There is no incident ${id}.`, zh: ({ id }) => `没有事项 ${id}。` },
    checkId('incidents', '事项', acts.listIncidents),
  ),
  incident_over: row<Id>(
    409,
    { en: ({ id }) => `Incident ${id} is over.`, zh: ({ id }) => `事项 ${id} 已结束。` },
    {
      en: (_, reader) => [`List what is open with ${acts.listIncidents(reader)}.`],
      zh: (_, reader) => [`用 ${acts.listIncidents(reader)} 查看未结束的事项。`],
    },
  ),
  no_such_question: row<Id>(
    404,
    { en: ({ id }) => `There is no question ${id}.`, zh: ({ id }) => `没有问题 ${id}。` },
    checkId('questions that wait for an answer', '等待回答的问题', () => 'GET /v1/questions'),
  ),
  question_answered: row<Id>(
    409,
    {
      en: ({ id }) =>
        `Question ${id} waits for no answer: it has been answered, or its webhook was asked again.`,
      zh: ({ id }) => `问题 ${id} 不在等待回答：已有回答，或已重新询问其 webhook。`,
    },
    {
      en: () => ['GET /v1/questions lists the questions that wait for an answer.'],
      zh: () => ['GET /v1/questions 列出等待回答的问题。'],
    },
  ),
  no_such_plan: row<Id>(
    404,
    { en: ({ id }) => `There is no plan ${id}.`, zh: ({ id }) => `没有计划 ${id}。` },
    {
      en: (_, reader) => [`Make a new plan: ${acts.makePlan(reader)}.`],
      zh: (_, reader) => [`请生成新的计划：${acts.makePlan(reader)}。`],
    },
  ),
  no_such_node: row<
    Id & { readonly node: string; readonly nodes: readonly string[]; readonly more: boolean }
  >(
    404,
    {
      en: ({ id, node, nodes, more }) =>
        `Expansion ${id} has no node ${node}. Its nodes: ${nodes.join(', ')}${more ? ', …' : ''}.`,
      zh: ({ id, node, nodes, more }) =>
        `扩容任务 ${id} 没有节点 ${node}。它的节点：${nodes.join('、')}${more ? '……' : ''}。`,
    },
    {
      en: () => ['Use the name of the node as the request gave it.'],
      zh: () => ['请使用请求中给出的节点名称。'],
    },
  ),
  no_such_hold: row<Id>(
    404,
    { en: ({ id }) => `There is no hold ${id}.`, zh: ({ id }) => `没有占用 ${id}。` },
    checkId('holds', '占用', acts.listHolds),
  ),
  not_found: row<
    Id & {
      readonly what:
        | 'expansion'
        | 'campaign'
        | 'comparison'
        | 'audit'
        | 'guard'
        | 'replacement'
        | 'webhook'
        | 'channel';
    }
  >(
    404,
    {
      en: ({ what, id }) => `There is no ${what} ${id}.`,
      zh: ({ what, id }) =>
        `没有${{ expansion: '扩容任务', campaign: '批量扩容', comparison: '数据比对', audit: '巡检', guard: '值守', replacement: '替换', webhook: ' webhook', channel: '渠道' }[what]} ${id}。`,
    },
    { en: () => ['Check the id.'], zh: () => ['请核对 ID。'] },
  ),

  // Controls that do not fit the present state.
  already_frozen: row<{
    readonly by: string | null;
    readonly reason: string | null;
    readonly since: number | null;
  }>(
    409,
    {
      en: ({ by, reason, since }) =>
        `Everything is frozen${since === null ? '' : ` since ${new Date(since).toISOString()}`}: ${by} asked for it (${reason}). Your order changed nothing.`,
      zh: ({ by, reason, since }) =>
        `已全部冻结${since === null ? '' : `（自 ${new Date(since).toISOString()}）`}：由 ${by} 发起（${reason}）。您的操作没有改变任何内容。`,
    },
    {
      en: () => ['Agree with that person before you lift the freeze. One unfreeze lifts it for everybody.'],
      zh: () => ['解除冻结前请先与对方确认；一次解除对所有人生效。'],
    },
  ),
  expansion_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Expansion ${id} has ended (${stateWord(state, reader)}) and cannot be changed any more.`,
      zh: ({ id, state }, reader) => `扩容任务 ${id} 已结束（${stateWord(state, reader)}），不能再更改。`,
    },
    {
      en: ({ id }, reader) => [
        `Ask again for the nodes that are not verified: ${acts.retryRest(reader, id)}.`,
      ],
      zh: ({ id }, reader) => [`请对未通过校验的节点再次发起扩容：${acts.retryRest(reader, id)}。`],
    },
  ),
  expansion_not_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Expansion ${id} has not ended (${stateWord(state, reader)}), so it is not known yet what it leaves.`,
      zh: ({ id, state }, reader) =>
        `扩容任务 ${id} 尚未结束（${stateWord(state, reader)}），还不知道会剩下哪些节点。`,
    },
    {
      en: ({ id }, reader) => [
        `Retry its nodes where they are, or cancel it first: ${acts.cancel(reader, id)}.`,
      ],
      zh: ({ id }, reader) => [`请在原任务中重试节点，或先取消它：${acts.cancel(reader, id)}。`],
    },
  ),
  nothing_left: row<Id>(
    409,
    {
      en: ({ id }) => `Expansion ${id} has left nothing: every node of it is verified.`,
      zh: ({ id }) => `扩容任务 ${id} 没有剩下任何节点：所有节点都已通过校验。`,
    },
    nothingToDo,
  ),
  already_cancelling: row<Asked>(
    409,
    {
      en: ({ id, by, reason }) => `Expansion ${id} is being cancelled: ${by} asked for it (${reason}).`,
      zh: ({ id, by, reason }) => `扩容任务 ${id} 正在取消：由 ${by} 发起（${reason}）。`,
    },
    {
      en: () => [
        'Wait until the service has detached its nodes. The expansion is cancelled after that.',
        'Start a new expansion for the nodes that are still to be added.',
      ],
      zh: () => ['请等待服务断开其节点，之后任务即被取消。', '请为尚未添加的节点新建扩容任务。'],
    },
  ),
  already_pausing: row<Asked>(
    409,
    {
      en: ({ id, by, reason }) => `Expansion ${id} is pausing already: ${by} asked for it (${reason}).`,
      zh: ({ id, by, reason }) => `扩容任务 ${id} 已在暂停中：由 ${by} 发起（${reason}）。`,
    },
    {
      en: () => ['Wait until the nodes in full sync are done. The expansion pauses after that.'],
      zh: () => ['请等待正在全量同步的节点完成，之后任务即会暂停。'],
    },
  ),
  already_paused: row<Of>(
    409,
    {
      en: ({ of, id }) =>
        `${subjectsEn[of]} ${id} is paused already${of === 'comparison' ? ', or is about to pause' : ''}.`,
      zh: ({ of, id }) => `${subjectsZh[of]} ${id} 已经暂停${of === 'comparison' ? '或即将暂停' : ''}。`,
    },
    {
      en: ({ of, id }, reader) => [`Resume it when it should go on: ${resumeOf(of, id, reader)}.`],
      zh: ({ of, id }, reader) => [`需要继续时请执行：${resumeOf(of, id, reader)}。`],
    },
  ),
  not_pausable: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Expansion ${id} is ${stateWord(state, reader)}. Nothing new begins until somebody acts, so there is nothing to pause.`,
      zh: ({ id, state }, reader) =>
        `扩容任务 ${id} ${stateWord(state, reader)}。在人工处理之前不会开始新的节点，因此无需暂停。`,
    },
    {
      en: () => ['Retry or skip the node that stopped it, or cancel the expansion.'],
      zh: () => ['请重试或跳过导致停下的节点，或取消该扩容任务。'],
    },
  ),
  not_resumable: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Expansion ${id} is ${stateWord(state, reader)}: there is nothing to resume.`,
      zh: ({ id, state }, reader) => `扩容任务 ${id} ${stateWord(state, reader)}，没有可以继续的内容。`,
    },
    {
      en: ({ id, state }, reader) =>
        state === 'awaiting_approval'
          ? [`It waits for an approval of its next batch: ${acts.approve(reader, id)}.`]
          : nothingToDo.en({}, reader),
      zh: ({ id, state }, reader) =>
        state === 'awaiting_approval'
          ? [`它在等待下一批的批准：${acts.approve(reader, id)}。`]
          : nothingToDo.zh({}, reader),
    },
  ),
  not_awaiting_approval: row<Of & { readonly paused: boolean }>(
    409,
    {
      en: ({ of, id, state }, reader) =>
        `${subjectsEn[of]} ${id} is ${stateWord(state, reader)}: nothing waits for an approval now.`,
      zh: ({ of, id, state }, reader) =>
        `${subjectsZh[of]} ${id} ${stateWord(state, reader)}，目前没有需要批准的内容。`,
    },
    {
      en: ({ of, id, paused }, reader) => [
        paused
          ? `Resume it first: ${resumeOf(of, id, reader)}.`
          : `Approve it when its state is “${approvalState(reader)}”.`,
      ],
      zh: ({ of, id, paused }, reader) => [
        paused ? `请先继续：${resumeOf(of, id, reader)}。` : `请在其状态为“${approvalState(reader)}”时批准。`,
      ],
    },
  ),
  needs_other_person: row<{
    readonly of: 'expansion' | 'campaign' | 'replacement' | 'freeze';
    readonly id: string | null;
    readonly by: string;
  }>(
    403,
    {
      en: ({ of, id, by }) =>
        of === 'freeze'
          ? `${by} ordered the global stop, so another person must lift it.`
          : `${by} asked for ${of} ${id}, so another person must approve it.`,
      zh: ({ of, id, by }) =>
        of === 'freeze'
          ? `全局冻结由 ${by} 下达，须由他人解除。`
          : `${{ expansion: '扩容任务', campaign: '批量扩容', replacement: '替换' }[of]} ${id} 由 ${by} 请求，须由他人批准。`,
    },
    {
      en: ({ of }) => [
        of === 'freeze'
          ? 'Ask a colleague to lift it with a token of their own.'
          : 'Ask a colleague to approve it with a token of their own, of the role approver, operator or admin.',
      ],
      zh: ({ of }) => [
        of === 'freeze'
          ? '请由同事用自己的令牌解除。'
          : '请由同事用自己的令牌批准（角色为 approver、operator 或 admin）。',
      ],
    },
  ),
  not_cancellable: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Expansion ${id} is ${stateWord(state, reader)} and cannot be cancelled.`,
      zh: ({ id, state }, reader) => `扩容任务 ${id} ${stateWord(state, reader)}，不能取消。`,
    },
    nothingToDo,
  ),
  nodes_unresolved: row<
    Id & { readonly nodes: readonly { readonly node: string; readonly phase: string }[] }
  >(
    409,
    {
      en: ({ id, nodes }, reader) =>
        `Expansion ${id} is halted because of ${listed(
          nodes.map(({ node, phase }) => `${node} (${stateWord(phase, reader)})`),
          reader,
        )}. It would halt again at once.`,
      zh: ({ id, nodes }, reader) =>
        `扩容任务 ${id} 因以下节点停下：${listed(
          nodes.map(({ node, phase }) => `${node}（${stateWord(phase, reader)}）`),
          reader,
        )}。现在继续会立即再次停下。`,
    },
    {
      en: ({ id, nodes }, reader) => [
        `Retry or skip each of these nodes, for example: ${acts.retry(reader, id, nodes[0]!.node)}.`,
        `Or cancel the expansion: ${acts.cancel(reader, id)}.`,
      ],
      zh: ({ id, nodes }, reader) => [
        `请逐个重试或跳过这些节点，例如：${acts.retry(reader, id, nodes[0]!.node)}。`,
        `或取消该扩容任务：${acts.cancel(reader, id)}。`,
      ],
    },
  ),
  node_not_in_expansion: row<Id & { readonly node: string | null }>(
    409,
    {
      en: ({ id, node }) =>
        node === null ? `No node of expansion ${id} was named.` : `Expansion ${id} has no node ${node}.`,
      zh: ({ id, node }) =>
        node === null ? `没有指定扩容任务 ${id} 的节点。` : `扩容任务 ${id} 没有节点 ${node}。`,
    },
    {
      en: () => ['Use the name of the node as the request gave it.'],
      zh: () => ['请使用请求中给出的节点名称。'],
    },
  ),
  not_retryable: row<Node & { readonly because: 'leaving' | 'active' | 'waiting' | 'final' }>(
    409,
    {
      en: ({ node, phase, because }, reader) =>
        ({
          leaving: `The service is detaching node ${node} (${stateWord(phase, reader)}) from the master. Its next attempt can begin only after that.`,
          active: `Node ${node} is in the phase ${stateWord(phase, reader)}. The service works on it, so there is nothing to retry.`,
          waiting: `Node ${node} waits for its turn. There is nothing to retry.`,
          final: `Node ${node} is ${stateWord(phase, reader)}. That is final.`,
        })[because],
      zh: ({ node, phase, because }, reader) =>
        ({
          leaving: `服务正在把节点 ${node}（${stateWord(phase, reader)}）从主节点断开，之后才能开始下一次尝试。`,
          active: `节点 ${node} 处于“${stateWord(phase, reader)}”阶段，服务正在处理它，无需重试。`,
          waiting: `节点 ${node} 正在等待轮到它，无需重试。`,
          final: `节点 ${node} ${stateWord(phase, reader)}，这是最终状态。`,
        })[because],
    },
    {
      en: ({ id, node, because }, reader) =>
        ({
          leaving: [
            'Retry the node when it is detached. That takes seconds, or longer if the node cannot be reached.',
          ],
          active: busyNodeSteps.en({ id }, reader),
          waiting: [`Wait for its turn, or skip it: ${acts.skip(reader, id, node)}.`],
          final: finalNodeSteps.en({}, reader),
        })[because],
      zh: ({ id, node, because }, reader) =>
        ({
          leaving: ['请在节点断开后重试。通常需要几秒；若节点无法连接，则需要更久。'],
          active: busyNodeSteps.zh({ id }, reader),
          waiting: [`请等待轮到它，或跳过它：${acts.skip(reader, id, node)}。`],
          final: finalNodeSteps.zh({}, reader),
        })[because],
    },
  ),
  not_skippable: row<Node & { readonly because: 'active' | 'final' }>(
    409,
    {
      en: ({ node, phase, because }, reader) =>
        because === 'active'
          ? `Node ${node} is in the phase ${stateWord(phase, reader)}. If it were left out now, the next node could begin while this full sync still runs.`
          : `Node ${node} is ${stateWord(phase, reader)}. That is final.`,
      zh: ({ node, phase, because }, reader) =>
        because === 'active'
          ? `节点 ${node} 处于“${stateWord(phase, reader)}”阶段。现在跳过它，下一个节点可能在它的全量同步仍在进行时开始。`
          : `节点 ${node} ${stateWord(phase, reader)}，这是最终状态。`,
    },
    {
      en: ({ id, because }, reader) =>
        because === 'active' ? busyNodeSteps.en({ id }, reader) : finalNodeSteps.en({}, reader),
      zh: ({ id, because }, reader) =>
        because === 'active' ? busyNodeSteps.zh({ id }, reader) : finalNodeSteps.zh({}, reader),
    },
  ),
  campaign_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) =>
        `Campaign ${id} has ended (${stateWord(state, reader)}) and cannot be changed any more.`,
      zh: ({ id, state }, reader) => `批量扩容 ${id} 已结束（${stateWord(state, reader)}），不能再更改。`,
    },
    {
      en: (_, reader) => [
        `Start a new campaign for the members that were not begun: ${acts.startCampaign(reader)}.`,
      ],
      zh: (_, reader) => [`请为未开始的成员新建批量扩容：${acts.startCampaign(reader)}。`],
    },
  ),
  campaign_stopping: row<Id>(
    409,
    {
      en: ({ id }) => `Campaign ${id} is stopping. No further member begins, so there is nothing to pause.`,
      zh: ({ id }) => `批量扩容 ${id} 正在停止，不会再开始新的成员，因此无需暂停。`,
    },
    {
      en: () => ['To hold a member that runs, pause its expansion.'],
      zh: () => ['要暂停正在进行的成员，请暂停它的扩容任务。'],
    },
  ),
  not_paused: row<Of & { readonly stopping: boolean }>(
    409,
    {
      en: ({ of, id, state, stopping }, reader) =>
        stopping
          ? `${subjectsEn[of]} ${id} is stopping. That cannot be undone.`
          : `${subjectsEn[of]} ${id} is ${stateWord(state, reader)}: there is nothing to resume.`,
      zh: ({ of, id, state, stopping }, reader) =>
        stopping
          ? `${subjectsZh[of]} ${id} 正在停止，无法撤销。`
          : `${subjectsZh[of]} ${id} ${stateWord(state, reader)}，没有可以继续的内容。`,
    },
    {
      en: ({ of, id, state }, reader) =>
        of !== 'campaign'
          ? nothingToDo.en({}, reader)
          : state === 'awaiting_approval'
            ? [`It waits for an approval: ${acts.approveCampaign(reader, id)}.`]
            : state === 'halted'
              ? [
                  'Decide about the halted expansion: retry or skip its node, or cancel it. The campaign goes on after that.',
                ]
              : state === 'stopping'
                ? [`Start a new campaign for the members that were not begun: ${acts.startCampaign(reader)}.`]
                : nothingToDo.en({}, reader),
      zh: ({ of, id, state }, reader) =>
        of !== 'campaign'
          ? nothingToDo.zh({}, reader)
          : state === 'awaiting_approval'
            ? [`它在等待批准：${acts.approveCampaign(reader, id)}。`]
            : state === 'halted'
              ? ['请处理停下的扩容任务：重试或跳过其节点，或取消它。之后批量扩容会继续。']
              : state === 'stopping'
                ? [`请为未开始的成员新建批量扩容：${acts.startCampaign(reader)}。`]
                : nothingToDo.zh({}, reader),
    },
  ),
  already_cancelled: row<Id & { readonly withMembers: boolean }>(
    409,
    {
      en: ({ id }) =>
        `Campaign ${id} is being cancelled already. It ends when the members that run have ended.`,
      zh: ({ id }) => `批量扩容 ${id} 已在取消中，正在进行的成员结束后它即结束。`,
    },
    {
      en: ({ id, withMembers }, reader) => [
        withMembers
          ? 'Wait until they end.'
          : `Wait until they end, or cancel the running members as well: ${acts.cancelMembers(reader, id)}.`,
      ],
      zh: ({ id, withMembers }, reader) => [
        withMembers
          ? '请等待它们结束。'
          : `请等待它们结束，或同时取消进行中的成员：${acts.cancelMembers(reader, id)}。`,
      ],
    },
  ),
  comparison_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) => `Comparison ${id} has ended (${stateWord(state, reader)}).`,
      zh: ({ id, state }, reader) => `数据比对 ${id} 已结束（${stateWord(state, reader)}）。`,
    },
    { en: () => ['Start a new comparison.'], zh: () => ['请新建数据比对。'] },
  ),
  audit_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) => `Audit ${id} has ended (${stateWord(state, reader)}).`,
      zh: ({ id, state }, reader) => `巡检 ${id} 已结束（${stateWord(state, reader)}）。`,
    },
    { en: () => ['Start a new audit.'], zh: () => ['请新建巡检。'] },
  ),
  replacement_ended: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }, reader) => `Replacement ${id} has ended (${stateWord(state, reader)}).`,
      zh: ({ id, state }, reader) => `替换 ${id} 已结束（${stateWord(state, reader)}）。`,
    },
    {
      en: (_, reader) => [`Start a new replacement: ${acts.startReplacement(reader)}.`],
      zh: (_, reader) => [`请新建替换：${acts.startReplacement(reader)}。`],
    },
  ),
  replacement_cancelled: row<Id>(
    409,
    {
      en: ({ id }) => `Replacement ${id} is being cancelled already.`,
      zh: ({ id }) => `替换 ${id} 已在取消中。`,
    },
    nothingToDo,
  ),
  replacement_needs_no_approval: row<Id>(
    409,
    {
      en: ({ id }) => `Nothing of replacement ${id} waits for an approval.`,
      zh: ({ id }) => `替换 ${id} 没有需要批准的内容。`,
    },
    nothingToDo,
  ),
  master_in_replacement: row<Id & { readonly master: string }>(
    409,
    {
      en: ({ id, master }) => `Replacement ${id} works on the slaves of ${master} and has not ended.`,
      zh: ({ id, master }) => `替换 ${id} 正在处理 ${master} 的从节点，尚未结束。`,
    },
    {
      en: ({ id }, reader) => [`Wait until it ends, or cancel it: ${acts.cancelReplacement(reader, id)}.`],
      zh: ({ id }, reader) => [`请等待它结束，或取消它：${acts.cancelReplacement(reader, id)}。`],
    },
  ),
  not_to_take_out: row<{ readonly slaves: readonly Said[]; readonly master: string }>(
    422,
    {
      en: ({ slaves, master }, reader) =>
        `Refused; nothing was started. Not every old node can be taken from ${master}. ${slaves.map((slave) => auditReasonFor(slave, reader).text).join(' ')}`,
      zh: ({ slaves, master }, reader) =>
        `已拒绝，没有开始任何操作。并非所有旧节点都能从 ${master} 下线。${slaves.map((slave) => auditReasonFor(slave, reader).text).join('')}`,
    },
    {
      en: () => ['Name slaves of this master, as it lists them.'],
      zh: () => ['请填写该主节点列出的从节点。'],
    },
  ),
  too_few_would_stay: row<{
    readonly master: string;
    readonly verified: readonly string[];
    readonly added: number;
    readonly keep: number;
  }>(
    422,
    {
      en: ({ master, verified, added, keep }, reader) =>
        `Refused; nothing was started. ${master} would keep ${counted(verified.length + added, 'proven slave')} of ${keep}${verified.length === 0 ? '' : `: ${listed(verified, reader)}`}${added === 0 ? '' : `${verified.length === 0 ? ':' : ' and'} ${counted(added, 'new one')}`}.`,
      zh: ({ master, verified, added, keep }, reader) =>
        `已拒绝，没有开始任何操作。${master} 将只剩 ${verified.length + added} 个已证明完整的从节点，至少需要 ${keep} 个${verified.length === 0 ? '' : `：${listed(verified, reader)}`}${added === 0 ? '' : `（含 ${added} 个新节点）`}。`,
    },
    {
      en: (_, reader) => [
        `A slave counts if an expansion or an audit proved it. Have the others proven: ${acts.startAudit(reader)}.`,
        'Or ask to keep fewer (keepVerified, --keep).',
      ],
      zh: (_, reader) => [
        `只有被扩容或巡检证明完整的从节点才计入。请为其余从节点做巡检：${acts.startAudit(reader)}。`,
        '也可以减少保留数（keepVerified，--keep）。',
      ],
    },
  ),
  guard_ended: row<Id>(
    409,
    { en: ({ id }) => `Guard ${id} has ended.`, zh: ({ id }) => `值守 ${id} 已结束。` },
    { en: () => ['Start a new guard.'], zh: () => ['请新建值守。'] },
  ),
  hold_over: row<Id & { readonly state: string }>(
    409,
    {
      en: ({ id, state }) => `Hold ${id} is over (${state}).`,
      zh: ({ id, state }) => `占用 ${id} 已${state === 'expired' ? '到期' : '结束'}。`,
    },
    {
      en: () => ['If the backup still runs, ask for a new hold, and make the dump again once that is safe.'],
      zh: () => ['如备份仍在进行，请重新申请占用，并在可以安全做快照后重做。'],
    },
  ),
  too_many_holds: row<{ readonly most: number }>(
    409,
    {
      en: ({ most }) => `${most} masters are held already.`,
      zh: ({ most }) => `已占用 ${most} 个主节点。`,
    },
    {
      en: (_, reader) => [`Wait, or end holds that are not needed: ${acts.listHolds(reader)}.`],
      zh: (_, reader) => [`请稍候，或结束不再需要的占用：${acts.listHolds(reader)}。`],
    },
  ),
  not_guarded: row<Id & { readonly slave: string }>(
    404,
    {
      en: ({ id, slave }) => `Guard ${id} knows no slave ${slave}.`,
      zh: ({ id, slave }) => `值守 ${id} 中没有从节点 ${slave}。`,
    },
    {
      en: (_, reader) => [`Name it as the guard does: ${acts.listGuards(reader)}.`],
      zh: (_, reader) => [`请使用值守中的名称：${acts.listGuards(reader)}。`],
    },
  ),
  too_many_guards: row<{ readonly most: number }>(
    409,
    {
      en: ({ most }) => `${most} guards are on already.`,
      zh: ({ most }) => `已有 ${most} 个值守。`,
    },
    {
      en: (_, reader) => [
        `One guard takes 1000 masters. End those that are not needed: ${acts.endGuard(reader)}.`,
      ],
      zh: (_, reader) => [`一个值守可包含 1000 个主节点。请结束不再需要的值守：${acts.endGuard(reader)}。`],
    },
  ),
  comparison_of_expansion: row<Id & { readonly expansionId: string }>(
    409,
    {
      en: ({ id, expansionId }) => `Comparison ${id} belongs to expansion ${expansionId}, which steers it.`,
      zh: ({ id, expansionId }) => `数据比对 ${id} 属于扩容任务 ${expansionId}，由该任务控制。`,
    },
    {
      en: ({ expansionId }, reader) => [
        `Pause, resume or cancel the expansion instead, for example: ${acts.pause(reader, expansionId)}.`,
      ],
      zh: ({ expansionId }, reader) => [
        `请改为暂停、继续或取消该扩容任务，例如：${acts.pause(reader, expansionId)}。`,
      ],
    },
  ),
  too_many_webhooks: row<{ readonly most: number }>(
    409,
    {
      en: ({ most }) => `There are ${most} webhooks already.`,
      zh: ({ most }) => `已有 ${most} 个 webhook。`,
    },
    {
      en: () => ['Delete webhooks that are no longer needed: DELETE /v1/webhooks/<id>.'],
      zh: () => ['请删除不再需要的 webhook：DELETE /v1/webhooks/<ID>。'],
    },
  ),

  too_many_channels: row<{ readonly most: number }>(
    409,
    {
      en: ({ most }) => `There are ${most} channels already.`,
      zh: ({ most }) => `已有 ${most} 个渠道。`,
    },
    {
      en: (_, reader) => [
        `List them with ${acts.listChannels(reader)}, and delete those that are no longer needed.`,
      ],
      zh: (_, reader) => [`用 ${acts.listChannels(reader)} 查看渠道，并删除不再需要的渠道。`],
    },
  ),

  // Who asks.
  not_signed_in: row(401, { en: () => 'This needs a token.', zh: () => '此操作需要令牌。' }, signInSteps),
  bad_token: row(
    401,
    { en: () => 'The service does not know this token.', zh: () => '服务不认识该令牌。' },
    signInSteps,
  ),
  job_not_signed: row(
    401,
    {
      en: () => 'This job is not signed, and the service lets in only jobs of producers that it knows.',
      zh: () => '该任务没有签名，而服务只接受已知提交方的任务。',
    },
    signJobSteps,
  ),
  job_signature_wrong: row<{ readonly by: string }>(
    401,
    {
      en: ({ by }) =>
        `The signature of this job is not that of ${by}, or there is no such token: its text, the job's id, its time and its request are part of it.`,
      zh: ({ by }) => `该任务的签名与 ${by} 不符，或没有这个令牌：签名包含令牌、任务 id、时间和请求内容。`,
    },
    signJobSteps,
  ),
  job_too_old: row<{ readonly at: number }>(
    401,
    {
      en: ({ at }) => `This job was signed at ${new Date(at).toISOString()}; a signature holds for 7 days.`,
      zh: ({ at }) => `该任务签名于 ${new Date(at).toISOString()}；签名有效期为 7 天。`,
    },
    {
      en: () => [
        'Sign the request again, with a clock that is right, and put it into the queue under its id.',
      ],
      zh: () => ['请校准时钟后重新签名，并以原 id 提交。'],
    },
  ),
  job_too_large: row<{ readonly bytes: number; readonly most: number }>(
    413,
    {
      en: ({ bytes, most }) => `The request of this job has ${bytes} bytes; ${most} are the most.`,
      zh: ({ bytes, most }) => `该任务的请求有 ${bytes} 字节，上限为 ${most}。`,
    },
    {
      en: () => ['Ask for fewer nodes in one job, or raise limits.maxBodyBytes in the configuration file.'],
      zh: () => ['请减少单个任务的节点数，或在配置文件中提高 limits.maxBodyBytes。'],
    },
  ),
  bad_signature: row(
    401,
    {
      en: () => 'This answer is not signed by the webhook that was asked, or there is no such question.',
      zh: () => '该回答没有被问 webhook 的有效签名，或没有这个问题。',
    },
    {
      en: () => [
        'Sign `timestamp.body` with the secret of the webhook, as its questions are signed, not more than five minutes ago.',
        'An operator can answer in its place, with a token.',
      ],
      zh: () => [
        '请用该 webhook 的密钥对 `timestamp.body` 签名（与其收到的问题相同），时间戳不得早于五分钟。',
        '操作员可用令牌代为回答。',
      ],
    },
  ),
  not_permitted: row<{
    readonly name: string;
    readonly role: Role;
    readonly action: Action;
    /** The roles that have the action. */
    readonly roles: readonly Role[];
  }>(
    403,
    {
      en: ({ name, role, action, roles }, reader) =>
        roles.includes(role)
          ? `The scope of the token ${name} leaves this out: ${actionTexts[action].en({}, reader)}.`
          : `The token ${name} has the role ${role}, which lacks this: ${actionTexts[action].en({}, reader)}.`,
      zh: ({ name, role, action, roles }, reader) =>
        roles.includes(role)
          ? `令牌 ${name} 的范围不包含：${actionTexts[action].zh({}, reader)}。`
          : `令牌 ${name} 的角色是 ${role}，不允许：${actionTexts[action].zh({}, reader)}。`,
    },
    {
      en: ({ role, action, roles }, reader) => [
        roles.includes(role)
          ? `Use a token whose scope has the action ${action}.`
          : `Use a token with the role ${listed(roles, reader, 'or')}.`,
      ],
      zh: ({ role, action, roles }, reader) => [
        roles.includes(role)
          ? `请使用范围包含 ${action} 的令牌。`
          : `请使用角色为 ${listed(roles, reader, 'or')} 的令牌。`,
      ],
    },
  ),
  outside_scope: row<{
    readonly name: string;
    readonly action: Action;
    /** null = the act names none. */
    readonly address: string | null;
    readonly as: 'master' | 'node' | 'server';
  }>(
    403,
    {
      en: ({ name, address, as }) =>
        address === null
          ? `The token ${name} is bound to some servers, and this concerns all of them.`
          : `The token ${name} is bound to some servers, and the ${as} ${address} is none of them.`,
      zh: ({ name, address, as }) =>
        address === null
          ? `令牌 ${name} 只限于部分服务器，而此操作涉及全部服务器。`
          : `令牌 ${name} 只限于部分服务器，其中不包括${{ master: '主节点', node: '节点', server: '服务器' }[as]} ${address}。`,
    },
    {
      en: ({ address, as }) => [
        address === null
          ? 'Use a token that is bound to no servers.'
          : `Name only servers of this token, each as its scope names it, or use a token whose scope has this ${as}.`,
      ],
      zh: ({ address }) => [
        address === null
          ? '请使用不限服务器的令牌。'
          : '请只写该令牌范围内的服务器（写法须与范围一致），或使用范围包含它的令牌。',
      ],
    },
  ),
  gives_more_than_it_has: row<{ readonly name: string; readonly actions: readonly Action[] }>(
    403,
    {
      en: ({ name, actions }, reader) =>
        `The token ${name} cannot give what it does not have: ${listed(actions, reader)}.`,
      zh: ({ name, actions }, reader) => `令牌 ${name} 不能授予自己没有的权限：${listed(actions, reader)}。`,
    },
    {
      en: () => ['Give a role or a scope with fewer actions, or use a token that has these.'],
      zh: () => ['请选择权限更少的角色或范围，或使用具备这些权限的令牌。'],
    },
  ),
  sign_in_is_off: row<{ readonly role: Role }>(
    409,
    {
      en: ({ role }) =>
        `No token is configured, so whoever reaches the service may do everything. A token with the role ${role} would protect nothing.`,
      zh: ({ role }) =>
        `没有配置令牌，任何能访问服务的人都可以执行一切操作。角色为 ${role} 的令牌起不到保护作用。`,
    },
    {
      en: () => [
        'Configure PIKA_EXPANDER_ADMIN_TOKEN (or _FILE), restart the service, and create the token then.',
      ],
      zh: () => ['请配置 PIKA_EXPANDER_ADMIN_TOKEN（或 _FILE）并重启服务，然后再创建令牌。'],
    },
  ),
  token_name_taken: row<{ readonly name: string; readonly configured: boolean }>(
    409,
    {
      en: ({ name, configured }) =>
        configured
          ? `The name ${name} belongs to the configuration.`
          : `A token that has not been revoked is named ${name}.`,
      zh: ({ name, configured }) =>
        configured ? `名称 ${name} 由配置占用。` : `已有未吊销的令牌名为 ${name}。`,
    },
    {
      en: ({ configured }, reader) => [
        configured
          ? 'Choose another name, so that the history tells who did what.'
          : `Choose another name, or revoke that token first: ${acts.listTokens(reader)}.`,
      ],
      zh: ({ configured }, reader) => [
        configured
          ? '请换一个名称，以便历史记录区分操作人。'
          : `请换一个名称，或先吊销该令牌：${acts.listTokens(reader)}。`,
      ],
    },
  ),
  no_such_token: row<Id>(
    404,
    { en: ({ id }) => `There is no token ${id}.`, zh: ({ id }) => `没有令牌 ${id}。` },
    checkId('tokens', '令牌', acts.listTokens),
  ),
  token_ended: row<Id & { readonly state: 'expired' | 'revoked' }>(
    409,
    {
      en: ({ id, state }) => `Token ${id} is ${state}.`,
      zh: ({ id, state }) => `令牌 ${id} ${{ expired: '已过期', revoked: '已吊销' }[state]}。`,
    },
    { en: () => ['Create a new token.'], zh: () => ['请创建新的令牌。'] },
  ),
  no_such_session: row<Id>(
    404,
    {
      en: ({ id }) => `There is no session ${id} that has not ended.`,
      zh: ({ id }) => `没有仍有效的会话 ${id}。`,
    },
    {
      en: () => ['List the sessions again: it may have ended already.'],
      zh: () => ['请重新列出会话：它可能已经结束。'],
    },
  ),
  no_identity_provider: row(
    404,
    {
      en: () => 'This service has no identity provider with which people could sign in.',
      zh: () => '本服务未配置用于登录的身份提供方。',
    },
    {
      en: () => [
        'Sign in with a token.',
        'Who runs the service can set PIKA_EXPANDER_OIDC_ISSUER (docs/access.md).',
      ],
      zh: () => ['请用令牌登录。', '运维人员可设置 PIKA_EXPANDER_OIDC_ISSUER（docs/access.md）。'],
    },
  ),
  identity_provider_away: row(
    503,
    {
      en: () => 'The identity provider does not answer, or may not be asked.',
      zh: () => '身份提供方没有应答，或不允许访问它。',
    },
    {
      en: () => [
        'Try again in a moment, or sign in with a token.',
        'The log of the service says why. A provider with a private address must stand in PIKA_EXPANDER_OUTGOING.',
      ],
      zh: () => [
        '请稍后再试，或用令牌登录。',
        '原因见服务日志。使用内网地址的身份提供方须列入 PIKA_EXPANDER_OUTGOING。',
      ],
    },
  ),
  identity_provider_refused: row<{ readonly error: string }>(
    401,
    {
      en: ({ error }) => `The identity provider did not sign you in: ${error}.`,
      zh: ({ error }) => `身份提供方未完成登录：${error}。`,
    },
    beginAgain,
  ),
  sign_in_does_not_fit: row(
    401,
    {
      en: () => 'This answer of the identity provider does not fit a sign-in that this browser began.',
      zh: () => '身份提供方的应答与本浏览器发起的登录不符。',
    },
    beginAgain,
  ),
  person_without_name: row<{ readonly claim: string }>(
    403,
    {
      en: ({ claim }) =>
        `The identity provider gives no usable name of you: ${claim} is missing, unconfirmed or no plain text.`,
      zh: ({ claim }) => `身份提供方没有给出可用的名称：${claim} 缺失、未经确认或不是普通文本。`,
    },
    {
      en: () => ['Have the provider give it, or name another claim: PIKA_EXPANDER_OIDC_NAME_CLAIM.'],
      zh: () => ['请让身份提供方给出该项，或改用其他项：PIKA_EXPANDER_OIDC_NAME_CLAIM。'],
    },
  ),
  person_without_role: row<{ readonly name: string }>(
    403,
    {
      en: ({ name }) => `${name}, none of your groups may use this service.`,
      zh: ({ name }) => `${name}，您所在的组均无权使用本服务。`,
    },
    {
      en: () => [
        'Ask whoever runs the service to give one of your groups a role: PIKA_EXPANDER_OIDC_GROUPS.',
        'The provider must name your groups to this service: PIKA_EXPANDER_OIDC_SCOPES, PIKA_EXPANDER_OIDC_GROUPS_CLAIM.',
      ],
      zh: () => [
        '请让运维人员为您所在的组分配角色：PIKA_EXPANDER_OIDC_GROUPS。',
        '身份提供方须向本服务给出您的组：PIKA_EXPANDER_OIDC_SCOPES、PIKA_EXPANDER_OIDC_GROUPS_CLAIM。',
      ],
    },
  ),
  agents_only: row<{ readonly name: string }>(
    403,
    {
      en: ({ name }) => `Only agents report what they see of their servers; ${name} is not an agent.`,
      zh: ({ name }) => `只有代理可以上报所见的服务器状况；${name} 不是代理。`,
    },
    {
      en: () => [
        'Configure a token with the role agent, with the list of its servers, and give it to the agent.',
      ],
      zh: () => ['请配置一个 agent 角色的令牌（附服务器列表），并交给代理使用。'],
    },
  ),
  agents_report_only: row<{ readonly name: string }>(
    403,
    {
      en: ({ name }) => `The token ${name} has the role agent. It may send reports, and nothing else.`,
      zh: ({ name }) => `令牌 ${name} 的角色是 agent（代理），只能发送上报。`,
    },
    {
      en: () => ['Use a token with another role.'],
      zh: () => ['请使用其他角色的令牌。'],
    },
  ),
  agent_speaks_for_none: row<{ readonly name: string; readonly servers: readonly string[] }>(
    403,
    {
      en: ({ name, servers }) =>
        `The token ${name} may not speak for any server of this report (${listed(servers)}).`,
      zh: ({ name, servers }, reader) =>
        `令牌 ${name} 无权代表本次上报中的任何服务器（${listed(servers, reader)}）。`,
    },
    {
      en: ({ name }) => [
        `Add the servers to the list of this token in the service's configuration: "nodes" of the token ${name}, or PIKA_EXPANDER_AGENT_NODES.`,
      ],
      zh: ({ name }) => [
        `请在服务的配置中把这些服务器加入令牌 ${name} 的 "nodes" 列表（或 PIKA_EXPANDER_AGENT_NODES）。`,
      ],
    },
  ),
  too_many_reports: row(
    503,
    {
      en: () => 'The service is reading too many reports of agents at once.',
      zh: () => '服务正在读取的代理上报过多。',
    },
    {
      en: () => ['The agent sends its report again by itself.'],
      zh: () => ['代理会自动重新上报。'],
    },
  ),
  host_not_allowed: row(
    403,
    {
      en: () => 'Without configured tokens the service answers only under a loopback name.',
      zh: () => '未配置令牌时，服务只在本机回环地址上应答。',
    },
    {
      en: () => ['Use http://127.0.0.1 or http://localhost.', 'Or configure tokens; see the README.'],
      zh: () => ['请使用 http://127.0.0.1 或 http://localhost。', '或配置令牌，见 README。'],
    },
  ),
  foreign_origin: row<{ readonly proxied: boolean }>(
    403,
    {
      en: () => 'The request comes from a page of another site.',
      zh: () => '该请求来自其他网站的页面。',
    },
    {
      en: ({ proxied }) => [
        'Use the dashboard that this service serves.',
        ...(proxied
          ? [
              'Behind a reverse proxy: pass the Host header on unchanged, or set PIKA_EXPANDER_TRUST_PROXY=true.',
            ]
          : []),
      ],
      zh: ({ proxied }) => [
        '请使用本服务提供的控制台。',
        ...(proxied
          ? ['如果经过反向代理：请原样传递 Host 请求头，或设置 PIKA_EXPANDER_TRUST_PROXY=true。']
          : []),
      ],
    },
  ),

  // HTTP itself.
  body_too_large: row(
    413,
    { en: () => 'The body of the request is too large.', zh: () => '请求体过大。' },
    {
      en: () => ['Send less: split the nodes over several expansions.'],
      zh: () => ['请减少内容：把节点拆分到多个扩容任务。'],
    },
  ),
  unsupported_media_type: row(
    415,
    { en: () => 'The body must be JSON.', zh: () => '请求体必须是 JSON。' },
    {
      en: () => ['Send JSON with the header Content-Type: application/json.'],
      zh: () => ['请发送 JSON，并带上请求头 Content-Type: application/json。'],
    },
  ),
  broken_json: row<{ readonly empty: boolean }>(
    400,
    {
      en: ({ empty }) =>
        empty ? 'The body is empty, though its type is JSON.' : 'The body is not valid JSON.',
      zh: ({ empty }) => (empty ? '请求体为空，但类型是 JSON。' : '请求体不是有效的 JSON。'),
    },
    {
      en: ({ empty }, reader) =>
        empty ? ['Send a JSON object.', expected(reader)] : ['Correct the JSON and send the request again.'],
      zh: ({ empty }, reader) =>
        empty ? ['请发送一个 JSON 对象。', expected(reader)] : ['请更正 JSON 后重新发送请求。'],
    },
  ),
  bad_content_length: row(
    400,
    {
      en: () => 'The body does not have the length that the header Content-Length gives.',
      zh: () => '请求体的长度与请求头 Content-Length 不符。',
    },
    {
      en: () => ['Send the request again. If it fails again, look at the proxies in between.'],
      zh: () => ['请重新发送请求。如果再次失败，请检查中间的代理。'],
    },
  ),
  bad_url: row(
    400,
    { en: () => 'The address of the request is not a valid URL.', zh: () => '请求地址不是有效的 URL。' },
    {
      en: () => ['Percent-encode special characters in the path.'],
      zh: () => ['请对路径中的特殊字符做百分号编码。'],
    },
  ),
  bad_http: row(
    400,
    { en: () => 'This is not a valid HTTP request.', zh: () => '这不是有效的 HTTP 请求。' },
    { en: (_, reader) => [expected(reader)], zh: (_, reader) => [expected(reader)] },
  ),
  /** What the framework refuses, and no row here knows. */
  http_error: row<{ readonly status: number; readonly met: string }>(
    400,
    {
      en: ({ status, met }) => `The service does not take this request (HTTP ${status}: “${met}”).`,
      zh: ({ status, met }) => `本服务不接受该请求（HTTP ${status}：“${met}”）。`,
    },
    { en: (_, reader) => [expected(reader)], zh: (_, reader) => [expected(reader)] },
  ),
  no_such_route: row<{ readonly method: string; readonly path: string }>(
    404,
    {
      en: ({ method, path }) => `There is nothing at ${method} ${path}.`,
      zh: ({ method, path }) => `${method} ${path} 下没有内容。`,
    },
    { en: () => ['See /docs for all routes.'], zh: () => ['全部接口见 /docs。'] },
  ),
  method_not_allowed: row<{
    readonly method: string;
    readonly path: string;
    readonly allowed: readonly string[];
  }>(
    405,
    {
      en: ({ method, path, allowed }, reader) =>
        `${method} is not possible on ${path}; possible: ${listed(allowed, reader)}.`,
      zh: ({ method, path, allowed }, reader) =>
        `${path} 不支持 ${method}；支持：${listed(allowed, reader)}。`,
    },
    {
      en: ({ allowed }, reader) => [`Use ${listed(allowed, reader, 'or')}.`, 'See /docs for all routes.'],
      zh: ({ allowed }, reader) => [`请使用 ${listed(allowed, reader, 'or')}。`, '全部接口见 /docs。'],
    },
  ),
  rate_limited: row<{ readonly most: number; readonly from: string | null; readonly waitSeconds: number }>(
    429,
    {
      en: ({ most, from }) => `More than ${most} requests in a minute came from ${from ?? 'this address'}.`,
      zh: ({ most, from }) => `${from ?? '该地址'}在一分钟内发出了超过 ${most} 个请求。`,
    },
    {
      en: ({ waitSeconds }, { tool }) => [
        `Wait ${waitSeconds} s.`,
        ...(tool === 'rest' ? ['Follow expansions through the event stream instead of asking often.'] : []),
      ],
      zh: ({ waitSeconds }, { tool }) => [
        `请等待 ${waitSeconds} 秒。`,
        ...(tool === 'rest' ? ['请通过事件流跟踪扩容任务，而不是频繁查询。'] : []),
      ],
    },
  ),
  overloaded: row(
    503,
    {
      en: () => 'This process is overloaded. It did nothing for this request.',
      zh: () => '该进程过载，没有处理本次请求。',
    },
    {
      en: () => [
        'Try again in a few seconds.',
        'If it stays overloaded, run workers apart from the API (--role), or more processes.',
      ],
      zh: () => ['请几秒后重试。', '如果持续过载，请把 worker 与 API 分开运行（--role），或增加进程。'],
    },
  ),
  stopping: row(
    503,
    { en: () => 'The service is stopping.', zh: () => '服务正在停止。' },
    { en: () => ['Connect again in a few seconds.'], zh: () => ['请几秒后重新连接。'] },
  ),
  too_many_streams: row<{ readonly most: number; readonly caller: string | null }>(
    503,
    {
      en: ({ most, caller }) =>
        caller === null
          ? `All ${most} event streams of this process are in use.`
          : `The token "${caller}" already holds ${counted(most, 'event stream')} of this process, half of all.`,
      zh: ({ most, caller }) =>
        caller === null
          ? `该进程的 ${most} 个事件流都已占用。`
          : `令牌“${caller}”已占用该进程的 ${most} 个事件流，即总数的一半。`,
    },
    {
      en: () => [
        'Close a display that nobody looks at, raise limits.maxEventStreams, or read the events as pages.',
      ],
      zh: () => ['请关闭无人查看的页面、调高 limits.maxEventStreams，或分页读取事件。'],
    },
  ),
  database_unavailable: row<{ readonly diskFull: boolean }>(
    503,
    {
      en: ({ diskFull }) =>
        diskFull
          ? 'The disk of the database is full, so nothing was stored.'
          : 'The database does not answer. It is not known whether this request was carried out.',
      zh: ({ diskFull }) =>
        diskFull ? '数据库的磁盘已满，没有保存任何内容。' : '数据库没有应答，无法确定本次请求是否已执行。',
    },
    {
      en: ({ diskFull }, { tool }) =>
        diskFull
          ? [
              'Free space on the disk of the database, then try again.',
              'Expansions that were accepted go on by themselves after that.',
            ]
          : [
              tool === 'rest'
                ? 'Send the request again in a few seconds. With the same Idempotency-Key it is carried out once.'
                : 'Try again in a few seconds.',
              'If it stays so, see /readyz and the log of the service.',
            ],
      zh: ({ diskFull }, { tool }) =>
        diskFull
          ? ['请释放数据库磁盘的空间，然后重试。', '之后已受理的扩容任务会自动继续。']
          : [
              tool === 'rest'
                ? '请几秒后重新发送请求。使用同一个 Idempotency-Key 只会执行一次。'
                : '请几秒后重试。',
              '如果仍然如此，请查看 /readyz 和服务日志。',
            ],
    },
  ),
  internal_error: row<{
    /** What to look for in the log. */
    readonly inLog: string;
  }>(
    500,
    {
      en: () => 'The service failed at this request. Its log says what failed.',
      zh: () => '服务在处理该请求时出错，详情见服务日志。',
    },
    {
      en: ({ inLog }, { tool }) => [
        `Look for ${inLog} in the log of the service.`,
        ...(tool === 'rest' ? ['A request with an Idempotency-Key can be sent again safely.'] : []),
      ],
      zh: ({ inLog }, { tool }) => [
        `请在服务日志中查找 ${inLog}。`,
        ...(tool === 'rest' ? ['带 Idempotency-Key 的请求可以安全地重新发送。'] : []),
      ],
    },
  ),
} as const;

const busyNodeSteps: Text<Id, readonly string[]> = {
  en: ({ id }, reader) => [
    'Wait until the node is verified or given up. The service notices a full sync that hangs and ends it.',
    `Or cancel the whole expansion: ${acts.cancel(reader, id)}.`,
  ],
  zh: ({ id }, reader) => [
    '请等待节点校验完成或被放弃。服务会发现并结束卡住的全量同步。',
    `或取消整个扩容任务：${acts.cancel(reader, id)}。`,
  ],
};

const finalNodeSteps: Text<NoFacts, readonly string[]> = {
  en: (_, reader) => [
    `To add this node again, start a new expansion for it: ${acts.startExpansion(reader)}.`,
  ],
  zh: (_, reader) => [`要再次添加该节点，请为它新建扩容任务：${acts.startExpansion(reader)}。`],
};

const approvalState = (reader: Reader): string =>
  reader.tool === 'rest' ? 'awaiting_approval' : stateWord('awaiting_approval', reader);

function fewNames(names: readonly NamedMember[], reader: Reader): string {
  const some = names.slice(0, first).map((name) => memberName(name, reader));
  const rest = names.length - some.length;
  return {
    en: some.join(', ') + (rest > 0 ? ` and ${rest} more` : ''),
    zh: `${some.join('、')}${rest > 0 ? `等 ${names.length} 个` : ''}`,
  }[reader.language];
}

export type RefusalCode = keyof typeof refusals;
type Texts = { readonly [C in RefusalCode]: (typeof refusals)[C]['text'] };
export type RefusalFacts<C extends RefusalCode> = FactsOf<Texts, C>;
export type { InvalidFacts, InvalidRule, RequestPart };
