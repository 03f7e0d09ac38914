import { randomUUID } from 'node:crypto';
import type { CampaignVerb } from '../../model/campaign.ts';
import type { CommandLineWords } from '../../model/command-line/index.ts';
import { stateWord } from '../../model/state-words.ts';
import type { CampaignPlan, CampaignSummary, CampaignView } from '../../model/views/campaign.ts';
import type { Page } from '../../model/views/schema.ts';
import { readCampaignFile } from '../campaign-file.ts';
import { campaignPath, watchCampaign } from '../campaign-watch.ts';
import type { CliContext } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { ask } from '../prompt.ts';
import { nextCampaignCommands, renderCampaign, renderCampaignPlan } from '../render/campaign.ts';
import type { Session } from '../session.ts';
import { writeJsonLine } from '../view.ts';
import { reasonOf } from './control.ts';

export interface StartCampaignOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly idempotencyKey?: string;
}

/** Every member is looked at before the service answers, some dozens at a time. */
const answerWithinMs = 180_000;
const unended = 'pending,running,paused,awaiting_approval,halted,stopping';

/** Plans, asks, starts and watches a campaign that is written in a file. */
export async function startCampaign(session: Session, options: StartCampaignOptions): Promise<ExitCode> {
  const { context, client } = session;
  const { json } = session.options;
  const { campaigns } = context.words;
  const request = readCampaignFile(options.file, context);
  if (options.dryRun !== true) checkCanAsk(session, options);
  if (options.dryRun === true || options.yes !== true) {
    const plan = await client.post<CampaignPlan>('/v1/campaigns?dryRun=true', request, answerWithinMs);
    if (options.dryRun === true) {
      session.print(plan, () => renderCampaignPlan(plan, session.style));
      return plan.acceptable ? exitCodes.succeeded : exitCodes.refused;
    }
    context.stdout.write(`${renderCampaignPlan(plan, session.style).join('\n')}\n\n`);
    if (!plan.acceptable) return exitCodes.refused;
    const answer = await ask(context, question(plan, context.words));
    if (answer !== 'yes') {
      context.stderr.write(`${context.words.expand.nothingStarted}\n`);
      return answer === 'no' ? exitCodes.failed : exitCodes.detached;
    }
  }
  const key = options.idempotencyKey ?? randomUUID();
  const campaign = await client.postOnce<CampaignView>('/v1/campaigns', request, key, answerWithinMs);
  const { id } = campaign;
  if (options.detach !== true) {
    if (json) writeJsonLine(context, { kind: 'accepted', campaignId: id, campaign });
    else context.stdout.write(`${campaigns.accepted(id)}\n`);
    return watchCampaign(session, id, { afterSeq: 0, waitForPerson: options.wait === true });
  }
  if (json) writeJsonLine(context, { kind: 'accepted', campaignId: id, campaign });
  else context.stdout.write(`${campaigns.accepted(id)}\n${campaigns.watchIt(id)}\n`);
  return exitCodes.succeeded;
}

function checkCanAsk({ options: { json }, context }: Session, { yes }: StartCampaignOptions): void {
  if (yes === true) return;
  const steps = [({ campaigns }: CommandLineWords): string => campaigns.addYesOrDryRun];
  if (json) throw new UsageError((words) => words.expand.cannotAskJson, steps);
  if (!context.stdin.isTTY) throw new UsageError((words) => words.expand.cannotAsk, steps);
}

function question({ members }: CampaignPlan, { campaigns }: CommandLineWords): string {
  const nodes = members.reduce((sum, member) => sum + member.nodes.length, 0);
  return campaigns.question(nodes, members.length);
}

