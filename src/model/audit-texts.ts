/** Why a server of an audit has its verdict, and what to do next: a row per reason. */

import { acts } from './acts.ts';
import { readVerdict } from './comparison-texts.ts';
import { loginStep } from './findings/row.ts';
import { type NotAllowed, notAllowedStep, notAllowedText } from './not-allowed.ts';
import type { DbState } from './observation.ts';
import { readableBytes, readableSeconds } from './quantities.ts';
import { stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  listed,
  nobody,
  plain,
  type Reader,
  read,
  type Said,
  type Text,
  text,
} from './text.ts';
import type { AuditVerdict } from './views/audit.ts';

/** What every reason knows: the server that it is about, and its master (empty: the audit begins at the server). */
interface Named {
  readonly slave: string;
  readonly master: string;
}
/** And when it is read, the audit. */
interface Read extends Named {
  readonly audit: string;
}

interface Row<All> {
  readonly verdict: AuditVerdict;
  readonly text: Text<All>;
  readonly nextStep: Text<All & Read>;
}
const row = <F = unknown>(
  verdict: AuditVerdict,
  text: Text<F & Named>,
  nextStep: Text<F & Read>,
): Row<F & Named> => ({ verdict, text, nextStep });

interface Met {
  readonly address: string;
  readonly met: string;
}
interface States {
  readonly states: Readonly<Record<string, DbState>>;
}
interface Compared {
  readonly lookedAtKeys: number;
  readonly share: number | null;
  readonly smallestLossFound: number | null;
  /** Of the report; null = none was given. */
  readonly because: Said | null;
}

const auditAgain: Text<unknown> = {
  en: (_, reader) => `Audit again: ${acts.startAudit(reader)}.`,
  zh: (_, reader) => `请重新巡检：${acts.startAudit(reader)}。`,
};
const nothing = plain<unknown>('Nothing to do.', '无需操作。');

/** The way to a repair, in the words of the reader's tool. */
const repairStep: Text<{ readonly audit: string; readonly slave: string; readonly ownSlaves: number }> = {
  en: ({ audit, slave, ownSlaves }, reader) => {
    if (ownSlaves > 0)
      return `${slave} has ${counted(ownSlaves, 'slave')} of its own, and Pika refuses SLAVEOF there. Detach them (SLAVEOF NO ONE on each), audit again, and repair ${slave}. Attach them again when it is verified.`;
    return {
      cli: `Give it a full sync: pika-expander audits ${audit} --repair ${slave}`,
      rest: 'Give it a full sync: POST the entry of its master in "repairs" to /v1/expansions.',
      dashboard: 'Give it a full sync: “Repair”. Nothing begins before you start the plan.',
    }[reader.tool];
  },
  zh: ({ audit, slave, ownSlaves }, reader) => {
    if (ownSlaves > 0)
      return `${slave} 自己有 ${ownSlaves} 个从节点，Pika 会拒绝其上的 SLAVEOF。请先断开它们（逐个执行 SLAVEOF NO ONE），重新巡检并修复 ${slave}，待其通过校验后再挂回。`;
    return {
      cli: `请为它做一次全量同步：pika-expander audits ${audit} --repair ${slave}`,
      rest: '请为它做一次全量同步：把 "repairs" 中其主节点的那一项 POST 到 /v1/expansions。',
      dashboard: '请为它做一次全量同步：“修复”。启动计划之前不会有任何改动。',
    }[reader.tool];
  },
};

const statesText = (states: States['states'], { language }: Reader): string =>
  Object.entries(states)
    .map(([db, state]) => `${db}: ${state}`)
    .join({ en: ', ', zh: '，' }[language]);

const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
const lookedAt: Text<Compared> = {
  en: ({ lookedAtKeys, share, smallestLossFound }) =>
    lookedAtKeys === 0
      ? ''
      : ` ${counted(lookedAtKeys, 'key')} ${lookedAtKeys === 1 ? 'was' : 'were'} compared${share === null ? '' : ` (${share >= 1 ? 'all of them' : percent(share)})`}${smallestLossFound ? `; a loss of ${percent(smallestLossFound)} would have been found (99 %)` : ''}.`,
  zh: ({ lookedAtKeys, share, smallestLossFound }) =>
    lookedAtKeys === 0
      ? ''
      : `比对了 ${lookedAtKeys} 个 key${share === null ? '' : `（${share >= 1 ? '全部' : percent(share)}）`}${smallestLossFound ? `；丢失达 ${percent(smallestLossFound)} 即会被发现（99 %）` : ''}。`,
};
const because = ({ because: said }: Compared, reader: Reader): string =>
  said === null ? '' : readVerdict(said, reader);

