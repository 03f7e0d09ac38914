/** What is wrong with an agent or its reports, and what to do, as the command line and the dashboard show it. */
import { readableBytes, readableMoment, readableSeconds } from './quantities.ts';
import { unreadablePaths } from './shown-host.ts';
import { plain, type Reader, type Text, text } from './text.ts';
import type { AgentView } from './views/agent.ts';

interface Row<F> {
  /** `bad`: nothing of the agent counts. `warn`: less can be judged. `info`: it can be meant so. */
  readonly tone: 'bad' | 'warn' | 'info';
  readonly text: Text<F>;
  readonly step: Text<F> | null;
}

const row = <F>(tone: Row<F>['tone'], says: Text<F>, step: Text<F> | null): Row<F> => ({
  tone,
  text: text<F>(says),
  step,
});

const ofServer = row<{ address: string }>;

const rows = {
  silent: row<{ at: number; host: string }>(
    'bad',
    {
      en: ({ at }) =>
        `It has been silent since ${readableMoment(at)}. The service shows what the agent told before, and uses none of it.`,
      zh: ({ at }) => `自 ${readableMoment(at)} 起没有上报。本服务仍显示它此前的上报，但不再采用。`,
    },
    {
      en: ({ host }) =>
        `On ${host}, see whether the agent runs (systemctl status pika-expander-agent). Its log says why a report did not arrive: the address of the service, the certificate, or the token. The service forgets the agent after a day of silence.`,
      zh: ({ host }) =>
        `在 ${host} 上确认代理程序是否在运行 (systemctl status pika-expander-agent)。它的日志会说明上报失败的原因：服务地址、证书或令牌。静默一天后，本服务会忘记该代理程序。`,
    },
  ),
  contested: row<{ address: string; by: readonly string[] }>(
    'warn',
    {
      en: ({ address, by }) =>
        `${by.join(', ')} reports of ${address} too. The process id in INFO decides which agent the service believes.`,
      zh: ({ address, by }) =>
        `${by.join('、')} 也上报 ${address}。本服务按 INFO 中的进程号决定采信哪个代理程序。`,
    },
    plain(
      'Leave the address on the list of one token only, or stop the agent that runs on the wrong host.',
      '只在一个令牌的列表中保留该地址，或停掉运行在错误主机上的代理程序。',
    ),
  ),
  server_stopped: ofServer(
    'warn',
    {
      en: ({ address }) => `No process of ${address} runs.`,
      zh: ({ address }) => `${address} 的进程没有运行。`,
    },
    null,
  ),
  path_unreadable: row<{ address: string; setting: string; path: string; problem: string }>(
    'warn',
    {
      en: ({ address, setting, path, problem }) =>
        `${address}: the agent cannot read ${setting} (${path}): ${problem}.`,
      zh: ({ address, setting, path, problem }) =>
        `${address}：代理程序无法读取 ${setting} (${path})：${problem}。`,
    },
    plain('Run the agent as the user of the Pika process.', '请用运行 Pika 进程的用户运行代理程序。'),
  ),
  log_unreadable: row<{ address: string; problem: string }>(
    'warn',
    {
      en: ({ address, problem }) => `${address}: the agent cannot read the log: ${problem}.`,
      zh: ({ address, problem }) => `${address}：代理程序无法读取日志：${problem}。`,
    },
    plain(
      'Check log-path in pika.conf and who may read it.',
      '请检查 pika.conf 中的 log-path 及其读取权限。',
    ),
  ),
  log_skipped: row<{ address: string; bytes: number }>(
    'warn',
    {
      en: ({ address, bytes }) =>
        `${address}: the log grew faster than the agent may read. It left out ${readableBytes(bytes)}, so full syncs of that time cannot be judged.`,
      zh: ({ address, bytes }) =>
        `${address}：日志增长快于代理程序的读取上限，跳过了 ${readableBytes(bytes)}，期间的全量同步无法判断。`,
    },
    null,
  ),
  log_dropped: row<{ address: string; lines: number }>(
    'warn',
    {
      en: ({ address, lines }) => `${address}: no report had room for ${lines} lines of the log.`,
      zh: ({ address, lines }) => `${address}：${lines} 行日志超出了上报的容量。`,
    },
    null,
  ),
  refused: row<{ reports: number }>(
    'warn',
    {
      en: ({ reports }) =>
        `The service refused ${reports === 1 ? '1 report' : `${reports} reports`}: its token may speak for none of the servers.`,
      zh: ({ reports }) => `本服务拒绝了 ${reports} 次上报：它的令牌不能代表其中任何服务器。`,
    },
    plain(
      'List the servers of the host at the token (nodes, or PIKA_EXPANDER_AGENT_NODES), or name them by --as.',
      '请在令牌的列表 (nodes 或 PIKA_EXPANDER_AGENT_NODES) 中写上该主机的服务器，或用 --as 指定它们的地址。',
    ),
  ),
  servers_dropped: row<{ servers: number }>(
    'warn',
    {
      en: ({ servers }) =>
        `${servers === 1 ? '1 server' : `${servers} servers`} of its latest report did not count: the token may not speak for them, two had the same port, or they were too large.`,
      zh: ({ servers }) =>
        `最近一次上报中有 ${servers} 个服务器未被采用：令牌不能代表它们、端口重复，或内容过大。`,
    },
    plain('List them at the token if they belong to this host.', '如果它们属于该主机，请写入令牌的列表。'),
  ),
  addresses_dropped: row<{ addresses: number }>(
    'info',
    {
      en: ({ addresses }) =>
        `${addresses === 1 ? '1 address' : `${addresses} addresses`} of its latest report did not count: the token may not speak for them.`,
      zh: ({ addresses }) => `最近一次上报中有 ${addresses} 个地址未被采用：令牌不能代表它们。`,
    },
    plain(
      'This is no fault while each server keeps the address under which you expand it.',
      '只要扩容时使用的地址仍在，就没有问题。',
    ),
  ),
  clock: row<{ aheadMs: number }>(
    'info',
    {
      en: ({ aheadMs }) =>
        `Its clock is ${readableSeconds(Math.abs(aheadMs) / 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the clock of the service, which takes this off all times.`,
      zh: ({ aheadMs }) =>
        `它的时钟比本服务${aheadMs > 0 ? '快' : '慢'} ${readableSeconds(Math.abs(aheadMs) / 1000)}，本服务换算所有时间时已扣除。`,
    },
    plain('Set the clock of the host by NTP.', '请用 NTP 校准该主机的时钟。'),
  ),
} as const;

