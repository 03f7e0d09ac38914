/** What a guard finds, and what to do next: a row per code. What an audit also says of a slave stands in its table. */
import { acts } from './acts.ts';
import { auditReasonFor, auditStep } from './audit-texts.ts';
import {
  counted,
  type Facts,
  nobody,
  plain,
  type Reader,
  read,
  type Said,
  type Text,
  type TextTable,
  text,
} from './text.ts';
import type { GuardFinding } from './views/guard.ts';

type Level = GuardFinding['level'];

/** What every finding knows: the server that it is about, and its master (empty: it is the master). */
export interface Named {
  readonly slave: string;
  readonly master: string;
}

interface Row<F> {
  readonly level: Level;
  /** Whether one look is enough. Otherwise the next look has to see it too: it may pass by itself. */
  readonly atOnce: boolean;
  readonly text: Text<F & Named>;
  readonly nextStep: Text<F & Named>;
  /** How a person knows that it is over. */
  readonly over: Text;
}
const row = <F = unknown>(
  level: Level,
  atOnce: boolean,
  text: Text<F & Named>,
  nextStep: Text<F & Named>,
  over: Text,
): Row<F> => ({ level, atOnce, text, nextStep, over });

/** What happened to a slave, after which its data are no longer proven. */
const losses = {
  is_master: plain('it was a master for a while', '它曾成为主节点'),
  follows_other: plain('it followed another master', '它曾跟随其他主节点'),
  replication_ended: plain('it gave its replication up', '它已放弃复制'),
  in_full_sync: plain(
    'it began a full sync that no expansion of this service asked for',
    '它开始了一次并非由本服务扩容任务发起的全量同步',
  ),
  copied_anew: plain(
    'far more bytes came than its master wrote to the binlog: it took a full sync that no expansion of this service asked for',
    '收到的字节远多于主节点写入 binlog 的字节：它做了一次并非由本服务扩容任务发起的全量同步',
  ),
  went_back: plain(
    'its binlog lies further back than before: its data were replaced',
    '它的 binlog 位置比之前靠后：数据已被替换',
  ),
  ahead: plain(
    'its binlog was ahead of its master: something else was written to it',
    '它的 binlog 曾超过主节点：有其他写入',
  ),
  replication_id_changed: plain('its replication id changed', '它的 replication id 发生了变化'),
  master_went_back: plain(
    'the binlog of its master lies further back than before: the data of the master were replaced',
    '主节点的 binlog 位置比之前靠后：主节点的数据已被替换',
  ),
  master_replication_id_changed: plain(
    'the replication id of its master changed',
    '主节点的 replication id 发生了变化',
  ),
} satisfies Readonly<Record<string, Text<unknown>>>;
export type Loss = keyof typeof losses;

interface Unproven {
  readonly why: Loss;
  /** Id of the expansion or audit that proved it before; null = none did. */
  readonly provenBy: string | null;
}

const auditIt: Text<unknown> = {
  en: (_, reader) =>
    `Audit its master: ${acts.startAudit(reader)}. The audit offers a repair where data are missing.`,
  zh: (_, reader) => `请巡检其主节点：${acts.startAudit(reader)}。若有数据缺失，巡检会给出修复方法。`,
};
const inspect: Text<Named> = {
  en: ({ slave }) => `Find out who did this, and look at the log of ${slave}.`,
  zh: ({ slave }) => `请查明操作来源，并查看 ${slave} 的日志。`,
};

