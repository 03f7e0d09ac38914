import { campaignHasEnded } from '../../model/campaign.ts';
import type { CampaignPlan, CampaignSummary, CampaignView, MemberView } from '../../model/views/campaign.ts';
import { cutTo, formatDuration, formatTime, printable, table } from '../format.ts';
import { type Style, words } from '../style.ts';
import { renderFindings } from './findings.ts';

/** One line that says how far a campaign is. */
export function campaignHeadline(campaign: CampaignSummary, style: Style): string {
  const { progress, label, id } = campaign;
  const name = label === null ? '' : `  ${printable(label)}`;
  return `${style.bold(id)}${name}: ${progress.byState.succeeded} of ${progress.members} members succeeded, ${progress.nodesVerified} of ${progress.nodes} nodes verified, ${stateText(campaign, style)}`;
}

function stateText({ state, needsPerson }: CampaignSummary, style: Style): string {
  if (state === 'succeeded') return style.green('succeeded');
  if (campaignHasEnded(state) || state === 'stopping') return style.red(words(state));
  return needsPerson || state === 'halted' ? style.yellow(words(state)) : style.cyan(words(state));
}

const barWidth = 30;

/** A bar of the nodes that are verified, and how long the others will take. */
export function campaignBar({ progress, remainingSeconds, state }: CampaignSummary): string {
  const { waiting, starting, running } = progress.byState;
  const share = progress.nodesVerified / progress.nodes;
  const full = Math.floor(share * barWidth);
  const left =
    remainingSeconds === null ? 'remaining time unknown' : `about ${formatDuration(remainingSeconds)} left`;
  const rest = campaignHasEnded(state) ? '' : `  ${running + starting} at work, ${waiting} waiting, ${left}`;
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
  const rows = members.map((member) => [
    `  ${marks[member.state]} ${member.index + 1}`,
    member.group,
    member.master,
    words(member.state),
    `${member.nodesVerified}/${member.nodes.length}`,
    leftText(member),
    member.expansionId ?? '',
    whyText(member),
  ]);
  const header = ['    #', 'GROUP', 'MASTER', 'STATE', 'NODES', 'LEFT', 'EXPANSION', ''];
  const [first = '', ...lines] = table([header, ...rows]).map((line) => cutTo(line, columns));
  return [style.dim(first), ...lines.map((line, index) => colour(members[index]!, line, style))];
}

function leftText({ state, remainingSeconds }: MemberView): string {
  if (state !== 'waiting' && state !== 'starting' && state !== 'running') return '';
  return remainingSeconds === null ? '?' : formatDuration(remainingSeconds);
}

function whyText(member: MemberView): string {
  const { reason, expansionState, state } = member;
  if (state === 'running' && expansionState !== null && expansionState !== 'running')
    return printable(`${words(expansionState)}${reason === null ? '' : `: ${reason.text}`}`);
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
  const took =
    endedAt === null ? '' : `; took ${formatDuration((endedAt - (startedAt ?? acceptedAt)) / 1000)}`;
  return [
    campaignHeadline(campaign, style),
    ...(stateReason === null ? [] : [`  ${printable(stateReason.text)}`]),
    campaignBar(campaign),
    `  Asked by ${printable(requestedBy)} at ${formatTime(acceptedAt)}${took}`,
    `  At most ${settings.maxRunning} at a time; stops after ${settings.stopAfterFailures} failed${settings.canaryApproval ? '; the rest needs an approval' : ''}`,
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
    `${style.red(`Member ${index + 1} (${master}): ${printable(problem.text)}`)} ${style.dim(`[${problem.code}]`)}`,
    ...problem.nextSteps.map((step) => `  → ${printable(step)}`),
  ];
}

/** The commands that help where the campaign stands. */
export function nextCampaignCommands(campaign: CampaignView): string[] {
  const { id, state } = campaign;
  const control = (verb: string) => `  pika-expander campaign ${verb} ${id} --reason "…"`;
  if (state === 'awaiting_approval') return ['The rest waits for approval:', control('approve')];
  if (state === 'paused') return ['It is paused. To go on:', control('resume')];
  const stuck = campaign.members.find(
    ({ state: own, expansionState }) =>
      own === 'running' && (expansionState === 'halted' || (campaign.needsPerson && expansionState !== null)),
  );
  if (campaignHasEnded(state) || stuck === undefined) return [];
  return [
    `Expansion ${stuck.expansionId} waits for a person (${words(stuck.expansionState ?? '')}):`,
    `  pika-expander show ${stuck.expansionId}`,
    control('cancel'),
  ];
}

/** What a campaign would do, member by member. */
export function renderCampaignPlan(plan: CampaignPlan, style: Style): string[] {
  const { members, settings } = plan;
  const canaries = members.filter(({ group }) => group === 'canary').length;
  const total =
    plan.forecastSeconds === null
      ? 'unknown'
      : `about ${formatDuration(plan.forecastSeconds)}, if nothing fails`;
  const rows = members.map(({ index, group, master, nodes, batches, forecast, acceptable, waitsFor }) => [
    `  ${index + 1}`,
    group,
    master,
    nodes.length <= 3 ? nodes.join(', ') : `${nodes.slice(0, 2).join(', ')} and ${nodes.length - 2} more`,
    String(batches.length),
    forecast?.secondsTotal ? formatDuration(forecast.secondsTotal.expected) : '?',
    acceptable ? (waitsFor === null ? '' : `waits for ${waitsFor}`) : 'refused',
  ]);
  return [
    style.bold(`Campaign of ${members.length} ${members.length === 1 ? 'expansion' : 'expansions'}`),
    `  ${canaries === 0 ? 'No canaries' : `First ${canaries === 1 ? 'one canary' : `${canaries} canaries`}, then${settings.canaryApproval ? ' (once approved)' : ''} the rest`}; at most ${settings.maxRunning} at a time; stops after ${settings.stopAfterFailures} failed`,
    `  Forecast: ${total}`,
    '',
    ...table([['  #', 'GROUP', 'MASTER', 'NODES', 'BATCHES', 'FORECAST', ''], ...rows]),
    ...members
      .filter(({ findings }) => findings.length > 0)
      .flatMap((member) => memberFindings(member, style)),
    '',
    plan.acceptable
      ? style.green('This campaign can be started.')
      : style.red('This campaign is refused: see the errors above. Nothing was changed.'),
  ];
}

type MemberPlan = CampaignPlan['members'][number];

/** Errors and warnings; notes only where there is nothing else to say would be too much for many members. */
function memberFindings({ index, master, findings }: MemberPlan, style: Style): string[] {
  const telling = findings.filter(({ severity }) => severity !== 'info');
  if (telling.length === 0) return [];
  return ['', style.bold(`Member ${index + 1} (${master})`), ...renderFindings(telling, style)];
}
