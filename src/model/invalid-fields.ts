/** What can be wrong with a place of a request: a rule, its facts, and how both languages say it. */
import { type FactsOf, type Language, listed, type Reader, spaced, type Text } from './text.ts';

/** Patterns that texts of requests must match; schemas name them, so that a message can say in words what is allowed. */
export const patterns = {
  time_of_day: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  not_blank: '\\S',
  id: '^[A-Za-z0-9_-]+$',
  dotted_id: '^[A-Za-z0-9_.-]+$',
  visible: '^[\\x21-\\x7e]+$',
} as const;
export type PatternName = keyof typeof patterns;

const patternTexts: Readonly<Record<PatternName, Readonly<Record<Language, string>>>> = {
  time_of_day: { en: 'a time as HH:MM, from 00:00 to 23:59', zh: 'HH:MM 形式的时间（00:00 至 23:59）' },
  not_blank: { en: 'text with more than blanks', zh: '不能只有空白的文字' },
  id: { en: 'an id of letters, digits, “-” and “_”', zh: '由字母、数字、“-”和“_”组成的 ID' },
  dotted_id: { en: 'an id of letters, digits, “.”, “-” and “_”', zh: '由字母、数字、“.”、“-”和“_”组成的 ID' },
  visible: { en: 'text of ASCII characters without blanks', zh: '不含空白的 ASCII 文字' },
};

/** One of the things that a place may hold. */
export type Allowed =
  | {
      readonly is: 'integer' | 'number';
      readonly from?: number;
      readonly to?: number;
      readonly above?: number;
    }
  | {
      readonly is: 'text';
      readonly from?: number;
      readonly to?: number;
      readonly pattern?: PatternName;
      readonly example?: string;
    }
  | { readonly is: 'list'; readonly from?: number; readonly to?: number }
  | { readonly is: 'words'; readonly words: readonly string[] }
  | { readonly is: 'object' | 'yes_no' | 'null' };

function range({ from, to }: { readonly from?: number; readonly to?: number }, { language }: Reader): string {
  if (from !== undefined && to !== undefined)
    return { en: `${from} to ${to}`, zh: `${from} 至 ${to}` }[language];
  if (from !== undefined) return { en: `at least ${from}`, zh: `至少 ${from}` }[language];
  return { en: `at most ${to}`, zh: `至多 ${to}` }[language];
}

const bounded = (of: { readonly from?: number; readonly to?: number }) =>
  of.from !== undefined || of.to !== undefined;

function allowedTextEn(allowed: Allowed, reader: Reader): string {
  switch (allowed.is) {
    case 'integer':
    case 'number': {
      const noun = allowed.is === 'integer' ? 'a whole number' : 'a number';
      if (allowed.above !== undefined) return `${noun} above ${allowed.above}`;
      if (!bounded(allowed)) return noun;
      const from = allowed.from !== undefined && allowed.to !== undefined ? 'from ' : 'of ';
      return `${noun} ${from}${range(allowed, reader)}`;
    }
    case 'text': {
      const noun = allowed.pattern === undefined ? 'text' : patternTexts[allowed.pattern].en;
      const more = [
        ...(bounded(allowed) ? [`${range(allowed, reader)} characters`] : []),
        ...(allowed.example === undefined ? [] : [`for example “${allowed.example}”`]),
      ];
      return more.length === 0 ? noun : `${noun} (${more.join(', ')})`;
    }
    case 'list':
      if (!bounded(allowed)) return 'a list';
      return `a list of ${range(allowed, reader)} ${(allowed.to ?? allowed.from) === 1 ? 'entry' : 'entries'}`;
    case 'words':
      return listed(allowed.words, reader, 'or');
    case 'object':
      return 'an object';
    case 'yes_no':
      return 'true or false';
    case 'null':
      return 'null';
  }
}

