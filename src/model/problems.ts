/** What went wrong, beside what is refused: code -> what happened and what the operator can do next. */
import { acts } from './acts.ts';
import { anomalyFor, anomalySteps, anomalyTitle } from './anomalies.ts';
import { causeSteps, causeText } from './causes.ts';
import { comparisonProblems, readVerdict } from './comparison-texts.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { AnomalyRecord } from './evidence.ts';
import type { Problem } from './expansion.ts';
import type { Finding } from './finding.ts';
import type { MasterWork } from './findings/settings.ts';
import { masterWorkText } from './findings/settings.ts';
import { findingFor } from './findings.ts';
import { type NotAllowed, notAllowedStep, notAllowedText } from './not-allowed.ts';
import type { Silence } from './observation.ts';
import { readReason, silenceIn } from './reasons.ts';
import { refusals } from './refusals.ts';
import { memberName, type NamedMember } from './state-words.ts';
import {
  counted,
  type Facts,
  type Language,
  nobody,
  type Reader,
  read,
  type Said,
  type Text,
} from './text.ts';

// biome-ignore lint/suspicious/noExplicitAny: fixed by `row`
interface ProblemRow<F = any> {
  readonly text: Text<F>;
  readonly nextSteps: Text<F, readonly string[]>;
}

const row = <F>(words: Text<F>, nextSteps: Text<F, readonly string[]>): ProblemRow<F> => ({
  text: words,
  nextSteps,
});

/** Next steps that are the same whatever the facts are. */
const steps = (en: readonly string[], zh: readonly string[]): Text<unknown, readonly string[]> => ({
  en: () => en,
  zh: () => zh,
});

const wholeSeconds = (ms: number): number => Math.round(ms / 1000);

interface Silent {
  readonly kind: Silence['kind'];
  readonly met: string | null;
}

/** Before anything was begun, or while a node was followed; the same server, the same word. */
type MasterAway = Silent & {
  readonly master: string;
  readonly forMs: number;
  /** The node of which nothing can be proven; null = nothing was begun. */
  readonly node: string | null;
};

/** Where the password stands, for a server that refused the login. */
const passwordSteps: Readonly<Record<Language, (kind: Silence['kind']) => readonly string[]>> = {
  en: (kind) =>
    kind === 'denied'
      ? [
          'Check the password that the service has: PIKA_PASSWORD, or PIKA_CREDENTIAL_<NAME>_PASSWORD of a named credential. Restart the service after a change.',
        ]
      : [],
  zh: (kind) =>
    kind === 'denied'
      ? [
          '检查本服务所用的密码：PIKA_PASSWORD，或指定凭据的 PIKA_CREDENTIAL_<NAME>_PASSWORD。修改后请重启本服务。',
        ]
      : [],
};

const masterAway = row<MasterAway>(
  {
    en: ({ master, forMs, node, kind, met }, reader) =>
      `${master} ${silenceIn({ kind, met }, reader)}, for ${wholeSeconds(forMs)} s${node === null ? '. No node was touched.' : `, so nothing can be proven of ${node}.`}`,
    zh: ({ master, forMs, node, kind, met }, reader) =>
      `${master} ${silenceIn({ kind, met }, reader)}，已持续 ${wholeSeconds(forMs)} 秒${node === null ? '。没有操作任何节点。' : `，因此无法证实 ${node} 的任何情况。`}`,
  },
  {
    en: ({ node, kind }) => [
      ...passwordSteps.en(kind),
      node === null
        ? 'Check the address, the network and the credential of the master, then send the request again.'
        : 'Bring the master back, or repair the network, the login, or what answers at its address; then retry this node.',
    ],
    zh: ({ node, kind }) => [
      ...passwordSteps.zh(kind),
      node === null
        ? '检查主节点的地址、网络和登录凭据，然后重新提交请求。'
        : '恢复主节点，或修复网络、登录凭据或该地址上的服务；然后重试此节点。',
    ],
  },
);

const nodeAway = row<Silent & { readonly node: string; readonly waitedMs: number }>(
  {
    en: ({ node, waitedMs, kind, met }, reader) =>
      `${node} ${silenceIn({ kind, met }, reader)}; the service waited ${wholeSeconds(waitedMs)} s for it.`,
    zh: ({ node, waitedMs, kind, met }, reader) =>
      `${node} ${silenceIn({ kind, met }, reader)}；已等待 ${wholeSeconds(waitedMs)} 秒。`,
  },
  {
    en: ({ kind }) => [
      ...passwordSteps.en(kind),
      'Repair the node or the network, then retry this node; or skip it.',
    ],
    zh: ({ kind }) => [...passwordSteps.zh(kind), '修复节点或网络，然后重试此节点；或跳过它。'],
  },
);