export interface ListCampaignOptions {
  readonly state?: string;
  readonly search?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

export async function listCampaigns(session: Session, options: ListCampaignOptions): Promise<ExitCode> {
  const page = await session.client.get<Page<CampaignSummary>>('/v1/campaigns', { ...options });
  session.print(page, () => listLines(page, session.context));
  return exitCodes.succeeded;
}

function listLines(page: Page<CampaignSummary>, { words, reader }: CliContext): string[] {
  if (page.items.length === 0) return [words.campaigns.none];
  const rows = page.items.map(({ id, state, progress, acceptedAt, label, needsPerson }) => [
    id,
    `${stateWord(state, reader)}${needsPerson ? ' (!)' : ''}`,
    `${progress.byState.succeeded}/${progress.members}`,
    `${progress.nodesVerified}/${progress.nodes}`,
    formatTime(acceptedAt),
    printable(label ?? ''),
  ]);
  const lines = table([Object.values(words.campaigns.columns), ...rows]);
  return page.nextCursor === null ? lines : [...lines, words.lists.more(page.nextCursor)];
}

export async function showCampaign(session: Session, id: string | undefined): Promise<ExitCode> {
  const campaign = await session.client.get<CampaignView>(campaignPath(await idOrOnly(session, id)));
  session.print(campaign, () => [
    ...renderCampaign(campaign, session.style),
    '',
    ...nextCampaignCommands(campaign, session.style),
  ]);
  return exitCodes.succeeded;
}

export async function followCampaign(
  session: Session,
  id: string | undefined,
  options: { readonly after?: string; readonly wait?: boolean },
): Promise<ExitCode> {
  const { after = '0' } = options;
  if (!/^\d{1,15}$/.test(after)) throw new UsageError(({ lists }) => lists.notAnEvent(after));
  return watchCampaign(session, await idOrOnly(session, id), {
    afterSeq: Number(after),
    waitForPerson: options.wait === true,
  });
}

export interface SteerCampaignOptions {
  readonly reason?: string;
  readonly withMembers?: boolean;
  readonly follow?: boolean;
}

/** Asks for pause, resume, approve or cancel; a worker applies it with its next turn. */
export async function steerCampaign(
  session: Session,
  verb: CampaignVerb,
  id: string,
  options: SteerCampaignOptions,
): Promise<ExitCode> {
  const { withMembers, follow } = options;
  const reason = reasonOf(options);
  const body = { reason, ...(withMembers === true ? { cancelMembers: true } : {}) };
  const campaign = await session.client.post<CampaignView>(`${campaignPath(id)}/${verb}`, body);
  if (follow === true) {
    if (session.options.json)
      writeJsonLine(session.context, { kind: 'control', verb, campaignId: id, reason });
    return watchCampaign(session, id, { afterSeq: 0, waitForPerson: false });
  }
  const { campaigns } = session.context.words;
  session.print(campaign, () => [campaigns.controlled(verb, id), campaigns.watchIt(id)]);
  return exitCodes.succeeded;
}

/** Prints the report: Markdown, or JSON with --json. */
export async function reportCampaign(session: Session, id: string): Promise<ExitCode> {
  const path = `${campaignPath(id)}/report`;
  if (session.options.json) {
    session.print(await session.client.get<unknown>(path), () => []);
    return exitCodes.succeeded;
  }
  let text = '';
  for await (const piece of session.client.text(path, 'text/markdown')) text += piece;
  session.context.stdout.write(`${text.split('\n').map(printable).join('\n').trimEnd()}\n`);
  return exitCodes.succeeded;
}

/** The named campaign; else the only campaign that has not ended, or the last campaign. */
async function idOrOnly(session: Session, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const query = { state: unended, limit: 10 };
  const { items } = await session.client.get<Page<CampaignSummary>>('/v1/campaigns', query);
  if (items.length === 1) return items[0]!.id;
  if (items.length > 1)
    throw new UsageError(
      ({ campaigns }) => campaigns.several,
      items.map(
        ({ id: own, label, state }) =>
          ({ campaigns }) =>
            campaigns.one(
              own,
              label === null ? null : printable(label),
              stateWord(state, session.context.reader),
            ),
      ),
    );
  const last = await session.client.get<Page<CampaignSummary>>('/v1/campaigns', { limit: 1 });
  if (last.items[0] !== undefined) return last.items[0].id;
  throw new CliError(
    'no_campaign',
    ({ campaigns }) => campaigns.noneYet,
    [({ campaigns }) => campaigns.startOne],
    exitCodes.failed,
  );
}