const checkReach: Text<Met & Read> = {
  en: ({ address }, { tool }) => {
    const how =
      tool === 'rest'
        ? '"slaves": [{"address": …, "seenAs": …}]'
        : 'pika-expander audit … --slave host:port,seen-as=host:port';
    return `Check that the server runs, and that the service may connect to ${address}. If the service reaches it under another address, audit again with ${how}.`;
  },
  zh: ({ address }, { tool }) => {
    const how =
      tool === 'rest'
        ? ' "slaves": [{"address": …, "seenAs": …}] '
        : ' pika-expander audit … --slave host:port,seen-as=host:port ';
    return `请检查服务器是否在运行，以及本服务能否连接 ${address}。若本服务须用其他地址访问它，请用${how}重新巡检。`;
  },
};
const lookAtLink: Text<Named> = {
  en: ({ slave, master }) =>
    `Look at the logs of ${slave} and ${master}, and at the network between them (the port of the master, + 2000 and + 10001).`,
  zh: ({ slave, master }) =>
    `请查看 ${slave} 和 ${master} 的日志，以及两者之间的网络（主节点的端口、+ 2000、+ 10001）。`,
};
const met = ({ address, met: what }: Met): string => `${address}: ${what}`;

export const auditReasons = {
  whole: row<Compared>(
    'whole',
    {
      en: (facts, reader) =>
        facts.lookedAtKeys === 0 && facts.because !== null
          ? `The data of ${facts.slave} agree with those of ${facts.master}: ${because(facts, reader)}.`
          : `The data of ${facts.slave} agree with those of ${facts.master}.${lookedAt.en(facts, reader)}`,
      zh: (facts, reader) =>
        facts.lookedAtKeys === 0 && facts.because !== null
          ? `${facts.slave} 的数据与 ${facts.master} 一致：${because(facts, reader)}。`
          : `${facts.slave} 的数据与 ${facts.master} 一致。${lookedAt.zh(facts, reader)}`,
    },
    nothing,
  ),
  whole_but_expiries: row<Compared>(
    'whole',
    {
      en: (facts, reader) =>
        `${facts.slave} lacks no data of ${facts.master}, but keys expire later on it, or never.${lookedAt.en(facts, reader)}`,
      zh: (facts, reader) =>
        `${facts.slave} 不缺少 ${facts.master} 的数据，但有 key 在其上过期更晚，或永不过期。${lookedAt.zh(facts, reader)}`,
    },
    plain(
      'No copy changes this. Some releases of Pika count an expiry from when the slave applies it.',
      '重新复制也不会改变：部分 Pika 版本从从节点应用写入时起计算过期时间。',
    ),
  ),
  data_differ: row<Compared & { readonly ownSlaves: number }>(
    'damaged',
    {
      en: (facts, reader) =>
        `The data of ${facts.slave} differ from those of ${facts.master}: ${because(facts, reader)}.${lookedAt.en(facts, reader)}`,
      zh: (facts, reader) =>
        `${facts.slave} 的数据与 ${facts.master} 不一致：${because(facts, reader)}。${lookedAt.zh(facts, reader)}`,
    },
    repairStep,
  ),
  replication_ended: row<States & { readonly ownSlaves: number }>(
    'damaged',
    {
      en: ({ slave, master, states }, reader) =>
        `${slave} has stopped replication from ${master} and will not try again (${statesText(states, reader)}). It lacks all writes since then.`,
      zh: ({ slave, master, states }, reader) =>
        `${slave} 已停止从 ${master} 复制，且不会重试（${statesText(states, reader)}）。此后的写入它都没有。`,
    },
    repairStep,
  ),
  like_its_master: row(
    'damaged',
    {
      en: ({ slave, master }) =>
        `${slave} holds what its master ${master} holds, and ${master} lacks data itself.`,
      zh: ({ slave, master }) => `${slave} 与其主节点 ${master} 一致，而 ${master} 自己缺少数据。`,
    },
    {
      en: ({ slave, master }) =>
        `Detach ${slave} (SLAVEOF NO ONE), repair ${master}, and add ${slave} to it again.`,
      zh: ({ slave, master }) => `请断开 ${slave}（SLAVEOF NO ONE），修复 ${master}，再把 ${slave} 挂回。`,
    },
  ),
  master_unproven: row(
    'doubtful',
    {
      en: ({ slave, master }) =>
        `${slave} holds what its master ${master} holds, but ${master} itself is not proven whole.`,
      zh: ({ slave, master }) => `${slave} 与其主节点 ${master} 一致，但 ${master} 自己未被证实完整。`,
    },
    {
      en: ({ master }) => `Look at ${master} first.`,
      zh: ({ master }) => `请先处理 ${master}。`,
    },
  ),
  unlike_its_master: row(
    'doubtful',
    {
      en: ({ slave, master }) =>
        `The data of ${slave} differ from those of its master ${master}, which is not proven whole itself: ${slave} may hold what ${master} lacks.`,
      zh: ({ slave, master }) =>
        `${slave} 的数据与其主节点 ${master} 不一致，而 ${master} 自己未被证实完整：${master} 缺少的数据可能在 ${slave} 上。`,
    },
    {
      en: ({ slave, master }) => `Do not overwrite ${slave} from ${master}. Look at ${master} first.`,
      zh: ({ slave, master }) => `请不要用 ${master} 覆盖 ${slave}，先处理 ${master}。`,
    },
  ),
  is_master: row(
    'doubtful',
    {
      en: ({ slave, master }) =>
        `${master} lists ${slave}, but ${slave} says that it is a master and follows nobody. It gets no writes of ${master}.`,
      zh: ({ slave, master }) =>
        `${master} 列着 ${slave}，但 ${slave} 自称是主节点，不跟随任何节点，收不到 ${master} 的写入。`,
    },
    {
      en: ({ slave, master }) =>
        `If ${slave} is to be a slave of ${master}, add it by an expansion that may replace its data. If not, the entry disappears within 180 s.`,
      zh: ({ slave, master }) =>
        `若 ${slave} 应是 ${master} 的从节点，请通过允许覆盖数据的扩容任务挂上；否则该条目会在 180 s 内消失。`,
    },
  ),
  follows_other: row<{ readonly follows: string }>(
    'doubtful',
    {
      en: ({ slave, master, follows }) =>
        `${master} lists ${slave}, but the server that answers there follows ${follows}.`,
      zh: ({ slave, master, follows }) => `${master} 列着 ${slave}，但该地址上的服务器跟随 ${follows}。`,
    },
    {
      en: ({ slave, master, follows }) =>
        `Find out which master is right. To take ${slave} back to ${master}, add it by an expansion that may repoint it. If another server answers at this address, name the right one. To look at it as it is, audit ${follows}.`,
      zh: ({ slave, master, follows }) =>
        `请确认哪个主节点正确。要把 ${slave} 挂回 ${master}，请通过允许改挂的扩容任务。若该地址上是另一台服务器，请指明正确的地址。要按现状检查它，请巡检 ${follows}。`,
    },
  ),
  link_down: row<States & { readonly behindBytes: number | null; readonly waitedSeconds: number }>(
    'doubtful',
    {
      en: ({ slave, master, states, behindBytes, waitedSeconds }, reader) =>
        `The link of ${slave} to ${master} stayed down for ${readableSeconds(waitedSeconds)} (${statesText(states, reader)})${behindBytes === null ? '' : `; ${slave} lacks at least ${readableBytes(behindBytes)} of binlog`}.`,
      zh: ({ slave, master, states, behindBytes, waitedSeconds }, reader) =>
        `${slave} 到 ${master} 的链路在 ${readableSeconds(waitedSeconds)} 内一直断开（${statesText(states, reader)}）${behindBytes === null ? '' : `；${slave} 至少缺少 ${readableBytes(behindBytes)} binlog`}。`,
    },
    lookAtLink,
  ),
  not_listed: row<{ readonly waitedSeconds: number }>(
    'doubtful',
    {
      en: ({ slave, master, waitedSeconds }) =>
        `${slave} says that it follows ${master}, but ${master} did not list it for ${readableSeconds(waitedSeconds)}.`,
      zh: ({ slave, master, waitedSeconds }) =>
        `${slave} 自称跟随 ${master}，但 ${master} 在 ${readableSeconds(waitedSeconds)} 内没有列出它。`,
    },
    lookAtLink,
  ),
  not_syncing: row<{
    readonly lag: Readonly<Record<string, number | string>>;
    readonly waitedSeconds: number;
  }>(
    'doubtful',
    {
      en: ({ slave, master, waitedSeconds }) =>
        `${master} lists ${slave} as not syncing, for ${readableSeconds(waitedSeconds)}.`,
      zh: ({ slave, master, waitedSeconds }) =>
        `${master} 在 ${readableSeconds(waitedSeconds)} 内一直把 ${slave} 列为未同步（not syncing）。`,
    },
    lookAtLink,
  ),
  says_unfinished: row<{ readonly waitedSeconds: number }>(
    'doubtful',
    {
      en: ({ slave, waitedSeconds }) =>
        `${slave} says for ${readableSeconds(waitedSeconds)} that its full sync is not finished (is_eligible_for_master_election:false).`,
      zh: ({ slave, waitedSeconds }) =>
        `${slave} 在 ${readableSeconds(waitedSeconds)} 内一直自称全量同步未完成（is_eligible_for_master_election:false）。`,
    },
    lookAtLink,
  ),
  behind: row<{ readonly behindBytes: number | null; readonly waitedSeconds: number }>(
    'doubtful',
    {
      en: ({ slave, master, behindBytes, waitedSeconds }) =>
        `${slave} did not reach within ${readableSeconds(waitedSeconds)} the binlog position that ${master} had${behindBytes === null ? '' : `: it lacks ${readableBytes(behindBytes)}`}.`,
      zh: ({ slave, master, behindBytes, waitedSeconds }) =>
        `${slave} 在 ${readableSeconds(waitedSeconds)} 内没有追上 ${master} 当时的 binlog 偏移量${behindBytes === null ? '' : `：还差 ${readableBytes(behindBytes)}`}。`,
    },
    {
      en: ({ slave }, reader) => `See whether ${slave} still applies writes. ${auditAgain.en({}, reader)}`,
      zh: ({ slave }, reader) => `请确认 ${slave} 是否还在应用写入。${auditAgain.zh({}, reader)}`,
    },
  ),
  settings_wrong: row<{ readonly codes: readonly string[] }>(
    'doubtful',
    {
      en: ({ slave, master, codes }, reader) =>
        `The data of ${slave} agree with those of ${master}, but versions or settings do not fit: ${listed(codes, reader)}.`,
      zh: ({ slave, master, codes }, reader) =>
        `${slave} 的数据与 ${master} 一致，但版本或设置不匹配：${listed(codes, reader)}。`,
    },
    plain('Each finding of this slave names what to set.', '该从节点的每条检查结果都说明了应如何设置。'),
  ),
  not_compared: row<Compared>(
    'doubtful',
    {
      en: (facts, reader) => `The comparison came to no result: ${because(facts, reader)}.`,
      zh: (facts, reader) => `数据比对没有结果：${because(facts, reader)}。`,
    },
    auditAgain,
  ),
  in_full_sync: row<States>(
    'not_judged',
    {
      en: ({ slave, master, states }, reader) =>
        `${slave} is in a full sync from ${master} (${statesText(states, reader)}), so its data are incomplete now.`,
      zh: ({ slave, master, states }, reader) =>
        `${slave} 正在从 ${master} 全量同步（${statesText(states, reader)}），此刻数据本就不完整。`,
    },
    {
      en: (facts, reader) => `Wait for its end. ${auditAgain.en(facts, reader)}`,
      zh: (facts, reader) => `请等它结束。${auditAgain.zh(facts, reader)}`,
    },
  ),
  in_expansion: row<{ readonly expansion: string }>(
    'not_judged',
    {
      en: ({ slave, expansion }) =>
        `${slave} belongs to expansion ${expansion}, which has not ended and judges it itself.`,
      zh: ({ slave, expansion }) => `${slave} 属于尚未结束的扩容任务 ${expansion}，由该任务判断。`,
    },
    {
      en: ({ expansion }, reader) => `Wait for the end of ${expansion}. ${auditAgain.en({}, reader)}`,
      zh: ({ expansion }, reader) => `请等 ${expansion} 结束。${auditAgain.zh({}, reader)}`,
    },
  ),
  unreachable: row<Met>(
    'not_judged',
    {
      en: (facts) => `The service cannot reach ${facts.slave} (${met(facts)}).`,
      zh: (facts) => `本服务无法连接 ${facts.slave}（${met(facts)}）。`,
    },
    checkReach,
  ),
  not_allowed: row<NotAllowed>(
    'not_judged',
    { en: notAllowedText.en, zh: notAllowedText.zh },
    { en: notAllowedStep.en, zh: notAllowedStep.zh },
  ),
  denied: row<Met & { readonly credential: string | null }>(
    'not_judged',
    {
      en: (facts) => `${facts.slave} refuses the login (${met(facts)}).`,
      zh: (facts) => `${facts.slave} 拒绝登录（${met(facts)}）。`,
    },
    { en: loginStep.en, zh: loginStep.zh },
  ),
  garbled: row<Met>(
    'not_judged',
    {
      en: (facts) => `What answers at ${facts.address} does not speak like a Pika (${facts.met}).`,
      zh: (facts) => `${facts.address} 上的应答不像 Pika（${facts.met}）。`,
    },
    checkReach,
  ),
  busy: row<Met>(
    'not_judged',
    {
      en: ({ slave }) => `${slave} took the connection, but did not answer in time.`,
      zh: ({ slave }) => `${slave} 接受了连接，但没有及时应答。`,
    },
    auditAgain,
  ),
  master_silent: row(
    'not_judged',
    {
      en: ({ slave, master }) => `${master} does not answer, so ${slave} cannot be set beside it.`,
      zh: ({ slave, master }) => `${master} 没有应答，因此无法与 ${slave} 对照。`,
    },
    {
      en: ({ master }, reader) => `Look at ${master}. ${auditAgain.en({}, reader)}`,
      zh: ({ master }, reader) => `请查看 ${master}。${auditAgain.zh({}, reader)}`,
    },
  ),
  master_unready: row<States>(
    'not_judged',
    {
      en: ({ slave, master, states }, reader) =>
        `${master} is a slave itself and has no complete data now (${statesText(states, reader)}), so ${slave} cannot be set beside it.`,
      zh: ({ slave, master, states }, reader) =>
        `${master} 自己也是从节点，此刻数据不完整（${statesText(states, reader)}），因此无法与 ${slave} 对照。`,
    },
    {
      en: ({ master }, reader) => `Look at ${master} first. ${auditAgain.en({}, reader)}`,
      zh: ({ master }, reader) => `请先处理 ${master}。${auditAgain.zh({}, reader)}`,
    },
  ),
  comparison_ended: row<{ readonly comparison: string; readonly state: string }>(
    'not_judged',
    {
      en: ({ comparison, state }, reader) =>
        `Comparison ${comparison} ended without a result (${stateWord(state, reader)}).`,
      zh: ({ comparison, state }, reader) =>
        `比对 ${comparison} 没有结果就结束了（${stateWord(state, reader)}）。`,
    },
    auditAgain,
  ),
  cancelled: row<{ readonly by: string; readonly why: string }>(
    'not_judged',
    {
      en: ({ by, why }) => `${by} ended the audit before this server was judged: ${why}`,
      zh: ({ by, why }) => `${by} 在判断该服务器之前结束了巡检：${why}`,
    },
    auditAgain,
  ),
};
export type AuditReasonCode = keyof typeof auditReasons;