/** A master that is at work or silent for too long, or that takes connections and never answered. */
type MasterBusy =
  | {
      readonly master: string;
      readonly waitedMs: number;
      /** null = it does not answer. */
      readonly work: readonly MasterWork[] | null;
      readonly silence: Said | null;
    }
  | MasterAway;

const isAway = (facts: MasterBusy): facts is MasterAway => !('work' in facts);

const whatItIsAt = ({ work, silence }: Exclude<MasterBusy, MasterAway>, reader: Reader): string =>
  work === null
    ? readReason(silence!, reader)
    : work.map((each) => masterWorkText(each, reader)).join({ en: '; ', zh: '；' }[reader.language]);

/** An expansion of a job that ended otherwise than it should. */
interface Unsuccessful {
  readonly id: string;
  readonly why: Said | Problem | null;
}
const whyText = (why: Said | Problem, reader: Reader): string =>
  'nextSteps' in why ? problemFor(why, reader).text : readReason(why, reader);
const unsuccessful = (en: string, zh: string) =>
  row<Unsuccessful>(
    {
      en: ({ id, why }, reader) => `Expansion ${id} ${en}${why === null ? '.' : `: ${whyText(why, reader)}`}`,
      zh: ({ id, why }, reader) => `扩容任务 ${id} ${zh}${why === null ? '。' : `：${whyText(why, reader)}`}`,
    },
    {
      en: ({ id, why }, reader) =>
        why !== null && 'nextSteps' in why
          ? problemFor(why, reader).nextSteps
          : [`Look at it: ${acts.seeEvidence(reader, id)}.`],
      zh: ({ id, why }, reader) =>
        why !== null && 'nextSteps' in why
          ? problemFor(why, reader).nextSteps
          : [`请查看：${acts.seeEvidence(reader, id)}。`],
    },
  );

