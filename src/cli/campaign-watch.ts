import { campaignHasEnded } from '../model/campaign.ts';
import type { CampaignView } from '../model/views/campaign.ts';
import type { StoredEvent } from '../model/views/event.ts';
import { storedEventOf } from './client.ts';
import type { CliContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { cutTo, displayWidth, formatClock, printable } from './format.ts';
import {
  campaignBar,
  campaignHeadline,
  memberLines,
  nextCampaignCommands,
  renderCampaign,
} from './render/campaign.ts';
import { eventLine } from './render/expansion.ts';
import type { Session } from './session.ts';
import { type Style, styleFor } from './style.ts';
import { writeJsonLine } from './view.ts';

export const campaignPath = (id: string): string => `/v1/campaigns/${encodeURIComponent(id)}`;

/** How a running campaign is shown. */
interface CampaignScreen {
  event(event: StoredEvent): void;
  change(campaign: CampaignView): void;
  /** The trouble with the connection; null = it is there. */
  connection(lost: string | null): void;
  /** Leaves nothing that moves; nothing is shown afterwards. */
  close(): void;
}

export interface WatchCampaignOptions {
  readonly afterSeq: number;
  /** Go on while it waits for a person. */
  readonly waitForPerson: boolean;
}

/** Shows a campaign until it is over, then its summary; returns the exit code. Ctrl-C ends only the watching. */
export async function watchCampaign(
  session: Session,
  id: string,
  options: WatchCampaignOptions,
): Promise<ExitCode> {
  const { context, client } = session;
  const interrupted = new AbortController();
  const undo = context.onInterrupt(() => interrupted.abort());
  const screen = await screenFor(session);
  try {
    let campaign = await client.get<CampaignView>(campaignPath(id));
    screen.change(campaign);
    let lastSeq = options.afterSeq;
    const take = (event: StoredEvent) => {
      if (event.seq <= lastSeq) return;
      lastSeq = event.seq;
      screen.event(event);
    };
    const messages = client.stream(`${campaignPath(id)}/events`, {
      after: lastSeq,
      signal: interrupted.signal,
      onConnection: (lost) => screen.connection(lost),
    });
    for await (const message of messages) {
      const event = storedEventOf(message);
      if (event) take(event);
      if (message.event !== 'progress') continue;
      campaign = JSON.parse(message.data) as CampaignView;
      screen.change(campaign);
      if (isOver(campaign, options.waitForPerson)) break;
    }
    if (interrupted.signal.aborted) return sayDetached(session, id, screen);
    const { signal } = interrupted;
    await readRest(session, id, () => lastSeq, take, signal);
    const ended = await client.getPatiently<CampaignView>(campaignPath(id), {}, signal);
    screen.close();
    return sayEnd(session, ended);
  } finally {
    screen.close();
    undo();
  }
}

function isOver(campaign: CampaignView, waitForPerson: boolean): boolean {
  if (campaignHasEnded(campaign.state)) return true;
  // A control that was just given takes effect with the next turn.
  return !waitForPerson && campaign.needsPerson && campaign.pendingControls.length === 0;
}

/** 0, 1 or 4 as the campaign stands. */
function campaignExitCode({ state }: Pick<CampaignView, 'state'>): ExitCode {
  if (state === 'succeeded') return exitCodes.succeeded;
  return campaignHasEnded(state) ? exitCodes.failed : exitCodes.needsPerson;
}

/** Events that the stream had not brought yet when the campaign was over. */
async function readRest(
  { client }: Session,
  id: string,
  lastSeq: () => number,
  take: (event: StoredEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const query = { after: lastSeq(), limit: 200 };
    const path = `${campaignPath(id)}/events`;
    const page = await client.getPatiently<{ items: StoredEvent[] }>(path, query, signal);
    if (page.items.length === 0) return;
    for (const event of page.items) take(event);
  }
}

function sayEnd({ context, options, style }: Session, campaign: CampaignView): ExitCode {
  const exitCode = campaignExitCode(campaign);
  const { id, state } = campaign;
  if (options.json) {
    writeJsonLine(context, { kind: 'end', campaignId: id, state, exitCode, campaign });
    return exitCode;
  }
  const lines = [
    '',
    ...renderCampaign(campaign, style),
    '',
    ...nextCampaignCommands(campaign, style),
    style.words.campaigns.report(id),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
  return exitCode;
}

function sayDetached({ context, options }: Session, id: string, screen: CampaignScreen): ExitCode {
  screen.close();
  if (options.json) {
    writeJsonLine(context, { kind: 'detached', campaignId: id, exitCode: exitCodes.detached });
    return exitCodes.detached;
  }
  const { campaigns } = context.words;
  context.stderr.write(
    [
      '',
      campaigns.stopped(id),
      `  ${campaigns.watchAgain(id)}`,
      `  ${campaigns.pauseIt(id)}`,
      `  ${campaigns.cancelIt(id)}`,
      '',
    ].join('\n'),
  );
  return exitCodes.detached;
}

async function screenFor({ context, options }: Session): Promise<CampaignScreen> {
  if (options.json) return jsonScreen(context);
  if (options.plain || !context.stdout.isTTY || context.env.TERM === 'dumb') return linesScreen(context);
  const { createLogUpdate } = await import('log-update');
  return new LiveScreen(context, createLogUpdate(context.stdout as NodeJS.WritableStream));
}

function jsonScreen(context: CliContext): CampaignScreen {
  return {
    event: (event) => writeJsonLine(context, { kind: 'event', event }),
    change: (campaign) => writeJsonLine(context, { kind: 'progress', campaignId: campaign.id, campaign }),
    connection: (lost) => writeJsonLine(context, { kind: 'connection', lost }),
    close: () => {},
  };
}

const progressLineIntervalMs = 10_000;

function linesScreen(context: CliContext): CampaignScreen {
  const style = styleFor(context);
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    event: (event) => context.stdout.write(`${eventLine(event, style)}\n`),
    change(campaign) {
      const now = context.now();
      if (now - saidAt < progressLineIntervalMs || campaignHasEnded(campaign.state)) return;
      saidAt = now;
      context.stdout.write(`${formatClock(now)}${campaignBar(campaign, style)}\n`);
    },
    connection(lost) {
      const { connectedAgain, noConnection } = context.words.expansion;
      const text = lost === null ? connectedAgain : noConnection(lost);
      context.stderr.write(`${formatClock(context.now())} ${printable(text)}\n`);
    },
    close: () => {},
  };
}

type LogUpdate = ReturnType<typeof import('log-update').createLogUpdate>;

const shownEvents = 5;
const plainLines = 6;

/** A picture that is redrawn in its place. */
class LiveScreen implements CampaignScreen {
  readonly #context: CliContext;
  readonly #style: Style;
  readonly #draw: LogUpdate;
  #campaign: CampaignView | null = null;
  #events: StoredEvent[] = [];
  #lost: string | null = null;
  #closed = false;

  constructor(context: CliContext, draw: LogUpdate) {
    this.#context = context;
    this.#style = styleFor(context);
    this.#draw = draw;
  }

  event(event: StoredEvent): void {
    this.#events = [...this.#events, event].slice(-shownEvents);
    this.#paint();
  }

  change(campaign: CampaignView): void {
    this.#campaign = campaign;
    this.#paint();
  }

  connection(lost: string | null): void {
    this.#lost = lost;
    this.#paint();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#draw.clear();
    this.#draw.done();
  }

  #paint(): void {
    if (this.#closed || this.#campaign === null) return;
    const { columns = 80, rows = 24 } = this.#context.stdout;
    this.#draw(frame(this.#campaign, this.#events, this.#lost, columns - 1, rows, this.#style).join('\n'));
  }
}

/** One picture, no larger than the terminal: where not all members fit, those at work and those in trouble come first. */
function frame(
  campaign: CampaignView,
  events: readonly StoredEvent[],
  lost: string | null,
  columns: number,
  rows: number,
  style: Style,
): string[] {
  const { campaigns, expansion } = style.words;
  const narrowed = (line: string) =>
    displayWidth(style.strip(line)) <= columns ? line : cutTo(style.strip(line), columns);
  const room = Math.max(1, rows - plainLines - events.length);
  const { members } = campaign;
  const chosen = new Set([...members].sort((a, b) => urgency(a) - urgency(b)).slice(0, room));
  const shown = members.filter((member) => chosen.has(member));
  return [
    narrowed(campaignHeadline(campaign, style)),
    ...(campaign.stateReason === null ? [] : [cutTo(`  ${printable(campaign.stateReason.text)}`, columns)]),
    cutTo(campaignBar(campaign, style), columns),
    ...memberLines(shown, style, columns),
    ...(shown.length < members.length
      ? [style.dim(`  ${campaigns.more(members.length - shown.length)}`)]
      : []),
    ...events.map((event) =>
      eventLine({ ...event, text: cutTo(printable(event.text), columns - 20) }, style),
    ),
    lost === null
      ? style.dim(cutTo(campaigns.stopWatching, columns))
      : style.yellow(cutTo(expansion.connectionLost(printable(lost)), columns)),
  ];
}

function urgency({ state }: CampaignView['members'][number]): number {
  if (state === 'failed' || state === 'refused') return 0;
  if (state === 'running' || state === 'starting') return 1;
  return state === 'waiting' ? 2 : 3;
}
