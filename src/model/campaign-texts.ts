/** What campaigns say: why they stand as they do, what happened, and what went wrong. */
import type { Problem } from './expansion.ts';
import { problemFor, problems } from './problems.ts';
import { readReason } from './reasons.ts';
import { memberName, type NamedMember, stateWord } from './state-words.ts';
import {
  counted,
  type Facts,
  type FactsArgument,
  type FactsOf,
  plain,
  type Reader,
  readSaid,
  type Said,
  saidBy,
  type Text,
  text,
} from './text.ts';

const atStart = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
const memberFirst = (member: NamedMember, reader: Reader): string => atStart(memberName(member, reader));

interface LostMember extends NamedMember {
  readonly state: string;
}
const lostEn: Readonly<Record<string, string>> = {
  refused: 'was refused',
  failed: 'has failed',
  cancelled: 'was cancelled',
};
const lostText = (lost: LostMember, reader: Reader): string =>
  ({
    en: `${memberName(lost, reader)} ${lostEn[lost.state] ?? stateWord(lost.state, reader)}`,
    zh: `${memberName(lost, reader)}${stateWord(lost.state, reader)}`,
  })[reader.language];
const lostTexts = (members: readonly LostMember[], reader: Reader): string =>
  members.map((each) => lostText(each, reader)).join({ en: '; ', zh: '；' }[reader.language]);

export interface Asked {
  readonly by: string;
  readonly reason: string;
}

/** Why no further member begins. */
export const stopReasons = {
  cancelled: text<Asked>({
    en: ({ by, reason }) => `cancelled by ${by}: ${reason}`,
    zh: ({ by, reason }) => `由 ${by} 取消：${reason}`,
  }),
  canary_failed: text<LostMember>({
    en: (lost, reader) => `the canary ${lostText(lost, reader)}`,
    zh: (lost, reader) => `金丝雀${lostText(lost, reader)}`,
  }),
  too_many_failures: text<{ readonly members: readonly LostMember[]; readonly most: number }>({
    en: ({ members, most }, reader) =>
      `${lostTexts(members, reader)} (the campaign stops after ${counted(most, 'failure')})`,
    zh: ({ members, most }, reader) => `${lostTexts(members, reader)}（失败 ${most} 个后停止）`,
  }),
};
export type StopReason = keyof typeof stopReasons;

const stopText = (stop: Said, reader: Reader): string => readSaid(stopReasons, stop, reader);

/** Why a campaign is in its state, or what holds it up. */
export const campaignReasons = {
  accepted: plain('Accepted; a worker will begin it.', '已受理，等待 worker 开始。'),
  succeeded: text<{ readonly members: number }>({
    en: ({ members }) => `${members} of ${members} members succeeded`,
    zh: ({ members }) => `${members} 个成员全部成功`,
  }),
  ended: text<{
    readonly members: number;
    readonly succeeded: number;
    readonly stop: Said | null;
    readonly lost: readonly LostMember[];
  }>({
    en: ({ members, succeeded, stop, lost }, reader) =>
      `${succeeded} of ${members} members succeeded; ${stop === null ? lostTexts(lost, reader) : stopText(stop, reader)}`,
    zh: ({ members, succeeded, stop, lost }, reader) =>
      `${members} 个成员中 ${succeeded} 个成功；${stop === null ? lostTexts(lost, reader) : stopText(stop, reader)}`,
  }),
  stopping: text<{ readonly stop: Said; readonly atWork: number; readonly cancelling: boolean }>({
    en: ({ stop, atWork, cancelling }, reader) =>
      `${stopText(stop, reader)}; no further member begins, ${counted(atWork, 'member')} at work ${
        cancelling ? 'being cancelled' : 'run to the end'
      }`,
    zh: ({ stop, atWork, cancelling }, reader) =>
      `${stopText(stop, reader)}；不再开始新的成员，进行中的 ${atWork} 个${cancelling ? '正在取消' : '继续到结束'}`,
  }),
  paused: text<Asked>({
    en: ({ by, reason }) => `paused by ${by}: ${reason}`,
    zh: ({ by, reason }) => `由 ${by} 暂停：${reason}`,
  }),
  halted: text<{ readonly members: readonly (NamedMember & { readonly expansionId: string | null })[] }>({
    en: ({ members }, reader) =>
      `halted until a person decides: ${members
        .map((each) => `${memberName(each, reader)}, expansion ${each.expansionId}`)
        .join('; ')}`,
    zh: ({ members }, reader) =>
      `已停下，等待人工处理：${members
        .map((each) => `${memberName(each, reader)}的扩容任务 ${each.expansionId}`)
        .join('；')}`,
  }),
  awaiting_approval: text<{ readonly waiting: number }>({
    en: ({ waiting }) =>
      `the canaries have succeeded; the rest (${counted(waiting, 'member')}) waits for approval`,
    zh: ({ waiting }) => `金丝雀已成功；其余 ${waiting} 个成员等待批准`,
  }),
  frozen: text<{ readonly reason: string | null }>({
    en: ({ reason }) =>
      `frozen: ${reason ?? 'no reason was given'}; no member begins until the freeze is lifted`,
    zh: ({ reason }) => `已冻结：${reason ?? '未说明原因'}；解除冻结前不会开始新的成员`,
  }),
};
export type CampaignReason = keyof typeof campaignReasons;

