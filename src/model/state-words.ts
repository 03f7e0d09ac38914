/** States and phases as people say them. */
import type {
  CampaignState,
  ComparisonState,
  ExpansionState,
  guardStates,
  HoldState,
  JoinPhase,
  MemberState,
  PairPhase,
  ReplacementState,
} from './states.ts';
import type { Language, Reader } from './text.ts';

type State =
  | ExpansionState
  | JoinPhase
  | CampaignState
  | MemberState
  | ReplacementState
  | PairPhase
  | ComparisonState
  | HoldState
  | (typeof guardStates)[number]
  /** Of a rehearsal. */
  | 'unfinished';

/** English says a state as the code names it. */
const words: Readonly<Record<Language, Readonly<Partial<Record<State, string>>>>> = {
  en: {},
  zh: {
    pending: '等待开始',
    running: '进行中',
    paused: '已暂停',
    awaiting_approval: '等待批准',
    halted: '已停下',
    stopping: '正在停止',
    succeeded: '成功',
    failed: '失败',
    cancelled: '已取消',
    completed: '已完成',
    waiting: '等待',
    starting: '正在开始',
    refused: '被拒绝',
    not_begun: '未开始',
    preflight: '预检',
    attaching: '挂载',
    snapshotting: '生成快照',
    transferring: '传输',
    swapping: '切换数据',
    catching_up: '追赶增量',
    verifying: '校验',
    verified: '已校验',
    quarantined: '已隔离',
    skipped: '已跳过',
    held: '需要人工处理',
    adding: '添加新节点',
    withdrawing: '撤下',
    draining: '等待客户端离开',
    detaching: '断开',
    detached: '已断开',
    putting_back: '重新发布',
    done: '已完成',
    kept: '保留',
    watching: '值守中',
    safe: '安全',
    ended: '已结束',
    expired: '已到期',
    unfinished: '未结束',
  } satisfies Record<State, string>,
};

/** A state or a phase, in words. A state that this release does not know reads as it is stored. */
export const stateWord = (state: string, { language }: Reader): string =>
  words[language][state as State] ?? state.replaceAll('_', ' ');

/** The words for these states, for the labels of the dashboard. */
export const stateLabels = <S extends State>(
  states: readonly S[],
  language: Language,
): Readonly<Record<S, string>> =>
  Object.fromEntries(states.map((state) => [state, words[language][state]])) as Record<S, string>;

/** A member as texts name it. */
export interface NamedMember {
  readonly member: number;
  readonly master: string;
}

/** How people call a member: its place, counted from one, and its master. */
export const memberName = ({ member, master }: NamedMember, { language }: Reader): string =>
  ({ en: `member ${member + 1} (${master})`, zh: `成员 ${member + 1}（${master}）` })[language];
