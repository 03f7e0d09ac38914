import type { CommandLineWords } from '../../model/command-line/index.ts';
import type { ForecastRange } from '../../model/forecast.ts';
import type { Forecast } from '../../model/views/forecast.ts';
import type { Plan, Topology } from '../../model/views/plan.ts';
import { formatBytes, formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { renderFindings } from './findings.ts';
import { rangeText } from './schedule.ts';

/** The plan as an operator reads it before saying yes. */
export function renderPlan(plan: Plan, style: Style): string[] {
  return [
    style.bold(style.words.plan.title(plan.id)),
    ...masterLines(plan, style),
    ...(plan.findings.length === 0
      ? [`  ${style.words.plan.noFindings}`]
      : ['', ...renderFindings(plan.findings, style)]),
    '',
    ...(plan.acceptable ? whatFollows(plan, style) : []),
    plan.acceptable ? style.green(style.words.plan.canStart) : style.red(style.words.plan.refused),
  ];
}

function whatFollows(plan: Plan, style: Style): string[] {
  return [
    ...batchLines(plan, style),
    ...forecastLines(plan.forecast, style),
    ...(plan.waitsFor === null ? [] : [`  ${style.words.plan.waitsFor(plan.waitsFor)}`]),
    '',
  ];
}

function masterLines(plan: Plan, { words }: Style): string[] {
  const version = plan.capabilities?.version ?? plan.topology?.master.version;
  const facts = [
    version
      ? words.plan.version(version, plan.topology?.master.gitSha?.slice(0, 8) ?? null)
      : words.plan.versionUnknown,
    plan.topology?.master.sstBytes == null
      ? null
      : words.plan.tableFiles(formatBytes(plan.topology.master.sstBytes)),
    slavesText(plan.topology, words.plan),
  ];
  return [
    `  ${printable(words.plan.master(plan.master.name, facts))}`,
    ...(plan.ports ? [`  ${printable(plan.ports.text)}`] : []),
  ];
}

function slavesText(topology: Topology | null, words: CommandLineWords['plan']): string | null {
  if (topology === null) return null;
  const { slaves } = topology;
  if (slaves.length === 0) return words.noSlaves;
  return words.slaves(slaves.map((slave) => `${slave.ip}:${slave.port}`));
}

function batchLines(plan: Plan, style: Style): string[] {
  if (plan.batches.length === 0) return [`  ${style.words.plan.noBatches}`];
  const width = String(plan.batches.length).length;
  const lines = plan.batches.map(
    (nodes, index) => `  ${style.words.plan.batch(String(index + 1).padStart(width), nodes.join(', '))}`,
  );
  return [...lines, style.dim(`  ${printable(plan.batchSizeReason.text)}`)];
}

function forecastLines(forecast: Forecast | null, { words }: Style): string[] {
  if (forecast === null) return [];
  const { binlog } = forecast;
  const range = (each: ForecastRange | null, format: (n: number) => string) => rangeText(each, format, words);
  const kept = binlog.keptBytes === null ? null : formatBytes(binlog.keptBytes);
  return [
    `  ${words.plan.forecast(range(forecast.secondsTotal, formatDuration), range(forecast.secondsPerNode, formatDuration), range(forecast.bytesPerNode, formatBytes))}`,
    ...forecast.batches.map(
      (batch) =>
        `    ${words.plan.batchForecast(batch.batch + 1, batch.startSeconds && formatDuration(batch.startSeconds.expected), range(batch.seconds, formatDuration), batch.dump)}`,
    ),
    `    ${words.plan.binlog(range(binlog.duringBatchBytes, formatBytes), kept)}`,
    `    ${words.plan.disk(range(forecast.masterDiskBytes, formatBytes))}`,
    `    ${printable(forecast.basis)}`,
    ...(forecast.depth ? [`    ${printable(forecast.depth.because.text)}`] : []),
  ];
}
