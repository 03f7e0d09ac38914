/** Findings about the versions of master and nodes. */
import { type FaultInUse, usedWords } from '../knowledge.ts';
import { counted, plain, type Reader, type Text } from '../text.ts';
import {
  type PairReason,
  pairReasons,
  type UpgradeAdvice,
  upgradeAdvice,
  type VersionReason,
  versionReason,
} from '../versions.ts';
import { nothingToDo, row } from './row.ts';

export interface OneAtATime {
  readonly version: string;
  readonly nodes: number;
  readonly why: VersionReason;
}

const oneAtATime: Text<OneAtATime & { readonly master: string }> = {
  en: ({ master, version, nodes, why }, reader) =>
    `${master} runs ${version}, so the service adds the ${counted(nodes, 'node')} one at a time: ${versionReason({ version, maxConcurrentFullSyncs: 1 }, why, reader)}`,
  zh: ({ master, version, nodes, why }, reader) =>
    `${master} 的版本是 ${version}，本服务会逐个添加这 ${nodes} 个节点：${versionReason({ version, maxConcurrentFullSyncs: 1 }, why, reader)}`,
};

const keepAway = plain<unknown>(
  'Keep BGSAVE (backups) and SLAVEOF by hand away from this master until the expansion has ended.',
  '在扩容任务结束之前，不要在该主节点上执行 BGSAVE（备份）或手工 SLAVEOF。',
);

export interface Pair {
  readonly masterVersion: string;
  readonly nodeVersion: string;
  readonly reason: PairReason;
}

const pair: Text<Pair & { readonly node: string }> = {
  en: ({ node, reason, ...versions }, reader) =>
    `${node} runs ${versions.nodeVersion}, the master ${versions.masterVersion}. ${pairReasons[reason].text.en(versions, reader)}`,
  zh: ({ node, reason, ...versions }, reader) =>
    `${node} 的版本是 ${versions.nodeVersion}，主节点是 ${versions.masterVersion}。${pairReasons[reason].text.zh(versions, reader)}`,
};

const sameVersion: Text<Pair> = {
  en: ({ masterVersion }) =>
    `Add a node of version ${masterVersion}, as the master. To change versions, move the data by export and import.`,
  zh: ({ masterVersion }) =>
    `请添加与主节点相同版本（${masterVersion}）的节点。要更换版本，请通过导出、导入迁移数据。`,
};

const pairStep: Text<Pair> = {
  en: (facts, reader) => stepOf(facts).en(facts, reader),
  zh: (facts, reader) => stepOf(facts).zh(facts, reader),
};

const stepOf = ({ reason }: Pair): Text<Pair> => {
  const known = pairReasons[reason];
  return 'nextStep' in known ? known.nextStep : sameVersion;
};

/** The commands are named once for faults that follow each other. */
function faultWords(faults: readonly FaultInUse[], reader: Reader): string {
  const words = faults.map(({ used, text }, index) => {
    const named = usedWords(used, reader);
    const before = index === 0 ? '' : usedWords(faults[index - 1]!.used, reader);
    return `${named === before ? '' : named}${text[reader.language]}`;
  });
  return words.join({ en: ' ', zh: '' }[reader.language]);
}

const unique = (lines: readonly string[]): readonly string[] => [...new Set(lines)];

