import { attemptSaid, type ShownDisk, shownAttempts, shownDisks, shownLog } from '../../model/shown-host.ts';
import type { NodeDetail } from '../../model/views/expansion.ts';
import { formatBytes, formatClock, formatMilliseconds, pad, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { bar, joinDetails, joinLine } from './expansion.ts';

const linesShown = 30;
const barWidth = 24;

/** A node by itself: where it stands, and what agents tell of its host and its master's. */
export function renderNode(join: NodeDetail, style: Style, now: number): string[] {
  const words = style.words.node;
  return [
    joinLine({ ...join, problem: null }, join.target.name.length, Number.POSITIVE_INFINITY, style, now),
    ...joinDetails(join, style, now),
    ...agentLines(join, style, now),
    ...section(words.files, filesLines(join, style)),
    ...section(
      words.disks,
      shownDisks(join).map((disk) => diskLine(disk, style)),
    ),
    ...section(words.fullSyncs, attemptLines(join, style)),
    ...section(words.log, logLines(join, style)),
  ];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

function agentLines({ hosts }: NodeDetail, { words: { node: words } }: Style, now: number): string[] {
  const told = (['node', 'master'] as const).map((server) => {
    const sight = hosts[server];
    if (sight === null) return words.noAgent(server);
    return words.told(printable(sight.agent), server, formatMilliseconds(Math.max(0, now - sight.at)));
  });
  return [`  ${words.agents}: ${words.sentence(told)}`];
}

function filesLines({ progress: { files } }: NodeDetail, { words }: Style): string[] {
  if (!files) return [];
  if (files.listed === null) return [words.node.came(files.copied, null)];
  const share = files.listed === 0 ? 1 : Math.min(1, files.copied / files.listed);
  return [`${bar(share, barWidth)} ${words.node.came(files.copied, files.listed)}`];
}

function diskLine({ server, settings, path, totalBytes, freeBytes, awaitedBytes }: ShownDisk, style: Style) {
  const used = totalBytes === 0 ? 1 : 1 - freeBytes / totalBytes;
  const words = style.words.node;
  const free = words.free(formatBytes(freeBytes), formatBytes(totalBytes));
  const needed =
    awaitedBytes === null
      ? ''
      : awaitedBytes > freeBytes
        ? style.red(words.toCome(formatBytes(awaitedBytes), false))
        : words.toCome(formatBytes(awaitedBytes), true);
  return `${bar(used, barWidth)} ${pad(words.servers[server], 6)} ${free}${needed}  ${style.dim(`${settings.join(', ')} (${printable(path)})`)}`;
}

const attemptLines = ({ hosts, phases }: NodeDetail, { reader }: Style): string[] =>
  shownAttempts(hosts, phases[0]?.at ?? 0).map(
    (attempt) =>
      `${formatClock(attempt.startedAt)} ${printable(attemptSaid[reader.language](attempt, reader))}`,
  );

function logLines(join: NodeDetail, style: Style): string[] {
  const lines = shownLog(join, join.phases[0]?.at ?? 0, style.reader);
  return lines
    .slice(-linesShown)
    .map(
      ({ at, server, meaning, line }) =>
        `${formatClock(at)} ${pad(style.words.node.servers[server], 6)} ${printable(meaning)}  ${style.dim(printable(line))}`,
    );
}
