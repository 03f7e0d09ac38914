import { type ChannelKind, channelKinds, type Topic, topics } from '../../model/channel.ts';
import { type Language, languages } from '../../model/text.ts';
import type { ChannelTest, ChannelView, IncidentView, NewChannel } from '../../model/views/channel.ts';
import type { Page } from '../../model/views/schema.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { parseDuration } from '../quantities.ts';
import type { Session } from '../session.ts';
import { readText } from '../settings.ts';

export interface ChannelOptions {
  readonly name?: string;
  readonly kind?: string;
  readonly address?: string;
  readonly addressFile?: string;
  readonly secretFile?: string;
  readonly user?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly topics?: readonly string[];
  readonly masters?: readonly string[];
  readonly messages?: string;
  readonly repeat?: string;
  readonly quiet?: readonly string[];
  readonly breakThrough?: readonly string[];
}

export async function addChannel(session: Session, options: ChannelOptions): Promise<ExitCode> {
  const { name, kind } = options;
  if (!name?.trim()) throw new UsageError(({ channels }) => channels.needsName);
  if (!channelKinds.includes(kind as ChannelKind))
    throw new UsageError(({ channels }) => channels.needsKind(channelKinds.join(', ')));
  const settings = settingsOf(options, session);
  if (!settings.url) throw new UsageError(({ channels: words }) => words.needsAddress);
  const made = await session.client.post<NewChannel>('/v1/channels', { kind, ...settings });
  const words = session.context.words.channels;
  session.print(made, () => [
    words.made(made.id, printable(made.name)),
    ...(made.secret === null ? [] : [words.secret, made.secret]),
  ]);
  return exitCodes.succeeded;
}

/** Changes what is given, and leaves the rest. */
export async function changeChannel(
  session: Session,
  id: string,
  options: ChannelOptions,
): Promise<ExitCode> {
  const settings = settingsOf(options, session);
  if (Object.keys(settings).length === 0) throw new UsageError(({ channels }) => channels.needsChange);
  const changed = await session.client.patch<ChannelView>(channelPath(id), settings);
  session.print(changed, () => [session.context.words.channels.changed(id, printable(changed.name))]);
  return exitCodes.succeeded;
}

export async function listChannels(session: Session): Promise<ExitCode> {
  const page = await session.client.get<Page<ChannelView>>('/v1/channels');
  const words = session.context.words.channels;
  session.print(page, () => {
    if (page.items.length === 0) return [words.none];
    const rows = page.items.map((channel) => [
      channel.id,
      printable(channel.name),
      channel.kind,
      printable(channel.url),
      channel.topics.length === 0 ? words.all : channel.topics.join(','),
      quietText(channel),
      printable(lastText(channel, words)),
    ]);
    const { id, name, kind, to, topics: of, quiet, last } = words.columns;
    return table([[id, name, kind, to, of, quiet, last], ...rows]);
  });
  return exitCodes.succeeded;
}

export async function testChannel(session: Session, id: string): Promise<ExitCode> {
  const result = await session.client.post<ChannelTest>(`${channelPath(id)}/test`, {});
  const words = session.context.words.channels;
  session.print(result, () => [
    result.delivered ? words.tested(id) : words.notTested(id, printable(result.error ?? '')),
  ]);
  return result.delivered ? exitCodes.succeeded : exitCodes.failed;
}

export async function removeChannel(session: Session, id: string): Promise<ExitCode> {
  await session.client.delete(channelPath(id));
  session.print({ id, removed: true }, () => [session.context.words.channels.removed(id)]);
  return exitCodes.succeeded;
}

export async function listIncidents(session: Session, all: boolean): Promise<ExitCode> {
  const query = { limit: 200, ...(all ? {} : { open: 'true' }) };
  const page = await session.client.get<Page<IncidentView>>('/v1/incidents', query);
  const words = session.context.words.channels;
  session.print(page, () => {
    if (page.items.length === 0) return [words.noIncident];
    return page.items.flatMap((incident) => [
      `${incident.id}  ${words.since(printable(incident.title), formatTime(incident.openedAt))}${stateText(incident, words)}`,
      ...incident.problems.map(({ text }) => `  - ${printable(text)}`),
      ...(incident.moreProblems === 0 ? [] : [`  - ${words.more(incident.moreProblems)}`]),
    ]);
  });
  return exitCodes.succeeded;
}