export const problems = {
  ...comparisonProblems,
  master_busy: row<MasterBusy>(
    {
      en: (facts, reader) =>
        isAway(facts)
          ? masterAway.text.en(facts, reader)
          : `The service waited ${wholeSeconds(facts.waitedMs)} s for ${facts.master}: ${whatItIsAt(facts, reader)}.`,
      zh: (facts, reader) =>
        isAway(facts)
          ? masterAway.text.zh(facts, reader)
          : `已等待 ${facts.master} ${wholeSeconds(facts.waitedMs)} 秒：${whatItIsAt(facts, reader)}。`,
    },
    {
      en: (facts, reader) =>
        isAway(facts)
          ? masterAway.nextSteps.en(facts, reader)
          : [
              'End what keeps the master busy; a slave that hangs in full sync must be detached (SLAVEOF NO ONE on it).',
              'Then retry this node.',
            ],
      zh: (facts, reader) =>
        isAway(facts)
          ? masterAway.nextSteps.zh(facts, reader)
          : [
              '结束占用主节点的工作；挂在全量同步中的从节点须断开（在其上执行 SLAVEOF NO ONE）。',
              '然后重试此节点。',
            ],
    },
  ),
  master_unreachable: masterAway,
  master_denied: masterAway,
  master_garbled: masterAway,
  master_facts_missing: row<{ master: string; forMs: number }>(
    {
      en: ({ master, forMs }) =>
        `For ${wholeSeconds(forMs)} s the INFO of ${master} has lacked fields that every master shows. No node was touched.`,
      zh: ({ master, forMs }) =>
        `${master} 的 INFO 缺少主节点应有的字段，已持续 ${wholeSeconds(forMs)} 秒。没有操作任何节点。`,
    },
    steps(
      ['Check the address, the network and the credential of the master, then send the request again.'],
      ['检查主节点的地址、网络和登录凭据，然后重新提交请求。'],
    ),
  ),
  node_busy: nodeAway,
  node_unreachable: nodeAway,
  node_denied: nodeAway,
  node_garbled: nodeAway,
  foreign_change: row<{ node: string; foundMaster: string }>(
    {
      en: ({ node, foundMaster }) =>
        `${node} was about to be attached, but now follows ${foundMaster}: somebody else attached it. It was left as it is.`,
      zh: ({ node, foundMaster }) =>
        `${node} 即将被挂载，但现在跟随 ${foundMaster}：有其他人挂载了它。已保持原样。`,
    },
    steps(
      [
        'Find out what else manages this node (Sentinel, an operator, a script) and stop it.',
        'Then retry the node, or skip it.',
      ],
      ['查明还有什么在管理此节点（Sentinel、运维人员或脚本）并停止它。', '然后重试此节点，或跳过它。'],
    ),
  ),
  has_slaves: row<{ node: string }>(
    {
      en: ({ node }) =>
        `${node} has got slaves of its own since it was checked. Pika refuses SLAVEOF there ("already master of others").`,
      zh: ({ node }) =>
        `检查之后 ${node} 有了自己的从节点。Pika 会拒绝其 SLAVEOF（"already master of others"）。`,
    },
    steps(
      ['Point its slaves elsewhere first (SLAVEOF on each of them), then retry this node.'],
      ['先将其从节点指向别处（在每个从节点上执行 SLAVEOF），然后重试此节点。'],
    ),
  ),
  stale_entry: row<{ master: string; node: string }>(
    {
      en: ({ master, node }) => `${master} still lists ${node} although the node is detached.`,
      zh: ({ master, node }) => `节点已断开，但 ${master} 仍列出 ${node}。`,
    },
    steps(
      ['Look whether another server announces itself under this address; then retry the node.'],
      ['检查是否有其他服务器以此地址自报；然后重试此节点。'],
    ),
  ),
  restored_meanwhile: row<{ node: string; master: string }>(
    {
      en: ({ node, master }) =>
        `${node} follows ${master}, or was about to, and the database came back at an older point: a restore, or a failover that lost its last writes. What was done since, and proven, is not known here.`,
      zh: ({ node, master }) =>
        `${node} 已在或即将跟随 ${master}，而数据库回到了较早的时间点（恢复备份，或主备切换丢失了最后的写入）。此后做过什么、证实过什么，此处均无记录。`,
    },
    steps(
      [
        'Audit the master, or compare the node with it. If the data are whole, skip the node: it stays as it is.',
        'To prove it by another full sync, retry the node: the service detaches it first, so take it from its readers.',
      ],
      [
        '请审计主节点，或将该节点与其比对。数据完整则跳过该节点：保持现状。',
        '如需以再一次全量同步证实，请重试该节点：服务会先将其分离，请先撤出读流量。',
      ],
    ),
  ),
  holds_data: row<{ node: string }>(
    {
      en: ({ node }) =>
        `${node} was empty when it was checked, and holds keys now: somebody has written to it. It was not attached.`,
      zh: ({ node }) => `检查时 ${node} 为空，现在却有 key：有人写入了它。未进行挂载。`,
    },
    {
      en: (_, { tool }) => [
        `Find out who writes to this node. If its data may go, start a new expansion with ${tool === 'cli' ? 'overwrite-data' : '"overwriteData": true'} for it.`,
      ],
      zh: (_, { tool }) => [
        `查明谁在写入此节点。若其数据可以丢弃，请新建扩容任务并为其指定 ${tool === 'cli' ? 'overwrite-data' : '"overwriteData": true'}。`,
      ],
    },
  ),
  follow_not_allowed: row<{ notAllowed: NotAllowed }>(
    {
      en: ({ notAllowed }, reader) => `${notAllowedText.en(notAllowed, reader)} The service sent no SLAVEOF.`,
      zh: ({ notAllowed }, reader) => `${notAllowedText.zh(notAllowed, reader)}本服务没有发送 SLAVEOF。`,
    },
    {
      en: ({ notAllowed }, reader) => [
        notAllowedStep.en(notAllowed, reader),
        'Then retry the node, or skip it.',
      ],
      zh: ({ notAllowed }, reader) => [notAllowedStep.zh(notAllowed, reader), '然后重试该节点，或跳过它。'],
    },
  ),
  command_refused: row<{ node: string; command: string; reply: string }>(
    {
      en: ({ node, command, reply }) => `${node} answered ${command} with: ${reply}`,
      zh: ({ node, command, reply }) => `${node} 对 ${command} 的应答：${reply}`,
    },
    steps(
      ['Repair what the answer names on that node, then retry the node; or skip it.'],
      ['按应答内容修复该节点，然后重试；或跳过它。'],
    ),
  ),
  command_hidden: row<{ node: string; command: string; reply: string }>(
    {
      en: ({ node, command, reply }) =>
        `${node} does not know ${command} under this name: rename-command in its configuration hides it. The node answered: ${reply}`,
      zh: ({ node, command, reply }) =>
        `${node} 不认识命令 ${command}：其配置中的 rename-command 隐藏了它。节点的应答：${reply}`,
    },
    steps(
      [
        'Remove rename-command for this command from the configuration file of the node, and restart the node.',
        'Then retry the node, or skip it. Or give the service the name that it has there, in PIKA_COMMANDS or PIKA_CREDENTIAL_<NAME>_COMMANDS, and restart the service.',
      ],
      [
        '请在该节点的配置文件中去掉该命令的 rename-command，并重启节点。',
        '然后重试该节点，或跳过它。也可将它在那里的名称写入 PIKA_COMMANDS 或 PIKA_CREDENTIAL_<NAME>_COMMANDS，并重启本服务。',
      ],
    ),
  ),
  comparison_inconclusive: row<{ node: string; tries: number; reason: Said | string | null }>(
    {
      en: ({ node, tries, reason }, reader) =>
        `${node} is up, but ${tries} comparisons with the master came to no result: ${reason === null ? 'no reason given' : readVerdict(reason, reader)}.`,
      zh: ({ node, tries, reason }, reader) =>
        `${node} 已连接，但与主节点的 ${tries} 次比对均无结果：${reason === null ? '未给出原因' : readVerdict(reason, reader)}。`,
    },
    steps(
      [
        'Find out why the data cannot be read (see the reason), then retry the node. The service syncs and compares it again.',
      ],
      ['查明数据为何无法读取（见原因），然后重试此节点：它将重新同步并比对。'],
    ),
  ),
  evidence_missing: row<{ node: string; because: Said }>(
    {
      en: ({ node, because }, reader) =>
        `${node} is up and its data agreed, but the service cannot prove that its full sync was complete: ${readReason(because, reader)}`,
      zh: ({ node, because }, reader) =>
        `${node} 已连接且数据一致，但无法证实其全量同步完整：${readReason(because, reader)}`,
    },
    steps(
      ['Look at the evidence of this node; retry it for a new full sync, or skip it if you know better.'],
      ['查看此节点的证据；重试以重新全量同步，或在确有把握时跳过它。'],
    ),
  ),
  link_unsteady: row<{ node: string; times: number }>(
    {
      en: ({ node, times }) =>
        `${node} has come up ${times} times since one SLAVEOF. Each time its link to the master broke before the node was verified.`,
      zh: ({ node, times }) =>
        `一次 SLAVEOF 之后 ${node} 已连接上 ${times} 次，每次都在通过校验之前与主节点断开。`,
    },
    steps(
      [
        'Find what breaks the link: the network between node and master, or a process that restarts.',
        'Then retry the node, or skip it.',
      ],
      ['请找出连接断开的原因：节点与主节点之间的网络，或不断重启的进程。', '然后重试该节点，或跳过它。'],
    ),
  ),

  /** Of a job of the queue. */
  expansion_failed: unsuccessful('has failed', '已失败'),
  expansion_cancelled: unsuccessful('was cancelled', '已取消'),

  /** Of a campaign's member. */
  expansion_gone: row<NamedMember & { readonly expansionId: string }>(
    {
      en: (facts, reader) =>
        `It is not known what became of ${memberName(facts, reader)}: expansion ${facts.expansionId} is not in the database any more.`,
      zh: (facts, reader) =>
        `${memberName(facts, reader)}的结果未知：扩容任务 ${facts.expansionId} 已不在数据库中。`,
    },
    steps(
      ['Look at its nodes, and compare their data with the master before you use them.'],
      ['请检查其节点，并在使用前与主节点比对数据。'],
    ),
  ),
} satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problems;