export const campaignReason = <C extends CampaignReason>(
  code: C,
  ...[facts]: FactsArgument<typeof campaignReasons, C>
): Said<C> => saidBy(campaignReasons, code, (facts ?? {}) as Facts);

export const stopReason = <C extends StopReason>(code: C, facts: FactsOf<typeof stopReasons, C>): Said<C> =>
  saidBy(stopReasons, code, facts as Facts);

/** What a member or an expansion says of itself: a text of another table, or one of an earlier release. */
type OfExpansion = Said | string | null;
const because = (reason: OfExpansion, reader: Reader): string => {
  if (reason === null) return '';
  const said = typeof reason === 'string' ? reason : readReason(reason, reader);
  return { en: `: ${said}`, zh: `：${said}` }[reader.language];
};

export interface Problematic extends NamedMember {
  readonly problem: Problem;
}
export interface EndedMember extends NamedMember {
  readonly stateReason: OfExpansion;
}
export interface StateEntered {
  readonly reason: Said | null;
}

const endedMember = (en: string, zh: string): Text<EndedMember> =>
  text({
    en: (facts, reader) => `${memberFirst(facts, reader)} ${en}${because(facts.stateReason, reader)}`,
    zh: (facts, reader) => `${memberName(facts, reader)}${zh}${because(facts.stateReason, reader)}`,
  });

const stateEntered: Text<StateEntered> = {
  en: ({ reason }, reader) =>
    reason === null ? 'Members begin in their order' : atStart(readSaid(campaignReasons, reason, reader)),
  zh: ({ reason }, reader) =>
    reason === null ? '成员按顺序开始' : readSaid(campaignReasons, reason, reader),
};