/** The facts of a reason beyond the names of the servers. */
type ReasonFacts<Code extends AuditReasonCode> =
  (typeof auditReasons)[Code] extends Row<infer All> ? Omit<All, keyof Read> : never;

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many different facts
const rows: Readonly<Record<string, Row<any>>> = auditReasons;

/** A verdict with its reason. */
export interface Judgement {
  readonly verdict: AuditVerdict;
  readonly reason: Said<AuditReasonCode>;
}

/** The verdict of a reason, and what is said. */
export function judgement<Code extends AuditReasonCode>(
  code: Code,
  named: Named,
  facts: ReasonFacts<Code>,
): Judgement {
  const { verdict, text: words } = rows[code]!;
  const all = { ...(facts as Facts), ...named };
  return { verdict, reason: { code, facts: all, text: words.en(all, nobody) } };
}

/** The same reason in the words of this reader. */
export const auditReasonFor = <R extends Said | null>(reason: R, reader: Reader): R =>
  reason === null
    ? reason
    : { ...reason, text: read(rows[reason.code]?.text, reason.facts, reader, reason.text) };

/** What to do next; null = nothing is known of such a reason. */
export const auditStep = (reason: Said, audit: string, reader: Reader): string | null =>
  read<Facts, string | null>(rows[reason.code]?.nextStep, { ...reason.facts, audit }, reader, null);

/** The word for a verdict. */
const verdictWords = text<{ readonly verdict: AuditVerdict }>({
  en: ({ verdict }) => verdict.replace('_', ' '),
  zh: ({ verdict }) => ({ whole: '完整', damaged: '损坏', doubtful: '存疑', not_judged: '未判断' })[verdict],
});
export const verdictWord = (verdict: AuditVerdict, reader: Reader): string =>
  verdictWords[reader.language]({ verdict }, reader);