function allowedTextZh(allowed: Allowed, reader: Reader): string {
  switch (allowed.is) {
    case 'integer':
    case 'number': {
      const noun = allowed.is === 'integer' ? '整数' : '数字';
      if (allowed.above !== undefined) return `大于 ${allowed.above} 的${noun}`;
      return bounded(allowed) ? `${noun}（${range(allowed, reader)}）` : noun;
    }
    case 'text': {
      const noun = allowed.pattern === undefined ? '文字' : patternTexts[allowed.pattern].zh;
      const more = [
        ...(bounded(allowed) ? [`${range(allowed, reader)} 个字符`] : []),
        ...(allowed.example === undefined ? [] : [`例如“${allowed.example}”`]),
      ];
      return more.length === 0 ? noun : `${noun}（${more.join('，')}）`;
    }
    case 'list':
      return bounded(allowed) ? `列表（${range(allowed, reader)} 项）` : '列表';
    case 'words':
      return listed(allowed.words, reader, 'or');
    case 'object':
      return '对象';
    case 'yes_no':
      return 'true 或 false';
    case 'null':
      return 'null';
  }
}

const allowedText = (allowed: readonly Allowed[], reader: Reader): string =>
  listed(
    allowed.map(
      (each) => ({ en: allowedTextEn(each, reader), zh: allowedTextZh(each, reader) })[reader.language],
    ),
    reader,
    'or',
  );

/** What is wrong with a place of the request: its name comes before the text. `step` null = correct it and send it again. */
interface Rule<F> {
  readonly text: Text<F>;
  readonly step: Text<F> | null;
}

const rule = <F>(text: Text<F>, step: Text<F> | null = null): Rule<F> => ({ text, step });

interface Named {
  readonly value: string;
}