export const guardReasons = {
  master_is_slave: row<{ readonly follows: string }>(
    'error',
    true,
    {
      en: ({ slave, follows }) => `${slave} was a master, and is now a slave of ${follows}.`,
      zh: ({ slave, follows }) => `${slave} 原为主节点，现已成为 ${follows} 的从节点。`,
    },
    {
      en: (_, reader) =>
        `If it was meant, end this guard and start one for the new master: ${acts.endGuard(reader)}.`,
      zh: (_, reader) => `若属预期操作，请结束本值守，并为新主节点新建值守：${acts.endGuard(reader)}。`,
    },
    plain('The server is a master again, or the guard has ended.', '该服务器重新成为主节点，或值守已结束。'),
  ),
  dump_unasked: row<{ readonly running: boolean }>(
    'warning',
    true,
    {
      en: ({ slave, running }) =>
        `${slave} ${running ? 'makes' : 'made'} a dump, and no expansion of this service asked for it.`,
      zh: ({ slave, running }) =>
        `${slave} ${running ? '正在生成' : '生成过'}并非由本服务扩容任务触发的 dump。`,
    },
    plain(
      'A backup by BGSAVE does this. Up to 3.5.4 it spoils every full sync that goes on: ask for a hold before each backup.',
      '用 BGSAVE 做备份会触发。在 3.5.4 及更早版本上，它会破坏所有正在进行的全量同步：请在每次备份前申请占用。',
    ),
    plain(
      'The dump has ended: the next look finds no bgsave on the master.',
      '快照已结束：下一次查看时主节点没有 bgsave。',
    ),
  ),
  new_slave: row(
    'warning',
    true,
    {
      en: ({ slave, master }) =>
        `${master} lists ${slave}, which is new, and no expansion of this service added it.`,
      zh: ({ slave, master }) => `${master} 列出了新的从节点 ${slave}，它并非由本服务的扩容任务添加。`,
    },
    auditIt,
    plain(
      'An expansion or an audit has proven the slave, or the master no longer lists it.',
      '扩容任务或巡检已证明该从节点，或主节点不再列出它。',
    ),
  ),
  stands_still: row(
    'error',
    true,
    {
      en: ({ slave, master }) => `${slave} takes nothing from ${master}, which writes to its binlog.`,
      zh: ({ slave, master }) => `${master} 的 binlog 在前进，而 ${slave} 停滞不前。`,
    },
    {
      en: ({ slave, master }) =>
        `Look at the logs of ${slave} and ${master}, and at the network between them (the port of the master, + 2000 and + 10001).`,
      zh: ({ slave, master }) =>
        `请查看 ${slave} 和 ${master} 的日志，以及两者之间的网络（主节点的端口、+ 2000、+ 10001）。`,
    },
    plain('The binlog offset of the slave moves again.', '该从节点的 binlog 偏移量重新前进。'),
  ),
  beyond_kept: row<{ readonly files: number; readonly kept: number }>(
    'error',
    true,
    {
      en: ({ slave, master, files, kept }) =>
        `${slave} lies ${counted(files, 'binlog file')} behind ${master}, which keeps ${kept} for a slave without a link (expire-logs-nums): what it needs may be gone.`,
      zh: ({ slave, master, files, kept }) =>
        `${slave} 落后 ${master} ${files} 个 binlog 文件，而对没有连接的从节点，主节点只保留 ${kept} 个（expire-logs-nums）：它所需的内容可能已被清除。`,
    },
    {
      en: (_, reader) =>
        `It needs a full sync, with overwriteData and repoint: ${acts.startExpansion(reader)}.`,
      zh: (_, reader) =>
        `它需要一次全量同步，并允许 overwriteData 与 repoint：${acts.startExpansion(reader)}。`,
    },
    plain(
      'An expansion has given the slave a new full sync, and the slave is `verified`.',
      '扩容任务已为该从节点重新全量同步，且其为 `verified`。',
    ),
  ),
  unproven: row<Unproven>(
    'error',
    true,
    {
      en: ({ slave, why, provenBy }, reader) =>
        `The data of ${slave} are not proven${provenBy === null ? '' : ` any longer (${provenBy} proved them)`}: ${losses[why].en({}, reader)}.`,
      zh: ({ slave, why, provenBy }, reader) =>
        `${slave} 的数据${provenBy === null ? '未经证明' : `不再有效证明（此前由 ${provenBy} 证明）`}：${losses[why].zh({}, reader)}。`,
    },
    auditIt,
    plain(
      'An expansion or an audit that began later has proven the slave.',
      '之后开始的扩容任务或巡检已证明该从节点。',
    ),
  ),
};
type OwnCode = keyof typeof guardReasons;
type OwnFacts<Code extends OwnCode> = (typeof guardReasons)[Code] extends Row<infer F> ? F : never;

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many different facts
const rows: Readonly<Record<string, Row<any>>> = guardReasons;

/** What an audit says and a guard finds at once; all else may pass by itself. */
const auditedAtOnce: readonly string[] = ['is_master', 'follows_other', 'replication_ended', 'in_full_sync'];
const auditedWarnings: readonly string[] = ['behind', 'busy'];

export const guardLevel = (code: string): Level =>
  rows[code]?.level ?? (auditedWarnings.includes(code) ? 'warning' : 'error');
export const isFoundAtOnce = (code: string): boolean => rows[code]?.atOnce ?? auditedAtOnce.includes(code);

