import { attemptSaid, type ShownDisk, shownAttempts, shownDisks, shownLog } from '../../model/shown-host.ts';
import { nobody, type Reader } from '../../model/text.ts';
import type { NodeDetail } from '../../model/views/expansion.ts';
import { formatBytes, formatClock, formatMilliseconds, pad, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { bar, joinDetails, joinLine } from './expansion.ts';

const linesShown = 30;
const barWidth = 24;
const reader: Reader = { ...nobody, tool: 'cli' };

/** A node by itself: where it stands, and what agents tell of its host and its master's. */
export function renderNode(join: NodeDetail, style: Style, now: number): string[] {
  return [
    joinLine({ ...join, problem: null }, join.target.name.length, Number.POSITIVE_INFINITY, style, now),
    ...joinDetails(join, style, now),
    ...agentLines(join, now),
    ...section('Files', filesLines(join)),
    ...section(
      'Disks',
      shownDisks(join).map((disk) => diskLine(disk, style)),
    ),
    ...section('Full syncs by the log of the node', attemptLines(join)),
    ...section('Log', logLines(join, style)),
  ];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

function agentLines({ hosts }: NodeDetail, now: number): string[] {
  const told = (['node', 'master'] as const).map((server) => {
    const sight = hosts[server];
    if (sight === null) return `no agent reports from the host of the ${server}`;
    return `“${printable(sight.agent)}” told of the ${server} ${formatMilliseconds(Math.max(0, now - sight.at))} ago`;
  });
  return [`  Agents: ${told.join('; ')}.`];
}

function filesLines({ progress: { files } }: NodeDetail): string[] {
  if (!files) return [];
  if (files.listed === null) return [`${files.copied} came`];
  const share = files.listed === 0 ? 1 : Math.min(1, files.copied / files.listed);
  return [`${bar(share, barWidth)} ${files.copied} of ${files.listed} came`];
}

function diskLine({ server, settings, path, totalBytes, freeBytes, awaitedBytes }: ShownDisk, style: Style) {
  const used = totalBytes === 0 ? 1 : 1 - freeBytes / totalBytes;
  const free = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`;
  const needed =
    awaitedBytes === null
      ? ''
      : awaitedBytes > freeBytes
        ? style.red(`, ${formatBytes(awaitedBytes)} are still to come: too little room`)
        : `, ${formatBytes(awaitedBytes)} are still to come`;
  return `${bar(used, barWidth)} ${pad(server, 6)} ${free}${needed}  ${style.dim(`${settings.join(', ')} (${printable(path)})`)}`;
}

const attemptLines = ({ hosts, phases }: NodeDetail): string[] =>
  shownAttempts(hosts, phases[0]?.at ?? 0).map(
    (attempt) => `${formatClock(attempt.startedAt)} ${printable(attemptSaid.en(attempt, reader))}`,
  );

function logLines(join: NodeDetail, style: Style): string[] {
  const lines = shownLog(join, join.phases[0]?.at ?? 0, reader);
  return lines
    .slice(-linesShown)
    .map(
      ({ at, server, meaning, line }) =>
        `${formatClock(at)} ${pad(server, 6)} ${printable(meaning)}  ${style.dim(printable(line))}`,
    );
}