export const invalidFields = {
  unknown_field: rule<{ readonly nearest: readonly string[]; readonly known: readonly string[] }>(
    {
      en: ({ nearest }, reader) =>
        `is not a known field.${nearest.length > 0 ? ` Did you mean ${listed(nearest, reader, 'or')}?` : ''}`,
      zh: ({ nearest }, reader) =>
        `不是已知的字段。${nearest.length > 0 ? `是否想写 ${listed(nearest, reader, 'or')}？` : ''}`,
    },
    {
      en: ({ known }, reader) => `Use one of the fields that are known here: ${listed(known, reader)}.`,
      zh: ({ known }, reader) => `此处可用的字段：${listed(known, reader)}。`,
    },
  ),
  missing: rule({ en: () => 'is missing.', zh: () => '缺失。' }),
  must_be: rule<{ readonly allowed: readonly Allowed[] }>({
    en: ({ allowed }, reader) => `must be ${allowedText(allowed, reader)}.`,
    zh: ({ allowed }, reader) => `${spaced('必须是', allowedText(allowed, reader))}。`,
  }),
  not_valid: rule({ en: () => 'is not valid.', zh: () => '无效。' }),

  control_character: rule<Named>({
    en: ({ value }) => `holds a control character: “${value}”.`,
    zh: ({ value }) => `含有控制字符：“${value}”。`,
  }),
  white_space: rule<Named>({
    en: ({ value }) => `holds white space: “${value}”.`,
    zh: ({ value }) => `含有空白字符：“${value}”。`,
  }),
  not_host_port: rule<Named>({
    en: ({ value }) => `is “${value}”, which is not host:port (IPv6: [host]:port).`,
    zh: ({ value }) => `是“${value}”，不是 host:port 形式（IPv6：[host]:port）。`,
  }),
  bad_host: rule<Named>({
    en: ({ value }) => `has the host “${value}”, which is neither a host name nor an IP address.`,
    zh: ({ value }) => `的主机“${value}”既不是主机名，也不是 IP 地址。`,
  }),
  bad_port: rule<Named>({
    en: ({ value }) => `has the port “${value}”; a port is a number from 1 to 65535.`,
    zh: ({ value }) => `的端口是“${value}”；端口必须是 1 至 65535 的数字。`,
  }),
  unknown_credential: rule<Named & { readonly known: readonly string[]; readonly variable: string }>(
    {
      en: ({ value }) => `names the credential “${value}”, which is not configured.`,
      zh: ({ value }) => `引用的凭据“${value}”没有配置。`,
    },
    {
      en: ({ known, variable }, reader) =>
        `${known.length > 0 ? `Use a configured credential (${listed(known, reader, 'or')})` : 'No credential is configured'}; to add this credential, set ${variable}_PASSWORD for the service and restart it.`,
      zh: ({ known, variable }, reader) =>
        `${known.length > 0 ? `请使用已配置的凭据（${listed(known, reader, 'or')}）` : '服务没有配置任何凭据'}；要添加该凭据，请为服务设置 ${variable}_PASSWORD 并重启。`,
    },
  ),
  too_many_nodes: rule<{ readonly nodes: number; readonly most: number }>(
    {
      en: ({ nodes, most }) => `names ${nodes} nodes; one expansion takes at most ${most}.`,
      zh: ({ nodes, most }) => `包含 ${nodes} 个节点；一个扩容任务最多 ${most} 个。`,
    },
    {
      en: () => 'Split the nodes over several expansions. Expansions of one master run one after the other.',
      zh: () => '请把节点拆分到多个扩容任务。同一主节点的任务会依次执行。',
    },
  ),
  no_time_zone: rule<Named>(
    {
      en: ({ value }) => `is “${value}”, which is not a time zone.`,
      zh: ({ value }) => `是“${value}”，不是有效的时区。`,
    },
    {
      en: () => 'Give an IANA name such as Europe/Berlin, Asia/Shanghai or UTC.',
      zh: () => '请使用 IANA 时区名，例如 Asia/Shanghai、Europe/Berlin 或 UTC。',
    },
  ),
  not_a_cron: rule<Named>(
    {
      en: ({ value }) => `is “${value}”, which is not a time as cron has it.`,
      zh: ({ value }) => `是“${value}”，不是 cron 形式的时间。`,
    },
    {
      en: () => 'Give minute, hour, day of month, month and day of week: “30 3 * * 1” is Mondays at 03:30.',
      zh: () => '请依次写出分、时、日、月、星期：“30 3 * * 1”表示每周一 03:30。',
    },
  ),
  not_a_state: rule<Named & { readonly states: readonly string[] }>(
    {
      en: ({ value }) => `holds “${value}”, which is not a state.`,
      zh: ({ value }) => `含有“${value}”，不是有效的状态。`,
    },
    {
      en: ({ states }, reader) => `Use some of: ${listed(states, reader)}.`,
      zh: ({ states }, reader) => `可用的状态：${listed(states, reader)}。`,
    },
  ),
  foreign_cursor: rule(
    {
      en: () => 'is not a cursor that this service gave.',
      zh: () => '不是本服务给出的游标。',
    },
    {
      en: () => 'Pass on nextCursor of the previous page unchanged, or leave it out for the first page.',
      zh: () => '请原样传入上一页的 nextCursor；查询第一页时不要传。',
    },
  ),
  not_an_event_id: rule<Named>(
    {
      en: ({ value }) => `is “${value}”, which is not an event id.`,
      zh: ({ value }) => `是“${value}”，不是事件 ID。`,
    },
    {
      en: () => 'Send the id of the last event that was received, or leave the header out.',
      zh: () => '请发送最后收到的事件的 ID，或者省略该请求头。',
    },
  ),

  url_too_long: rule<{ readonly most: number }>(
    {
      en: ({ most }) => `is longer than ${most} characters.`,
      zh: ({ most }) => `超过 ${most} 个字符。`,
    },
    receiverStep(),
  ),
  url_not_absolute: rule(
    { en: () => 'is not an absolute URL.', zh: () => '不是完整的 URL。' },
    receiverStep(),
  ),
  url_not_http: rule(
    { en: () => 'is neither http:// nor https://.', zh: () => '既不是 http:// 也不是 https://。' },
    receiverStep(),
  ),
  url_with_login: rule(
    {
      en: () => 'holds a user name or a password. The service does not send them.',
      zh: () => '含有用户名或密码。服务不会发送它们。',
    },
    receiverStep(),
  ),
  url_with_fragment: rule(
    {
      en: () => 'holds a fragment (#…). A fragment is never sent.',
      zh: () => '含有片段（#…）。片段不会被发送。',
    },
    receiverStep(),
  ),
  url_forbidden_address: rule<{ readonly ip: string }>(
    {
      en: ({ ip }) => `leads to ${ip}, a link-local, unspecified, multicast or reserved address.`,
      zh: ({ ip }) => `指向 ${ip}，这是链路本地、未指定、组播或保留地址。`,
    },
    receiverStep(),
  ),
  url_private_address: rule<{ readonly ip: string }>(
    {
      en: ({ ip }) => `leads to ${ip}, a private address that the configuration does not allow.`,
      zh: ({ ip }) => `指向 ${ip}，配置不允许访问这个内部地址。`,
    },
    {
      en: () => 'Name the receiver in PIKA_EXPANDER_OUTGOING, and start the service again.',
      zh: () => '请在 PIKA_EXPANDER_OUTGOING 中列出该接收方，然后重启服务。',
    },
  ),
  url_not_smtp: rule(
    { en: () => 'is no address of a mail server.', zh: () => '不是邮件服务器地址。' },
    {
      en: () =>
        'Give smtps://host (TLS), smtp://host (STARTTLS) or smtp+plain://host (in clear), each with :port if you like.',
      zh: () =>
        '请填写 smtps://主机（TLS）、smtp://主机（STARTTLS）或 smtp+plain://主机（明文），均可加 :端口。',
    },
  ),
  of_email_only: rule(
    { en: () => 'belongs to the kind email.', zh: () => '仅用于 email 类型。' },
    channelDocs(),
  ),
  needed_by_email: rule(
    { en: () => 'is missing: the kind email needs it.', zh: () => '缺失：email 类型需要它。' },
    channelDocs(),
  ),
  not_a_mail_address: rule<{ readonly value: string }>(
    {
      en: ({ value }) => `is "${value}", which is no mail address.`,
      zh: ({ value }) => `为 "${value}"，不是邮件地址。`,
    },
    {
      en: () => 'Give an address such as oncall@example.net.',
      zh: () => '请填写邮件地址，例如 oncall@example.net。',
    },
  ),
  secret_of_other_address: rule(
    {
      en: () => 'must be given again: the stored password is not sent to another mail server.',
      zh: () => '需重新填写：已保存的密码不会发往另一台邮件服务器。',
    },
    {
      en: () => 'Give the password of the new server, or leave the login out.',
      zh: () => '请填写新服务器的密码，或去掉登录。',
    },
  ),
  login_in_clear: rule(
    {
      en: () => 'would cross the network in clear: smtp+plain has no encryption.',
      zh: () => '会以明文经过网络：smtp+plain 不加密。',
    },
    {
      en: () => 'Use smtps:// or smtp://, or leave the login out.',
      zh: () => '请改用 smtps:// 或 smtp://，或去掉登录。',
    },
  ),
  secret_without_use: rule<{ readonly kind: string }>(
    {
      en: ({ kind }) => `must be left out: the kind ${kind} signs nothing, its address is its secret.`,
      zh: ({ kind }) => `不应填写：${kind} 类型不签名，其地址就是密钥。`,
    },
    channelDocs(),
  ),
  steps_of_veto_only: rule(
    {
      en: () => 'must be left out but for the kind veto: other webhooks are asked nothing.',
      zh: () => '仅用于 veto 类型：其他 webhook 不会被询问。',
    },
    webhookDocs(),
  ),
  types_of_notify_only: rule(
    {
      en: () => 'belongs to the kind notify: a veto is asked at steps, and a trail is told of each entry.',
      zh: () => '只适用于 notify 类型：veto 在各步骤被询问，trail 则收到每个条目。',
    },
    webhookDocs(),
  ),

  no_known_masters: rule(
    {
      en: () => 'is “all”, but the service keeps no expansion of any master.',
      zh: () => '为 “all”，但服务没有保存任何主节点的扩容任务。',
    },
    { en: () => 'Name the masters.', zh: () => '请写明主节点。' },
  ),
  not_left: rule<{ readonly value: string; readonly left: readonly string[]; readonly more: boolean }>(
    {
      en: ({ value, left, more }) =>
        `names ${value}, which is none of the nodes that were left: ${left.join(', ')}${more ? ', …' : ''}.`,
      zh: ({ value, left, more }) =>
        `中的 ${value} 不属于剩余的节点：${left.join('、')}${more ? '……' : ''}。`,
    },
    {
      en: () => 'Name only nodes that were left, or leave them out to ask for all of them as they were.',
      zh: () => '只写剩余的节点；不写则按原样全部再次请求。',
    },
  ),
  time_out_of_range: rule<{ readonly from: number; readonly to: number }>(
    {
      en: ({ from, to }) =>
        `must be between ${new Date(from).toISOString()} and ${new Date(to).toISOString()}, in milliseconds since the epoch.`,
      zh: ({ from, to }) =>
        `必须在 ${new Date(from).toISOString()} 与 ${new Date(to).toISOString()} 之间，单位为自 epoch 起的毫秒。`,
    },
    {
      en: () => 'Give a time within the next 90 days, or leave it out to begin at once.',
      zh: () => '请给出 90 天以内的时间；不填则立即开始。',
    },
  ),
  more_canaries_than_members: rule<{ readonly canaries: number; readonly members: number }>(
    {
      en: ({ canaries, members }) =>
        `is ${canaries}, but there ${members === 1 ? 'is only 1 member' : `are only ${members} members`}.`,
      zh: ({ canaries, members }) => `为 ${canaries}，但只有 ${members} 个成员。`,
    },
    {
      en: () => 'Give a smaller count; 0 means no canaries.',
      zh: () => '请减小数量；0 表示不使用金丝雀。',
    },
  ),
  approval_without_canaries: rule(
    {
      en: () => 'asks for an approval after the canaries, but there are no canaries.',
      zh: () => '要求金丝雀之后批准，但没有金丝雀。',
    },
    {
      en: () => 'Give canary.count, or leave the approval out.',
      zh: () => '请填写 canary.count，或去掉批准要求。',
    },
  ),
  master_twice: rule<{ readonly member: number; readonly address: string }>(
    {
      en: ({ member, address }) => `is ${address}, which is the master of members[${member}] too.`,
      zh: ({ member, address }) => `是 ${address}，它也是 members[${member}] 的主节点。`,
    },
    {
      en: () => 'Name each master once: put all its nodes into one member.',
      zh: () => '每个主节点只写一次：把它的所有节点放进同一个成员。',
    },
  ),
  node_is_a_master: rule<{ readonly member: number; readonly address: string }>(
    {
      en: ({ member, address }) => `is ${address}, which is the master of members[${member}].`,
      zh: ({ member, address }) => `是 ${address}，它是 members[${member}] 的主节点。`,
    },
    {
      en: () => 'A node to be added cannot be a master of the same campaign. Leave one of the two out.',
      zh: () => '要添加的节点不能同时是同一批量扩容中的主节点。请去掉其中一个。',
    },
  ),
  nothing_to_replace: rule(
    { en: () => 'names no node to replace or to take out.', zh: () => '没有写明要替换或下线的节点。' },
    { en: () => 'Give replace or takeOut.', zh: () => '请填写 replace 或 takeOut。' },
  ),
  named_twice: rule<{ readonly address: string; readonly other: string }>(
    {
      en: ({ address, other }) => `is ${address}, which ${other} names too.`,
      zh: ({ address, other }) => `是 ${address}，与 ${other} 相同。`,
    },
    { en: () => 'Name each server once.', zh: () => '每个服务器只写一次。' },
  ),
  not_an_ip: rule<{ readonly value: string }>(
    {
      en: ({ value }) => `is "${value}", which is no IP address.`,
      zh: ({ value }) => `为 "${value}"，不是 IP 地址。`,
    },
    { en: () => 'Give an IPv4 or IPv6 address.', zh: () => '请填写 IPv4 或 IPv6 地址。' },
  ),
  not_a_server_rule: rule<{ readonly value: string }>(
    {
      en: ({ value }) => `is "${value}", which names no servers.`,
      zh: ({ value }) => `为 "${value}"，不能表示服务器。`,
    },
    {
      en: () =>
        'Give host names, name patterns (*.pika.example), IP addresses or networks (10.0.0.0/8), each with :port if you like.',
      zh: () => '请填写主机名、名称模式（*.pika.example）、IP 地址或网段（10.0.0.0/8），均可加 :端口。',
    },
  ),
  action_of_other_roles: rule<{ readonly action: string; readonly role: string }>(
    {
      en: ({ action, role }) => `holds ${action}, which the role ${role} does not have.`,
      zh: ({ action, role }) => `包含 ${action}，而角色 ${role} 没有该权限。`,
    },
    { en: () => 'Leave it out, or give another role.', zh: () => '请去掉它，或改用其他角色。' },
  ),
  agent_without_servers: rule(
    {
      en: () => 'names no servers, and an agent may speak only for the servers on its list.',
      zh: () => '没有写明服务器，而代理只能代表列表中的服务器。',
    },
    { en: () => 'Give scope.nodes.', zh: () => '请填写 scope.nodes。' },
  ),
  node_twice: rule<{ readonly member: number; readonly address: string }>(
    {
      en: ({ member, address }) => `is ${address}, which is a node of members[${member}] too.`,
      zh: ({ member, address }) => `是 ${address}，它也是 members[${member}] 的节点。`,
    },
    { en: () => 'Give each node one master.', zh: () => '每个节点只能有一个主节点。' },
  ),
} as const;