export const versionFindings = {
  version_pair_refused: row<Pair>({
    severity: 'error',
    meaning: plain(
      'A node of this version cannot become a slave of a master of that version.',
      '该版本的节点不能成为那个版本主节点的从节点。',
    ),
    text: pair,
    nextStep: pairStep,
  }),
  version_pair_flawed: row<Pair>({
    severity: 'warning',
    meaning: plain(
      'The two versions replicate with each other, but not every command arrives as it was.',
      '两个版本可以互相复制，但并非每条命令都能原样到达。',
    ),
    text: pair,
    nextStep: pairStep,
  }),
  version_pair_untried: row<Pair>({
    severity: 'warning',
    meaning: plain('Nothing is known of this pair of versions.', '这对版本的情况未知。'),
    text: pair,
    nextStep: pairStep,
  }),
  version_has_bug: row<OneAtATime & { upgrade: UpgradeAdvice }>({
    severity: 'info',
    meaning: plain(
      'On this version a second dump on the master spoils the full sync that is under way (upstream issue 2742), so full syncs run one at a time.',
      '在该版本上，主节点的第二次快照会破坏正在进行的全量同步（上游 issue 2742），因此全量同步逐个进行。',
    ),
    text: oneAtATime,
    nextStep: {
      en: ({ upgrade }, reader) => `${keepAway.en({}, reader)} ${upgradeAdvice[upgrade].en({}, reader)}`,
      zh: ({ upgrade }, reader) => `${keepAway.zh({}, reader)}${upgradeAdvice[upgrade].zh({}, reader)}`,
    },
  }),
  version_one_at_a_time: row<OneAtATime & { keepDumpsAway: boolean }>({
    severity: 'info',
    meaning: plain(
      'On this version full syncs of one master run one at a time.',
      '在该版本上，同一主节点的全量同步逐个进行。',
    ),
    text: oneAtATime,
    nextStep: {
      en: ({ keepDumpsAway }, reader) => (keepDumpsAway ? keepAway : nothingToDo).en({}, reader),
      zh: ({ keepDumpsAway }, reader) => (keepDumpsAway ? keepAway : nothingToDo).zh({}, reader),
    },
  }),
  version_cannot_be_proven: row<{ version: string; why: VersionReason }>({
    severity: 'error',
    meaning: plain(
      'On this version the service cannot prove a full sync, so it would never say `verified`.',
      '在该版本上无法证明全量同步完成，本服务永远不会给出 `verified`。',
    ),
    text: {
      en: ({ node, master, version, why }, reader) =>
        `The service cannot prove a full sync of ${node === '' ? `the master ${master}` : node}: ${lowerFirst(versionReason({ version, maxConcurrentFullSyncs: 1 }, why, reader))}`,
      zh: ({ node, master, version, why }, reader) =>
        `无法证明${node === '' ? `主节点 ${master}` : ` ${node} `}的全量同步：${versionReason({ version, maxConcurrentFullSyncs: 1 }, why, reader)}`,
    },
    nextStep: plain(
      'Check that the server is a Pika of 3.3.6 or later, and that the service may read INFO. Upgrade an older Pika first.',
      '请确认该服务器是 3.3.6 或更新的 Pika，且本服务可以读取 INFO。更旧的 Pika 请先升级。',
    ),
  }),
  known_faults: row<{ version: string; faults: readonly FaultInUse[] }>({
    severity: 'warning',
    meaning: plain(
      'The release of the master has known faults of replication, and its clients use the commands that meet them.',
      '主节点的版本在复制方面有已知缺陷，而它的客户端正在使用会触发这些缺陷的命令。',
    ),
    text: {
      en: ({ master, version, faults }, reader) =>
        `${master} runs ${version}, which has known faults of replication. ${faultWords(faults, reader)}`,
      zh: ({ master, version, faults }, reader) =>
        `${master} 的版本 ${version} 在复制方面有已知缺陷。${faultWords(faults, reader)}`,
    },
    nextStep: {
      en: ({ faults }) => unique(faults.map(({ instead }) => instead.en)).join(' '),
      zh: ({ faults }) => unique(faults.map(({ instead }) => instead.zh)).join(''),
    },
  }),
  build_unknown: row<{ version: string; gitSha: string }>({
    severity: 'info',
    meaning: plain(
      'The service does not know the git sha of the build, so the build may behave otherwise than the release that it names.',
      '本服务不认识该构建的 git sha，其行为可能与它所称的发行版不同。',
    ),
    text: {
      en: ({ node, master, version, gitSha }) =>
        `${node === '' ? `The master ${master}` : node} is a build that the service does not know (pika_git_sha ${gitSha}). The service takes it for ${version}.`,
      zh: ({ node, master, version, gitSha }) =>
        `${node === '' ? `主节点 ${master}` : node} 是本服务不认识的构建（pika_git_sha ${gitSha}），按 ${version} 处理。`,
    },
    nextStep: plain(
      'Nothing to do if you know this build. It may lack or hold changes of other releases.',
      '若您了解该构建，无需操作。它可能缺少或包含其他发行版的改动。',
    ),
  }),
  streams_not_transferred: row<{ version: string }>({
    severity: 'info',
    meaning: plain(
      'A full sync of 3.5.3 to 3.5.5 carries every type but streams: streams that the master holds will be missing on the node, and the comparison of the data will say so.',
      '3.5.3 至 3.5.5 的全量同步会带上除 stream 之外的所有类型：主节点上的 stream 在节点上会缺失，数据比对会指出这一点。',
    ),
    text: {
      en: ({ master, version }) =>
        `${master} runs ${version}, whose full sync leaves streams out. If it holds any, they will be missing on the nodes, and the service will verify no node.`,
      zh: ({ master, version }) =>
        `${master} 的版本是 ${version}，其全量同步不包含 stream。若有 stream，各节点上会缺失，任何节点都无法通过校验。`,
    },
    nextStep: plain(
      'Nothing to do if no streams are used. Otherwise copy them by other means.',
      '若没有使用 stream，无需操作；否则请用其他方式复制。',
    ),
  }),
  batch_size_reduced: row<{ asked: number; allowed: number; by: string; version: string }>({
    severity: 'warning',
    meaning: plain(
      'The request asks for more nodes together than the versions allow.',
      '请求的同时添加数超过了版本允许的数量。',
    ),
    text: {
      en: ({ asked, allowed, by, version }) =>
        `The request asks for ${asked} nodes together. ${by} runs ${version}, which allows ${allowed}.`,
      zh: ({ asked, allowed, by, version }) =>
        `请求同时添加 ${asked} 个节点；${by} 的版本是 ${version}，只允许 ${allowed} 个。`,
    },
    nextStep: plain(
      'Nothing to do. The service uses the smaller number.',
      '无需操作，本服务会采用较小的数。',
    ),
  }),
};

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