/** Something of the guard's own table. */
export function guardSays<Code extends OwnCode>(code: Code, named: Named, facts: OwnFacts<Code>): Said {
  const all = { ...(facts as Facts), ...named };
  return { code, facts: all, text: rows[code]!.text.en(all, nobody) };
}

/** The same in the words of this reader. */
export const guardReasonFor = (reason: Said, reader: Reader): Said =>
  reason.code in rows
    ? { ...reason, text: read(rows[reason.code]?.text, reason.facts, reader, reason.text) }
    : auditReasonFor(reason, reader);

/** Next steps of an audit's codes that would name an audit. */
const steps: TextTable = {
  replication_ended: text<Named>({
    en: (facts, reader) => `${inspect.en(facts, reader)} ${auditIt.en(facts, reader)}`,
    zh: (facts, reader) => `${inspect.zh(facts, reader)}${auditIt.zh(facts, reader)}`,
  }),
};

/** What to do next; null = nothing is known of such a finding. */
export function guardStep(reason: Said, reader: Reader): string | null {
  const own = steps[reason.code] ?? rows[reason.code]?.nextStep;
  if (own === undefined) return auditStep(reason, '', reader);
  return read<Facts, string | null>(own, reason.facts, reader, null);
}

export interface Found {
  readonly reason: Said;
}

/** Events of guards by their type; the facts are the event's data. */
export const guardEvents = {
  'guard.started': text<{ readonly requestedBy: string; readonly masters: number }>({
    en: ({ requestedBy, masters }) => `Guards ${counted(masters, 'master')}, asked for by ${requestedBy}`,
    zh: ({ requestedBy, masters }) => `开始值守 ${masters} 个主节点，由 ${requestedBy} 发起`,
  }),
  'guard.found': text<Found & { readonly level: Level }>({
    en: ({ reason }, reader) => guardReasonFor(reason, reader).text,
    zh: ({ reason }, reader) => guardReasonFor(reason, reader).text,
  }),
  'guard.cleared': text<Found & { readonly since: number; readonly at: number }>({
    en: ({ reason, since, at }, reader) =>
      `Over, after ${Math.round((at - since) / 1000)} s: ${guardReasonFor(reason, reader).text}`,
    zh: ({ reason, since, at }, reader) =>
      `已消失，持续 ${Math.round((at - since) / 1000)} 秒：${guardReasonFor(reason, reader).text}`,
  }),
  'guard.slave_forgotten': text<{ readonly slave: string; readonly by: string; readonly reason: string }>({
    en: ({ slave, by, reason }) => `${slave} is no longer guarded; ${by}: ${reason}`,
    zh: ({ slave, by, reason }) => `不再值守 ${slave}；${by}：${reason}`,
  }),
  'guard.audit_started': text<{ readonly auditId: string }>({
    en: ({ auditId }) => `Audit ${auditId} begins, as scheduled`,
    zh: ({ auditId }) => `按计划开始巡检 ${auditId}`,
  }),
  'guard.audit_skipped': text<{ readonly auditId: string }>({
    en: ({ auditId }) => `No audit begins at this time: ${auditId}, the last one, has not ended`,
    zh: ({ auditId }) => `本次不开始巡检：上一次巡检 ${auditId} 尚未结束`,
  }),
  'guard.ended': text<{ readonly by: string; readonly reason: string }>({
    en: ({ by, reason }) => `Ended by ${by}: ${reason}`,
    zh: ({ by, reason }) => `由 ${by} 结束：${reason}`,
  }),
};
export type GuardEventType = keyof typeof guardEvents;
export type GuardEventData<Type extends GuardEventType> =
  (typeof guardEvents)[Type] extends Text<infer F> ? F : never;

/** How a guard stands, in short. */
export const guardSummary = text<{
  readonly masters: number;
  readonly slaves: number;
  readonly errors: number;
  readonly warnings: number;
}>({
  en: ({ masters, slaves, errors, warnings }) =>
    `${counted(masters, 'master')}, ${counted(slaves, 'slave')}: ${
      errors + warnings === 0
        ? 'nothing found'
        : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
    }`,
  zh: ({ masters, slaves, errors, warnings }) =>
    `${masters} 个主节点、${slaves} 个从节点：${
      errors + warnings === 0 ? '未发现问题' : `${errors} 个错误、${warnings} 个警告`
    }`,
});