/** Events of campaigns by their type; the facts are the event's data. */
export const campaignEvents = {
  'campaign.accepted': text<{
    readonly requestedBy: string;
    readonly via: string;
    readonly members: readonly { readonly group: string }[];
  }>({
    en: ({ requestedBy, via, members }) =>
      `Accepted: ${counted(members.length, 'expansion')}, ${canaries(members)} of them ahead as canaries, asked for by ${requestedBy} (${via}).`,
    zh: ({ requestedBy, via, members }) =>
      `已受理：共 ${members.length} 个扩容任务，其中 ${canaries(members)} 个作为金丝雀先行，由 ${requestedBy}（${via}）发起。`,
  }),
  'campaign.member_started': text<NamedMember & { readonly expansionId: string }>({
    en: (facts, reader) => `${memberFirst(facts, reader)} begins as expansion ${facts.expansionId}`,
    zh: (facts, reader) => `${memberName(facts, reader)}开始，扩容任务为 ${facts.expansionId}`,
  }),
  'campaign.member_refused': text<Problematic>({
    en: (facts, reader) =>
      `${memberFirst(facts, reader)} was refused: ${problemFor(facts.problem, reader).text}`,
    zh: (facts, reader) => `${memberName(facts, reader)}被拒绝：${problemFor(facts.problem, reader).text}`,
  }),
  'campaign.member_delayed': text<Problematic>({
    en: (facts, reader) =>
      `${memberFirst(facts, reader)} could not begin yet. The service tries again. ${problemFor(facts.problem, reader).text}`,
    zh: (facts, reader) =>
      `${memberName(facts, reader)}暂时无法开始，服务会重试。${problemFor(facts.problem, reader).text}`,
  }),
  'campaign.member_halted': text<EndedMember>({
    en: (facts, reader) =>
      `${memberFirst(facts, reader)} is halted${because(facts.stateReason ?? 'a person must decide', reader)}`,
    zh: (facts, reader) =>
      `${memberName(facts, reader)}已停下${because(facts.stateReason ?? '需要人工处理', reader)}`,
  }),
  'campaign.member_succeeded': endedMember('succeeded', '成功'),
  'campaign.member_failed': text<EndedMember & { readonly gone: boolean; readonly expansionId: string }>({
    en: (facts, reader) =>
      facts.gone
        ? problems.expansion_gone.text.en(facts, reader)
        : `${memberFirst(facts, reader)} has failed${because(facts.stateReason, reader)}`,
    zh: (facts, reader) =>
      facts.gone
        ? problems.expansion_gone.text.zh(facts, reader)
        : `${memberName(facts, reader)}失败${because(facts.stateReason, reader)}`,
  }),
  'campaign.member_cancelled': endedMember('was cancelled', '已取消'),
  'campaign.canary_passed': text<{ readonly rest: number }>({
    en: ({ rest }) => `The canaries have succeeded; ${counted(rest, 'member')} follow`,
    zh: ({ rest }) => `金丝雀已成功，接下来还有 ${rest} 个成员`,
  }),
  'campaign.resumed': text<Asked>({
    en: ({ by, reason }) => `Resumed by ${by}: ${reason}`,
    zh: ({ by, reason }) => `由 ${by} 继续：${reason}`,
  }),
  'campaign.approved': text<Asked>({
    en: ({ by, reason }) => `${by} approved the rest: ${reason}`,
    zh: ({ by, reason }) => `${by} 批准了其余成员：${reason}`,
  }),
  'campaign.cancel_asked': text<Asked & { readonly cancelMembers: boolean }>({
    en: ({ by, reason, cancelMembers }) =>
      `${by} cancels the campaign${cancelMembers ? ' with the members that run' : '; members that run go on to their end'}: ${reason}`,
    zh: ({ by, reason, cancelMembers }) =>
      `${by} 取消了批量扩容${cancelMembers ? '，包括进行中的成员' : '；进行中的成员继续到结束'}：${reason}`,
  }),
  'campaign.pending': stateEntered,
  'campaign.running': stateEntered,
  'campaign.paused': stateEntered,
  'campaign.awaiting_approval': stateEntered,
  'campaign.halted': stateEntered,
  'campaign.stopping': stateEntered,
  'campaign.succeeded': stateEntered,
  'campaign.failed': stateEntered,
  'campaign.cancelled': stateEntered,
};
export type CampaignEventType = keyof typeof campaignEvents;
export type CampaignEventData<T extends CampaignEventType> = FactsOf<typeof campaignEvents, T>;

const canaries = (members: readonly { readonly group: string }[]): number =>
  members.filter(({ group }) => group === 'canary').length;
