import { campaignHasEnded } from '../../model/campaign.ts';
import { stateWord } from '../../model/state-words.ts';
import type { CampaignPlan, CampaignSummary, CampaignView, MemberView } from '../../model/views/campaign.ts';
import { cutTo, formatDuration, formatTime, printable, table } from '../format.ts';
import type { Style } from '../style.ts';
import { renderFindings } from './findings.ts';

/** One line that says how far a campaign is. */
export function campaignHeadline(campaign: CampaignSummary, style: Style): string {
  const { progress, label, id } = campaign;
  return style.words.campaigns.headline({
    id: style.bold(id),
    label: label === null ? null : printable(label),
    succeeded: progress.byState.succeeded,
    members: progress.members,
    verified: progress.nodesVerified,
    nodes: progress.nodes,
    state: stateText(campaign, style),
  });
}

function stateText({ state, needsPerson }: CampaignSummary, style: Style): string {
  const word = stateWord(state, style.reader);
  if (state === 'succeeded') return style.green(word);
  if (campaignHasEnded(state) || state === 'stopping') return style.red(word);
  return needsPerson || state === 'halted' ? style.yellow(word) : style.cyan(word);
}

const barWidth = 30;

/** A bar of the nodes that are verified, and how long the others will take. */
export function campaignBar(
  { progress, remainingSeconds, state }: CampaignSummary,
  { words }: Style,
): string {
  const { waiting, starting, running } = progress.byState;
  const share = progress.nodesVerified / progress.nodes;
  const full = Math.floor(share * barWidth);
  const left = remainingSeconds === null ? null : formatDuration(remainingSeconds);
  const rest = campaignHasEnded(state)
    ? ''
    : `  ${words.campaigns.atWork({ atWork: running + starting, waiting, left })}`;
  return `  ${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${Math.floor(share * 100)} %${rest}`;
}

const marks: Readonly<Record<MemberView['state'], string>> = {
  waiting: '·',
  starting: '▸',
  running: '▸',
  succeeded: '✔',
  failed: '✖',
  refused: '✖',
  cancelled: '-',
  not_begun: '-',
};

const isBad = ({ state, expansionState }: MemberView): boolean =>
  state === 'failed' || state === 'refused' || (state === 'running' && expansionState === 'halted');

/** A table of members; `columns` bounds each line. */
export function memberLines(
  members: readonly MemberView[],
  style: Style,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const words = style.words.campaigns;
  const rows = members.map((member) => [
    `  ${marks[member.state]} ${member.index + 1}`,
    words.groups[member.group],
    member.master,
    stateWord(member.state, style.reader),
    `${member.nodesVerified}/${member.nodes.length}`,
    leftText(member),
    member.expansionId ?? '',
    whyText(member, style),
  ]);
  const header = ['    #', ...Object.values(words.memberColumns), ''];
  const [first = '', ...lines] = table([header, ...rows]).map((line) => cutTo(line, columns));
  return [style.dim(first), ...lines.map((line, index) => colour(members[index]!, line, style))];
}

function leftText({ state, remainingSeconds }: MemberView): string {
  if (state !== 'waiting' && state !== 'starting' && state !== 'running') return '';
  return remainingSeconds === null ? '?' : formatDuration(remainingSeconds);
}

function whyText(member: MemberView, { reader }: Style): string {
  const { reason, expansionState, state } = member;
  if (state === 'running' && expansionState !== null && expansionState !== 'running')
    return printable(`${stateWord(expansionState, reader)}${reason === null ? '' : `: ${reason.text}`}`);
  return isBad(member) || state === 'cancelled' ? printable(reason?.text ?? '') : '';
}

function colour(member: MemberView, line: string, style: Style): string {
  if (isBad(member)) return style.red(line);
  if (member.state === 'succeeded') return style.green(line);
  return member.state === 'running' || member.state === 'starting' ? style.cyan(line) : style.dim(line);
}