function receiverStep<F>(): Text<F> {
  return {
    en: () => 'Give an http:// or https:// address, for example https://hooks.example.net/pika.',
    zh: () => '请填写 http:// 或 https:// 地址，例如 https://hooks.example.net/pika。',
  };
}

function webhookDocs<F>(): Text<F> {
  return {
    en: () => 'See docs/webhooks.md for the two kinds of webhooks.',
    zh: () => '两种 webhook 的说明见 docs/webhooks.md。',
  };
}

function channelDocs<F>(): Text<F> {
  return {
    en: () => 'See docs/notifications.md for what each kind needs.',
    zh: () => '各类型所需的内容见 docs/notifications.md。',
  };
}

export type InvalidRule = keyof typeof invalidFields;
type Texts = { readonly [R in InvalidRule]: (typeof invalidFields)[R]['text'] };
export type InvalidFacts<R extends InvalidRule> = FactsOf<Texts, R>;

/** The part of a request that holds the place. */
export type RequestPart = 'body' | 'query' | 'path' | 'headers';

const partNames = {
  body: { en: '', zh: '' },
  query: { en: 'The query parameter ', zh: '查询参数 ' },
  path: { en: 'The path parameter ', zh: '路径参数 ' },
  headers: { en: 'The header ', zh: '请求头 ' },
} as const;

/** What a message begins with: the place that is wrong, as `nodes[3].address`; null = the whole. */
export function placeText(part: RequestPart, field: string | null, reader: Reader): string {
  if (field !== null) return partNames[part][reader.language] + field;
  return { en: 'The request', zh: '请求' }[reader.language];
}