/** The facts of a problem. */
export type ProblemFacts<Code extends ProblemCode> =
  (typeof problems)[Code] extends ProblemRow<infer F> ? F : never;

const rows: Readonly<Record<string, ProblemRow>> = { ...refusals, ...problems };

interface OfFindings {
  readonly ofFindings: readonly Finding[];
}
/** A problem that is what the check before a step has found. */
const ofFindings: ProblemRow<OfFindings> = {
  text: {
    en: ({ ofFindings: all }, reader) => all.map((each) => findingFor(each, reader).text).join(' '),
    zh: ({ ofFindings: all }, reader) => all.map((each) => findingFor(each, reader).text).join(''),
  },
  nextSteps: {
    en: ({ ofFindings: all }, reader) => all.map((each) => findingFor(each, reader).nextStep),
    zh: ({ ofFindings: all }, reader) => all.map((each) => findingFor(each, reader).nextStep),
  },
};

interface OfAnomaly {
  readonly ofAnomaly: AnomalyRecord;
  /** How many attempts did not help; null = it was not tried again. */
  readonly attempts: number | null;
  /** The likeliest of several causes; null = none is to be named. */
  readonly cause: { readonly code: string; readonly text: string; readonly facts?: Facts } | null;
  /** Whether a person is to take the steps that belong to the cause. */
  readonly asksPerson: boolean;
}