/** What `show` prints, and what stands at the end of watching. */
export function renderCampaign(campaign: CampaignView, style: Style): string[] {
  const { settings, stateReason, requestedBy, acceptedAt, startedAt, endedAt } = campaign;
  const words = style.words.campaigns;
  const took = endedAt === null ? null : formatDuration((endedAt - (startedAt ?? acceptedAt)) / 1000);
  return [
    campaignHeadline(campaign, style),
    ...(stateReason === null ? [] : [`  ${printable(stateReason.text)}`]),
    campaignBar(campaign, style),
    `  ${words.askedBy({ by: printable(requestedBy), at: formatTime(acceptedAt), took })}`,
    `  ${words.settings({
      maxRunning: settings.maxRunning,
      stopAfter: settings.stopAfterFailures,
      approval: settings.canaryApproval,
    })}`,
    '',
    ...memberLines(campaign.members, style),
    ...campaign.members
      .filter(({ problem }) => problem !== null)
      .flatMap((member) => problemLines(member, style)),
  ];
}

function problemLines({ index, master, problem }: MemberView, style: Style): string[] {
  if (problem === null) return [];
  return [
    '',
    `${style.red(`${style.words.campaigns.member(index + 1, master)}: ${printable(problem.text)}`)} ${style.dim(`[${problem.code}]`)}`,
    ...problem.nextSteps.map((step) => `  → ${printable(step)}`),
  ];
}

/** The commands that help where the campaign stands. */
export function nextCampaignCommands(campaign: CampaignView, { words, reader }: Style): string[] {
  const { id, state } = campaign;
  const control = (verb: string) => `  pika-expander campaign ${verb} ${id} --reason "…"`;
  if (state === 'awaiting_approval') return [words.campaigns.approval, control('approve')];
  if (state === 'paused') return [words.campaigns.paused, control('resume')];
  const stuck = campaign.members.find(
    ({ state: own, expansionState }) =>
      own === 'running' && (expansionState === 'halted' || (campaign.needsPerson && expansionState !== null)),
  );
  if (campaignHasEnded(state) || stuck === undefined) return [];
  return [
    words.campaigns.needsPerson(stuck.expansionId ?? '', stateWord(stuck.expansionState ?? '', reader)),
    `  pika-expander show ${stuck.expansionId}`,
    control('cancel'),
  ];
}

/** What a campaign would do, member by member. */
export function renderCampaignPlan(plan: CampaignPlan, style: Style): string[] {
  const { members, settings } = plan;
  const words = style.words.campaigns;
  const canaries = members.filter(({ group }) => group === 'canary').length;
  const total = plan.forecastSeconds === null ? null : formatDuration(plan.forecastSeconds);
  const rows = members.map(({ index, group, master, nodes, batches, forecast, acceptable, waitsFor }) => [
    `  ${index + 1}`,
    words.groups[group],
    master,
    nodes.length <= 3 ? words.nodes(nodes, 0) : words.nodes(nodes.slice(0, 2), nodes.length - 2),
    String(batches.length),
    forecast?.secondsTotal ? formatDuration(forecast.secondsTotal.expected) : '?',
    acceptable ? (waitsFor === null ? '' : words.waitsFor(waitsFor)) : words.memberRefused,
  ]);
  return [
    style.bold(words.planTitle(members.length)),
    `  ${words.planSettings({
      canaries,
      approval: settings.canaryApproval,
      maxRunning: settings.maxRunning,
      stopAfter: settings.stopAfterFailures,
    })}`,
    `  ${words.forecast(total)}`,
    '',
    ...table([['  #', ...Object.values(words.planColumns), ''], ...rows]),
    ...members
      .filter(({ findings }) => findings.length > 0)
      .flatMap((member) => memberFindings(member, style)),
    '',
    plan.acceptable ? style.green(words.canStart) : style.red(words.refused),
  ];
}

type MemberPlan = CampaignPlan['members'][number];

/** Errors and warnings; notes only where there is nothing else to say would be too much for many members. */
function memberFindings({ index, master, findings }: MemberPlan, style: Style): string[] {
  const telling = findings.filter(({ severity }) => severity !== 'info');
  if (telling.length === 0) return [];
  return ['', style.bold(style.words.campaigns.member(index + 1, master)), ...renderFindings(telling, style)];
}