export async function acknowledge(
  session: Session,
  id: string,
  reason: string | undefined,
): Promise<ExitCode> {
  const path = `/v1/incidents/${encodeURIComponent(id)}/acknowledge`;
  const incident = await session.client.post<IncidentView>(path, reason === undefined ? {} : { reason });
  const words = session.context.words.channels;
  session.print(incident, () => [
    incident.endedAt === null ? words.acknowledged(id) : words.acknowledgedAndOver(id),
  ]);
  return exitCodes.succeeded;
}

/** What the options say, as the API takes it; what is not given is left out. */
function settingsOf(options: ChannelOptions, session: Session) {
  const { name, address, addressFile, secretFile, user, from, to, messages, repeat } = options;
  if (messages !== undefined && !languages.includes(messages as Language))
    throw new UsageError(({ flags }) => flags.give('--messages', printable(messages), languages));
  const url = address ?? (addressFile && secretIn(addressFile, 'address', session));
  const secret = secretFile && secretIn(secretFile, 'secret', session);
  const only = topicsOf(allOf(options.topics), '--topics');
  const masters = allOf(options.masters);
  const quiet = quietOf(options);
  return {
    ...(name !== undefined && { name }),
    ...(url && { url }),
    ...(secret && { secret }),
    ...(user !== undefined && { user }),
    ...(from !== undefined && { from }),
    ...(to && { to }),
    ...(only && { topics: only }),
    ...(masters && { masters }),
    ...(messages !== undefined && { language: messages }),
    ...(repeat !== undefined && { repeatMinutes: repeatOf(repeat) }),
    ...(quiet !== undefined && { quiet }),
  };
}

/** `all` is an empty list to the API. */
const allOf = (given: readonly string[] | undefined): readonly string[] | undefined =>
  given?.join() === 'all' ? [] : given;

type Words = Session['context']['words']['channels'];

function quietText({ quiet }: ChannelView): string {
  return quiet === null ? '-' : `${quiet.from}-${quiet.to} ${printable(quiet.timeZone)}`;
}

function lastText({ last }: ChannelView, words: Words): string {
  if (last === null) return words.noMessage;
  if (last.state === 'delivered') return words.delivered(formatTime(last.endedAt ?? last.createdAt));
  if (last.state === 'failed') return words.givenUp(last.error ?? '');
  return last.error === null ? words.onItsWay : words.attempt(last.attempts, last.error);
}

function stateText({ acknowledged, endedAt }: IncidentView, words: Words): string {
  if (endedAt !== null) return words.over(formatTime(endedAt));
  return acknowledged === null ? '' : words.acknowledgedBy(printable(acknowledged.by));
}

/** What a file holds, so that it is not seen in the process list. */
const secretIn = (path: string, what: 'address' | 'secret', { context }: Session): string =>
  readText(path, what, context).trim();

function topicsOf(given: readonly string[] | undefined, flag: string): readonly string[] | undefined {
  const unknown = given?.find((topic) => !topics.includes(topic as Topic));
  if (unknown === undefined) return given;
  throw new UsageError(({ channels }) => channels.noTopic(flag, printable(unknown), topics.join(', ')));
}

function repeatOf(text: string): number | null {
  if (text === 'never') return null;
  const ms = parseDuration(text);
  if (ms === null)
    throw new UsageError(({ flags, channels }) =>
      flags.give('--repeat', printable(text), [flags.duration, channels.never]),
    );
  return Math.ceil(ms / 60_000);
}

function quietOf({ quiet, breakThrough }: ChannelOptions): object | null | undefined {
  if (quiet === undefined) return undefined;
  if (quiet.join() === 'never') return null;
  const given = quiet.join(' ');
  const [, from, to, timeZone] = /^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$/.exec(given) ?? [];
  if (from === undefined)
    throw new UsageError(({ flags }) => flags.form('--quiet', printable(given), '22:00-08:00 Asia/Shanghai'));
  const through = topicsOf(breakThrough, '--break-through');
  return { from, to, timeZone, ...(through && { breakThrough: through }) };
}

const channelPath = (id: string): string => `/v1/channels/${encodeURIComponent(id)}`;