const stepsOf = ({ ofAnomaly: anomaly, cause, asksPerson }: OfAnomaly, reader: Reader): readonly string[] => {
  const known = cause === null || !asksPerson ? [] : causeSteps(cause, reader);
  return known.length > 0 ? known : anomalySteps(anomaly, 'givenUp', reader);
};

const endedAlike = {
  en: ' The attempts ended in the same way, and nothing tells the cause: another copy would end so too.',
  zh: '各次尝试以同样的方式结束，原因不明：再复制一次也会如此。',
};

/** Why no other copy is made. */
function whyNotAgain({ attempts, cause, asksPerson }: Omit<OfAnomaly, 'ofAnomaly'>, reader: Reader): string {
  const { language } = reader;
  if (cause !== null)
    return `${{ en: ' Likely cause: ', zh: '可能的原因：' }[language]}${causeText(cause, reader)}`;
  return asksPerson && attempts !== null ? endedAlike[language] : '';
}

/** A problem that is an anomaly of the full sync. */
const ofAnomaly: ProblemRow<OfAnomaly> = {
  text: {
    en: ({ ofAnomaly: anomaly, attempts, cause, asksPerson }, reader) =>
      `${anomalyTitle(anomaly.code, reader)}${attempts === null ? '' : `, and ${counted(attempts, 'attempt')} did not help`}. ${anomalyFor(anomaly, reader).text}${whyNotAgain({ attempts, cause, asksPerson }, reader)}`,
    zh: ({ ofAnomaly: anomaly, attempts, cause, asksPerson }, reader) =>
      `${anomalyTitle(anomaly.code, reader)}${attempts === null ? '' : `，尝试 ${attempts} 次仍未解决`}。${anomalyFor(anomaly, reader).text}${whyNotAgain({ attempts, cause, asksPerson }, reader)}`,
  },
  nextSteps: { en: stepsOf, zh: stepsOf },
};

function rowOf(code: string, facts: Facts): ProblemRow | undefined {
  if ('ofFindings' in facts) return ofFindings;
  if ('ofAnomaly' in facts) return ofAnomaly;
  return rows[code];
}

function made(code: string, facts: Facts, at: number): Problem {
  const { text, nextSteps } = rowOf(code, facts)!;
  return { code, facts, text: text.en(facts, nobody), nextSteps: nextSteps.en(facts, nobody), at };
}

export const makeProblem = <C extends ProblemCode>(code: C, facts: ProblemFacts<C>, at: number): Problem =>
  made(code, facts as Facts, at);

/** The code is that of the first finding. */
export const problemOfFindings = (findings: readonly Finding[], at: number): Problem =>
  made(findings[0]!.code, { ofFindings: findings }, at);

/** Only the log of a node that is gone tells why. */
const toldByLogs: ReadonlySet<string> = new Set(['died_on_partial_database', 'node_unreachable']);

/** The words of a copy that has no end name a full disk, unless its bytes tell otherwise. */
const isLeftOpen = ({ code, facts }: AnomalyRecord, cause: string | undefined): boolean =>
  code === 'copy_without_end' && (facts.timesOut === true || cause !== 'disk_full');

export function problemOfAnomaly(
  anomaly: AnomalyRecord,
  diagnosis: Diagnosis | null = null,
  attempts: number | null = null,
): Problem {
  const first = diagnosis?.causes[0] ?? null;
  const isNamed =
    anomaly.remedy === 'reattach' || toldByLogs.has(anomaly.code) || isLeftOpen(anomaly, first?.code);
  const likeliest = isNamed ? first : null;
  const cause = likeliest && { code: likeliest.code, text: likeliest.text, facts: likeliest.facts };
  const asksPerson = diagnosis?.remedy.kind === 'person';
  return made(anomaly.code, { ofAnomaly: anomaly, attempts, cause, asksPerson }, anomaly.at);
}

/** The same problem in the words of this reader. */
export function problemFor<P extends Omit<Problem, 'at'>>(problem: P, reader: Reader): P {
  const facts = problem.facts ?? {};
  const row = rowOf(problem.code, facts);
  return {
    ...problem,
    text: read(row?.text, facts, reader, problem.text),
    nextSteps: read(row?.nextSteps, facts, reader, problem.nextSteps),
  };
}
