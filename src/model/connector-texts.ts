/** What a connector waits for, or what it met: the reasons `held_by_connector` hold these. */
import { type Facts, type FactsArgument, listed, type Said, saidBy, type TextTable, text } from './text.ts';
import { deliveryTexts } from './webhook-texts.ts';

interface OfSentinel {
  /** `host:port` of the sentinel. */
  readonly sentinel: string;
}

export const connectorTexts = {
  ...deliveryTexts,
  server_said: text<{ readonly server: string; readonly detail: string }>({
    en: ({ server, detail }) => `${server} says: ${detail}`,
    zh: ({ server, detail }) => `${server} 返回：${detail}`,
  }),
  sentinel_silent: text<OfSentinel & { readonly detail: string }>({
    en: ({ sentinel, detail }) => `sentinel ${sentinel} does not answer (${detail})`,
    zh: ({ sentinel, detail }) => `Sentinel ${sentinel} 没有应答（${detail}）`,
  }),
  sentinel_other_master: text<
    OfSentinel & { readonly masterName: string; readonly found: string; readonly master: string }
  >({
    en: ({ sentinel, masterName, found, master }) =>
      `for sentinel ${sentinel}, ${masterName} is ${found} and not ${master}`,
    zh: ({ sentinel, masterName, found, master }) =>
      `在 Sentinel ${sentinel} 上，${masterName} 是 ${found}，而不是 ${master}`,
  }),
  sentinel_not_listed: text<OfSentinel & { readonly masterName: string }>({
    en: ({ sentinel, masterName }) =>
      `sentinel ${sentinel} does not list it as a replica of ${masterName} yet`,
    zh: ({ sentinel, masterName }) => `Sentinel ${sentinel} 尚未将其列为 ${masterName} 的从节点`,
  }),
  sentinel_flags: text<OfSentinel & { readonly flags: readonly string[] }>({
    en: ({ sentinel, flags }, reader) => `sentinel ${sentinel} has it as ${listed(flags, reader)}`,
    zh: ({ sentinel, flags }, reader) => `Sentinel ${sentinel} 将其标记为 ${listed(flags, reader)}`,
  }),
  sentinel_link: text<OfSentinel & { readonly status: string }>({
    en: ({ sentinel, status }) => `sentinel ${sentinel} has the link to its master as ${status}`,
    zh: ({ sentinel, status }) => `Sentinel ${sentinel} 认为其与主节点的连接状态为 ${status}`,
  }),
  sentinel_still_lists: text<OfSentinel & { readonly masterName: string }>({
    en: ({ sentinel, masterName }) =>
      `sentinel ${sentinel} still lists it as a live replica of ${masterName}, and can make it a slave again. Stop the node, or run SENTINEL RESET ${masterName} on the sentinel; the service does it if the connector has reset: true`,
    zh: ({ sentinel, masterName }) =>
      `Sentinel ${sentinel} 仍将其列为 ${masterName} 的存活从节点，可能再次把它设为从节点。请停止该节点，或在该 Sentinel 上执行 SENTINEL RESET ${masterName}；若连接器设置了 reset: true，则由本服务执行`,
  }),
  sentinel_reset: text<OfSentinel & { readonly masterName: string }>({
    en: ({ sentinel, masterName }) =>
      `the service has just reset ${masterName} on sentinel ${sentinel}, which finds its replicas and the other sentinels again`,
    zh: ({ sentinel, masterName }) =>
      `本服务刚刚在 Sentinel ${sentinel} 上重置了 ${masterName}，它正在重新发现从节点和其他 Sentinel`,
  }),
  sentinel_reset_waits: text<
    OfSentinel & { readonly masterName: string; readonly flags: string; readonly others: number }
  >({
    en: ({ sentinel, masterName, flags, others }) =>
      `a reset would be unsafe now: sentinel ${sentinel} has ${masterName} as ${flags} and knows ${others} of the other sentinels`,
    zh: ({ sentinel, masterName, flags, others }) =>
      `现在重置不安全：Sentinel ${sentinel} 将 ${masterName} 标记为 ${flags}，且只知道 ${others} 个其他 Sentinel`,
  }),
  codis_no_group: text<{ readonly master: string }>({
    en: ({ master }) => `no group of Codis has ${master} as its master`,
    zh: ({ master }) => `Codis 中没有以 ${master} 为主节点的 group`,
  }),
  codis_other_group: text<{ readonly group: number }>({
    en: ({ group }) =>
      `Codis has it in group ${group}, under another master. Take it out of that group first`,
    zh: ({ group }) => `它在 Codis 的 group ${group} 中，属于另一个主节点。请先将其从该 group 移除`,
  }),
  codis_is_master: text<{ readonly group: number }>({
    en: ({ group }) => `Codis has it as the master of group ${group}`,
    zh: ({ group }) => `它在 Codis 中是 group ${group} 的主节点`,
  }),
  codis_action: text<{ readonly state: string }>({
    en: ({ state }) =>
      `Codis has a sync action for it (${state}), which would send it a SLAVEOF. Remove that action in the dashboard of Codis`,
    zh: ({ state }) =>
      `Codis 对它有一个同步操作（${state}），会向它发送 SLAVEOF。请在 Codis dashboard 中移除该操作`,
  }),
  codis_unsettled: text<{ readonly group: number }>({
    en: ({ group }) => `group ${group} of Codis is not as it was asked for yet`,
    zh: ({ group }) => `Codis 的 group ${group} 尚未达到所要求的状态`,
  }),
  not_as_documented: text<{ readonly server: string }>({
    en: ({ server }) => `the answer of ${server} is not what its API promises`,
    zh: ({ server }) => `${server} 的应答不符合其 API 约定`,
  }),
  file_not_written: text<{ readonly path: string; readonly met: string }>({
    en: ({ path, met }) => `the service cannot write ${path} (${met})`,
    zh: ({ path, met }) => `本服务无法写入 ${path}（${met}）`,
  }),
} satisfies TextTable;

export type ConnectorCode = keyof typeof connectorTexts;

export const connectorSays = <Code extends ConnectorCode>(
  code: Code,
  ...[facts]: FactsArgument<typeof connectorTexts, Code>
): Said<Code> => saidBy(connectorTexts, code, (facts ?? {}) as Facts);