type Code = keyof typeof rows;
type FactsOf<C extends Code> = (typeof rows)[C] extends Row<infer F> ? F : never;

/** Something that is wrong with an agent, in words. */
export interface AgentTrouble {
  readonly code: Code;
  readonly tone: Row<never>['tone'];
  readonly text: string;
  readonly step: string | null;
}

const noticedClockMs = 1000;

/** The worst first. */
export function agentTroubles(agent: AgentView, reader: Reader): readonly AgentTrouble[] {
  const { stale, dropped, refused, clockAheadMs, servers } = agent;
  const say = <C extends Code>(code: C, facts: FactsOf<C>): AgentTrouble => {
    const { tone, text: says, step } = rows[code] as unknown as Row<FactsOf<C>>;
    const said = (each: Text<FactsOf<C>>) => each[reader.language](facts, reader);
    return { code, tone, text: said(says), step: step && said(step) };
  };
  return [
    ...(stale ? [say('silent', { at: agent.lastReportAt, host: agent.host })] : []),
    ...servers.flatMap((server) => {
      const address = server.addresses[0] ?? '';
      const { contestedBy, processId, paths, logProblem, logSkippedBytes, logDropped } = server;
      return [
        ...(contestedBy.length > 0 ? [say('contested', { address, by: contestedBy })] : []),
        ...(processId === null ? [say('server_stopped', { address })] : []),
        ...unreadablePaths(paths).map((path) => say('path_unreadable', { address, ...path })),
        ...(logProblem ? [say('log_unreadable', { address, problem: logProblem })] : []),
        ...(logSkippedBytes ? [say('log_skipped', { address, bytes: logSkippedBytes })] : []),
        ...(logDropped > 0 ? [say('log_dropped', { address, lines: logDropped })] : []),
      ];
    }),
    ...(refused > 0 ? [say('refused', { reports: refused })] : []),
    ...(dropped.servers > 0 ? [say('servers_dropped', { servers: dropped.servers })] : []),
    ...(dropped.addresses > 0 ? [say('addresses_dropped', { addresses: dropped.addresses })] : []),
    ...(Math.abs(clockAheadMs) >= noticedClockMs ? [say('clock', { aheadMs: clockAheadMs })] : []),
  ];
}
