import { type ChannelKind, channelKinds } from '../../model/channel.ts';
import { type Topic, topics } from '../../model/incident.ts';
import { type Language, languages } from '../../model/text.ts';
import type { ChannelTest, ChannelView, IncidentView, NewChannel } from '../../model/views/channel.ts';
import type { Page } from '../../model/views/schema.ts';
import { UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable, table } from '../format.ts';
import { parseDuration } from '../quantities.ts';
import type { Session } from '../session.ts';
import { readText } from '../settings.ts';

export interface AddChannelOptions {
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

export async function addChannel(session: Session, options: AddChannelOptions): Promise<ExitCode> {
  const { name, kind, user, from, to, masters, messages, repeat } = options;
  if (!name?.trim()) throw new UsageError('This needs a --name: what people call the channel.');
  if (!channelKinds.includes(kind as ChannelKind))
    throw new UsageError(`This needs a --kind: ${channelKinds.join(', ')}.`);
  if (messages !== undefined && !languages.includes(messages as Language))
    throw new UsageError(`--messages is "${printable(messages)}"; there are ${languages.join(', ')}.`);
  const { address, addressFile, secretFile } = options;
  const url = address ?? (addressFile && secretIn(addressFile, 'address file', session));
  if (!url)
    throw new UsageError(
      'This needs a --address-file or an --address: the address that the service gave you.',
    );
  const secret = secretFile && secretIn(secretFile, 'secret file', session);
  const only = topicsOf(options.topics, '--topics');
  const quiet = quietOf(options);
  const made = await session.client.post<NewChannel>('/v1/channels', {
    name,
    kind,
    url,
    ...(secret && { secret }),
    ...(user !== undefined && { user }),
    ...(from !== undefined && { from }),
    ...(to && { to }),
    ...(only && { topics: only }),
    ...(masters && { masters }),
    ...(messages !== undefined && { language: messages }),
    ...(repeat !== undefined && { repeatMinutes: repeatOf(repeat) }),
    ...(quiet && { quiet }),
  });
  session.print(made, () => [
    `Channel ${made.id} (${printable(made.name)}, ${made.kind}) is made. Test it: pika-expander channel test ${made.id}`,
    ...(made.secret === null
      ? []
      : ['Its messages are signed with this secret, which is shown this once:', made.secret]),
  ]);
  return exitCodes.succeeded;
}

export async function listChannels(session: Session): Promise<ExitCode> {
  const page = await session.client.get<Page<ChannelView>>('/v1/channels');
  session.print(page, () => {
    if (page.items.length === 0)
      return [
        'There is no channel: nobody is told of what needs a person. Make one: pika-expander channel add',
      ];
    const rows = page.items.map((channel) => [
      channel.id,
      printable(channel.name),
      channel.kind,
      printable(channel.url),
      channel.topics.length === 0 ? 'everything' : channel.topics.join(','),
      channel.quiet === null
        ? '-'
        : `${channel.quiet.from}-${channel.quiet.to} ${printable(channel.quiet.timeZone)}`,
      printable(lastText(channel)),
    ]);
    return table([['ID', 'NAME', 'KIND', 'TO', 'TOPICS', 'QUIET', 'LAST MESSAGE'], ...rows]);
  });
  return exitCodes.succeeded;
}

export async function testChannel(session: Session, id: string): Promise<ExitCode> {
  const result = await session.client.post<ChannelTest>(`${channelPath(id)}/test`, {});
  session.print(result, () => [
    result.delivered
      ? `Channel ${id} has taken the test message.`
      : `Channel ${id} has not taken the test message: ${printable(result.error ?? '')}`,
  ]);
  return result.delivered ? exitCodes.succeeded : exitCodes.failed;
}

export async function removeChannel(session: Session, id: string): Promise<ExitCode> {
  await session.client.delete(channelPath(id));
  session.print({ id }, () => [`Channel ${id} is deleted.`]);
  return exitCodes.succeeded;
}

export async function listIncidents(session: Session, all: boolean): Promise<ExitCode> {
  const query = { limit: 200, ...(all ? {} : { open: 'true' }) };
  const page = await session.client.get<Page<IncidentView>>('/v1/incidents', query);
  session.print(page, () => {
    if (page.items.length === 0) return [all ? 'There was no incident.' : 'Nothing needs a person.'];
    return page.items.flatMap((incident) => [
      `${incident.id}  ${printable(incident.title)}  since ${formatTime(incident.openedAt)}${stateText(incident)}`,
      ...incident.problems.map(({ text }) => `  - ${printable(text)}`),
      ...(incident.moreProblems === 0 ? [] : [`  - and ${incident.moreProblems} more`]),
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
  session.print(incident, () => [
    incident.endedAt === null
      ? `Incident ${id} is acknowledged: it is not said again unless a problem is added.`
      : `Incident ${id} is acknowledged, and over.`,
  ]);
  return exitCodes.succeeded;
}

function lastText({ last }: ChannelView): string {
  if (last === null) return 'none';
  if (last.state === 'delivered') return `delivered ${formatTime(last.endedAt ?? last.createdAt)}`;
  const why = last.error === null ? '' : `: ${last.error}`;
  if (last.state === 'failed') return `given up${why}`;
  return last.attempts === 0 ? 'on its way' : `attempt ${last.attempts}${why}`;
}

function stateText({ acknowledged, endedAt }: IncidentView): string {
  if (endedAt !== null) return `, over at ${formatTime(endedAt)}`;
  return acknowledged === null ? '' : `, acknowledged by ${printable(acknowledged.by)}`;
}

/** What a file holds, so that it is not seen in the process list. */
const secretIn = (path: string, what: string, { context }: Session): string =>
  readText(path, what, context).trim();

function topicsOf(given: readonly string[] | undefined, option: string): readonly string[] | undefined {
  const unknown = given?.find((topic) => !topics.includes(topic as Topic));
  if (unknown === undefined) return given;
  throw new UsageError(`${option}: "${printable(unknown)}" is no topic; there are ${topics.join(', ')}.`);
}

function repeatOf(text: string): number | null {
  if (text === 'never') return null;
  const ms = parseDuration(text);
  if (ms === null)
    throw new UsageError(`--repeat is "${printable(text)}"; give a duration such as 30m, or never.`);
  return Math.ceil(ms / 60_000);
}

function quietOf({ quiet, breakThrough }: AddChannelOptions): object | undefined {
  if (quiet === undefined) return undefined;
  const [, from, to, timeZone] = /^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$/.exec(quiet.join(' ')) ?? [];
  if (from === undefined)
    throw new UsageError(
      `--quiet is "${printable(quiet.join(' '))}"; give hours and a time zone, as 22:00-08:00 Asia/Shanghai.`,
    );
  const through = topicsOf(breakThrough, '--break-through');
  return { from, to, timeZone, ...(through && { breakThrough: through }) };
}

const channelPath = (id: string): string => `/v1/channels/${encodeURIComponent(id)}`;
